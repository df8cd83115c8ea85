"""The days of a review: in real terms where they are known, each reminder once, on its day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from trustconduct import clock
from trustconduct.clock import Term
from trustconduct.reviews.due_days import (
    DAY,
    WEEK,
    Reminder,
    Sent,
    due,
    goes_out,
    next_day,
    number_of,
    steps,
    term_numbered,
    term_of,
)
from trustconduct.tenants.calendars import Calendar, Kind, Span

SUMMER = Term.parse("Summer Term 2028")
NONE = Calendar({})


def a_calendar(*days: tuple[int, date, date, date]) -> Calendar:
    """Years, each with the first days of its three terms; a term lasts twelve weeks."""
    return Calendar(
        {
            begins: [
                Span(first, first + 12 * WEEK, Kind.TERM, season)
                for season, first in zip(("autumn", "spring", "summer"), firsts, strict=True)
            ]
            for begins, *firsts in days
        }
    )


EARLY = a_calendar(
    (2026, date(2026, 8, 31), date(2027, 1, 4), date(2027, 4, 12)),
    (2027, date(2027, 8, 30), date(2028, 1, 3), date(2028, 4, 10)),
)
LATE = a_calendar((2027, date(2027, 9, 8), date(2028, 1, 10), date(2028, 4, 26)))


@pytest.mark.parametrize(
    ("calendar", "today", "kind", "on", "provisional"),
    [
        (NONE, date(2027, 8, 31), None, None, None),
        (NONE, date(2027, 9, 1), "two_terms_ahead", date(2027, 9, 1), True),
        (NONE, date(2028, 1, 1), "one_term_ahead", date(2028, 1, 1), True),
        (NONE, date(2028, 4, 17), "term_begins", date(2028, 4, 17), True),
        (NONE, date(2028, 6, 5), "board_paper", date(2028, 6, 5), True),
        (NONE, date(2028, 8, 1), "overdue", date(2028, 8, 1), True),
        (NONE, date(2028, 8, 7), "overdue", date(2028, 8, 1), True),
        (NONE, date(2028, 8, 8), "overdue", date(2028, 8, 8), True),
        (LATE, date(2027, 9, 7), None, None, None),
        (LATE, date(2027, 9, 8), "two_terms_ahead", date(2027, 9, 8), False),
        (LATE, date(2028, 1, 9), "two_terms_ahead", date(2027, 9, 8), False),
        (LATE, date(2028, 1, 10), "one_term_ahead", date(2028, 1, 10), False),
        (LATE, date(2028, 4, 26), "term_begins", date(2028, 4, 26), False),
        (LATE, date(2028, 7, 20), "overdue", date(2028, 7, 20), False),
    ],
)
def test_which_reminder_is_due(calendar, today, kind, on, provisional):
    found = due(calendar, SUMMER, today)
    if kind is None:
        assert found is None
    else:
        assert (found.kind, found.on, found.provisional) == (kind, on, provisional)


def test_a_day_in_the_holidays_belongs_to_the_term_before_it():
    assert term_of(EARLY, date(2027, 8, 29)).text == "Summer Term 2027"
    assert term_of(EARLY, date(2027, 8, 30)).text == "Autumn Term 2027"
    assert term_of(NONE, date(2028, 1, 1)).text == "Spring Term 2028"


@pytest.mark.parametrize("written", ["31 July 2028", "June 2028", "Term 6 2028"])
def test_a_review_written_another_way_is_counted_in_the_same_terms(written):
    review = Term.parse(written)
    assert due(EARLY, review, date(2027, 8, 30)).kind is Reminder.TWO_TERMS_AHEAD
    assert due(EARLY, review, date(2028, 1, 3)).kind is Reminder.ONE_TERM_AHEAD


def test_the_steps_of_a_review_have_their_days():
    assert [each.on for each in steps(LATE, SUMMER)] == [
        date(2027, 9, 8),  # start
        date(2028, 1, 10),  # consult
        date(2028, 4, 26),  # draft: the term's first day is earlier than four weeks before
        date(2028, 6, 7),  # Board paper
        date(2028, 7, 19),  # approve
        date(2028, 8, 16),  # schools adopt
        date(2028, 9, 13),  # parents acknowledge
    ]


def test_whoever_is_next_up_hears_of_it_from_the_second_week_overdue():
    up = [due(LATE, SUMMER, date(2028, 7, 20) + days * DAY).goes_up for days in (0, 6, 7, 14)]
    assert up == [False, False, True, True]
    assert not due(LATE, SUMMER, date(2028, 7, 19)).goes_up


def test_once_the_board_has_its_paper_nobody_is_reminded_of_it():
    assert due(LATE, SUMMER, date(2028, 5, 24)).kind is Reminder.BOARD_PAPER
    assert due(LATE, SUMMER, date(2028, 5, 24), papers=False).kind is Reminder.TERM_BEGINS


# -- the clock, day by day


FIRST, LAST = date(2026, 11, 27), date(2028, 9, 1)
# By hand: reminder -> the day on which it must go out.
EXPECTED = {
    "early": (EARLY, SUMMER, [
        ("two_terms_ahead", date(2027, 8, 30)), ("one_term_ahead", date(2028, 1, 3)),
        ("term_begins", date(2028, 4, 10)), ("board_paper", date(2028, 5, 8)),
        *(("overdue", date(2028, 7, 4) + week * WEEK) for week in range(9)),
    ]),
    "late": (LATE, SUMMER, [
        ("two_terms_ahead", date(2027, 9, 8)), ("one_term_ahead", date(2028, 1, 10)),
        ("term_begins", date(2028, 4, 26)), ("board_paper", date(2028, 5, 24)),
        *(("overdue", date(2028, 7, 20) + week * WEEK) for week in range(7)),
    ]),
    "none": (NONE, SUMMER, [
        ("two_terms_ahead", date(2027, 9, 1)), ("one_term_ahead", date(2028, 1, 1)),
        ("term_begins", date(2028, 4, 17)), ("board_paper", date(2028, 6, 5)),
        *(("overdue", date(2028, 8, 1) + week * WEEK) for week in range(5)),
    ]),
    # Overdue from the day on which the clocks go back, and from the one on which they go forward.
    "october": (NONE, Term.parse("30 October 2027"), [
        ("two_terms_ahead", date(2027, 1, 1)), ("one_term_ahead", date(2027, 3, 29)),
        ("term_begins", date(2027, 9, 1)), ("board_paper", date(2027, 9, 4)),
        *(("overdue", date(2027, 10, 31) + week * WEEK) for week in range(44)),
    ]),
    "march": (NONE, Term.parse("25 March 2028"), [
        ("two_terms_ahead", date(2027, 3, 29)), ("one_term_ahead", date(2027, 9, 1)),
        ("term_begins", date(2028, 1, 1)), ("board_paper", date(2028, 1, 29)),
        *(("overdue", date(2028, 3, 26) + week * WEEK) for week in range(23)),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("which", EXPECTED)
def test_day_by_day_until_september_2028_each_reminder_goes_once_on_its_day(which):
    calendar, review, expected = EXPECTED[which]
    sent: list[Sent] = []
    at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as time:
        # Every six hours and at the half hours around midnight in both of London's times.
        while at.date() <= LAST:
            for minutes in (0, 30, 360, 720, 1080, 1350, 1410):
                time.move_to(at + timedelta(minutes=minutes))
                today = clock.today()
                found = due(calendar, review, today)
                if found and goes_out(found, sent, today):
                    sent.append(Sent(found.kind, found.on, today))
            at += DAY
    assert [(each.kind, each.sent_on) for each in sent] == expected
    assert all(each.due_on == each.sent_on for each in sent)


# -- whatever the day and the calendar

reviews = st.one_of(
    st.builds(
        lambda season, year: Term.parse(f"{season} Term {year}"),
        st.sampled_from(["Autumn", "Spring", "Summer"]),
        st.integers(2026, 2035),
    ),
    st.builds(
        lambda number, year: Term.parse(f"Term {number} {year}"),
        st.integers(1, 6),
        st.integers(2026, 2035),
    ),
    st.builds(
        lambda day: Term.parse(f"{day:%d/%m/%Y}"),
        st.dates(date(2026, 1, 1), date(2035, 12, 31)),
    ),
)
calendars = st.sampled_from([NONE, EARLY, LATE])
days = st.dates(date(2026, 1, 1), date(2037, 12, 31))


@given(calendars, reviews)
def test_no_step_falls_before_the_one_before_it(calendar, review):
    found = [each.on for each in steps(calendar, review)]
    assert found == sorted(found)


@given(calendars, reviews, days)
def test_a_reminder_never_goes_before_its_day_and_the_next_day_has_no_older_one(
    calendar, review, today
):
    now, next_ = due(calendar, review, today), due(calendar, review, today + DAY)
    if now:
        assert now.on <= today
        assert next_
        assert next_.on >= now.on


@given(calendars, reviews, st.lists(days, max_size=60))
def test_on_whatever_days_it_looks_no_kind_goes_twice_and_no_two_on_one_day(
    calendar, review, looks
):
    sent: list[Sent] = []
    for today in sorted(looks):
        found = due(calendar, review, today)
        if found and goes_out(found, sent, today):
            sent.append(Sent(found.kind, found.on, today))
    on = [each.sent_on for each in sent]
    assert len(on) == len(set(on))
    once = [each.kind for each in sent if each.kind != "overdue"]
    assert len(once) == len(set(once))
    weeks = [each.due_on for each in sent if each.kind == "overdue"]
    assert all(later - before >= WEEK for before, later in pairwise(weeks))


@given(calendars, reviews, days, st.booleans())
def test_the_next_day_is_the_next_on_which_another_reminder_is_due(calendar, review, today, papers):
    ahead = next_day(calendar, review, today, papers=papers)
    assert ahead > today
    now = due(calendar, review, today, papers=papers)
    assert due(calendar, review, ahead - DAY, papers=papers) == now
    assert due(calendar, review, ahead, papers=papers).on == ahead


@given(st.integers(6_000, 6_300))
def test_terms_are_numbered_in_a_row(number):
    term = term_numbered(number)
    assert number_of(term) == number
    assert NONE.window(term).last < NONE.window(term_numbered(number + 1)).first
