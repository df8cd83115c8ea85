"""The rows of a consultation on a draft: the draft as it was shown, guests, and comments."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.policies.document import Document
from trustconduct.tenants.models import Edited


class Outcome(StrEnum):
    """What the Trust made of a comment."""

    TAKEN = "taken"
    PARTLY = "partly"
    NOT_TAKEN = "not_taken"

    @property
    def word(self) -> str:
        return {"taken": "Taken up", "partly": "Partly taken up", "not_taken": "Not taken up"}[
            self.value
        ]


class GuestKind(StrEnum):
    """Who is asked beside the heads: by a link of their own, without an account."""

    UNION = "union"
    GOVERNOR = "governor"

    @property
    def word(self) -> str:
        return {"union": "Union representative", "governor": "Governor"}[self.value]


class Consultation(Edited, Base):
    """Asking heads, governors and union about a draft, until a day, that day included.

    `body` is the draft as everybody read it. It is not edited meanwhile: a comment
    would stand beside words that its author never saw. `closed_at`: ended before its
    day, and why.
    """

    __tablename__ = "policy_consultation"
    __table_args__ = (
        CheckConstraint("(closed_at is null) = (closed_because = '')", name="closed_with_a_reason"),
        Index("ix_policy_consultation_edition_id", "edition_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    edition_number: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    words: Mapped[str] = mapped_column(default="")  # of the officer, to all who are asked
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_by: Mapped[str]
    closes_on: Mapped[date]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]

    @property
    def document(self) -> Document:
        return Document.from_json(self.body)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and clock.today() <= self.closes_on


class Guest(Base):
    """A governor or a union's representative, asked by a link of their own.

    The link is derived from the id and the generation and stored nowhere.
    """

    __tablename__ = "policy_guest"
    __table_args__ = (
        CheckConstraint("kind in ('union', 'governor')", name="kind_known"),
        UniqueConstraint("consultation_id", "email"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("policy_consultation.id"))
    name: Mapped[str]
    email: Mapped[str]
    kind: Mapped[str]
    of: Mapped[str] = mapped_column(default="")  # the union, or the governing body
    generation: Mapped[int] = mapped_column(default=1)
    invited_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    @property
    def who(self) -> str:
        """ "Sam Sample, union representative, Union of Examples"."""
        return ", ".join(
            part for part in (self.name, GuestKind(self.kind).word.lower(), self.of) if part
        )


class Comment(Base):
    """What somebody said of a clause, or of the whole where `clause` is blank.

    From a school or from a guest, never both. Blank words say that somebody read the
    draft and has nothing to add. A school's session sees its own alone.
    """

    __tablename__ = "policy_comment"
    __table_args__ = (
        CheckConstraint("(at_school_id is null) <> (guest_id is null)", name="from_one"),
        CheckConstraint("words <> '' or clause = ''", name="says_something"),
        CheckConstraint("(outcome = '') = (answered_at is null)", name="answered_whole"),
        CheckConstraint("outcome in ('', 'taken', 'partly', 'not_taken')", name="outcome_known"),
        Index("ix_policy_comment_consultation_id", "consultation_id", "id"),
        Index(
            "one_nothing_to_add",
            "consultation_id",
            text("coalesce(at_school_id, guest_id)"),
            unique=True,
            postgresql_where=text("words = '' and taken_back_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("policy_consultation.id"))
    at_school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))
    guest_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_guest.id"))
    by_name: Mapped[str]
    clause: Mapped[str]
    words: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    taken_back_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(default="")
