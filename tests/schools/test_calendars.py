"""Term dates: which year can stand, whose they are, and what follows from them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import a_head, a_teacher, an_officer
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.clock import Term, Window
from trustconduct.db import transaction
from trustconduct.schools.calendars import (
    CalendarChanged,
    CalendarRefused,
    faults,
    mark,
    own_spans,
    save_year,
)
from trustconduct.tenants.calendars import (
    Calendar,
    CalendarUnknown,
    Kind,
    Span,
    bank_holidays,
    calendar_of,
)


def term(season, first, last):
    return Span(first, last, Kind.TERM, season)


def half(season, first, last):
    return Span(first, last, Kind.HALF_TERM, season)


def inset(day):
    return Span(day, day, Kind.INSET)


YEAR = (
    term("autumn", date(2027, 9, 1), date(2027, 12, 17)),
    half("autumn", date(2027, 10, 25), date(2027, 10, 29)),
    inset(date(2027, 9, 1)),
    term("spring", date(2028, 1, 4), date(2028, 4, 7)),
    half("spring", date(2028, 2, 14), date(2028, 2, 18)),
    term("summer", date(2028, 4, 24), date(2028, 7, 21)),
    half("summer", date(2028, 5, 29), date(2028, 6, 2)),
)
KNOWN = Calendar({2027: YEAR})


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Summer Term 2028", date(2028, 4, 24), date(2028, 7, 21)),
        ("Autumn 2027", date(2027, 9, 1), date(2027, 12, 17)),
        ("Term 1 2027", date(2027, 9, 1), date(2027, 10, 24)),
        ("Term 6 2027/28", date(2028, 6, 3), date(2028, 7, 21)),
        ("31 July 2028", date(2028, 7, 31), date(2028, 7, 31)),
    ],
)
def test_a_review_falls_in_the_days_that_the_calendar_gives(text, first, last):
    assert KNOWN.window(Term.parse(text)) == Window(first, last, provisional=False)


@pytest.mark.parametrize("text", ["Summer Term 2029", "Autumn 2028", "Term 5 2029"])
def test_a_year_that_is_not_known_gives_provisional_days(text):
    assert KNOWN.window(Term.parse(text)).provisional


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        (date(2027, 9, 1), False),  # INSET
        (date(2027, 9, 2), True),
        (date(2027, 9, 4), False),  # Saturday
        (date(2027, 10, 25), False),  # half-term
        (date(2027, 12, 20), False),
        (date(2028, 5, 1), False),  # a bank holiday in term
        (date(2028, 7, 21), True),
        (date(2028, 8, 15), False),
    ],
)
def test_a_school_day_is_one_on_which_pupils_are_in_school(day, is_one):
    assert KNOWN.is_school_day(day) is is_one


@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2028, 9, 4)])
def test_outside_the_known_years_nothing_is_guessed(day):
    with pytest.raises(CalendarUnknown):
        KNOWN.is_school_day(day)


def test_a_year_that_begins_in_august_has_school_days_there():
    early = term("autumn", date(2028, 8, 29), date(2028, 12, 20))
    for calendar in (Calendar({2028: (early,)}), Calendar({2027: YEAR, 2028: (early,)})):
        assert calendar.is_school_day(date(2028, 8, 30))


def test_ten_school_days_go_round_half_term():
    # From Monday 18 October: 4 days, the week off, 5 days, then Monday.
    assert KNOWN.add_school_days(date(2027, 10, 18), 10) == date(2027, 11, 8)


def test_counting_stops_where_the_calendar_does():
    with pytest.raises(CalendarUnknown):
        KNOWN.add_school_days(date(2028, 7, 20), 2)


@given(st.dates(date(2027, 9, 1), date(2028, 3, 31)), st.integers(1, 60))
def test_so_many_school_days_after_is_a_school_day_with_so_many_between(start, count):
    end = KNOWN.add_school_days(start, count)
    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert KNOWN.is_school_day(end)
    assert sum(KNOWN.is_school_day(day) for day in days) == count


@given(st.integers(2020, 2060))
def test_every_year_has_its_eight_bank_holidays_or_more(year):
    # New Year's Day on a Saturday is kept on the Monday, and stands in the list twice.
    assert len(bank_holidays(year)) >= 8


def replaced(old, *new):
    return [span for span in YEAR if span is not old] + list(new)


@pytest.mark.parametrize(
    ("spans", "field", "why"),
    [
        ([term("autumn", date(2027, 12, 1), date(2027, 9, 1))], "autumn_term", "lies before"),
        ([term("autumn", date(2026, 9, 1), date(2026, 12, 1))], "autumn_term", "2027/28"),
        (
            replaced(YEAR[3], term("spring", date(2027, 12, 17), date(2028, 4, 7))),
            "spring_term",
            "begins before the autumn term has ended",
        ),
        (
            replaced(YEAR[1], half("autumn", date(2027, 12, 13), date(2027, 12, 17))),
            "autumn_half_term",
            "inside the autumn term",
        ),
        ([half("spring", date(2028, 2, 14), date(2028, 2, 18))], "spring_half_term", "as well"),
        ([inset(date(2027, 9, 1))], "autumn_term", "at least one term"),
        ([*YEAR, *(inset(date(2027, 11, n)) for n in range(1, 22))], "inset", "at most 20"),
    ],
)
def test_a_year_that_can_not_be_is_refused_by_field(spans, field, why):
    assert why in faults(2027, spans)[field]


def test_a_whole_year_can_stand():
    assert faults(2027, YEAR) == {}


def test_a_school_keeps_the_trusts_dates_until_it_saves_its_own(ground):
    with ground.sessions.trust() as session, transaction(session):
        save_year(session, 2027, YEAR, by=an_officer(), seen=mark(()))
    later = replaced(YEAR[0], term("autumn", date(2027, 9, 6), date(2027, 12, 17)))
    later = [span for span in later if span.kind is not Kind.INSET]
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        assert calendar_of(session).years == {2027: tuple(sorted(YEAR))}
        assert own_spans(session, 2027) == ()
        save_year(session, 2027, later, by=a_head(session), seen=mark(()))
        assert calendar_of(session).years[2027] == tuple(sorted(later))
    with ground.sessions.school(ground.elm.id) as session:
        assert calendar_of(session).years[2027] == tuple(sorted(YEAR))
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        save_year(session, 2027, (), by=a_head(session), seen=mark(later))
        assert calendar_of(session).years[2027] == tuple(sorted(YEAR))


def test_a_change_of_dates_leaves_its_trace(oak):
    head = a_head(oak)
    save_year(oak, 2027, YEAR, by=head, seen=mark(()))
    save_year(oak, 2027, YEAR[:1], by=head, seen=mark(YEAR))
    events = oak.scalars(
        select(SchoolAuditEvent.id)
        .where(SchoolAuditEvent.event == "calendar.changed")
        .order_by(SchoolAuditEvent.id)
    ).all()
    last = oak.scalars(select(SchoolAuditDetail).where(SchoolAuditDetail.id == events[-1])).one()
    assert last.details["year"] == "2027/28"
    assert len(last.details["before"]) == len(YEAR)
    assert last.details["after"] == ["autumn term: 2027-09-01 to 2027-12-17"]


def test_saving_the_same_dates_again_is_no_event(oak):
    for seen in ((), YEAR):
        save_year(oak, 2027, YEAR, by=a_head(oak), seen=mark(seen))
    said = select(SchoolAuditEvent).where(SchoolAuditEvent.event == "calendar.changed")
    assert len(oak.scalars(said).all()) == 1


def test_who_was_slower_is_told(oak):
    save_year(oak, 2027, YEAR, by=a_head(oak), seen=mark(()))
    with pytest.raises(CalendarChanged):
        save_year(oak, 2027, YEAR[:1], by=a_head(oak), seen=mark(()))


def test_of_two_at_once_one_is_told(ground):
    def press(n):
        with ground.sessions.school(ground.oak.id) as session:
            try:
                with transaction(session):
                    save_year(session, 2027, YEAR[: n + 1], by=a_head(session), seen=mark(()))
            except CalendarChanged:
                return "told"
            return "saved"

    turns = iter((0, 3))
    assert sorted(at_once(2, lambda: press(next(turns)))) == ["saved", "told"]


def test_a_teacher_changes_no_dates(oak):
    with pytest.raises(NotAllowed):
        save_year(oak, 2027, YEAR, by=a_teacher(oak), seen=mark(()))


def test_dates_that_can_not_be_are_not_saved(oak):
    wrong = [term("autumn", date(2027, 12, 1), date(2027, 9, 1))]
    with pytest.raises(CalendarRefused):
        save_year(oak, 2027, wrong, by=a_head(oak), seen=mark(()))
    assert own_spans(oak, 2027) == ()
