"""The finder: for what a parent wants, the ways to school, the best ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from trustconduct import clock
from trustconduct.contact_matrix.hours import DAYS, clock_words
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route, Unit
from trustconduct.contact_matrix.reach import Reach, reach
from trustconduct.tenants.calendars import Calendar, CalendarUnknown, bank_holidays

# How far to look for the next opening: past the summer holidays.
LOOK_AHEAD = 60


class Standing(StrEnum):
    """Whether somebody answers a way at this moment."""

    OPEN = "open"
    ALWAYS = "always"  # it has no hours: an email, a web page
    CLOSED = "closed"


@dataclass(frozen=True)
class Way:
    """One way as a parent sees it now; each text may be blank."""

    route: Route
    reach: Reach
    standing: Standing
    hours_now: str  # "Open now, until 4pm"
    expect: str  # "You should have an answer by Tuesday 1 December."
    cover: str  # whom to turn to while somebody is away


def ways(matrix: Matrix, purpose: Purpose, at: datetime, calendar: Calendar) -> list[Way]:
    """The ways for a purpose at a moment: what is open first, in the school's own order."""
    found = [way(route, at, calendar) for route in matrix.ways_to(purpose)]
    return sorted(found, key=lambda one: one.standing is Standing.CLOSED)


def way(route: Route, at: datetime, calendar: Calendar) -> Way:
    here = clock.local(at)
    standing, words = _now(route, here, calendar)
    away = route.away
    covered = away is not None and away.first <= here.date() <= away.last
    return Way(
        route=route,
        reach=reach(route.detail),
        standing=standing,
        hours_now=words,
        expect=_expect(route, here.date(), calendar),
        cover=f"{away.cover} (until {clock.day(away.last)})" if covered and away else "",
    )


def _now(route: Route, here: datetime, calendar: Calendar) -> tuple[Standing, str]:
    if not route.hours:
        return Standing.ALWAYS, ""
    today, now = here.date(), here.time()
    for hours in _on(route, today, calendar):
        if hours.opens <= now < hours.closes:
            return Standing.OPEN, f"Open now, until {clock_words(hours.closes)}"
    for ahead in range(LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        for hours in _on(route, day, calendar):
            if ahead or now < hours.opens:
                return (
                    Standing.CLOSED,
                    f"Closed now. Opens {_when(day, today)} at {clock_words(hours.opens)}",
                )
    return Standing.CLOSED, "Closed now"


def _on(route: Route, day: date, calendar: Calendar) -> list:
    if not _answers_on(route, day, calendar):
        return []
    return sorted(
        (hours for hours in route.hours if day.weekday() in hours.days),
        key=lambda hours: hours.opens,
    )


def _answers_on(route: Route, day: date, calendar: Calendar) -> bool:
    """Not on bank holidays, and in the holidays only where it says so. A year without term
    dates counts as term time: better a call in vain than no call.
    """
    if day in bank_holidays(day.year):
        return False
    if route.holidays or day.weekday() > 4:
        return True
    try:
        return calendar.is_school_day(day)
    except CalendarUnknown:
        return True


def _when(day: date, today: date) -> str:
    ahead = (day - today).days
    if ahead < 7:
        return ("today", "tomorrow")[ahead] if ahead < 2 else f"on {DAYS[day.weekday()]}"
    return f"on {DAYS[day.weekday()]} {clock.day(day)}"


def _expect(route: Route, today: date, calendar: Calendar) -> str:
    read, answer = route.acknowledge_within, route.answer_within
    when = _hours if route.unit is Unit.WORKING_HOURS else _days
    said = [f"hear {when(read, today, calendar)} that we have it"] if read else []
    said += [f"have an answer {when(answer, today, calendar)}"] if answer else []
    return f"You will {' and '.join(said)}." if said else ""


def _hours(count: int, today: date, calendar: Calendar) -> str:
    return f"within {count} working {'hour' if count == 1 else 'hours'}"


def _days(count: int, today: date, calendar: Calendar) -> str:
    try:
        day = calendar.add_school_days(today, count)
    except CalendarUnknown:
        return f"within {count} school {'day' if count == 1 else 'days'}"
    return f"by {DAYS[day.weekday()]} {day.day} {day:%B}"
