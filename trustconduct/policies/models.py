"""Editions of the Trust's policy, the versions that schools publish, and which is in force."""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    func,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column

from trustconduct import clock
from trustconduct.clock import Term
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.db import Base, new_id
from trustconduct.policies.consultations import Consultation
from trustconduct.policies.document import Document
from trustconduct.policies.withdrawals import Withdrawal
from trustconduct.tenants.models import Edited, SchoolOwned, in_school


class State(StrEnum):
    """Where an edition stands. Derived from its dates and those of others, never stored."""

    DRAFT = "draft"
    CONSULTED = "in consultation"  # until its day, that day included
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"  # a newer one is published, and not withdrawn
    WITHDRAWN = "withdrawn"


class Edition(Edited, Base):
    """One edition of the Trust's policy. Once published, the database refuses any change.

    `review_text` is the review date in the words it was written in ("Summer Term
    2028"). `union_on` is blank where the union was not asked or it does not apply;
    `union_because` says why it does not. `material`: whether people who acknowledged
    an earlier one are asked again; None where nobody has said. `approvers_all`: whether
    all who are named must approve the text, or any one. `local_bodies`: whether each
    school's governing body approves it as well, before the school publishes.
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
    board_minute: Mapped[str] = mapped_column(default="", server_default="")
    union_because: Mapped[str] = mapped_column(default="", server_default="")
    material: Mapped[bool | None]
    change_because: Mapped[str] = mapped_column(default="", server_default="")
    approvers_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    local_bodies: Mapped[bool] = mapped_column(default=False, server_default=false())
    statutory: Mapped[bool]
    author: Mapped[str]
    author_role: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    source_name: Mapped[str] = mapped_column(default="")
    source_text: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    # Of other rows, read with this one: see below.
    if TYPE_CHECKING:
        consulted_until: Mapped[date | None]
        withdrawn_at: Mapped[datetime | None]
        superseded_at: Mapped[datetime | None]

    @property
    def state(self) -> State:
        if self.withdrawn_at:
            return State.WITHDRAWN
        if self.published_at:
            return State.SUPERSEDED if self.superseded_at else State.PUBLISHED
        if self.approved_at:
            return State.APPROVED
        until = self.consulted_until
        return State.CONSULTED if until and clock.today() <= until else State.DRAFT

    @property
    def document(self) -> Document:
        return Document.from_json(self.body)

    @property
    def review(self) -> Term | None:
        """When the edition is to be reviewed; None where its document does not say."""
        return Term.parse(self.review_text) if self.review_text else None


_newer, _taken_back = aliased(Edition), aliased(Withdrawal)
Edition.withdrawn_at = column_property(
    select(Withdrawal.withdrawn_at)
    .where(Withdrawal.id == Edition.id)
    .correlate(Edition)
    .scalar_subquery()
)
Edition.consulted_until = column_property(
    select(func.max(Consultation.closes_on))
    .where(Consultation.edition_id == Edition.id, Consultation.closed_at.is_(None))
    .correlate(Edition)
    .scalar_subquery()
)
Edition.superseded_at = column_property(
    select(func.min(_newer.published_at))
    .where(
        _newer.number > Edition.number,
        _newer.published_at.is_not(None),
        ~select(_taken_back.id).where(_taken_back.id == _newer.id).exists(),
    )
    .correlate(Edition)
    .scalar_subquery()
)


class SchoolVersion(SchoolOwned, Base):
    """The exact text that a school published. Never changed.

    `text` is the canonical JSON that `sha256` was taken over; `html` is how it
    stands on the page. `matrix_id` says which contact matrix stood on the day,
    outside the hash, since that may change without asking parents again.
    `governors_on`: the day on which the school's governing body approved it, where the
    edition asks for that.
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
    governors_on: Mapped[date | None]
    published_at: Mapped[datetime]
    published_by: Mapped[str]

    @property
    def board_on(self) -> date | None:
        """The day on which the Trust's Board approved it, as it stands under the hash."""
        day = json.loads(self.text)["board_on"]
        return date.fromisoformat(day) if day else None

    @property
    def document(self) -> Document:
        """The words out of their frozen form; the contact matrix is not in it."""
        body = json.loads(self.text)["document"]
        return Document.from_json({**body, "matrix": Matrix().to_json()})


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


class ChangeKind(StrEnum):
    """How a clause of a school differs from the Trust's edition."""

    REWORDED = "reworded"
    ADDED = "added"
    LEFT_OUT = "left_out"

    @property
    def word(self) -> str:
        return {"reworded": "Reworded", "added": "Added", "left_out": "Left out"}[self.value]


class PolicyText(SchoolOwned, Edited, Base):
    """A school's own text with its merge fields, and the edition that it is based on.

    There from a school's first change of its own on; until then it has the
    edition's words.
    """

    __tablename__ = "policy_text"
    __table_args__ = (UniqueConstraint("school_id"),)

    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @property
    def document(self) -> Document:
        return Document.from_json(self.body)


class LocalChange(SchoolOwned, Base):
    """That a clause of a school differs from its edition, and why. The Trust reads it.

    The words themselves are not in it: they stand in the school's own text, and
    in the version that everybody may read.
    """

    __tablename__ = "policy_local_change"
    __table_args__ = (
        UniqueConstraint("school_id", "clause"),
        CheckConstraint("kind in ('reworded', 'added', 'left_out')", name="kind_known"),
    )

    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    clause: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class Adoption(SchoolOwned, Edited, Base):
    """Taking up an edition: begun, left and taken up again, and finished once it is whole.

    `decisions` are as `decisions.py` writes them. They stay as the reasons.
    """

    __tablename__ = "policy_adoption"
    __table_args__ = (
        CheckConstraint("(finished_at is null) = (finished_by = '')", name="finished_by_somebody"),
        Index(
            "one_open_adoption",
            "school_id",
            unique=True,
            postgresql_where=text("finished_at is null"),
        ),
    )

    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    base_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    decisions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by: Mapped[str]
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[str] = mapped_column(default="")
