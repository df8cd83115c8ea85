"""Parents and carers, pupils, who cares for whom, and who must not be told."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class AdultKind(StrEnum):
    """What an adult is to the school. Parents and carers are asked; the others are not."""

    PARENT = "parent"
    CARER = "carer"
    COLLECTOR = "collector"
    VISITOR = "visitor"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    AdultKind.PARENT: "Parent",
    AdultKind.CARER: "Carer",
    AdultKind.COLLECTOR: "Collects a child",
    AdultKind.VISITOR: "Visitor",
}
ASKED_KINDS = (AdultKind.PARENT.value, AdultKind.CARER.value)


class Adult(Edited, SchoolOwned, Base):
    """A parent, carer, collector or visitor, once per school however many children.

    Two adults may share one email address, and two may share a name: neither names
    anybody. `merged_into` says that this is another one's double; nothing is deleted.
    """

    __tablename__ = "adult"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("kind in ('parent', 'carer', 'collector', 'visitor')", name="kind_known"),
        CheckConstraint("language in ('en', 'cy', 'pl', 'ur')", name="language_known"),
        CheckConstraint("merged_into <> id", name="merged_into_another"),
        in_school("merged_into", to="adult"),
        Index(None, "school_id", "name"),
        Index("ix_adult_name_key", "school_id", "name_key"),
        Index("ix_adult_email", "school_id", "email"),
        Index(
            "ix_adult_merged",
            "school_id",
            "merged_into",
            postgresql_where=text("merged_into is not null"),
        ),
        Index("uq_adult_ref", "school_id", "ref", unique=True, postgresql_where=text("ref <> ''")),
    )

    name: Mapped[str]
    # The name folded to small letters and single spaces: how a roll finds the adult again.
    name_key: Mapped[str]
    email: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    kind: Mapped[str] = mapped_column(default=AdultKind.PARENT.value, server_default="parent")
    telephone: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    # The number that the school's own system knows them by; blank where it gave none.
    ref: Mapped[str] = mapped_column(default="", server_default="")
    # The address as the last roll gave it, and whether the office's own stands above it.
    roll_email: Mapped[str] = mapped_column(default="", server_default="")
    email_kept: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Added here and not by a roll: no roll makes a leaver of them.
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # In which we write to them, and in which their link opens: as the office noted it, or
    # that of the page on which they last answered.
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    left_on: Mapped[date | None]
    merged_into: Mapped[UUID | None]


class Pupil(Edited, SchoolOwned, Base):
    """A pupil, known by a number, or else by name and year group as the roll gives them."""

    __tablename__ = "pupil"
    __table_args__ = (
        Index("ix_pupil_name_key", "school_id", "name_key"),
        Index("uq_pupil_ref", "school_id", "ref", unique=True, postgresql_where=text("ref <> ''")),
    )

    name: Mapped[str]
    name_key: Mapped[str]
    year_group: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    ref: Mapped[str] = mapped_column(default="", server_default="")
    left_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Care(Edited, SchoolOwned, Base):
    """An adult cares for a pupil, in the relationship that the roll names.

    What nobody has said is None: nothing may be made of silence. `court_order` is what
    an order limits, in words.
    """

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
    parental_responsibility: Mapped[bool | None]
    lives_with: Mapped[bool | None]
    may_collect: Mapped[bool | None]
    court_order: Mapped[str] = mapped_column(default="", server_default="")
    ended_on: Mapped[date | None]
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Said:
    """Something that a person said of an adult, from when to when, and why."""

    since_at: Mapped[datetime] = mapped_column(default=clock.now)
    because: Mapped[str]
    said_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(default="", server_default="")
    ended_by: Mapped[str] = mapped_column(default="", server_default="")


def _reasons() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("because <> ''", name="with_a_reason"),
        CheckConstraint("(ended_at is null) = (ended_because = '')", name="ended_with_a_reason"),
    )


class UntoldMark(Said, SchoolOwned, Base):
    """An adult must not be told anything. Apart from the adult, so that no roll touches it."""

    __tablename__ = "untold_mark"
    __table_args__ = (
        *_reasons(),
        in_school("adult_id", to="adult"),
        Index(
            "one_untold_mark",
            "school_id",
            "adult_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    adult_id: Mapped[UUID]


class KeptApart(Said, SchoolOwned, Base):
    """Two adults who must never learn of each other."""

    __tablename__ = "kept_apart"
    __table_args__ = (
        *_reasons(),
        CheckConstraint("adult_id < other_id", name="two"),
        in_school("adult_id", to="adult"),
        in_school("other_id", to="adult"),
        Index(
            "one_kept_apart",
            "school_id",
            "adult_id",
            "other_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    adult_id: Mapped[UUID]
    other_id: Mapped[UUID]


class ListConfirmation(SchoolOwned, Base):
    """A named person looked at who would be told, and said that it is right.

    `mark` stands for that very list: another list needs another look.
    """

    __tablename__ = "list_confirmation"

    confirmed_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_by: Mapped[str]
    told: Mapped[int]
    untold: Mapped[int]
    mark: Mapped[str]
