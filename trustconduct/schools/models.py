"""What a school shows of itself, beside its settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class SchoolBadge(SchoolOwned, Base):
    """Which of the school's files is its badge. A school without one has no row."""

    __tablename__ = "school_badge"
    __table_args__ = (
        UniqueConstraint("school_id"),
        in_school("file_id", to="stored_file"),
        in_school("small_file_id", to="stored_file"),
    )

    file_id: Mapped[UUID]
    # The same picture, small, for the head of parents' pages. None for a badge that was
    # taken in before there was one.
    small_file_id: Mapped[UUID | None]


class GivenChange(Base):
    """One change of what the Trust gives its schools: the schools' pages of history read it.

    `before` and `after` are as `trust.for_schools` holds them, None where nothing was given.
    """

    __tablename__ = "given_change"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_name: Mapped[str]


class AuthorisedEvent(Edited, SchoolOwned, Base):
    """An event that the school has authorised: on which day, where, and whether with alcohol."""

    __tablename__ = "authorised_event"
    __table_args__ = (
        CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by = '')", name="withdrawn_by_somebody"
        ),
        Index(None, "school_id", "held_on"),
    )

    name: Mapped[str]
    held_on: Mapped[date]
    place: Mapped[str]
    alcohol: Mapped[bool]
    authorised_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")
