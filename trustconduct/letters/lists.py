"""Lists of letters, each by one query: a school's, a person's, and those that wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import (
    FrozenLetter,
    Letter,
    LetterService,
    LetterWithdrawal,
)
from trustconduct.letters.opening import MOST_TRIES
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

PAGE = 50


class Stands(StrEnum):
    """Where a letter stands: one word for it everywhere."""

    DRAFT = "draft"
    ASKED = "asked"
    TO_SEND = "to_send"
    CAME_BACK = "came_back"
    SENT = "sent"
    SERVED = "served"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"

    @property
    def word(self) -> str:
        return {
            "draft": "Being written",
            "asked": "To approve",
            "to_send": "To send",
            "came_back": "Came back",
            "sent": "Sent",
            "served": "Served",
            "withdrawn": "Withdrawn",
            "dropped": "Thrown away",
        }[self.value]

    @property
    def tone(self) -> str:
        return {
            "asked": "waiting",
            "to_send": "waiting",
            "came_back": "attention",
            "served": "good",
            "withdrawn": "quiet",
            "dropped": "quiet",
        }.get(self.value, "calm")


@dataclass(frozen=True)
class Listed:
    """A letter in a list: without its words."""

    id: UUID
    number: int
    kind: str
    to_name: str
    adult_id: UUID
    way: str
    begun_at: datetime
    stands: Stands
    served_on: date | None
    deadline_on: date | None
    failed: bool  # its email did not leave, came back, or its code was tried too often

    @property
    def kind_word(self) -> str:
        return KINDS[self.kind].word


def stands_of(
    *, dropped: bool, frozen: bool, asked: bool, withdrawn: bool, live: bool, served: bool,
    came_back: bool,
) -> Stands:  # fmt: skip
    if dropped:
        return Stands.DROPPED
    if not frozen:
        return Stands.ASKED if asked else Stands.DRAFT
    if withdrawn:
        return Stands.WITHDRAWN
    if not live:
        return Stands.CAME_BACK if came_back else Stands.TO_SEND
    return Stands.SERVED if served else Stands.SENT


def _query() -> Any:
    earlier = (
        select(LetterService.id)
        .where(LetterService.letter_id == Letter.id, LetterService.ended_on.is_not(None))
        .correlate(Letter)
    )
    failed = (
        select(SchoolMessage.id)
        .where(
            SchoolMessage.id == LetterService.message_id,
            SchoolMessage.parked_at.is_not(None),
        )
        .correlate(LetterService)
    )
    return (
        select(
            Letter, Adult.name, LetterService, LetterWithdrawal.id.label("withdrawn"),
            earlier.exists().label("came_back"),
            or_(failed.exists(), LetterService.wrong_tries >= MOST_TRIES).label("failed"),
        )
        .join(Adult, and_(Adult.school_id == Letter.school_id, Adult.id == Letter.adult_id))
        .outerjoin(
            LetterService,
            and_(LetterService.letter_id == Letter.id, LetterService.ended_on.is_(None)),
        )
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == Letter.id)
        .order_by(Letter.number.desc())
    )  # fmt: skip


def _listed(session: ScopedSession, query: Any) -> list[Listed]:
    return [
        Listed(
            id=letter.id,
            number=letter.number,
            kind=letter.kind,
            to_name=name,
            adult_id=letter.adult_id,
            way=letter.way,
            begun_at=letter.begun_at,
            stands=stands_of(
                dropped=letter.dropped_at is not None,
                frozen=letter.frozen_at is not None,
                asked=letter.asked_at is not None,
                withdrawn=withdrawn is not None,
                live=service is not None,
                served=service is not None and service.served_on is not None,
                came_back=came_back,
            ),
            served_on=service.served_on if service else None,
            deadline_on=service.deadline_on if service else None,
            failed=bool(failed),
        )
        for letter, name, service, withdrawn, came_back, failed in session.execute(query)
    ]


def letters_page(
    session: ScopedSession, *, page: int = 0, adult_id: UUID | None = None
) -> list[Listed]:
    """A page of letters, the newest first, and one more where there are more."""
    query = _query().where(Letter.dropped_at.is_(None))
    if adult_id is not None:
        query = query.where(Letter.adult_id == adult_id)
    return _listed(session, query.offset(page * PAGE).limit(PAGE + 1))


def to_approve(session: ScopedSession) -> list[Listed]:
    """Letters that were handed over for approval."""
    return _listed(
        session,
        _query().where(
            Letter.asked_at.is_not(None), Letter.frozen_at.is_(None), Letter.dropped_at.is_(None)
        ),
    )


def to_send(session: ScopedSession) -> list[Listed]:
    """Approved letters that have not left or came back, and emails that did not arrive."""
    failed = (
        select(SchoolMessage.id)
        .where(SchoolMessage.id == LetterService.message_id, SchoolMessage.parked_at.is_not(None))
        .correlate(LetterService)
    )
    return _listed(
        session,
        _query().where(
            Letter.frozen_at.is_not(None),
            LetterWithdrawal.id.is_(None),
            or_(
                LetterService.id.is_(None),
                and_(
                    LetterService.opened_at.is_(None),
                    or_(failed.exists(), LetterService.wrong_tries >= MOST_TRIES),
                ),
            ),
        ),
    )


@dataclass(frozen=True)
class Sent:
    """A frozen letter without its PDF."""

    frozen: FrozenLetter
    withdrawn: LetterWithdrawal | None


def frozen_of(session: ScopedSession, letter: Letter) -> Sent | None:
    row = session.execute(
        select(FrozenLetter, LetterWithdrawal)
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == FrozenLetter.id)
        .where(FrozenLetter.id == letter.id)
    ).one_or_none()
    return Sent(row[0], row[1]) if row else None
