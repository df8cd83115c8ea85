"""The Trust, its schools, what each school has set, and the police forces."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    exists,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Mapped, declared_attr, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id

# Words that stand first in an address of the service and so can't be a school's.
RESERVED_SLUGS = (
    "account",
    "admin",
    "api",
    "healthz",
    "readyz",
    "metrics",
    "verify",
    "static",
    "robots.txt",
    ".well-known",
    "favicon.ico",
)
SLUG = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class NamedSchool(Protocol):
    """A school as rules need it: its row, or a page's copy of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...


class SchoolOwned:
    """A row of one school. Its key begins with the school, and so does every key to it.

    So the database itself refuses a row that points to another school's, and
    tables can be spread by school later without another model.
    """

    @declared_attr
    def school_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("school.id"), primary_key=True, sort_order=-2)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def in_school(*columns: str, to: str, afterwards: bool = False) -> ForeignKeyConstraint:
    """A foreign key within one school: `in_school("adult_id", to="adult")`.

    `afterwards` where the two tables point to each other: it is no reason for their order.
    """
    return ForeignKeyConstraint(
        ["school_id", *columns],
        [f"{to}.school_id", *(f"{to}.id" for _ in columns)],
        use_alter=afterwards,
    )


class Edited:
    """A row that people edit: the second of two who save at once is told."""

    version: Mapped[int] = mapped_column(nullable=False, default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__dict__.get("version") or cls.version}


