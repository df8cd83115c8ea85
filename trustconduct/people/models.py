"""Parents and carers, pupils, and who cares for whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class Adult(Edited, SchoolOwned, Base):
    """A parent or carer, once per school however many children.

    Two adults may share one email address, so an address names nobody.
    """

    __tablename__ = "adult"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        UniqueConstraint("school_id", "name_key", "email"),
        Index(None, "school_id", "name"),
    )

    name: Mapped[str]
    # The name folded to small letters and single spaces: how a roll finds the adult again.
    name_key: Mapped[str]
    email: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)


class Pupil(SchoolOwned, Base):
    """A pupil, known by name and year group as the roll gives them."""

    __tablename__ = "pupil"
    __table_args__ = (UniqueConstraint("school_id", "name_key", "year_group"),)

    name: Mapped[str]
    name_key: Mapped[str]
    year_group: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime] = mapped_column(default=clock.now)


class Care(SchoolOwned, Base):
    """An adult cares for a pupil, in the relationship that the roll names."""

    __tablename__ = "care"
    __table_args__ = (
        in_school("adult_id", to="adult"),
        in_school("pupil_id", to="pupil"),
        UniqueConstraint("school_id", "adult_id", "pupil_id"),
        Index(None, "school_id", "pupil_id"),
    )

    adult_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    relationship: Mapped[str]
