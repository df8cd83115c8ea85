"""The time of day, and the school terms in which a policy's dates are written.

Every "now" comes from here and never from the database, so that a test can
move the clock and find all of the service moved with it.
"""

from __future__ import annotations

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

    `text` is kept as written. `season` is autumn, spring or summer for a term,
    `year` the calendar year in which that term lies; for a day both are blank
    and `day` says it.
    """

    text: str
    season: str = ""
    year: int = 0
    day: date | None = None

    @classmethod
    def parse(cls, text: str) -> Term:
        """Read "Summer Term 2028", "Autumn 2027", "1/08/2025" or "1 August 2025".

        Raises TermRefused with what to write instead.
        """
        written = " ".join(text.split())
        if found := _TERM.fullmatch(written):
            return cls(written, _SEASONS[found["season"].lower()], int(found["year"]))
        if found := _DAY.fullmatch(written):
            year, month, number = int(found["year"]), _month(found["month"]), int(found["day"])
            try:
                return cls(written, day=date(year, month, number))
            except ValueError:
                raise TermRefused(
                    f"There is no such day as “{written}”. Write it like 31 July 2028."
                ) from None
        raise TermRefused(
            f"“{written}” is not a term or a date that we know. "
            "Write it like Summer Term 2028 or 31 July 2028."
        )

    @property
    def academic_year(self) -> int:
        """The year in which its academic year begins: 2027 for "Summer Term 2028"."""
        if self.day:
            return self.day.year if self.day.month >= 9 else self.day.year - 1
        return self.year if self.season == "autumn" else self.year - 1

    def window(self) -> Window:
        """The days between which this term falls, provisional where no calendar is known.

        Terms differ by weeks between counties, so without a calendar the window
        is wide: summer runs from Easter to 31 July.
        """
        if self.day:
            return Window(self.day, self.day, provisional=False)
        after_easter = easter(self.year) + timedelta(days=1)
        first, last = {
            "autumn": (date(self.year, 9, 1), date(self.year, 12, 31)),
            "spring": (date(self.year, 1, 1), after_easter - timedelta(days=1)),
            "summer": (after_easter, date(self.year, 7, 31)),
        }[self.season]
        return Window(first, last, provisional=True)


_SEASONS = {
    "autumn": "autumn",
    "michaelmas": "autumn",
    "spring": "spring",
    "lent": "spring",
    "summer": "summer",
    "trinity": "summer",
}
_TERM = re.compile(
    r"(?P<season>autumn|michaelmas|spring|lent|summer|trinity)(?: term)?,? (?P<year>20\d\d)", re.I
)
_DAY = re.compile(
    r"(?P<day>\d{1,2})(?:[/. -])(?P<month>\d{1,2}|[a-z]{3,9})(?:[/. -])(?P<year>20\d\d)", re.I
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def _month(written: str) -> int:
    """The month's number: "8", "Aug", "Sept" or "August"; 0 for what is none."""
    if written.isdigit():
        return int(written)
    found = (n for n, name in enumerate(_MONTHS, start=1) if name.startswith(written.lower()))
    return next(found, 0)
