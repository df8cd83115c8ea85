"""Writing a letter: begun for one adult, filled part by part, handed over, or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.checks import ways_to
from trustconduct.letters.kinds import Form, Kind, Part
from trustconduct.letters.models import (
    FrozenLetter,
    Letter,
    LetterSignatory,
    LetterWithdrawal,
    Way,
)
from trustconduct.letters.parts import LONGEST_WORDS, PartRefused, checked, tidy
from trustconduct.letters.records import PERSON, record_of
from trustconduct.letters.signatories import may_sign_today
from trustconduct.letters.translated import other_key
from trustconduct.letters.wordings import in_use
from trustconduct.people.models import Adult
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession


class LetterRefused(ValueError):
    """The letter can't be written like this; the message says what to do."""


class LetterMoved(RuntimeError):
    """Somebody else changed, approved or threw away the letter since it was looked at."""


def begin_letter(
    session: ScopedSession,
    adult: Adult,
    kind: Kind,
    *,
    by: Actor,
    record_kind: str = PERSON,
    record_id: UUID | None = None,
) -> Letter:
    """Begin a letter to one adult. It has its number from now on.

    Raises LetterRefused for somebody to whom no letter may go.
    """
    permit(by, Can.WRITE_LETTER, session.school_id)
    _, never = ways_to(session, kind, adult)
    if never:
        raise LetterRefused(never)
    return _begun(session, adult.id, kind, by=by, record_kind=record_kind, record_id=record_id)


def _begun(
    session: ScopedSession,
    adult_id: UUID,
    kind: Kind,
    *,
    by: Actor,
    record_kind: str,
    record_id: UUID | None,
    parts: Mapping[str, Any] | None = None,
    replaces_id: UUID | None = None,
) -> Letter:
    session.take_turns("letter-number")
    last = session.scalar(select(func.max(Letter.number)))
    spoken = session.scalar(select(Adult.language).where(Adult.id == adult_id)) or "en"
    letter = Letter(
        number=(last or 0) + 1,
        language="en" if kind.internal else spoken,
        unnamed=settings_of(session).letters_unnamed,
        adult_id=adult_id,
        kind=kind.id,
        record_kind=record_kind,
        record_id=record_id,
        parts=dict(parts or {}),
        replaces_id=replaces_id,
        begun_by=by.name,
        writers=[str(by.id)],
        way=Way.HAND.value if kind.internal else "",
    )
    session.add(letter)
    session.flush()
    found = record_of(session, letter, kind)
    letter.record_mark = found.mark if found else ""
    session.flush()
    record(session, Event.LETTER_BEGUN, by=by, about=letter, number=letter.number, kind=kind.word)
    return letter


def fill_part(
    session: ScopedSession,
    letter: Letter,
    kind: Kind,
    part_id: str,
    typed: Mapping[str, str],
    *,
    by: Actor,
    seen: int,
) -> None:
    """Save what was typed into a part. `seen` is the version of the letter looked at.

    What a record says of a part is not typed. Raises PartRefused, by field, and LetterMoved.
    """
    permit(by, Can.WRITE_LETTER, session.school_id)
    part = kind.part(part_id)
    if part is None:
        raise PartRefused("words", "This kind of letter has no such part.")
    _locked(session, letter, seen)
    found = record_of(session, letter, kind)
    if found and found.parts.get(part_id):
        raise PartRefused("words", "This comes from the record. Put it right there.")
    wording = in_use(session, kind) if part.form is Form.TRUST else None
    value = checked(kind, part, typed, open=wording is not None and part_id in wording.open_parts)
    letter.parts = {**letter.parts, part_id: value, **_other(letter, part, typed, value)}
    _wrote(session, letter, by)
    record(session, Event.LETTER_FILLED, by=by, about=letter, number=letter.number,
           part=part.heading or "the letter")  # fmt: skip


