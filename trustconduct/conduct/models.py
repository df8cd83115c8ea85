"""Reports of incidents, the cases they gather in, and the steps of the ladder.

Every statement, witness and child stands in a field of its own with a tag, so that an
export can leave one out without rewriting the rest. Nothing is deleted: what moves to
another case or another person leaves its event.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class Place(StrEnum):
    """Where it happened."""

    SITE = "site"
    TELEPHONE = "telephone"
    EMAIL = "email"
    ONLINE = "online"
    ELSEWHERE = "elsewhere"

    @property
    def word(self) -> str:
        return {
            "site": "At school",
            "telephone": "On the telephone",
            "email": "By email or in the app",
            "online": "On social media",
            "elsewhere": "Somewhere else",
        }[self.value]


class Who(StrEnum):
    """How much is known of the person."""

    ROLL = "roll"
    VISITOR = "visitor"
    UNKNOWN = "unknown"

    @property
    def word(self) -> str:
        return {
            "roll": "Somebody on our list",
            "visitor": "A visitor",
            "unknown": "I do not know yet",
        }[self.value]


class Tag(StrEnum):
    """What a text of an incident is: an export leaves some of them out."""

    ACCOUNT = "account"
    STATEMENT = "statement"
    WITNESS = "witness"
    CHILD = "child"
    OWN = "own"

    @property
    def word(self) -> str:
        return {
            "account": "What was reported",
            "statement": "A statement",
            "witness": "What a witness saw",
            "child": "About a child",
            "own": "The person’s own account",
        }[self.value]


class Involved(StrEnum):
    """What a member of staff has to do with an incident. None of them decides on it."""

    REPORTING = "reporting"
    AFFECTED = "affected"
    WITNESS = "witness"
    RELATED = "related"

    @property
    def word(self) -> str:
        return {
            "reporting": "reported it",
            "affected": "was affected by it",
            "witness": "saw it",
            "related": "is related to the person",
        }[self.value]


class StepKind(StrEnum):
    """The steps of the ladder, and what else a head may answer with."""

    NO_ACTION = "no_action"
    WORD = "word"
    FORMAL_LETTER = "formal_letter"
    WARNING = "warning"
    MEDIATION = "mediation"
    BAN = "ban"
    POLICE = "police"
    LEGAL = "legal"

    @property
    def word(self) -> str:
        return {
            "no_action": "No action",
            "word": "A word with them",
            "formal_letter": "Formal letter with an invitation",
            "warning": "Written warning",
            "mediation": "Offer of mediation",
            "ban": "Site ban",
            "police": "Police",
            "legal": "Legal advice",
        }[self.value]


class Duty(StrEnum):
    """What a case member is there for."""

    ASSIGNED = "assigned"
    GOVERNOR = "governor"
    FOLLOW_UP = "follow_up"  # with the member of staff who was affected

    @property
    def word(self) -> str:
        return {
            "assigned": "Works on it",
            "governor": "Reads it as a governor",
            "follow_up": "Looks after the staff who were affected",
        }[self.value]


def _one_of(column: str, kinds: type[StrEnum]) -> str:
    return f"{column} in (" + ", ".join(f"'{each.value}'" for each in kinds) + ")"


class ConductCase(Edited, SchoolOwned, Base):
    """What is known about one person's conduct, and what was answered. `number` is its name.

    A case without a person waits for one. Merged, it points to the case that has its
    incidents now.
    """

    __tablename__ = "conduct_case"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        in_school("adult_id", to="adult"),
        in_school("merged_into", to="conduct_case"),
        CheckConstraint("(closed_at is null) = (closed_because = '')", name="closed_somehow"),
        CheckConstraint("merged_into <> id", name="merged_into_another"),
        CheckConstraint("(trust_from is null) = (trust_because = '')", name="opened_to_trust"),
        Index(None, "school_id", "adult_id"),
    )

    number: Mapped[int]
    adult_id: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="")
    closed_because: Mapped[str] = mapped_column(default="")
    merged_into: Mapped[UUID | None]
    # The school has opened it to the Trust, and why.
    trust_from: Mapped[datetime | None]
    trust_because: Mapped[str] = mapped_column(default="")


class Incident(Edited, SchoolOwned, Base):
    """One report. Its words are rows of `IncidentWords`; `clauses` are chosen at triage.

    `version_id` is the school's version of the code in force on the day of the incident.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        in_school("adult_id", to="adult"),
        in_school("case_id", to="conduct_case"),
        in_school("version_id", to="policy_version"),
        CheckConstraint(_one_of("place", Place), name="place_known"),
        CheckConstraint(_one_of("who", Who), name="who_known"),
        CheckConstraint("(who = 'roll') = (adult_id is not null)", name="person_of_the_roll"),
        CheckConstraint(
            "happened_on <= (filed_at at time zone 'Europe/London')::date", name="not_ahead"
        ),
        CheckConstraint("(triaged_at is null) = (triaged_by = '')", name="triaged_by_somebody"),
        CheckConstraint("triaged_at is null or case_id is not null", name="triaged_into_a_case"),
        Index(None, "school_id", "case_id"),
        Index(None, "school_id", "adult_id"),
        Index(
            "ix_incident_untriaged",
            "school_id",
            "filed_at",
            postgresql_where=text("triaged_at is null"),
        ),
    )

    number: Mapped[int]
    happened_on: Mapped[date]
    happened_when: Mapped[str] = mapped_column(default="")  # "about 3.20pm"
    place: Mapped[str]
    place_words: Mapped[str] = mapped_column(default="")
    who: Mapped[str]
    adult_id: Mapped[UUID | None]
    who_words: Mapped[str] = mapped_column(default="")
    at_risk: Mapped[bool]
    filed_at: Mapped[datetime] = mapped_column(default=clock.now)
    filed_by: Mapped[str]
    filed_by_id: Mapped[UUID | None]
    filed_for: Mapped[str] = mapped_column(default="")
    version_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    clauses: Mapped[list[str]] = mapped_column(JSONB, default=list)
    triaged_at: Mapped[datetime | None]
    triaged_by: Mapped[str] = mapped_column(default="")


