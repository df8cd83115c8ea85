"""The finder: for what a parent wants, the ways to school, the best ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from trustconduct import clock
from trustconduct.contact_matrix.hours import clock_words
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route, Unit
from trustconduct.contact_matrix.reach import Reach, reach
from trustconduct.languages.spoken import ENGLISH, Language
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


def ways(
    matrix: Matrix,
    purpose: Purpose,
    at: datetime,
    calendar: Calendar,
    language: Language = ENGLISH,
) -> list[Way]:
    """The ways for a purpose at a moment: what is open first, in the school's own order."""
    found = [way(route, at, calendar, language) for route in matrix.ways_to(purpose)]
    return sorted(found, key=lambda one: one.standing is Standing.CLOSED)


def way(route: Route, at: datetime, calendar: Calendar, language: Language = ENGLISH) -> Way:
    here = clock.local(at)
    standing, words = _now(route, here, calendar, language)
    away = route.away
    covered = away is not None and away.first <= here.date() <= away.last
    return Way(
        route=route,
        reach=reach(route.detail),
        standing=standing,
        hours_now=words,
        expect=_expect(route, here.date(), calendar, language),
        cover=language.say(
            "%(cover)s (until %(day)s)", cover=away.cover, day=language.day(away.last)
        )
        if covered and away
        else "",
    )


def _now(
    route: Route, here: datetime, calendar: Calendar, language: Language
) -> tuple[Standing, str]:
    if not route.hours:
        return Standing.ALWAYS, ""
    today, now = here.date(), here.time()
    for hours in _on(route, today, calendar):
        if hours.opens <= now < hours.closes:
            return Standing.OPEN, language.say(
                "Open now, until %(time)s", time=_time(hours.closes, language)
            )
    for ahead in range(LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        for hours in _on(route, day, calendar):
            if ahead or now < hours.opens:
                return Standing.CLOSED, _opens(day, today, _time(hours.opens, language), language)
    return Standing.CLOSED, language.say("Closed now")


def _time(at: time, language: Language) -> str:
    return clock_words(at) if language.is_english else f"{at:%H:%M}"


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


def _opens(day: date, today: date, time: str, language: Language) -> str:
    ahead = (day - today).days
    if ahead == 0:
        return language.say("Closed now. Opens today at %(time)s", time=time)
    if ahead == 1:
        return language.say("Closed now. Opens tomorrow at %(time)s", time=time)
    named = language.weekday(day)
    if ahead >= 7:
        named = f"{named} {language.day(day)}"
    return language.say("Closed now. Opens on %(day)s at %(time)s", day=named, time=time)


def _expect(route: Route, today: date, calendar: Calendar, language: Language) -> str:
    def when(count: int) -> str:
        if route.unit is Unit.WORKING_HOURS:
            return language.many(
                "within %(num)s working hour", "within %(num)s working hours", count
            )
        return _days(count, today, calendar, language)

    read, answer = route.acknowledge_within, route.answer_within
    if read and answer:
        return language.say(
            "You will hear %(read)s that we have it and have an answer %(answer)s.",
            read=when(read),
            answer=when(answer),
        )
    if read:
        return language.say("You will hear %(read)s that we have it.", read=when(read))
    if answer:
        return language.say("You will have an answer %(answer)s.", answer=when(answer))
    return ""


def _days(count: int, today: date, calendar: Calendar, language: Language) -> str:
    try:
        day = calendar.add_school_days(today, count)
    except CalendarUnknown:
        return language.many("within %(num)s school day", "within %(num)s school days", count)
    month = language.months[day.month - 1]
    return language.say("by %(day)s", day=f"{language.weekday(day)} {day.day} {month}")
