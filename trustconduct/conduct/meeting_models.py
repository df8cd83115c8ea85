"""Meetings about a case, what both sides say of them, and mediation."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.letters.parts import MEETING_WAYS
from trustconduct.tenants.models import SchoolOwned, in_school


class CameOf(StrEnum):
    """What became of a meeting. Blank while it is to come."""

    HELD = "held"
    NOT_ATTENDED = "not_attended"
    POSTPONED = "postponed"
    CALLED_OFF = "called_off"

    @property
    def word(self) -> str:
        return {
            "held": "Held",
            "not_attended": "They did not attend",
            "postponed": "Postponed",
            "called_off": "Called off",
        }[self.value]


class Side(StrEnum):
    """Whose words on the record of a meeting they are."""

    SCHOOL = "school"
    PERSON = "person"

    @property
    def word(self) -> str:
        return {"school": "The school", "person": "The person"}[self.value]


class Meeting(SchoolOwned, Base):
    """One appointment. Postponed, it ends, and another takes its place (`follows_id`).

    `times` are those that were offered, the first being the one that the letter names:
    [{"day": "2026-05-11", "time": "15:30"}]. `on` and `at` are the one agreed on.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        in_school("case_id", to="conduct_case"),
        in_school("adult_id", to="adult"),
        in_school("step_id", to="case_step"),
        in_school("follows_id", to="meeting"),
        CheckConstraint("way in ('in_person', 'telephone', 'online')", name="way_known"),
        CheckConstraint("place <> ''", name="somewhere"),
        CheckConstraint("jsonb_array_length(times) between 1 and 5", name="times_offered"),
        CheckConstraint("follows_id <> id", name="follows_another"),
        CheckConstraint(
            "came_of in ('', 'held', 'not_attended', 'postponed', 'called_off')",
            name="came_of_known",
        ),
        CheckConstraint("(came_of = '') = (noted_at is null)", name="noted_once"),
        CheckConstraint("(came_of = 'held') = (outcome <> '')", name="held_with_an_outcome"),
        CheckConstraint(
            "came_of not in ('postponed', 'called_off') or because <> ''",
            name="moved_with_a_reason",
        ),
        CheckConstraint(
            "came_of not in ('held', 'not_attended')"
            " or \"on\" <= (noted_at at time zone 'Europe/London')::date",
            name="not_ahead",
        ),
        Index(None, "school_id", "case_id"),
        Index("ix_meeting_to_come", "school_id", "on", postgresql_where=text("came_of = ''")),
    )

    case_id: Mapped[UUID]
    adult_id: Mapped[UUID]
    step_id: Mapped[UUID | None]  # the step that it belongs to
    follows_id: Mapped[UUID | None]
    times: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    on: Mapped[date]
    at: Mapped[time]
    agreed: Mapped[bool] = mapped_column(default=False)
    way: Mapped[str]
    place: Mapped[str]
    companion: Mapped[str] = mapped_column(default="")
    interpreter: Mapped[str] = mapped_column(default="")
    offered_at: Mapped[datetime] = mapped_column(default=clock.now)
    offered_by: Mapped[str]
    came_of: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    actions: Mapped[str] = mapped_column(default="")
    because: Mapped[str] = mapped_column(default="")
    noted_at: Mapped[datetime | None]
    noted_by: Mapped[str] = mapped_column(default="")

    @property
    def when(self) -> datetime:
        """The moment of the meeting, in London."""
        return datetime.combine(self.on, self.at, clock.LONDON)

    @property
    def way_word(self) -> str:
        return MEETING_WAYS[self.way]

    @property
    def stands(self) -> str:
        """Where it stands: the one word for it everywhere."""
        if self.came_of:
            return CameOf(self.came_of).word
        return "Agreed" if self.agreed else "Offered"


class MeetingComment(SchoolOwned, Base):
    """What one side says of the record of a meeting. Never changed."""

    __tablename__ = "meeting_comment"
    __table_args__ = (
        in_school("meeting_id", to="meeting"),
        CheckConstraint("side in ('school', 'person')", name="side_known"),
        CheckConstraint("words <> ''", name="says_something"),
        Index(None, "school_id", "meeting_id"),
    )

    meeting_id: Mapped[UUID]
    side: Mapped[str]
    whose: Mapped[str]
    words: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    written_by: Mapped[str]


class Mediation(SchoolOwned, Base):
    """An offer of mediation, who said what to it, and what came of it.

    It costs the person nothing, and to decline it counts against nobody.
    """

    __tablename__ = "mediation"
    __table_args__ = (
        in_school("case_id", to="conduct_case"),
        in_school("adult_id", to="adult"),
        CheckConstraint("mediator <> ''", name="somebody_leads"),
        CheckConstraint("answer in ('', 'accepted', 'declined')", name="answer_known"),
        CheckConstraint(
            "(answer = '') = (answered_on is null) and (answer = '') = (answered_by = '')",
            name="answered_by_somebody",
        ),
        CheckConstraint("answered_on >= offered_on", name="answered_after"),
        CheckConstraint("(outcome = '') = (ended_on is null)", name="ended_with_an_outcome"),
        CheckConstraint("ended_on is null or answer = 'accepted'", name="ended_after_a_yes"),
        Index(None, "school_id", "case_id"),
        Index(
            "one_open_mediation",
            "school_id",
            "case_id",
            unique=True,
            postgresql_where=text("answer <> 'declined' and ended_on is null"),
        ),
    )

    case_id: Mapped[UUID]
    adult_id: Mapped[UUID]
    mediator: Mapped[str]
    offered_on: Mapped[date]
    offered_by: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    answered_on: Mapped[date | None]
    answered_by: Mapped[str] = mapped_column(default="")  # who told the school
    noted_by: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    ended_on: Mapped[date | None]

    @property
    def stands(self) -> str:
        if self.ended_on:
            return "Ended"
        return {"": "Offered", "accepted": "Accepted", "declined": "Declined"}[self.answer]
