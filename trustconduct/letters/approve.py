"""Approving a letter, which freezes it, and withdrawing one, which changes nothing of it."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.checks import Against
from trustconduct.letters.compose import draft_of
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, LetterWithdrawal
from trustconduct.letters.opening import CODE
from trustconduct.letters.parts import tidy
from trustconduct.letters.printing import translation_html, words_html
from trustconduct.letters.write import LetterMoved
from trustconduct.outbox.write import withdraw
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession

LONGEST_REASON = 500


class NotWhole(ValueError):
    """Something is missing or wrong; `against` says what, in words."""

    def __init__(self, against: tuple[Against, ...]) -> None:
        super().__init__("; ".join(one.words for one in against))
        self.against = against


class SecondPersonNeeded(ValueError):
    """Whoever wrote in a letter may not approve it at this school."""


class ReasonMissing(ValueError):
    """No letter is withdrawn without a reason."""


def approve_letter(
    session: ScopedSession, letter: Letter, *, by: Actor, seen_sha256: str, pdf: bytes, pages: int
) -> FrozenLetter:
    """Freeze a letter: its text, its PDF, its number and the hash over the text.

    `seen_sha256` is of the text that was looked at and that `pdf` was printed from: another
    text is not approved. Raises LetterMoved, NotWhole and SecondPersonNeeded.
    """
    permit(by, Can.APPROVE_LETTER, session.school_id)
    session.refresh(letter, with_for_update=True)
    if letter.frozen_at or letter.dropped_at:
        raise LetterMoved
    draft = draft_of(session, letter)
    if not draft.is_whole:
        raise NotWhole(draft.against)
    if draft.composed.sha256 != seen_sha256:
        raise LetterMoved
    if settings_of(session).letters_second_person and str(by.id) in letter.writers:
        raise SecondPersonNeeded
    assert draft.wording is not None  # it would not be whole
    said = draft.composed
    frozen = FrozenLetter(
        id=letter.id,
        text=said.text,
        html=words_html(said),
        language=said.language,
        translation=translation_html(said),
        sha256=said.sha256,
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        pages=pages,
        wording_id=draft.wording.id,
        version_id=draft.version.id if draft.version else None,
        way=said.way,
        to_name=said.to_name,
        to_address=said.to_address,
        to_email=said.to_email,
        answer_days=said.answer_days,
        answer_unit=said.answer_unit,
        approved_by=by.name,
        approved_by_id=by.id,
    )
    letter.frozen_at = clock.now()
    session.add(frozen)
    session.flush()
    record(session, Event.LETTER_APPROVED, by=by, about=letter, number=letter.number,
           kind=draft.kind.word, sha256=said.sha256)  # fmt: skip
    return frozen


def withdraw_letter(session: ScopedSession, letter: Letter, *, by: Actor, because: str) -> bool:
    """Take a letter back. It stays as it was sent; its deadline is stopped, its link is dead.

    False where it is withdrawn already. Raises ReasonMissing, and LetterMoved for a draft.
    """
    permit(by, Can.APPROVE_LETTER, session.school_id)
    because = " ".join(tidy(because).split())[:LONGEST_REASON]
    if not because:
        raise ReasonMissing("Say why, in one sentence.")
    session.refresh(letter, with_for_update=True)
    if letter.frozen_at is None:
        raise LetterMoved
    if session.get(LetterWithdrawal, (letter.school_id, letter.id)) is not None:
        return False
    session.add(LetterWithdrawal(id=letter.id, because=because, withdrawn_by=by.name))
    session.flush()
    tries = select(LetterService.id).where(LetterService.letter_id == letter.id)
    sent = list(session.scalars(tries))
    for purpose in ("letter", CODE):
        withdraw(session, purpose, sent)
    record(session, Event.LETTER_WITHDRAWN, by=by, about=letter, number=letter.number,
           because=because)  # fmt: skip
    return True
