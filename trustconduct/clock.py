"""The time of day, and the school terms in which a policy's dates are written.

Every "now" comes from here and never from the database, so that a test can
move the clock and find all of the service moved with it.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.easter import easter

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The local day in England: at 00:30 in July it is already tomorrow there."""
    return now().astimezone(LONDON).date()


def local(instant: datetime) -> datetime:
    """An instant as a clock on an English wall shows it."""
    return instant.astimezone(LONDON)


def day(on: date) -> str:
    """A day in words, as people write it: 3 September 2026."""
    return f"{on.day} {on:%B %Y}"


class TermRefused(ValueError):
    """The text is no term or date that we know; the message says what to write."""


@dataclass(frozen=True)
class Window:
    """The days, first and last, between which something falls.

    `provisional` says that no calendar gave these days: a page must never show
    them as fact.
    """

    first: date
    last: date
    provisional: bool


@dataclass(frozen=True)
class Term:
    """When a policy is due, in the words it was written in.

    `text` is kept as written. For a term `season` is autumn, spring or summer, or
    `number` is 1 to 6 where a school counts six terms a year, and `year` is the
    calendar year in which that term lies. For a day, a month or a range of them
    `first` and `last` say its days; of a range it is the end that is due.
    """

    text: str
    season: str = ""
    number: int = 0
    year: int = 0
    first: date | None = None
    last: date | None = None

    @classmethod
    def parse(cls, text: str) -> Term:
        """Read a review date in any of the forms that policies are written in.

        "Summer Term 2028", "Autumn 2027", "Trinity Term 2021", "Summer Term
        2027/28", "Term 6 2028", "June 2020", "1/08/2025", "1 August 2025", "July
        2023 - July 2026". Raises TermRefused with what to write instead.
        """
        written = " ".join(text.split())
        if found := _TERM.fullmatch(written):
            season = _SEASONS[found["season"].lower()]
            return cls(written, season=season, year=_year(found, begins=season == "autumn"))
        if found := _NUMBERED.fullmatch(written):
            number = int(found["number"])
            if not 1 <= number <= 6:
                raise TermRefused(f"There is no such term as “{written}”: a year has six at most.")
            if found["year"] is None:
                raise TermRefused(f"“{written}” of which year? Write it like {written} 2028.")
            return cls(written, number=number, year=_year(found, begins=number <= 2))
        if days := _days(written):
            return cls(written, first=days[0], last=days[1])
        if _RANGE.search(written):
            start, _, end = _RANGE.sub("\0", written).partition("\0")
            since, until = _days(start.strip()), _days(end.strip())
            if since and until:
                if since[0] > until[1]:
                    raise TermRefused(f"“{written}” ends before it begins. Write the end last.")
                return cls(written, first=until[0], last=until[1])
        raise TermRefused(
            f"“{written}” is not a term or a date that we know. "
            "Write it like Summer Term 2028 or 31 July 2028."
        )

    @property
    def day(self) -> date | None:
        """The day, where it is one day and no longer time."""
        return self.first if self.first == self.last else None

    @property
    def academic_year(self) -> int:
        """The year in which its academic year begins: 2027 for "Summer Term 2028"."""
        if self.last:
            return self.last.year if self.last.month >= 9 else self.last.year - 1
        return self.year if self.season == "autumn" or self.number in (1, 2) else self.year - 1

    def window(self) -> Window:
        """The days between which this term falls, provisional where no calendar is known.

        Terms differ by weeks between counties, so without a calendar the window
        is wide: summer runs from Easter to 31 July.
        """
        if self.first and self.last:
            return Window(self.first, self.last, provisional=False)
        year, after_easter = self.year, easter(self.year) + timedelta(days=1)
        first, last = {
            "autumn": (date(year, 9, 1), date(year, 12, 31)),
            "spring": (date(year, 1, 1), after_easter - timedelta(days=1)),
            "summer": (after_easter, date(year, 7, 31)),
            # Six terms: the same year, cut at the half-terms.
            1: (date(year, 9, 1), date(year, 10, 31)),
            2: (date(year, 11, 1), date(year, 12, 31)),
            3: (date(year, 1, 1), date(year, 2, 20)),
            4: (date(year, 2, 21), after_easter - timedelta(days=1)),
            5: (after_easter, date(year, 5, 31)),
            6: (date(year, 6, 1), date(year, 7, 31)),
        }[self.season or self.number]
        return Window(first, last, provisional=True)


_SEASONS = {
    "autumn": "autumn",
    "michaelmas": "autumn",
    "spring": "spring",
    "lent": "spring",
    "summer": "summer",
    "trinity": "summer",
}
_YEAR = r"(?P<year>20\d\d)(?:\s?[/–-]\s?(?P<ends>20\d\d|\d\d))?"
_TERM = re.compile(
    rf"(?P<season>autumn|michaelmas|spring|lent|summer|trinity)(?: term)?,? {_YEAR}", re.I
)
_NUMBERED = re.compile(rf"term (?P<number>\d)(?:,? {_YEAR})?", re.I)
_DAY = re.compile(
    r"(?P<day>\d{1,2})(?:[/. -])(?P<month>\d{1,2}|[a-z]{3,9})(?:[/. -])(?P<year>20\d\d)", re.I
)
_MONTH = re.compile(r"(?P<month>[a-z]{3,9}),? (?P<year>20\d\d)", re.I)
_RANGE = re.compile(r" (?:[-–—]|to|until) ", re.I)
_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])


def _year(found: re.Match[str], *, begins: bool) -> int:
    """The calendar year of a term; of "2027/28" the first for a term that begins a year."""
    year = int(found["year"])
    if found["ends"] is None:
        return year
    if int(found["ends"]) % 100 != (year + 1) % 100:
        raise TermRefused(f"“{found[0]}” is no academic year. Write it like 2027/28.")
    return year if begins else year + 1


def _days(written: str) -> tuple[date, date] | None:
    """The first and last day of a day or a month; None for what is neither."""
    found = _DAY.fullmatch(written)
    try:
        if found:
            day = date(int(found["year"]), _month(found["month"]), int(found["day"]))
            return day, day
        if (found := _MONTH.fullmatch(written)) and (month := _month(found["month"])):
            year = int(found["year"])
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:
        raise TermRefused(
            f"There is no such day as “{written}”. Write it like 31 July 2028."
        ) from None
    return None


def _month(written: str) -> int:
    """The month's number: "8", "Aug", "Sept" or "August"; 0 for what is none."""
    if written.isdigit():
        return int(written)
    found = (n for n, name in enumerate(_MONTHS, start=1) if name.startswith(written.lower()))
    return next(found, 0)