class IncidentWords(SchoolOwned, Base):
    """One text of an incident: a tag, whose it is, and the words. Never changed."""

    __tablename__ = "incident_words"
    __table_args__ = (
        in_school("incident_id", to="incident"),
        CheckConstraint(_one_of("tag", Tag), name="tag_known"),
        CheckConstraint("words <> ''", name="says_something"),
        Index(None, "school_id", "incident_id"),
    )

    incident_id: Mapped[UUID]
    tag: Mapped[str]
    whose: Mapped[str] = mapped_column(default="")
    words: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    written_by: Mapped[str]
    # For `search.py` alone: PostgreSQL fills it, and no page loads it.
    found_by: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed("to_tsvector('english', words)", persisted=True),
        deferred=True,
        deferred_raiseload=True,
    )


class IncidentStaff(SchoolOwned, Base):
    """A member of staff and what they have to do with an incident, until somebody ends it.

    `user_id` is null for somebody who does not sign in.
    """

    __tablename__ = "incident_staff"
    __table_args__ = (
        in_school("incident_id", to="incident"),
        CheckConstraint(_one_of("involved", Involved), name="involved_known"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("(ended_at is null) = (ended_because = '')", name="ended_somehow"),
        Index(None, "school_id", "incident_id"),
    )

    incident_id: Mapped[UUID]
    involved: Mapped[str]
    user_id: Mapped[UUID | None]
    name: Mapped[str]
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    noted_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_because: Mapped[str] = mapped_column(default="")


class RiskAnswer(SchoolOwned, Base):
    """The safeguarding lead's word that letters about an incident may go out; its id is the
    incident's. Until there is one, an incident with a child at risk holds them.
    """

    __tablename__ = "risk_answer"
    __table_args__ = (
        in_school("id", to="incident"),
        CheckConstraint("because <> ''", name="with_a_reason"),
    )

    because: Mapped[str]
    proceed_at: Mapped[datetime] = mapped_column(default=clock.now)
    proceed_by: Mapped[str]


class CaseMember(SchoolOwned, Base):
    """A member of staff or a governor who may see a case, and what for."""

    __tablename__ = "case_member"
    __table_args__ = (
        in_school("case_id", to="conduct_case"),
        CheckConstraint(_one_of("duty", Duty), name="duty_known"),
        CheckConstraint("name <> ''", name="named"),
        Index(
            "one_case_member",
            "school_id",
            "case_id",
            "user_id",
            "duty",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    name: Mapped[str]
    duty: Mapped[str]
    since_at: Mapped[datetime] = mapped_column(default=clock.now)
    said_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")


class CaseStep(SchoolOwned, Base):
    """One step of the ladder, as it was decided. Only its withdrawal is added later.

    `prior_id` is the step that it follows. `note_1` says that a step was skipped, by the
    policy's first note: then there is a reason, and the head or the Trust decided it. A
    trigger refuses a prior step that is another person's, withdrawn, later or of the wrong
    kind, and a decider whom an incident of the case has to do with.

    `considered` is {"disability", "communication", "custody", "court_order": words}.
    """

    __tablename__ = "case_step"
    __table_args__ = (
        in_school("case_id", to="conduct_case"),
        in_school("adult_id", to="adult"),
        in_school("prior_id", to="case_step"),
        in_school("version_id", to="policy_version"),
        CheckConstraint(_one_of("kind", StepKind), name="kind_known"),
        CheckConstraint("because <> ''", name="with_a_reason"),
        CheckConstraint(
            "kind in ('no_action', 'word') or adult_id is not null", name="about_a_person"
        ),
        CheckConstraint("note_1 = (note_1_because <> '')", name="note_1_with_a_reason"),
        CheckConstraint(
            "not note_1 or decided_as in ('headteacher', 'trust_officer')",
            name="note_1_by_the_head",
        ),
        CheckConstraint(
            "kind not in ('warning', 'ban') or prior_id is not null or note_1 or before_service",
            name="in_order",
        ),
        CheckConstraint(
            "kind <> 'warning' or (lapses_on is not null and lapses_on > decided_on)",
            name="a_warning_lapses",
        ),
        CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_because = '')", name="withdrawn_somehow"
        ),
        Index(None, "school_id", "case_id"),
        Index(None, "school_id", "adult_id"),
    )

    case_id: Mapped[UUID]
    adult_id: Mapped[UUID | None]
    kind: Mapped[str]
    decided_on: Mapped[date]
    decided_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[str]
    decided_by_id: Mapped[UUID | None]
    decided_as: Mapped[str]  # the role that they held
    because: Mapped[str]
    clauses: Mapped[list[str]] = mapped_column(JSONB, default=list)
    version_id: Mapped[UUID | None]
    prior_id: Mapped[UUID | None]
    note_1: Mapped[bool] = mapped_column(default=False)
    note_1_because: Mapped[str] = mapped_column(default="")
    considered: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    lapses_on: Mapped[date | None]
    before_service: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")
    withdrawn_because: Mapped[str] = mapped_column(default="")

    def in_force(self, on: date) -> bool:
        """Whether it still stands on a day: not withdrawn, and a warning not lapsed."""
        return self.withdrawn_at is None and (self.lapses_on is None or on <= self.lapses_on)
