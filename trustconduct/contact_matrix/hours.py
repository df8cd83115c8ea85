"""The hours in which a way to reach school is answered, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EXAMPLE = "Monday to Thursday 8:30am to 4pm, Friday 8:30am to 3:30pm"


class HoursRefused(ValueError):
    """The text is no hours that we know; the message says what to write."""


@dataclass(frozen=True, order=True)
class Hours:
    """From when to when on some days of the week, 0 for Monday. London time."""

    days: tuple[int, ...]
    opens: time
    closes: time

    def to_json(self) -> dict:
        return {
            "days": list(self.days),
            "opens": f"{self.opens:%H:%M}",
            "closes": f"{self.closes:%H:%M}",
        }

    @classmethod
    def from_json(cls, value: dict) -> Hours:
        opens, closes = (time.fromisoformat(value[name]) for name in ("opens", "closes"))
        return cls(tuple(value["days"]), opens, closes)


_DAY = r"mon|tue|wed|thu|fri|sat|sun"
_NAME = rf"(?:{_DAY})(?:nesday|rsday|urday|sday|day|rs|r|s)?s?\b"
_TIME = r"\d{1,2}(?:[.:]\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)?|noon|midday"
_TO = r"\s?(?:-|–|—|to|until|till)\s?"
_AND = r"(?:\s?,\s?|\s?&\s?|\s+and\s+)"
_SPAN = rf"{_NAME}(?:{_TO}{_NAME})?"
_LINE = re.compile(
    rf"\s*(?P<days>every day|weekdays|school days|{_SPAN}(?:{_AND}{_SPAN})*)"
    rf"\s*[:,]?\s*(?:from\s+)?(?P<opens>{_TIME}){_TO}(?P<closes>{_TIME})\s*(?:[,;.\n]|and\b|$)",
    re.I,
)


def parse(text: str) -> tuple[Hours, ...]:
    """Read hours such as "Mon–Thu 8.30am–4pm, Fri 8:30 to 15:30". Blank gives none.

    Without am or pm a morning's hours end in the afternoon: "8:30 to 3:30". Raises
    HoursRefused for what can't be read, ends before it begins, or overlaps.
    """
    left, found = " ".join(text.replace("\n", "; ").split()), []
    if not left:
        return ()
    while left:
        line = _LINE.match(left)
        if line is None:
            raise HoursRefused(f"“{left[:60]}” can’t be read as hours. Write them like {EXAMPLE}.")
        opens, closes = _times(line["opens"], line["closes"])
        found.append(Hours(_days(line["days"]), opens, closes))
        left = left[line.end() :].strip(" ;,")
    _no_overlap(found)
    return tuple(sorted(found))


def _days(text: str) -> tuple[int, ...]:
    low = text.lower()
    if low == "every day":
        return tuple(range(7))
    if low in ("weekdays", "school days"):
        return tuple(range(5))
    days: set[int] = set()
    for span in re.finditer(_SPAN, low):
        named = [_number(name) for name in re.findall(_DAY, span[0])]
        first, last = named[0], named[-1]
        if last < first:
            raise HoursRefused(f"“{span[0]}” ends before it begins. Write the earlier day first.")
        days |= set(range(first, last + 1))
    return tuple(sorted(days))


def _number(name: str) -> int:
    return next(n for n, day in enumerate(DAYS) if day.lower().startswith(name))


def _times(begin: str, end: str) -> tuple[time, time]:
    opens, closes = _time(begin), _time(end)
    if closes <= opens and opens.hour < 12 and closes.hour < 8 and not _is_said(end):
        closes = closes.replace(hour=closes.hour + 12)
    if closes <= opens:
        raise HoursRefused(
            f"“{begin} to {end}” ends before it begins. Write the earlier one first."
        )
    return opens, closes


def _is_said(text: str) -> bool:
    return bool(re.search(r"[ap]\.?m", text, re.I)) or text.strip().startswith("0")


def _time(text: str) -> time:
    low = text.lower().replace(".m.", "m").strip()
    if low in ("noon", "midday"):
        return time(12)
    hour, minute = re.match(r"(\d+)(?:[.:](\d\d))?", low).groups()  # type: ignore[union-attr]
    number = int(hour)
    if "pm" in low and number < 12:
        number += 12
    if "am" in low and number == 12:
        number = 0
    if number > 23 or int(minute or 0) > 59:
        raise HoursRefused(f"“{text}” is no time of day. Write it like 8:30am or 15:30.")
    return time(number, int(minute or 0))


def _no_overlap(found: Iterable[Hours]) -> None:
    for day in range(7):
        that_day = sorted((one.opens, one.closes) for one in found if day in one.days)
        for (_, closes), (opens, _) in pairwise(that_day):
            if opens < closes:
                raise HoursRefused(f"{DAYS[day]} has two times that overlap. Write each once.")


def clock_words(at: time) -> str:
    """8:30am, 4pm, noon."""
    if (at.hour, at.minute) == (12, 0):
        return "noon"
    minute = f":{at.minute:02}" if at.minute else ""
    return f"{(at.hour - 1) % 12 + 1}{minute}{'am' if at.hour < 12 else 'pm'}"


def words(hours: Iterable[Hours]) -> str:
    """Monday to Thursday 8:30am to 4pm, Friday 8:30am to 3:30pm."""
    return ", ".join(
        f"{_day_words(one.days)} {clock_words(one.opens)} to {clock_words(one.closes)}"
        for one in hours
    )


def _day_words(days: tuple[int, ...]) -> str:
    runs = list(_runs(days))
    return " and ".join(_run_words(first, last) for first, last in runs)


def _run_words(first: int, last: int) -> str:
    if first == last:
        return DAYS[first]
    return f"{DAYS[first]} {'and' if last == first + 1 else 'to'} {DAYS[last]}"


def _runs(days: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    first = last = days[0]
    for day in days[1:]:
        if day != last + 1:
            yield first, last
            first = day
        last = day
    yield first, last
