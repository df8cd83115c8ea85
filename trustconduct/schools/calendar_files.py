"""Reading term dates out of a file: an iCalendar file (.ics) or a table (.csv).

Nothing is saved from a file. What was read fills the form, where a person looks
at it, and what was not understood is named: calendars are written freely.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import icalendar

from trustconduct.clock import Term, TermRefused, local
from trustconduct.tenants.calendars import DAY, Kind, Span

LARGEST = 1024 * 1024
MOST_ENTRIES = 5_000
LONGEST = 200  # characters of an entry's name or day
A_TERM = timedelta(days=21)  # a "term" shorter than this is an event in it


class CalendarUnreadable(ValueError):
    """The file gives no dates; the message says what to send."""


@dataclass
class Read:
    """The dates of one school year, and the entries of it that were not understood."""

    spans: list[Span] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_calendar(raw: bytes, begins: int) -> Read:
    """The terms, half-terms and INSET days of a school year out of a file.

    `begins` is the calendar year in which the school year begins. Raises
    CalendarUnreadable for a file that is neither form, or has none of that year.
    """
    if len(raw) > LARGEST:
        raise CalendarUnreadable("The file is over 1 MB. Send the term dates alone.")
    text = _text(raw)
    entries = _of_ics(raw) if "BEGIN:VCALENDAR" in text[:1_000] else _of_csv(text)
    year = (date(begins, 8, 15), date(begins + 1, 8, 14))
    read, edges = Read(), {}
    for count, (words, first, last) in enumerate(entries):
        if count >= MOST_ENTRIES:
            raise CalendarUnreadable(f"The file has over {MOST_ENTRIES:,} entries.")
        if first < year[0] or last > year[1]:
            continue
        if span := _span(words, first, last):
            read.spans.append(span)
        elif edge := _edge(words):
            edges[edge] = first
        else:
            read.unread.append(words[:80])
    for season in ("autumn", "spring", "summer"):
        first_day, last_day = edges.get((season, "first")), edges.get((season, "last"))
        if first_day and last_day and not any(s.kind is Kind.TERM and s.season == season
                                              for s in read.spans):  # fmt: skip
            read.spans.append(Span(first_day, last_day, Kind.TERM, season))
    if not read.spans:
        raise CalendarUnreadable(
            f"No term dates of {begins}/{(begins + 1) % 100:02} were found in the file."
        )
    return read


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.strip() and "\0" not in text and not text.startswith("PK"):
            return text
    raise CalendarUnreadable("The file is no calendar. Send an .ics or a .csv file.")


def _of_ics(raw: bytes) -> Iterator[tuple[str, date, date]]:
    try:
        calendar = icalendar.Calendar.from_ical(raw)
        for event in calendar.walk("VEVENT"):
            words = _words(str(event.get("summary", "")))
            if "dtstart" not in event:
                continue
            first = _day(event.decoded("dtstart"))
            # The end of an event of whole days is the day after its last.
            end = event.decoded("dtend", None)
            last = first if end is None else _day(end) - (DAY if _is_day(end) else timedelta(0))
            yield words, first, max(first, last)
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
        raise CalendarUnreadable(
            "The calendar file can't be read. Export it again, or type the dates."
        ) from error


def _words(text: str) -> str:
    """What an entry is called, cut short: a pattern over a long line takes its square."""
    return " ".join(text[:LONGEST].split())


def _is_day(value: Any) -> bool:
    return not isinstance(value, datetime)


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return local(value).date() if value.tzinfo else value.date()
    if not isinstance(value, date):
        raise TypeError("no day")
    return value


def _of_csv(text: str) -> Iterator[tuple[str, date, date]]:
    rows = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text.split("\n")[0] else ",")
    try:
        for row in rows:
            cells = [_words(cell) for cell in row]
            days = [day for cell in cells[1:3] if (day := _typed(cell))]
            if not cells or not cells[0] or not days:
                if rows.line_num > 1 and any(cells):
                    raise CalendarUnreadable(
                        f"Line {rows.line_num} has no day in its second column. Each line is: what,"
                        " first day, last day. For example: Autumn term, 1 September 2027,"
                        " 17 December 2027."
                    )
                continue
            yield cells[0], days[0], days[-1]
    except csv.Error as error:
        raise CalendarUnreadable(f"Line {rows.line_num} is not proper CSV ({error}).") from error


def _typed(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return Term.parse(text).day
    except TermRefused:
        return None


_HALF = re.compile(r"half[\s-]?term", re.I)
_INSET = re.compile(r"\binset\b|\bstaff training\b|\btraining day|\bprofessional development", re.I)
_SEASON = re.compile(
    r"\b(autumn|spring|summer)\b.*\bterm\b|\bterm\b.*\b(autumn|spring|summer)\b", re.I
)
_FIRST = re.compile(r"\b(?:starts?|begins?|first day|opens?)\b", re.I)
_LAST = re.compile(r"\b(?:ends?|last day|closes?|finish(?:es)?)\b", re.I)
_OF_MONTH = {10: "autumn", 11: "autumn", 2: "spring", 5: "summer", 6: "summer"}


def _span(words: str, first: date, last: date) -> Span | None:
    if _INSET.search(words):
        return Span(first, last, Kind.INSET)
    if _HALF.search(words):
        # "Half term begins" is an edge of something, not the week itself.
        if (_FIRST.search(words) or _LAST.search(words)) or first.month not in _OF_MONTH:
            return None
        return Span(first, last, Kind.HALF_TERM, _OF_MONTH[first.month])
    if (season := _season(words)) and last - first >= A_TERM:
        return Span(first, last, Kind.TERM, season)
    return None


def _edge(words: str) -> tuple[str, str] | None:
    """ "Autumn term begins" is the first day of a term whose last stands in another entry."""
    season = _season(words)
    if not season or _HALF.search(words):
        return None
    if _FIRST.search(words):
        return season, "first"
    return (season, "last") if _LAST.search(words) else None


def _season(words: str) -> str:
    found = _SEASON.search(words)
    return (found[1] or found[2]).lower() if found else ""