def choose_way(
    session: ScopedSession,
    letter: Letter,
    kind: Kind,
    *,
    by: Actor,
    way: Way,
    signatory: LetterSignatory,
    seen: int,
    language: str | None = None,
    unnamed: bool | None = None,
) -> None:
    """Say how the letter reaches its addressee, who signs, which language stands beside the
    English, and whether names of staff are left out. None leaves one of these as it is.

    Raises PartRefused, LetterMoved.
    """
    permit(by, Can.WRITE_LETTER, session.school_id)
    _locked(session, letter, seen)
    adult = session.get_one(Adult, (letter.school_id, letter.adult_id))
    ways, never = ways_to(session, kind, adult)
    if why_not := never or ways[way]:
        raise PartRefused("way", why_not)
    if not may_sign_today(session, signatory):
        raise PartRefused("signatory", f"{signatory.name} may not sign letters today.")
    letter.way, letter.signatory_id = way.value, signatory.id
    letter.language = letter.language if language is None or kind.internal else language
    letter.unnamed = letter.unnamed if unnamed is None else unnamed
    _wrote(session, letter, by)
    record(session, Event.LETTER_FILLED, by=by, about=letter, number=letter.number,
           part="how it is sent and who signs")  # fmt: skip


def look_again(session: ScopedSession, letter: Letter, kind: Kind, *, by: Actor, seen: int) -> None:
    """Take what the record says now: somebody looked at it since it moved on."""
    permit(by, Can.WRITE_LETTER, session.school_id)
    _locked(session, letter, seen)
    found = record_of(session, letter, kind)
    letter.record_mark = found.mark if found else ""
    _wrote(session, letter, by)
    record(session, Event.LETTER_FILLED, by=by, about=letter, number=letter.number,
           part="what its record says now")  # fmt: skip


def ask_approval(session: ScopedSession, letter: Letter, *, by: Actor, seen: int) -> None:
    """Hand a letter over to whoever approves it: it stands in their tasks. Raises LetterMoved."""
    permit(by, Can.WRITE_LETTER, session.school_id)
    _locked(session, letter, seen)
    letter.asked_at = clock.now()
    session.flush()
    record(session, Event.LETTER_ASKED, by=by, about=letter, number=letter.number)


def drop_letter(session: ScopedSession, letter: Letter, *, by: Actor, seen: int) -> None:
    """Throw a draft away; its number is not used again. Raises LetterMoved."""
    permit(by, Can.WRITE_LETTER, session.school_id)
    _locked(session, letter, seen)
    letter.dropped_at = clock.now()
    session.flush()
    record(session, Event.LETTER_DROPPED, by=by, about=letter, number=letter.number)


def write_anew(session: ScopedSession, letter: Letter, kind: Kind, *, by: Actor) -> Letter:
    """Begin the letter that takes the place of a withdrawn one, with what it said.

    Raises LetterRefused where it is not withdrawn, or one was begun already.
    """
    permit(by, Can.WRITE_LETTER, session.school_id)
    session.take_turns("letter-number")
    key = (letter.school_id, letter.id)
    if session.get(LetterWithdrawal, key) is None or session.get(FrozenLetter, key) is None:
        raise LetterRefused("Withdraw the letter first. A letter that was approved never changes.")
    there = session.scalar(
        select(Letter.number).where(Letter.replaces_id == letter.id, Letter.dropped_at.is_(None))
    )
    if there is not None:
        raise LetterRefused(f"Letter {there} takes its place already.")
    adult = session.get_one(Adult, (letter.school_id, letter.adult_id))
    _, never = ways_to(session, kind, adult)
    if never:
        raise LetterRefused(never)
    return _begun(
        session, letter.adult_id, kind, by=by, record_kind=letter.record_kind,
        record_id=letter.record_id, parts=letter.parts, replaces_id=letter.id,
    )  # fmt: skip


def _other(letter: Letter, part: Part, typed: Mapping[str, str], value: Any) -> dict[str, Any]:
    """What a person put into the letter's other language, with the English that it says."""
    if letter.language == "en" or part.form not in (Form.WORDS, Form.LINE):
        return {}
    words = tidy(typed.get("other", ""))
    if len(words) > LONGEST_WORDS:
        raise PartRefused("other", f"Use at most {LONGEST_WORDS:,} characters.")
    key = other_key(part.id, letter.language)
    return {key: {"words": words, "of": value} if words else None}


def _wrote(session: ScopedSession, letter: Letter, by: Actor) -> None:
    if str(by.id) not in letter.writers:
        letter.writers = [*letter.writers, str(by.id)]
    letter.asked_at = None  # whoever approves it must see this as well
    session.flush()


def _locked(session: ScopedSession, letter: Letter, seen: int) -> None:
    session.refresh(letter, with_for_update=True)
    if letter.version != seen or letter.frozen_at or letter.dropped_at:
        raise LetterMoved
