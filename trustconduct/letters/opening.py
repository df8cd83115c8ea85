"""The addressee's own page: opened by a link and a code that came by another way."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, LetterWithdrawal, Way
from trustconduct.letters.serve import ServiceRefused, deadline_from
from trustconduct.outbox.links import code
from trustconduct.outbox.untold import may_be_told
from trustconduct.tenants.sessions import ScopedSession

MOST_TRIES = 10
CODE = "letter-code"


class Tried(StrEnum):
    OPENED = "opened"
    WRONG = "wrong"
    CLOSED = "closed"  # too often wrong: the school gives a new link


def code_of(key: str, service_id: UUID) -> str:
    """The code of one service, as it is told: ABCD-EFGH. Ten may be tried."""
    return code(key, CODE, service_id)


def _is_code(typed: str, key: str, service_id: UUID) -> bool:
    plain = "".join(mark for mark in typed.upper() if mark.isalnum())[:40]
    told = code_of(key, service_id).replace("-", "")
    return hmac.compare_digest(plain.encode(), told.encode())


@dataclass(frozen=True)
class Waiting:
    """A letter that waits behind a link, or that was opened by it."""

    service_id: UUID
    letter_id: UUID
    number: int
    html: str
    language: str
    translation: str
    to_name: str
    approved_on: date
    sent_on: date
    served_on: date | None
    deadline_on: date | None
    opened: bool
    tries_left: int
    withdrawn: bool

    @property
    def by(self) -> Actor:
        return Actor("link", self.service_id, self.to_name)


def behind_link(session: ScopedSession, service_id: UUID) -> Waiting | None:
    """The letter of a link, for one who may have it today: one query.

    None where it came back, was never emailed, or its addressee must not be told.
    """
    row = session.execute(
        select(LetterService, Letter.number, FrozenLetter, LetterWithdrawal.id)
        .join(Letter, Letter.id == LetterService.letter_id)
        .join(FrozenLetter, FrozenLetter.id == LetterService.letter_id)
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == LetterService.letter_id)
        .where(
            LetterService.id == service_id,
            LetterService.way == Way.EMAIL.value,
            LetterService.ended_on.is_(None),
            may_be_told(Letter.adult_id),
        )
    ).one_or_none()
    if row is None:
        return None
    service, number, frozen, withdrawn = row
    return Waiting(
        service_id=service.id,
        letter_id=service.letter_id,
        number=number,
        html=frozen.html,
        language=frozen.language,
        translation=frozen.translation,
        to_name=frozen.to_name,
        approved_on=clock.local(frozen.approved_at).date(),
        sent_on=service.sent_on,
        served_on=service.served_on,
        deadline_on=service.deadline_on,
        opened=service.opened_at is not None,
        tries_left=MOST_TRIES - service.wrong_tries,
        withdrawn=withdrawn is not None,
    )


def open_letter(
    session: ScopedSession, waiting: Waiting, *, by: Actor, key: str, typed: str
) -> Tried:
    """Open a letter by its code. The first time is the day on which it was served.

    A wrong code is counted: after ten the link opens nothing more, and the school is told
    by a task. The caller commits in either case.
    """
    service = session.scalar(
        select(LetterService)
        .where(LetterService.id == waiting.service_id, LetterService.ended_on.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if service is None or service.wrong_tries >= MOST_TRIES:
        return Tried.CLOSED
    if not _is_code(typed, key, service.id):
        service.wrong_tries += 1
        session.flush()
        return Tried.CLOSED if service.wrong_tries >= MOST_TRIES else Tried.WRONG
    if service.opened_at is None:
        frozen = session.get_one(FrozenLetter, (service.school_id, service.letter_id))
        service.opened_at, service.served_on = clock.now(), clock.today()
        # Where the term dates do not reach so far the page says the number of days: that
        # the school has not typed them keeps nobody from their letter.
        with suppress(ServiceRefused):
            service.deadline_on = deadline_from(
                session, service.served_on, frozen.answer_days, frozen.answer_unit
            )
        session.flush()
        record(session, Event.LETTER_OPENED, by=by, about_kind="letter",
               about_id=service.letter_id, number=waiting.number)  # fmt: skip
    return Tried.OPENED


def pdf_of_letter(session: ScopedSession, letter_id: UUID) -> bytes | None:
    """What was printed when the letter was approved."""
    return session.scalar(select(FrozenLetter.pdf).where(FrozenLetter.id == letter_id))
