"""Site bans: each from its notice to its end, with what it rested on.

What a rule relied on stands in the ban's own row, as days, ids and codes: so the database
refuses a ban that could not have been issued, whoever writes it, and the Trust can count
bans without a name. What was said stands in tables of its own.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.bans.checks import OF_BAN, OF_EXCEPTION, OF_HEARING, OF_REVIEW
from trustconduct.db import Base
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class Route(StrEnum):
    """How a ban comes about."""

    INTENTION = "intention"
    TEMPORARY = "temporary"
    EXTENSION = "extension"  # a new intention, that would go on where another ban ends
    BEFORE = "before"  # it was there before this service

    @property
    def word(self) -> str:
        return {
            "intention": "Notice of intention",
            "temporary": "Temporary ban",
            "extension": "Extension",
            "before": "From before this service",
        }[self.value]


class Outcome(StrEnum):
    OPEN = ""
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"


class Means(StrEnum):
    """How somebody put their side: none of them needs the site that they may be barred from."""

    ONLINE = "online"
    LETTER = "letter"
    TELEPHONE = "telephone"
    VIDEO = "video"
    ELSEWHERE = "elsewhere"
    AT_SCHOOL = "at_school"

    @property
    def word(self) -> str:
        return {
            "online": "On their letter’s page",
            "letter": "By letter or email",
            "telephone": "By telephone",
            "video": "In an online meeting",
            "elsewhere": "In a meeting away from the site",
            "at_school": "In a meeting at school",
        }[self.value]


class Step(StrEnum):
    """What was decided of a ban, each time."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    LIFTED = "lifted"
    VARIED = "varied"
    LET_LAPSE = "let_lapse"
    WITHDRAWN = "withdrawn"


class Found(StrEnum):
    """What came of a review."""

    STAYS = "stays"
    VARY = "vary"
    LIFT = "lift"
    EXTEND = "extend"

    @property
    def word(self) -> str:
        return {
            "stays": "It stays as it is",
            "vary": "It changes",
            "lift": "It ends now",
            "extend": "Longer is asked for: they are heard first",
        }[self.value]


class Ban(Edited, SchoolOwned, Base):
    """One ban, from its notice on. `during` is when it is in force, to the instant.

    No state is kept: what it is follows from the days (`states.py`). The limits and roles
    are the school's as they counted when it began; `longest_on` is the last day on which it
    could end.
    """

    __tablename__ = "ban"
    __table_args__ = (
        in_school("adult_id", to="adult"),
        in_school("case_id", to="conduct_case"),
        in_school("extends_id", to="ban"),
        in_school("heard_id", to="ban_representation", afterwards=True),
        in_school("decision_id", to="ban_decision", afterwards=True),
        UniqueConstraint("school_id", "number"),
        ExcludeConstraint(
            (text("school_id"), "="), (text("adult_id"), "="), (text("during"), "&&"),
            where=text("withdrawn_at is null"), name="one_ban_at_a_time", using="gist",
        ),
        Index(
            "one_open_ban", "school_id", "adult_id", unique=True,
            postgresql_where=text(
                "outcome = '' and withdrawn_at is null and let_lapse_at is null"
                " and route <> 'temporary'"
            ),
        ),
        *(CheckConstraint(sql, name=name) for name, sql in OF_BAN.items()),
    )  # fmt: skip

    number: Mapped[int]
    adult_id: Mapped[UUID]
    case_id: Mapped[UUID | None]
    route: Mapped[str]
    extends_id: Mapped[UUID | None]
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by_id: Mapped[UUID | None]
    # The limits, as they counted on that day.
    unit: Mapped[str]
    temporary_days: Mapped[int]
    longest_days: Mapped[int]
    review_days: Mapped[int]
    answer_days: Mapped[int]
    decider_role: Mapped[str]
    reviewer_role: Mapped[str]
    started_on: Mapped[date | None]
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    decide_by: Mapped[date | None]
    # What the decision rested on, copied when it was made.
    served_on: Mapped[date | None]
    deadline_on: Mapped[date | None]
    heard_at: Mapped[datetime | None]
    heard_id: Mapped[UUID | None]
    outcome: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_on: Mapped[date | None]
    decided_by_id: Mapped[UUID | None]
    decision_id: Mapped[UUID | None]
    ends_on: Mapped[date | None]
    longest_on: Mapped[date | None]
    review_on: Mapped[date | None]
    let_lapse_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class BanTerms(SchoolOwned, Base):
    """What a ban says, one version of it: proposed, decided, varied. Never changed.

    `body` is as `terms.py` reads it.
    """

    __tablename__ = "ban_terms"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        UniqueConstraint("school_id", "ban_id", "number"),
    )

    ban_id: Mapped[UUID]
    number: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    written_by: Mapped[str]


