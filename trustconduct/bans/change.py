"""What becomes of a ban that is there: lifted, changed, withdrawn; its exceptions."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy.dialects.postgresql import Range

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.decide import end_now
from trustconduct.bans.limits import midnight_after
from trustconduct.bans.models import Ban, BanDecision, BanException, Step
from trustconduct.bans.refused import BanMoved, BanRefused
from trustconduct.bans.standing import State, state_of
from trustconduct.bans.terms import Terms, day_of, write_terms
from trustconduct.tenants.calendars import CalendarUnknown, calendar_of
from trustconduct.tenants.sessions import ScopedSession

ALIVE = (State.IN_FORCE, State.TO_COME)
# What a week of school has; later is an event with a day of its own.
FIRST_HOUR, LAST_HOUR = time(7), time(18)


def lift(session: ScopedSession, ban: Ban, *, by: Actor, seen: int, because: str) -> None:
    """End a ban before its day: it bars nobody from this moment. Raises BanMoved, BanRefused."""
    permit(by, Can.END_BAN, session.school_id)
    _locked(session, ban, seen)
    lift_now(session, ban, by=by, because=because)


def lift_now(session: ScopedSession, ban: Ban, *, by: Actor, because: str) -> None:
    """Lift a ban whose row is locked: what a review and the head's own page share."""
    if state_of(ban) not in ALIVE:
        raise BanRefused("", "It is not in force. There is nothing to lift.")
    _note(session, ban, Step.LIFTED, because, by=by)
    ban.lifted_at = clock.now()
    end_now(ban, ban.lifted_at)
    session.flush()
    record(session, Event.BAN_LIFTED, by=by, about=ban, number=ban.number)


def vary(
    session: ScopedSession, ban: Ban, terms: Terms, *, by: Actor, seen: int, because: str
) -> None:
    """Change what a ban says: its scope, its contact, or an earlier end. Never a later one.

    Raises BanMoved, BanRefused.
    """
    permit(by, Can.CHANGE_BAN, session.school_id)
    _locked(session, ban, seen)
    if state_of(ban) not in ALIVE:
        raise BanRefused("", "It is not in force. There is nothing to change.")
    ends = day_of(terms.ends_on)
    if ban.ends_on is None or ban.review_on is None or ban.during is None:
        raise BanRefused("", "It has no end. Ask the Trust.")  # the database has none such
    if ends > ban.ends_on:
        raise BanRefused("ends_on", "Longer is an extension: they are heard on it first.")
    if ends < max(clock.today(), ban.started_on or clock.today()):
        raise BanRefused("ends_on", "That day has passed. To end it now, lift it.")
    _note(session, ban, Step.VARIED, because, by=by)
    write_terms(session, ban.id, terms.but(changes=because.strip()), by=by)
    ban.ends_on, ban.review_on = ends, min(ban.review_on, ends)
    ban.during = Range(ban.during.lower, midnight_after(ends))
    session.flush()
    record(session, Event.BAN_VARIED, by=by, about=ban, number=ban.number)


def withdraw(session: ScopedSession, ban: Ban, *, by: Actor, seen: int, because: str) -> None:
    """Take back a ban that should never have been. It bars nobody; its trace stays.

    Raises BanMoved, BanRefused.
    """
    permit(by, Can.END_BAN, session.school_id)
    _locked(session, ban, seen)
    if ban.withdrawn_at is not None:
        raise BanRefused("", "It is withdrawn already.")
    _note(session, ban, Step.WITHDRAWN, because, by=by)
    ban.withdrawn_at = clock.now()
    end_now(ban, ban.withdrawn_at)
    session.flush()
    record(session, Event.BAN_WITHDRAWN, by=by, about=ban, number=ban.number, because=because)


