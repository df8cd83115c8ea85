"""The row that says that an edition was withdrawn."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base


class Withdrawal(Base):
    """An edition that no school is to adopt any more, and why.

    A row of its own: a published edition never changes, so the database refuses
    even this in the edition itself. A school's session reads the day, not the reason.
    """

    __tablename__ = "policy_withdrawal"
    __table_args__ = (CheckConstraint("because <> ''", name="with_a_reason"),)

    # The edition's own.
    id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_by: Mapped[str]
    because: Mapped[str]
