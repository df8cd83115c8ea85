"""Cycles of review, the steps of one that are done, and reminders that went out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


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

    subject: Mapped[str]
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
    """The cycle of the Trust's own policy. When the next review is, the edition says.

    `moved_text` takes the place of what one edition says, for `moved_because`: what is
    published never changes, and a new law does not wait for its review.
    """

    __tablename__ = "review_cycle_trust"
    __table_args__ = (
        *cycle_checks(),
        UniqueConstraint("subject"),
        CheckConstraint(
            "(moved_text = '') = (moved_because = '')"
            " and (moved_text = '') = (moved_edition_id is null)",
            name="moved_with_a_reason",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    moved_edition_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_edition.id"))
    moved_text: Mapped[str] = mapped_column(default="", server_default="")
    moved_because: Mapped[str] = mapped_column(default="", server_default="")

    def moves(self, edition_id: UUID) -> bool:
        """Whether somebody has set another date for the review of this edition."""
        return self.moved_edition_id == edition_id


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


class SentReminder:
    """A reminder of one kind about one subject for the day it fell due."""

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    local_day: Mapped[date]
    reminded_at: Mapped[datetime] = mapped_column(default=clock.now)


class TrustReminder(SentReminder, Base):
    __tablename__ = "reminder_trust"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "local_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


# -- a school's own


class Part(StrEnum):
    """What a school reviews itself: its own parts of the code, and one yearly task."""

    FACTS = "facts"
    MATRIX = "matrix"
    BANS = "bans"
    COMPLAINTS = "complaints"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    Part.FACTS: "Your school’s facts",
    Part.MATRIX: "Ways to contact you",
    Part.BANS: "Site bans",
    Part.COMPLAINTS: "Sharing the complaints policy with parents",
}


class Outcome(StrEnum):
    """What came of looking at a part."""

    SAME = "same"
    CHANGED = "changed"
    SHARED = "shared"

    @property
    def word(self) -> str:
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.SAME: "Looked at, nothing to change",
    Outcome.CHANGED: "Looked at and changed",
    Outcome.SHARED: "Shared with parents",
}


def outcomes_of(part: Part) -> tuple[Outcome, ...]:
    """What can come of looking at a part."""
    if part is Part.COMPLAINTS:
        return (Outcome.SHARED,)
    return (Outcome.SAME, Outcome.CHANGED)


_PARTS = "subject in (" + ", ".join(f"'{part.value}'" for part in Part) + ")"


class SchoolCycle(ReviewCycle, SchoolOwned, Base):
    """How often a school looks at one of its parts."""

    __tablename__ = "review_cycle_school"
    __table_args__ = (
        *cycle_checks(),
        CheckConstraint(_PARTS, name="subject_known"),
        UniqueConstraint("school_id", "subject"),
    )


class SchoolReview(SchoolOwned, Base):
    """One review of a part in one term: open until somebody has looked, then kept.

    The Trust reads this table to find what is due and to show it, so nothing of a
    school's words stands in it. Terms are numbers (see due_days.number_of); the days
    are those of the school's calendar when they were last resolved, and `trust_mark`
    says by which of the Trust's calendars that was. `remind_on`: the day from which
    the school is to be looked at. `rests_until`: no reminder up to that day; of a
    pause without an end the last day that there is.
    """

    __tablename__ = "review_school"
    __table_args__ = (
        in_school("cycle_id", to="review_cycle_school"),
        CheckConstraint(_PARTS, name="subject_known"),
        CheckConstraint("begins_on <= due_on", name="days_in_order"),
        Index(
            "uq_review_school_open",
            "school_id",
            "subject",
            unique=True,
            postgresql_where=text("done_on is null"),
        ),
    )

    cycle_id: Mapped[UUID]
    subject: Mapped[str]
    since_term: Mapped[int]
    term: Mapped[int]
    begins_on: Mapped[date]
    due_on: Mapped[date]
    provisional: Mapped[bool]
    remind_on: Mapped[date]
    rests_until: Mapped[date | None]
    trust_mark: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_on: Mapped[date | None]


class SchoolReviewed(SchoolOwned, Base):
    """Who looked at a part and what came of it. Its `id` is the review's."""

    __tablename__ = "review_done_school"
    __table_args__ = (
        in_school("id", to="review_school"),
        CheckConstraint("outcome in ('same', 'changed', 'shared')", name="outcome_known"),
    )

    outcome: Mapped[str]
    note: Mapped[str]
    done_by: Mapped[str]
    done_at: Mapped[datetime] = mapped_column(default=clock.now)


class SchoolReminder(SentReminder, SchoolOwned, Base):
    __tablename__ = "reminder_school"
    __table_args__ = (
        in_school("subject_id", to="review_school"),
        UniqueConstraint("school_id", "kind", "subject_id", "local_day"),
    )


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
