"""Cycles of review, the steps of one that are done, and reminders that went out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import Edited


class Unit(StrEnum):
    """What a cycle's length is counted in."""

    YEARS = "years"
    TERMS = "terms"


MOST_YEARS, MOST_TERMS = 5, 15


class ReviewCycle(Edited):
    """Who looks after a review, how often it comes round, and whether its reminders rest.

    Without an owner everyone whose office it is hears of it. `upward_id` is the next
    person up, who hears of one that is overdue. A pause ends by itself after
    `paused_until`; without that day, when somebody resumes it.
    """

    every: Mapped[int]
    unit: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("account_user.id"))
    upward_id: Mapped[UUID | None] = mapped_column(ForeignKey("account_user.id"))
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[date | None]
    paused_because: Mapped[str] = mapped_column(default="", server_default="")

    def rests(self, today: date) -> bool:
        """Whether its reminders are paused on a day; the last day of a pause is one of it."""
        if self.paused_at is None:
            return False
        return self.paused_until is None or today <= self.paused_until

    @property
    def in_words(self) -> str:
        """The length: every year, every 2 terms."""
        unit = self.unit if self.every > 1 else self.unit.removesuffix("s")
        return f"every {self.every} {unit}" if self.every > 1 else f"every {unit}"


def cycle_checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint(
            f"(unit = 'years' and every between 1 and {MOST_YEARS})"
            f" or (unit = 'terms' and every between 1 and {MOST_TERMS})",
            name="length",
        ),
        CheckConstraint("owner_id <> upward_id", name="upward_is_another"),
        CheckConstraint("(paused_at is null) = (paused_because = '')", name="paused_with_a_reason"),
        CheckConstraint("paused_until is null or paused_at is not null", name="until_of_a_pause"),
    )


class TrustCycle(ReviewCycle, Base):
    """The cycle of the Trust's own policy. When the next review is, the edition says."""

    __tablename__ = "review_cycle_trust"
    __table_args__ = (*cycle_checks(), UniqueConstraint("subject"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subject: Mapped[str]


class TrustStep(Base):
    """A step of an edition's review that is done, by whom and when."""

    __tablename__ = "review_step_trust"
    __table_args__ = (
        UniqueConstraint("edition_id", "step"),
        CheckConstraint(
            "step in ('start', 'consult', 'draft', 'board_paper', 'approve', 'adopt',"
            " 'acknowledge')",
            name="step_known",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    step: Mapped[str]
    done_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_by: Mapped[str]


class TrustReminder(Base):
    """A reminder of one kind about one subject for the day it fell due."""

    __tablename__ = "reminder_trust"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "local_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    local_day: Mapped[date]
    reminded_at: Mapped[datetime] = mapped_column(default=clock.now)
