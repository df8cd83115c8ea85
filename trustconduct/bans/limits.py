"""How long a ban may last and by when things happen: the school's settings as they count.

No law sets a length, so every figure is a setting. A length in school days has a cap in
days of the calendar as well: over a summer ten school days must not become ten weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

from trustconduct import clock
from trustconduct.schools.inherited import bans_in_force, for_schools
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.calendars import Calendar, CalendarUnknown, calendar_of
from trustconduct.tenants.models import BanUnit
from trustconduct.tenants.sessions import ScopedSession

ONE_DAY = timedelta(days=1)


class LimitsMissing(ValueError):
    """The school has not said yet how it handles site bans; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    unit: str
    temporary_days: int
    first_days: int
    longest_days: int
    review_days: int
    answer_days: int
    decider_role: str
    reviewer_role: str


def limits_of(session: ScopedSession) -> Limits:
    """The school's figures as they count, its own or the Trust's. Raises LimitsMissing."""
    found = bans_in_force(settings_of(session, lock=False), for_schools(session))
    if not all(found.values()):
        raise LimitsMissing("Fill in how your school handles site bans first, under Our code.")
    return Limits(
        unit=found["ban_unit"],
        temporary_days=found["ban_temporary_days"],
        first_days=found["ban_first_days"],
        longest_days=found["ban_longest_days"],
        review_days=found["ban_review_days"],
        answer_days=found["representations_days"],
        decider_role=found["ban_decider"],
        reviewer_role=found["ban_reviewer"],
    )


def most_calendar_days(days: int, unit: str) -> int:
    """The cap of a length, in days of the calendar: its weeks, and seven more of holidays."""
    return days * 7 // 5 + 49 if unit == BanUnit.SCHOOL else days


def last_day(calendar: Calendar, first: date, days: int, unit: str) -> date:
    """The last of so many days, of which `first` is one.

    Where the term dates do not reach so far, weeks without holidays are counted: that is
    shorter, and never longer than what was meant.
    """
    if unit != BanUnit.SCHOOL:
        return first + (days - 1) * ONE_DAY
    try:
        last = calendar.add_school_days(first - ONE_DAY, days)
    except CalendarUnknown:
        last = first + (days * 7 // 5) * ONE_DAY
    return min(last, first + most_calendar_days(days, unit) * ONE_DAY)


def lasts_until(session: ScopedSession, first: date, days: int, unit: str) -> date:
    """The last of so many days by the calendar of the session's school."""
    return last_day(calendar_of(session), first, days, unit)


def midnight_after(day: date) -> datetime:
    """The instant at which a day ends in London: "until 31 March" is until then."""
    return datetime.combine(day + ONE_DAY, time_of_day(), clock.LONDON).astimezone(clock.UTC)


def midnight_before(day: date) -> datetime:
    return midnight_after(day - ONE_DAY)
