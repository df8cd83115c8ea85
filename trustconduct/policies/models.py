"""Editions of the Trust's policy, the versions that schools publish, and which is in force."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.clock import Term
from trustconduct.db import Base, new_id
from trustconduct.policies.document import Document
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class State(StrEnum):
    """Where an edition stands. Derived from its dates, never stored."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"


class Edition(Edited, Base):
    """One edition of the Trust's policy. Once published, the database refuses any change.

    `review_text` is the review date in the words it was written in ("Summer Term
    2028"). `union_on` is blank where the union was not asked or it does not apply.
    """

    __tablename__ = "policy_edition"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(
            "published_at is null or (approved_at is not null and board_on is not null)",
            name="approved_before_published",
        ),
        CheckConstraint("not (union_not_applicable and union_on is not null)", name="union"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int]
    scope: Mapped[str]
    board_on: Mapped[date | None]
    review_text: Mapped[str]
    union_on: Mapped[date | None]
    union_not_applicable: Mapped[bool]
    statutory: Mapped[bool]
    author: Mapped[str]
    author_role: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    source_name: Mapped[str] = mapped_column(default="")
    source_text: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    @property
    def state(self) -> State:
        if self.published_at:
            return State.PUBLISHED
        return State.APPROVED if self.approved_at else State.DRAFT

    @property
    def document(self) -> Document:
        return Document.from_json(self.body)

    @property
    def review(self) -> Term | None:
        """When the edition is to be reviewed; None where its document does not say."""
        return Term.parse(self.review_text) if self.review_text else None


class SchoolVersion(SchoolOwned, Base):
    """The exact text that a school published. Never changed.

    `text` is the canonical JSON that `sha256` was taken over; `html` is how it
    stands on the page. `matrix_id` says which contact matrix stood on the day,
    outside the hash, since that may change without asking parents again.
    """

    __tablename__ = "policy_version"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        in_school("matrix_id", to="contact_matrix"),
    )

    number: Mapped[int]
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    edition_number: Mapped[int]
    matrix_id: Mapped[UUID]
    text: Mapped[str]
    html: Mapped[str]
    sha256: Mapped[str]
    in_force_on: Mapped[date]
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class InForce(SchoolOwned, Base):
    """The days on which a version is in force: at most one on any day, says the database."""

    __tablename__ = "policy_in_force"
    __table_args__ = (
        in_school("version_id", to="policy_version"),
        UniqueConstraint("school_id", "version_id"),
        ExcludeConstraint(
            (text("school_id"), "="), (text("during"), "&&"), name="one_in_force", using="gist"
        ),
    )

    version_id: Mapped[UUID]
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    number: Mapped[int]
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