class BanException(SchoolOwned, Base):
    """When the person may come all the same. A standing one (`code`) is in every ban."""

    __tablename__ = "ban_exception"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        Index(None, "school_id", "ban_id"),
        Index(
            "one_standing_exception", "school_id", "ban_id", "code", unique=True,
            postgresql_where=text("code <> ''"),
        ),
        *(CheckConstraint(sql, name=name) for name, sql in OF_EXCEPTION.items()),
    )  # fmt: skip

    ban_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(default="")
    words: Mapped[str]
    # "12345" are Monday to Friday; blank with a day of its own, or where any time will do.
    weekdays: Mapped[str] = mapped_column(default="")
    on_day: Mapped[date | None]
    from_time: Mapped[time | None]
    to_time: Mapped[time | None]
    by_appointment: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by: Mapped[str]
    struck_at: Mapped[datetime | None]
    struck_because: Mapped[str] = mapped_column(default="")
    struck_by: Mapped[str] = mapped_column(default="")


class BanRepresentation(SchoolOwned, Base):
    """Something that the person said to a ban. `number` is on their receipt. Never changed."""

    __tablename__ = "ban_representation"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        in_school("file_id", to="stored_file"),
        UniqueConstraint("school_id", "ban_id", "number"),
        *(CheckConstraint(sql, name=name) for name, sql in OF_HEARING.items()),
    )

    ban_id: Mapped[UUID]
    number: Mapped[int]
    said_at: Mapped[datetime] = mapped_column(default=clock.now)
    means: Mapped[str]
    words: Mapped[str]
    # "That is all": only this closes their side before the deadline.
    is_all: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    with_whom: Mapped[str] = mapped_column(default="")  # companion, interpreter
    noted_by: Mapped[str] = mapped_column(default="")  # blank where they wrote it themselves
    file_id: Mapped[UUID | None]


class BanMoreTime(SchoolOwned, Base):
    """More time to answer, as it was asked for and given. Never changed."""

    __tablename__ = "ban_more_time"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        Index(None, "school_id", "ban_id"),
        CheckConstraint("because <> ''", name="with_a_reason"),
    )

    ban_id: Mapped[UUID]
    until_on: Mapped[date]
    because: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    given_by: Mapped[str]


class BanDecision(SchoolOwned, Base):
    """What was decided, by whom, and why: how the representations were weighed. Never changed."""

    __tablename__ = "ban_decision"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        Index(None, "school_id", "ban_id"),
        CheckConstraint("words <> ''", name="with_words"),
        CheckConstraint(
            "step in ('confirmed', 'not_confirmed', 'lifted', 'varied', 'let_lapse', 'withdrawn')",
            name="step_known",
        ),
    )

    ban_id: Mapped[UUID]
    step: Mapped[str]
    words: Mapped[str]
    police_told: Mapped[bool] = mapped_column(default=False)
    decided_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_by_id: Mapped[UUID | None]
    decided_by: Mapped[str]
    role: Mapped[str] = mapped_column(default="")


class BanReview(SchoolOwned, Base):
    """A review, by somebody who did not decide: their interests come before the papers.

    `decider_id` is the ban's own: a trigger refuses another, so that nobody who decided can
    be written in as a reviewer.
    """

    __tablename__ = "ban_review"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        Index(
            "one_open_review", "school_id", "ban_id", unique=True,
            postgresql_where=text("done_at is null and interests = ''"),
        ),
        Index("ix_ban_review_ban", "school_id", "ban_id"),
        *(CheckConstraint(sql, name=name) for name, sql in OF_REVIEW.items()),
    )  # fmt: skip

    ban_id: Mapped[UUID]
    decider_id: Mapped[UUID | None]
    due_on: Mapped[date]
    reviewer_id: Mapped[UUID]
    reviewer: Mapped[str]
    # Blank: they declared none. With words, somebody else has to review.
    interests: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    found: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    next_on: Mapped[date | None]
    done_at: Mapped[datetime | None]


class BanSighting(SchoolOwned, Base):
    """Somebody who is barred was seen on site. Without an exception it is a breach."""

    __tablename__ = "ban_sighting"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        in_school("exception_id", to="ban_exception"),
        in_school("device_id", to="gate_device"),
        Index(None, "school_id", "ban_id"),
        CheckConstraint("breach = (exception_id is null)", name="breach_or_exception"),
    )

    ban_id: Mapped[UUID]
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    exception_id: Mapped[UUID | None]
    breach: Mapped[bool]
    noted_by: Mapped[str]
    device_id: Mapped[UUID | None]


class GateDevice(SchoolOwned, Base):
    """A device of reception that shows the gate, and nothing else, until it is revoked."""

    __tablename__ = "gate_device"
    __table_args__ = (
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("(revoked_at is null) = (revoked_by = '')", name="revoked_by_somebody"),
    )

    name: Mapped[str]
    generation: Mapped[int] = mapped_column(SmallInteger, default=1)
    enrolled_at: Mapped[datetime] = mapped_column(default=clock.now)
    enrolled_by: Mapped[str]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="")


class BanNotice(SchoolOwned, Base):
    """That staff were told of a day of a ban: once for each day and kind. Never changed."""

    __tablename__ = "ban_notice"
    __table_args__ = (
        in_school("ban_id", to="ban"),
        UniqueConstraint("school_id", "ban_id", "kind", "for_on"),
    )

    ban_id: Mapped[UUID]
    kind: Mapped[str]
    for_on: Mapped[date]
    told_at: Mapped[datetime] = mapped_column(default=clock.now)
