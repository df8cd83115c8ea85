"""Reminders that went out: a row each, so that none goes twice."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import SchoolOwned


class TrustReminder(Base):
    """A reminder of one kind about one subject for the day it fell due."""

    __tablename__ = "reminder_trust"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "local_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    local_day: Mapped[date]
    reminded_at: Mapped[datetime] = mapped_column(default=clock.now)


class RollOutReminder(SchoolOwned, Base):
    """A reminder of one kind to a school about a roll-out, for the day it fell due.

    The school's own, since the mail is. The Trust reads which went, never to whom.
    """

    __tablename__ = "rollout_reminder"
    __table_args__ = (UniqueConstraint("school_id", "subject_id", "kind", "local_day"),)

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    local_day: Mapped[date]
    reminded_at: Mapped[datetime] = mapped_column(default=clock.now)
