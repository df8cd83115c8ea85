"""Who must approve a draft's text before the Board's day is noted, and what each has said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.policies.document import canonical, sha256
from trustconduct.policies.models import Edition
from trustconduct.tenants.sessions import ScopedSession


class Said(StrEnum):
    """What an approver says of a text."""

    APPROVED = "approved"
    NOT_YET = "not_yet"  # something must change first


class Standing(StrEnum):
    """Where an approver stands to the text as it is now. Derived, never stored."""

    APPROVES = "Approves it"
    ASKS_FOR_CHANGES = "Asks for changes"
    EARLIER_TEXT = "Approved an earlier text"
    CHANGED_SINCE = "Asked for changes, and the text has changed since"
    SILENT = "Not answered yet"


class Approver(Base):
    """Somebody with a role at the Trust who was named for an edition.

    Name and address are as they were when they were named: a session for the Trust does
    not see accounts. Who is taken off the list stays as a row, with what they said.
    """

    __tablename__ = "policy_approver"
    __table_args__ = (UniqueConstraint("edition_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    user_id: Mapped[UUID]
    name: Mapped[str]
    email: Mapped[str]
    named_at: Mapped[datetime] = mapped_column(default=clock.now)
    named_by: Mapped[str]
    asked_on: Mapped[date | None]  # the last time, by mail
    removed_at: Mapped[datetime | None]


class SignOff(Base):
    """What an approver said of one exact text. Never changed: a later row takes its place.

    `text_sha256` is `text_mark` of that text: approval of other words is no approval
    of these.
    """

    __tablename__ = "policy_sign_off"
    __table_args__ = (
        CheckConstraint("said in ('approved', 'not_yet')", name="said_known"),
        CheckConstraint("said = 'approved' or words <> ''", name="changes_are_named"),
        Index("ix_policy_sign_off_approver_id", "approver_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    approver_id: Mapped[UUID] = mapped_column(ForeignKey("policy_approver.id"))
    said: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    text_sha256: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)


@dataclass(frozen=True)
class Approval:
    """An approver, the last that they said, and where that leaves them."""

    approver: Approver
    last: SignOff | None
    standing: Standing

    @property
    def sentence(self) -> str:
        """ "Sam Sample: approves it, 3 May 2027"."""
        said = self.standing.value[0].lower() + self.standing.value[1:]
        when = f", {clock.day(clock.local(self.last.given_at).date())}" if self.last else ""
        return f"{self.approver.name}: {said}{when}"


def text_mark(edition: Edition) -> str:
    """A hash of all that an approver is asked about: the text, its scope and review date.

    Not of the days of the Board and the union, which are noted afterwards.
    """
    return sha256(
        canonical(
            {"body": edition.body, "scope": edition.scope, "review_text": edition.review_text}
        )
    )


def approvals(session: ScopedSession, edition: Edition) -> list[Approval]:
    """Everybody who is named for an edition, with their standing: one query."""
    rows = session.execute(_named().where(Approver.edition_id == edition.id))
    mark = text_mark(edition)
    return [Approval(one, last, _standing(last, mark)) for one, last in rows]


def asked_of(session: ScopedSession, user_id: UUID | None) -> list[tuple[Edition, Approval]]:
    """The drafts for which a person is named, the newest first: one query."""
    rows = session.execute(
        _named()
        .add_columns(Edition)
        .join(Edition, Edition.id == Approver.edition_id)
        .where(
            Approver.user_id == user_id,
            Edition.approved_at.is_(None),
            Edition.withdrawn_at.is_(None),
        )
        .order_by(None)
        .order_by(Edition.number.desc())
    )
    return [
        (edition, Approval(one, last, _standing(last, text_mark(edition))))
        for one, last, edition in rows
    ]


def _named() -> Select[Approver, SignOff]:
    later = aliased(SignOff)
    newest = (
        select(later.id)
        .where(later.approver_id == Approver.id)
        .order_by(later.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(Approver, SignOff)
        .select_from(Approver)
        .outerjoin(SignOff, SignOff.id == newest)
        .where(Approver.removed_at.is_(None))
        .order_by(Approver.name, Approver.id)
    )


def _standing(last: SignOff | None, mark: str) -> Standing:
    if last is None:
        return Standing.SILENT
    of_this = last.text_sha256 == mark
    if last.said == Said.APPROVED:
        return Standing.APPROVES if of_this else Standing.EARLIER_TEXT
    return Standing.ASKS_FOR_CHANGES if of_this else Standing.CHANGED_SINCE


def waiting_for(edition: Edition, named: Sequence[Approval]) -> list[Approval]:
    """Whose approval is still needed; empty where nobody was named or enough approve."""
    open_ = [one for one in named if one.standing is not Standing.APPROVES]
    return [] if not edition.approvers_all and len(open_) < len(named) else open_
