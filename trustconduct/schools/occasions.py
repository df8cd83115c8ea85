"""Events that a school has authorised. The code's clause on alcohol rests on them: it is
allowed at an authorised event, and there only where the school has said so beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.models import AuthorisedEvent
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused
from trustconduct.tenants.sessions import ScopedSession

AHEAD = timedelta(days=731)
MOST = 100  # a page


def occasions(session: ScopedSession, *, since: date) -> Sequence[AuthorisedEvent]:
    """What is authorised from a day on, the next first; withdrawn ones are in it."""
    return session.scalars(
        select(AuthorisedEvent)
        .where(AuthorisedEvent.held_on >= since)
        .order_by(AuthorisedEvent.held_on, AuthorisedEvent.id)
        .limit(MOST)
    ).all()


def to_come(session: ScopedSession) -> list[AuthorisedEvent]:
    """What parents are shown: today's and later ones that stand."""
    return [one for one in occasions(session, since=clock.today()) if one.withdrawn_at is None]


def past_occasions(session: ScopedSession) -> Sequence[AuthorisedEvent]:
    """What was held, the latest first."""
    return session.scalars(
        select(AuthorisedEvent)
        .where(AuthorisedEvent.held_on < clock.today())
        .order_by(AuthorisedEvent.held_on.desc(), AuthorisedEvent.id)
        .limit(MOST)
    ).all()


def authorised_on(session: ScopedSession, day: date) -> Sequence[AuthorisedEvent]:
    """What stood authorised for a day: a step about alcohol must look here first."""
    return session.scalars(
        select(AuthorisedEvent)
        .where(AuthorisedEvent.held_on == day, AuthorisedEvent.withdrawn_at.is_(None))
        .order_by(AuthorisedEvent.id)
    ).all()


def occasion(session: ScopedSession, occasion_id: UUID) -> AuthorisedEvent | None:
    return session.get(AuthorisedEvent, (session.school_id, occasion_id))


def authorise(
    session: ScopedSession, *, by: Actor, name: str, held_on: date, place: str, alcohol: bool
) -> AuthorisedEvent:
    """Authorise an event of a day to come. Raises SettingsRefused by field.

    Not for a day that has passed: nobody could have relied on it.
    """
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    session.take_turns("occasions")
    values = {"name": name, "held_on": held_on, "place": place, "alcohol": alcohol}
    _check(session, values, but=None)
    one = AuthorisedEvent(**values, authorised_by=by.name, withdrawn_by="")
    session.add(one)
    session.flush()
    record(session, Event.OCCASION_AUTHORISED, by=by, about=one, **_plain(values))
    return one


def change_occasion(
    session: ScopedSession,
    one: AuthorisedEvent,
    *,
    by: Actor,
    seen_version: int,
    **values: Any,
) -> AuthorisedEvent:
    """Change an event that is still to come. Raises SettingsRefused and ChangedMeanwhile."""
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    _lock(session, one, seen_version)
    _check(session, values, but=one)
    before = {name: getattr(one, name) for name in values}
    changed = {name for name, value in values.items() if value != before[name]}
    if not changed:
        return one
    for name in changed:
        setattr(one, name, values[name])
    session.flush()
    was, now = _plain(before), _plain(values)
    record(
        session,
        Event.OCCASION_CHANGED,
        by=by,
        about=one,
        name=one.name,
        held_on=one.held_on.isoformat(),
        changed={name: {"from": was[name], "to": now[name]} for name in sorted(changed)},
    )
    return one


def withdraw_occasion(
    session: ScopedSession, one: AuthorisedEvent, *, by: Actor, seen_version: int
) -> None:
    """Take the authority back. The row stays: what was allowed until when may be asked."""
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    _lock(session, one, seen_version)
    one.withdrawn_at, one.withdrawn_by = clock.now(), by.name
    session.flush()
    record(
        session,
        Event.OCCASION_WITHDRAWN,
        by=by,
        about=one,
        name=one.name,
        held_on=one.held_on.isoformat(),
    )


def _lock(session: ScopedSession, one: AuthorisedEvent, seen_version: int) -> None:
    session.take_turns("occasions")
    session.refresh(one)
    if one.version != seen_version:
        raise ChangedMeanwhile
    if one.withdrawn_at is not None:
        raise SettingsRefused({"": "It is withdrawn already. Authorise a new one."})
    if one.held_on < clock.today():
        raise SettingsRefused({"": "It has been held. What was authorised for it stays as it was."})


def _check(session: ScopedSession, values: dict[str, Any], *, but: AuthorisedEvent | None) -> None:
    errors: dict[str, str] = {}
    today = clock.today()
    if values["held_on"] < today:
        errors["held_on"] = "Type today or a day to come: an event is authorised beforehand."
    elif values["held_on"] > today + AHEAD:
        errors["held_on"] = "That is more than two years ahead. Type an earlier day."
    same = session.scalars(
        select(AuthorisedEvent).where(
            AuthorisedEvent.held_on == values["held_on"], AuthorisedEvent.withdrawn_at.is_(None)
        )
    )
    for one in same:
        there = (one.name.lower(), one.place.lower())
        if one is not but and there == (values["name"].lower(), values["place"].lower()):
            errors["name"] = "This event is on the list already, on that day and at that place."
    if errors:
        raise SettingsRefused(errors)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
