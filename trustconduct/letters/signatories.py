"""Who may sign a school's letters, from when until when, and whether two people must agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.models import LetterSignatory
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 100  # characters of a name or a role


class SignatoryRefused(ValueError):
    """The signatory can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def signatories(session: ScopedSession) -> Sequence[LetterSignatory]:
    """All who may sign or could once, the newest first."""
    return session.scalars(
        select(LetterSignatory).order_by(LetterSignatory.from_on.desc(), LetterSignatory.id.desc())
    ).all()


def who_may_sign(session: ScopedSession) -> list[LetterSignatory]:
    """Who may sign today."""
    today = clock.today()
    return [one for one in signatories(session) if one.may_sign(today)]


def add_signatory(
    session: ScopedSession,
    *,
    by: Actor,
    name: str,
    role: str,
    from_on: date,
    until_on: date | None = None,
) -> LetterSignatory:
    """Note who may sign from a day on. A deputy who acts for a while has a last day.

    Raises SignatoryRefused.
    """
    permit(by, Can.SET_UP_LETTERS, session.school_id)
    for field, word, what in (("name", name, "name"), ("role", role, "role")):
        if not word:
            raise SignatoryRefused(field, f"Type the {what} as it stands below a letter.")
        if len(word) > LONGEST:
            raise SignatoryRefused(field, f"Use at most {LONGEST} characters.")
    if until_on and until_on < from_on:
        raise SignatoryRefused("until_on", "The last day must not come before the first.")
    one = LetterSignatory(
        name=name, role=role, from_on=from_on, until_on=until_on, noted_by=by.name
    )
    session.add(one)
    session.flush()
    record(session, Event.SIGNATORY_ADDED, by=by, about=one, name=name, role=role)
    return one


def end_signatory(session: ScopedSession, one: LetterSignatory, *, by: Actor) -> None:
    """Today is the last day on which they may sign; what they signed stays."""
    permit(by, Can.SET_UP_LETTERS, session.school_id)
    today = clock.today()
    if one.until_on and one.until_on <= today:
        return
    one.until_on = max(today, one.from_on)
    session.flush()
    record(session, Event.SIGNATORY_ENDED, by=by, about=one, name=one.name, role=one.role)


def ask_for_second_person(session: ScopedSession, *, by: Actor, wanted: bool) -> None:
    """Say whether a letter must be approved by somebody who did not write it."""
    permit(by, Can.SET_UP_LETTERS, session.school_id)
    settings = settings_of(session, lock=True)
    if settings.letters_second_person == wanted:
        return
    settings.letters_second_person = wanted
    session.add(settings)
    session.flush()
    words = "somebody else approves each letter" if wanted else "one person is enough"
    record(session, Event.SECOND_PERSON_CHANGED, by=by, about=settings, words=words)