def add_exception(
    session: ScopedSession,
    ban: Ban,
    *,
    by: Actor,
    words: str,
    weekdays: str = "",
    on_day: date | None = None,
    from_time: time | None = None,
    to_time: time | None = None,
    by_appointment: bool = False,
) -> BanException:
    """Say when they may come all the same: at times of the week, on a day, by appointment.

    Raises BanRefused for a time outside the school day, or a day that the ban does not have.
    """
    permit(by, Can.CHANGE_BAN, session.school_id)
    session.refresh(ban, with_for_update=True)
    _may_have_exceptions(ban)
    words = " ".join(words.split())[:300]
    if not words:
        raise BanRefused("words", "Say what they may come for, and by which gate.")
    if (from_time is None) != (to_time is None):
        raise BanRefused("from_time", "Type both times, or none.")
    if from_time and to_time and from_time >= to_time:
        raise BanRefused("to_time", "It ends before it begins. Change one of the times.")
    if weekdays and on_day:
        raise BanRefused("on_day", "Choose days of the week, or one day: not both.")
    if not weekdays and on_day is None and not by_appointment:
        raise BanRefused("weekdays", "Say on which days, or that it is by appointment.")
    if weekdays:
        if from_time is None or to_time is None:
            raise BanRefused("from_time", "Type from when to when.")
        if from_time < FIRST_HOUR or to_time > LAST_HOUR:
            raise BanRefused(
                "from_time", "That is outside the school day (7am to 6pm). For an evening event,"
                " type its day.",
            )  # fmt: skip
    if on_day is not None:
        _check_day(session, ban, on_day, from_time, to_time)
    row = BanException(
        ban_id=ban.id, words=words, weekdays="".join(sorted(set(weekdays))), on_day=on_day,
        from_time=from_time, to_time=to_time, by_appointment=by_appointment, added_by=by.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, Event.BAN_EXCEPTION_ADDED, by=by, about=ban, number=ban.number)
    return row


def _check_day(
    session: ScopedSession, ban: Ban, on: date, from_time: time | None, to_time: time | None
) -> None:
    last = ban.ends_on or ban.decide_by
    if on < clock.today() or (last is not None and on > last):
        raise BanRefused("on_day", "Type a day on which the ban is in force.")
    if (from_time and from_time < FIRST_HOUR) or (to_time and to_time > time(22)):
        raise BanRefused("from_time", "Type times from 7am to 10pm.")
    try:
        is_school_day = calendar_of(session).is_school_day(on)
    except CalendarUnknown:
        is_school_day = on.weekday() < 5
    if not is_school_day:
        raise BanRefused("on_day", "That is no school day: school is closed. Type another day.")


def strike_exception(
    session: ScopedSession, ban: Ban, exception: BanException, *, by: Actor, because: str
) -> None:
    """Strike an exception out. A standing one only with a reason, so each has one.

    Raises BanRefused.
    """
    permit(by, Can.CHANGE_BAN, session.school_id)
    session.refresh(ban, with_for_update=True)
    session.refresh(exception)
    _may_have_exceptions(ban)
    because = " ".join(because.split())[:500]
    if not because:
        raise BanRefused("because", "Say why they may not come even then.")
    if exception.struck_at is not None:
        raise BanRefused("because", "It is struck out already.")
    exception.struck_at, exception.struck_by = clock.now(), by.name
    exception.struck_because = because
    session.flush()
    record(session, Event.BAN_EXCEPTION_STRUCK, by=by, about=ban, number=ban.number,
           because=because)  # fmt: skip


def _may_have_exceptions(ban: Ban) -> None:
    today = clock.today()
    over = ban.withdrawn_at or ban.lifted_at or ban.outcome == "not_confirmed"
    last = ban.ends_on or ban.decide_by
    if over or (last is not None and today > last):
        raise BanRefused("", "It has ended. Its exceptions stay as they were.")


def _locked(session: ScopedSession, ban: Ban, seen: int) -> None:
    session.refresh(ban, with_for_update=True)
    if ban.version != seen:
        raise BanMoved


def _note(session: ScopedSession, ban: Ban, step: Step, because: str, *, by: Actor) -> None:
    because = because.strip()
    if not because:
        raise BanRefused("because", "Give the reason. It stands in their letter.")
    session.add(
        BanDecision(
            ban_id=ban.id, step=step.value, words=because, decided_by_id=by.id,
            decided_by=by.name,
        )
    )  # fmt: skip
    session.flush()
