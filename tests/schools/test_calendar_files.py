"""Term dates out of files, as schools really write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustconduct.schools.calendar_files import CalendarUnreadable, read_calendar
from trustconduct.tenants.calendars import Kind, Span

AUTUMN = Span(date(2027, 9, 1), date(2027, 12, 17), Kind.TERM, "autumn")
HALF = Span(date(2027, 10, 25), date(2027, 10, 29), Kind.HALF_TERM, "autumn")
INSET = Span(date(2027, 9, 1), date(2027, 9, 1), Kind.INSET)


def ics(*events: tuple[str, str, str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for words, start, end in events:
        lines += ["BEGIN:VEVENT", f"SUMMARY:{words}", f"DTSTART{start}"]
        lines += [f"DTEND{end}"] if end else []
        lines += ["END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def test_an_event_of_whole_days_ends_the_day_before_its_end():
    raw = ics(
        ("Autumn Term 2027", ";VALUE=DATE:20270901", ";VALUE=DATE:20271218"),
        ("October half-term", ";VALUE=DATE:20271025", ";VALUE=DATE:20271030"),
        ("INSET day (school closed)", ";VALUE=DATE:20270901", ""),
        ("Sports day", ";VALUE=DATE:20271005", ""),
    )
    read = read_calendar(raw, 2027)
    assert sorted(read.spans) == sorted([AUTUMN, HALF, INSET])
    assert read.unread == ["Sports day"]


def test_a_term_may_be_written_as_its_two_edges():
    raw = ics(
        ("Autumn term begins", ":20270901T083000", ":20270901T090000"),
        ("Last day of autumn term", ":20271217T150000Z", ":20271217T153000Z"),
        ("Half term begins", ";VALUE=DATE:20271025", ""),
    )
    read = read_calendar(raw, 2027)
    assert read.spans == [AUTUMN]
    assert read.unread == ["Half term begins"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_table_has_what_first_day_and_last_day(encoding):
    text = "What,First,Last\nAutumn term – 2027,1 September 2027,17/12/2027\n"
    text += "October half term,2027-10-25,2027-10-29\nINSET,1 Sept 2027,\n\n"
    read = read_calendar(text.encode(encoding), 2027)
    assert sorted(read.spans) == sorted([AUTUMN, HALF, INSET])


def test_other_years_in_the_file_are_left_alone():
    text = "Autumn term,1/9/2027,17/12/2027\nAutumn term,1/9/2028,17/12/2028\n"
    assert read_calendar(text.encode(), 2027).spans == [AUTUMN]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no calendar"),
        (b"PK\x03\x04", "no calendar"),
        (b"\0\1\2", "no calendar"),
        (b"x" * (1024 * 1024 + 1), "over 1 MB"),
        (b"What,First\nAutumn term,soon\n", "Line 2 has no day"),
        (b"BEGIN:VCALENDAR\r\ngarbage\r\n", "can't be read"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "No term dates of 2027/28"),
        (b"Autumn term,1/9/2028,17/12/2028\n", "No term dates of 2027/28"),
        (ics(("Autumn term", ";VALUE=DATE:20270901\r\nDTSTART;VALUE=DATE:20270902", "")), "read"),
        (ics(("Autumn term", ";VALUE=PERIOD:20270901T000000Z/PT1H", "")), "can't be read"),
        (ics(("Autumn term", ";VALUE=DURATION:PT1H", "")), "can't be read"),
        (ics(("Autumn term", ":00010101T000000Z", "")), "can't be read"),
        (ics(("Autumn term", ";VALUE=DATE:00010101", ";VALUE=DATE:00010101")), "can't be read"),
        (ics(("autumn " * 100_000, ";VALUE=DATE:20270901", "")), "No term dates"),
        (b"what,first\n" + b"autumn " * 10_000 + b",2027-09-01\n", "No term dates"),
        (b"Sports day,1/9/2027,1/9/2027\n" * 5_001, "over 5,000 entries"),
    ],
)
def test_a_file_without_dates_is_refused_with_what_to_do(raw, why):
    with pytest.raises(CalendarUnreadable, match=why):
        read_calendar(raw, 2027)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_breaks_the_reader(raw):
    for start in (b"", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"):
        with suppress(CalendarUnreadable):
            read_calendar(start + raw, 2027)