class Trust(Edited, Base):
    """The academy Trust that this deployment serves. There is one."""

    __tablename__ = "trust"
    __table_args__ = (
        CheckConstraint("letter_post_days between 1 and 10", name="letter_post_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    telephone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    # What its schools have where they leave it blank, and what they can't change:
    # {"app_name": {"value": "Arbor", "locked": false}}, see schools/inherited.py.
    for_schools: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    # How many working days after posting a letter counts as served, and whom the Trust names
    # for independent advice: printed with letters, see letters/.
    letter_post_days: Mapped[int] = mapped_column(default=2, server_default="2")
    letter_advice: Mapped[str] = mapped_column(default="", server_default="")
    # What parents' pages say of privacy and accessibility beside our own words: whom to ask
    # about personal data, the number in the ICO's register, what does not work for all yet.
    privacy_contact: Mapped[str] = mapped_column(default="", server_default="")
    ico_number: Mapped[str] = mapped_column(default="", server_default="")
    accessibility_gaps: Mapped[str] = mapped_column(default="", server_default="")


class Phase(StrEnum):
    """What kind of school it is, by the words that England's register of schools uses."""

    NURSERY = "nursery"
    PRIMARY = "primary"
    MIDDLE = "middle"
    SECONDARY = "secondary"
    ALL_THROUGH = "all_through"
    SPECIAL = "special"
    ALTERNATIVE_PROVISION = "alternative_provision"
    SIXTEEN_PLUS = "16_plus"

    @property
    def word(self) -> str:
        return self.value.replace("all_", "all-").replace("_", " ").capitalize()


class School(Edited, Base):
    """A school of the Trust. `slug` is its place in every address, for good.

    Suspended, it keeps all that it has: its pages are closed to parents, its staff
    read and change nothing, and no mail of it leaves (`is_open`).
    """

    __tablename__ = "school"
    __table_args__ = (
        CheckConstraint(f"slug ~ '{SLUG}' and length(slug) between 2 and 40", name="slug_form"),
        CheckConstraint(
            "slug <> all (array[" + ", ".join(f"'{word}'" for word in RESERVED_SLUGS) + "])",
            name="slug_reserved",
        ),
        UniqueConstraint("slug"),
        CheckConstraint(
            "phase in (" + ", ".join(f"'{phase.value}'" for phase in Phase) + ")",
            name="phase_known",
        ),
        CheckConstraint(
            "(suspended_at is null) = (suspended_because = '')", name="suspended_with_a_reason"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    # One of `Phase`; blank where nobody has said it yet.
    phase: Mapped[str | None]
    address: Mapped[str] = mapped_column(default="", server_default="")
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    suspended_at: Mapped[datetime | None]
    suspended_because: Mapped[str] = mapped_column(default="", server_default="")


def is_open(school_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """A condition for a query over many schools' rows: of those that are not suspended.

    Whatever leaves by itself (mail, reminders) asks it, so that nothing leaves for
    a school that the Trust has suspended and all of it waits.
    """
    return exists().where(School.id == school_id, School.suspended_at.is_(None))


TO_HAND_OVER = (
    "(head_email <> '' and invited_at is null and refused = '')"
    " or (police_force_id is not null and settled_at is null)"
)


class SchoolStart(Base):
    """What the Trust hands over when it adds a school: its `id` is the school's.

    A Trust session may neither make a user nor write a school's settings. So it
    writes what it asks for, in the commit that adds the school; the session for
    accounts invites the head, the school's session begins its settings, and each
    marks its half as done in the commit that does it. What a crash leaves undone
    is found again by these blanks.
    """

    __tablename__ = "school_start"
    __table_args__ = (
        Index(
            "ix_school_start_waiting",
            "asked_at",
            postgresql_where=text(TO_HAND_OVER),
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("school.id"), primary_key=True)
    # Blank where the school has no head yet.
    head_name: Mapped[str] = mapped_column(default="")
    head_email: Mapped[str] = mapped_column(default="")
    police_force_id: Mapped[str | None] = mapped_column(ForeignKey("police_force.id"))
    # Who asked: both halves are done in their name.
    asked_by_kind: Mapped[str]
    asked_by_id: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    invited_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    # Why the head could not be invited, for the officer; blank where nothing stands against it.
    refused: Mapped[str] = mapped_column(default="")


class SchoolNotice(Base):
    """What the Trust did to a school, for the school's own history (schools/notices.py)."""

    __tablename__ = "school_notice"
    __table_args__ = (
        Index(
            "ix_school_notice_waiting",
            "at_school_id",
            postgresql_where=text("told_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at_school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"))
    event: Mapped[str]
    details: Mapped[dict[str, str]] = mapped_column(JSONB)
    by_kind: Mapped[str]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]
    left_at: Mapped[datetime] = mapped_column(default=clock.now)
    told_at: Mapped[datetime | None]


class PoliceForce(Base):
    """A police force as it was from one day to another.

    Forces merge. A published text keeps the name that it was published with,
    so a force that is gone stays in this table with its last day.
    """

    __tablename__ = "police_force"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    type: Mapped[str]
    non_emergency: Mapped[str | None]
    emergency: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor: Mapped[str | None]


class BanUnit(StrEnum):
    CALENDAR = "calendar"
    SCHOOL = "school"


class BanRole(StrEnum):
    """Who may decide or review a ban."""

    HEADTEACHER = "headteacher"
    CHAIR = "chair_of_governors"
    GOVERNORS = "governor_panel"
    TRUST = "trust"


class SchoolSettings(Edited, SchoolOwned, Base):
    """A school's own facts and how it handles site bans. One row a school.

    No law sets the length of a ban, so every figure is the school's choice and
    blank until it is made. All lengths count days of `ban_unit`. What is blank here
    the Trust may give, and what it locks counts instead: read it by `schools/inherited.py`.
    """

    __tablename__ = "school_settings"
    __table_args__ = (
        UniqueConstraint("school_id"),
        CheckConstraint(
            "ban_temporary_days between 1 and 400 and ban_first_days between 1 and 400"
            " and ban_longest_days between 1 and 400 and ban_review_days between 1 and 400"
            " and representations_days between 1 and 60",
            name="ban_days",
        ),
        CheckConstraint("ban_first_days <= ban_longest_days", name="ban_first_within_longest"),
        CheckConstraint("ban_review_days <= ban_longest_days", name="ban_review_within_longest"),
        CheckConstraint(
            "representations_days <= ban_temporary_days", name="ban_heard_while_temporary"
        ),
        CheckConstraint("ban_decider <> ban_reviewer", name="ban_reviewer_is_not_decider"),
        CheckConstraint(
            "acknowledge_within between 1 and 60 and answer_within between 1 and 60",
            name="promised_days",
        ),
        CheckConstraint(
            "colour ~ '^(#[0-9a-f]{6})?$' and accent ~ '^(#[0-9a-f]{6})?$'", name="colours"
        ),
    )

    policies_url: Mapped[str] = mapped_column(default="")
    app_name: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    police_force_id: Mapped[str | None] = mapped_column(ForeignKey("police_force.id"))
    # Which websites may show its ways to reach school in a frame: ["https://www.oak.example"].
    framed_by: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    # What editions declared beside these, by the name in the text: {"school.bus_line": "…"}.
    more_facts: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default="{}")
    # Whether somebody who did not write a letter must approve it.
    letters_second_person: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Whether a letter says "a member of staff" for the names in `letters_staff`, one a line.
    letters_unnamed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    letters_staff: Mapped[str] = mapped_column(default="", server_default="")

    address: Mapped[str] = mapped_column(default="", server_default="")
    # As `contact_matrix/hours.py` words them: "Monday to Friday 8:30am to 4pm".
    office_hours: Mapped[str] = mapped_column(default="", server_default="")
    # School days until a parent hears that a message was read, and has an answer.
    acknowledge_within: Mapped[int | None]
    answer_within: Mapped[int | None]
    complaints_url: Mapped[str] = mapped_column(default="", server_default="")
    safeguarding_url: Mapped[str] = mapped_column(default="", server_default="")
    staff_code_url: Mapped[str] = mapped_column(default="", server_default="")
    governing_body: Mapped[str] = mapped_column(default="", server_default="")
    # Who signs letters, one a line: "Ada Sample, Headteacher".
    signatories: Mapped[str] = mapped_column(default="", server_default="")
    # #rrggbb in small letters, or blank.
    colour: Mapped[str] = mapped_column(default="", server_default="")
    accent: Mapped[str] = mapped_column(default="", server_default="")

    ban_unit: Mapped[str | None]
    ban_temporary_days: Mapped[int | None]
    ban_first_days: Mapped[int | None]
    ban_longest_days: Mapped[int | None]
    ban_review_days: Mapped[int | None]
    representations_days: Mapped[int | None]
    ban_decider: Mapped[str | None]
    ban_reviewer: Mapped[str | None]
