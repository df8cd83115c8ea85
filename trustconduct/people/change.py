"""Adding and changing people by hand: for what no roll says, or says wrongly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.csv_lists import key
from trustconduct.outbox.write import withdraw_untold
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.tenants.sessions import ScopedSession

FIELDS = {
    "name": "name",
    "kind": "what they are to the school",
    "email": "email address",
    "telephone": "telephone",
    "address": "postal address",
    "language": "language",
}
CARE_FIELDS = {
    "relationship": "relationship",
    "parental_responsibility": "parental responsibility",
    "lives_with": "whom the child lives with",
    "may_collect": "who may collect",
    "court_order": "what a court order limits",
}


class ChangedMeanwhile(ValueError):
    """Somebody saved the same person after the page was opened."""


class NoSuchChild(ValueError):
    """A child's name fits several pupils: the year group must say which."""


def add_adult(session: ScopedSession, *, by: Actor, **values: str) -> Adult:
    """Add an adult whom no roll names. A roll does not make a leaver of them."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    adult = Adult(**values, name_key=key(values["name"]), by_hand=True)
    session.add(adult)
    session.flush()
    record(session, Event.ADULT_ADDED, by=by, about=adult)
    return adult


def change_adult(
    session: ScopedSession, adult: Adult, *, by: Actor, seen: int, **values: str
) -> bool:
    """Change what is kept about an adult; False where nothing is different.

    An email address that is corrected here stands above every later roll, which lists
    the difference. Raises ChangedMeanwhile.
    """
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    different = [name for name in FIELDS if name in values and getattr(adult, name) != values[name]]
    if adult.version != seen:
        raise ChangedMeanwhile
    if not different:
        return False
    for name in different:
        setattr(adult, name, values[name])
    adult.name_key = key(adult.name)
    if "email" in different:
        adult.email_kept = True
    session.flush()
    if "email" in different:
        withdraw_untold(session)  # the new address may be one that nothing may go to
    what = [FIELDS[name] for name in different]
    record(session, Event.ADULT_CHANGED, by=by, about=adult, what=what)
    return True


def leave(session: ScopedSession, adult: Adult, *, by: Actor) -> bool:
    """Note that an adult has left: they are asked no more. Nothing is deleted."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    if adult.left_on is not None:
        return False
    adult.left_on = clock.today()
    record(session, Event.ADULT_LEFT, by=by, about=adult)
    return True


def come_back(session: ScopedSession, adult: Adult, *, by: Actor) -> bool:
    """Note that an adult is here again, with all that was kept of them."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    if adult.left_on is None:
        return False
    adult.left_on = None
    record(session, Event.ADULT_RETURNED, by=by, about=adult)
    return True


def child_named(session: ScopedSession, name: str, year: str) -> Pupil:
    """The pupil of this name, made where there is none. Raises NoSuchChild for several."""
    found = session.scalars(
        select(Pupil).where(Pupil.name_key == key(name)).order_by(Pupil.left_on.desc()).limit(20)
    ).all()
    same = [one for one in found if one.year_group == year] if year else list(found)
    if len(same) > 1:
        raise NoSuchChild
    if same:
        return same[0]
    pupil = Pupil(name=name, name_key=key(name), year_group=year)
    session.add(pupil)
    session.flush()
    return pupil


def add_care(
    session: ScopedSession, adult: Adult, *, by: Actor, child: str, year: str, **values: Any
) -> Care:
    """Say that an adult belongs to a child, or say it anew where it had ended.

    Raises NoSuchChild.
    """
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    session.take_turns("roll")
    pupil = child_named(session, child, year)
    care = session.scalar(select(Care).where(Care.adult_id == adult.id, Care.pupil_id == pupil.id))
    if care is None:
        care = Care(adult_id=adult.id, pupil_id=pupil.id)
        session.add(care)
    care.ended_on, care.by_hand = None, True
    for name in CARE_FIELDS:
        setattr(care, name, values[name])
    session.flush()
    what = ["added"]
    record(session, Event.CARE_CHANGED, by=by, about=adult, pupil=pupil.name, what=what)
    return care


def change_care(
    session: ScopedSession, care: Care, pupil: Pupil, *, by: Actor, seen: int, **values: Any
) -> bool:
    """Change a relationship; from then on no roll changes it. Raises ChangedMeanwhile."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    if care.version != seen:
        raise ChangedMeanwhile
    different = [name for name in CARE_FIELDS if getattr(care, name) != values[name]]
    if not different:
        return False
    for name in different:
        setattr(care, name, values[name])
    care.by_hand = True
    session.flush()
    what = [CARE_FIELDS[name] for name in different]
    _record_care(session, care.adult_id, pupil, what, by)
    return True


def end_care(session: ScopedSession, care: Care, pupil: Pupil, *, by: Actor) -> bool:
    """Say that an adult has nothing to do with a child any more. The row stays, with its day."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    if care.ended_on is not None:
        return False
    care.ended_on, care.by_hand = clock.today(), True
    session.flush()
    _record_care(session, care.adult_id, pupil, ["ended"], by)
    return True


def _record_care(
    session: ScopedSession, adult_id: UUID, pupil: Pupil, what: list[str], by: Actor
) -> None:
    record(
        session,
        Event.CARE_CHANGED,
        by=by,
        about_kind="adult",
        about_id=adult_id,
        pupil=pupil.name,
        what=what,
    )
