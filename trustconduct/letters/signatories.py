"""Who may sign a school's letters, from when until when, and whether two people must agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.models import LetterSignatory
from trustconduct.schools.inherited import for_schools, in_force
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
    """Who may sign today: those noted here, and those whom the school's settings name.

    Of the latter some are in no row yet: `noted` makes one.
    """
    today = clock.today()
    named = named_in_settings(session)
    rows = signatories(session)
    found = [one for one in rows if one.may_sign(today) and _still_named(one, named)]
    there = {(one.name, one.role) for one in found}
    return found + [
        LetterSignatory(
            school_id=session.school_id,
            id=_settings_id(session.school_id, name, role),
            name=name,
            role=role,
            from_on=today,
            noted_by="The school’s settings",
            from_settings=True,
        )
        for name, role in named
        if (name, role) not in there
    ]


def named_in_settings(session: ScopedSession) -> list[tuple[str, str]]:
    """Names and roles that the setting "Who signs letters" has, the school's or its Trust's."""
    own = settings_of(session).signatories
    lines = str(in_force("signatories", own, for_schools(session)) or "").splitlines()
    pairs = [tuple(part.strip() for part in line.rsplit(",", 1)) for line in lines]
    return list(dict.fromkeys((one[0], one[1]) for one in pairs if len(one) == 2 and all(one)))


def may_sign_today(session: ScopedSession, one: LetterSignatory) -> bool:
    """Whether they have the authority today; who has it by the settings, while those say so."""
    if not one.may_sign(clock.today()):
        return False
    return not one.from_settings or (one.name, one.role) in named_in_settings(session)


def _still_named(one: LetterSignatory, named: Sequence[tuple[str, str]]) -> bool:
    return not one.from_settings or (one.name, one.role) in named


def _settings_id(school_id: UUID, name: str, role: str) -> UUID:
    return uuid5(school_id, f"letter-signatory:{name},{role}")


def noted(session: ScopedSession, signatory_id: UUID) -> LetterSignatory | None:
    """The signatory of an id, with a row from now on; None for an id that nobody has."""
    if there := session.get(LetterSignatory, (session.school_id, signatory_id)):
        return there
    found = next((one for one in who_may_sign(session) if one.id == signatory_id), None)
    if found is not None:
        session.add(found)
        session.flush()
    return found


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
