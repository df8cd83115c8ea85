"""The time of day in England, and the terms that a policy's dates are written in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from trustconduct import clock
from trustconduct.clock import Term, TermRefused, Window


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2027-07-01T22:59:59Z", date(2027, 7, 1)),
        ("2027-07-01T23:00:00Z", date(2027, 7, 2)),
        ("2027-01-01T23:30:00Z", date(2027, 1, 1)),
        # The two edges: clocks go forward on 28 March 2027, back on 25 October 2026.
        ("2027-03-27T23:59:59Z", date(2027, 3, 27)),
        ("2027-03-28T00:00:00Z", date(2027, 3, 28)),
        ("2027-03-28T22:59:59Z", date(2027, 3, 28)),
        ("2027-03-28T23:00:00Z", date(2027, 3, 29)),
        ("2026-10-24T23:00:00Z", date(2026, 10, 25)),
        ("2026-10-25T23:30:00Z", date(2026, 10, 25)),
        ("2028-02-29T12:00:00Z", date(2028, 2, 29)),
        ("2027-12-31T23:59:59Z", date(2027, 12, 31)),
    ],
)
def test_today_is_the_day_in_london(instant, day):
    with time_machine.travel(instant, tick=False):
        assert clock.today() == day


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        # Half past one happens twice on 25 October 2026, and never on 28 March 2027.
        ("2026-10-25T00:30:00+00:00", "01:30 BST"),
        ("2026-10-25T01:30:00+00:00", "01:30 GMT"),
        ("2027-03-28T00:59:00+00:00", "00:59 GMT"),
        ("2027-03-28T01:00:00+00:00", "02:00 BST"),
    ],
)
def test_an_instant_is_shown_as_the_clock_on_the_wall(instant, shown):
    assert f"{clock.local(datetime.fromisoformat(instant)):%H:%M %Z}" == shown


def test_now_has_its_zone():
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "season", "year"),
    [
        ("Summer Term 2028", "summer", 2028),
        ("summer term 2028", "summer", 2028),
        ("Autumn 2027", "autumn", 2027),
        ("  Spring   Term,  2029 ", "spring", 2029),
        ("Michaelmas 2027", "autumn", 2027),
        ("Lent Term 2027", "spring", 2027),
        ("Trinity 2027", "summer", 2027),
    ],
)
def test_a_term_is_read_in_the_words_that_schools_use(text, season, year):
    term = Term.parse(text)
    assert (term.season, term.year, term.day) == (season, year, None)
    assert term.text == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1/08/2025", date(2025, 8, 1)),
        ("1 August 2025", date(2025, 8, 1)),
        ("01 Aug 2025", date(2025, 8, 1)),
        ("31.07.2028", date(2028, 7, 31)),
        ("29-02-2028", date(2028, 2, 29)),
        ("3 sept 2026", date(2026, 9, 3)),
    ],
)
def test_a_day_is_read_the_english_way_round(text, day):
    assert Term.parse(text).day == day


@pytest.mark.parametrize(
    ("text", "first", "last", "academic_year"),
    [
        ("June 2020", date(2020, 6, 1), date(2020, 6, 30), 2019),
        ("Sept 2027", date(2027, 9, 1), date(2027, 9, 30), 2027),
        ("February, 2028", date(2028, 2, 1), date(2028, 2, 29), 2027),
        ("July 2023 - July 2026", date(2026, 7, 1), date(2026, 7, 31), 2025),
        ("1 September 2025 to 31 August 2028", date(2028, 8, 31), date(2028, 8, 31), 2027),
    ],
)
def test_a_month_is_due_by_its_end_and_a_range_by_the_end_of_it(text, first, last, academic_year):
    term = Term.parse(text)
    assert (term.text, term.window()) == (text, Window(first, last, provisional=False))
    assert term.academic_year == academic_year


@pytest.mark.parametrize(
    ("text", "first", "last", "academic_year"),
    [
        ("Term 1 2027", date(2027, 9, 1), date(2027, 10, 31), 2027),
        ("Term 2, 2027/28", date(2027, 11, 1), date(2027, 12, 31), 2027),
        ("term 3 2027-2028", date(2028, 1, 1), date(2028, 2, 20), 2027),
        ("Term 4 2028", date(2028, 2, 21), date(2028, 4, 16), 2027),
        ("Term 5 2027/28", date(2028, 4, 17), date(2028, 5, 31), 2027),
        ("Term 6 2028", date(2028, 6, 1), date(2028, 7, 31), 2027),
    ],
)
def test_a_school_may_count_six_terms(text, first, last, academic_year):
    term = Term.parse(text)
    assert (term.window(), term.academic_year) == (
        Window(first, last, provisional=True),
        academic_year,
    )


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Summer Term 2027/28", "Summer Term 2028"),
        ("Spring 2027-28", "Spring 2028"),
        ("Autumn Term 2027/28", "Autumn Term 2027"),
    ],
)
def test_a_term_of_an_academic_year_lies_in_one_of_its_two_years(text, same):
    assert Term.parse(text).window() == Term.parse(same).window()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Term 9 2028", "six at most"),
        ("Term 0 2028", "six at most"),
        ("Term 6", "of which year"),
        ("Summer Term 2027/29", "no academic year"),
        ("July 2026 - July 2023", "ends before it begins"),
        ("31 June 2028", "no such day"),
        ("1 June 2028 to 31 June 2028", "no such day"),
        ("Sumer Term 2028", "Summer Term 2028"),
        ("June - July", "Summer Term 2028"),
    ],
)
def test_what_is_nearly_a_term_is_refused_with_the_reason(text, why):
    with pytest.raises(TermRefused, match=why):
        Term.parse(text)


@given(st.integers(2000, 2098))
def test_six_terms_cover_the_year_of_three_without_a_gap(year):
    def windows(*names):
        return [Term.parse(f"{name} {year}").window() for name in names]

    for whole, halves in (("Autumn", (1, 2)), ("Spring", (3, 4)), ("Summer", (5, 6))):
        (term,), (early, late) = windows(whole), windows(*(f"Term {n}" for n in halves))
        assert (early.first, late.last) == (term.first, term.last)
        assert early.last + timedelta(days=1) == late.first
        assert early.first < early.last < late.last


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Summer",
        "2028",
        "Winter Term 2028",
        "Summer Term 28",
        "Summer Term 1999",
        "8/25/2025",
        "29/02/2027",
        "31 April 2028",
        "1 Maycember 2028x",
        "0/1/2028",
    ],
)
def test_what_is_no_term_is_refused_with_what_to_write(text):
    with pytest.raises(TermRefused, match="31 July 2028"):
        Term.parse(text)


@pytest.mark.parametrize("text", ["1 Maybe 2028", "1 Decaying 2028", "1 janitor 2028"])
def test_a_word_that_only_begins_like_a_month_is_no_month(text):
    with pytest.raises(TermRefused):
        Term.parse(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Autumn 2027", date(2027, 9, 1), date(2027, 12, 31)),
        ("Spring 2027", date(2027, 1, 1), date(2027, 3, 28)),
        ("Summer 2027", date(2027, 3, 29), date(2027, 7, 31)),
        ("Spring 2028", date(2028, 1, 1), date(2028, 4, 16)),
        ("Summer 2028", date(2028, 4, 17), date(2028, 7, 31)),
    ],
)
def test_a_term_without_a_calendar_is_a_wide_window_and_says_so(text, first, last):
    assert Term.parse(text).window() == Window(first, last, provisional=True)


def test_a_day_is_no_guess():
    day = date(2028, 7, 31)
    assert Term.parse("31 July 2028").window() == Window(day, day, provisional=False)


@given(st.integers(2000, 2099))
def test_spring_ends_where_summer_begins(year):
    spring, summer = (Term.parse(f"{name} {year}").window() for name in ("Spring", "Summer"))
    assert spring.last + timedelta(days=1) == summer.first
    assert spring.first < spring.last < summer.last


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Autumn 2027", 2027),
        ("Spring 2028", 2027),
        ("Summer 2028", 2027),
        ("31 August 2028", 2027),
        ("1 September 2028", 2028),
    ],
)
def test_an_academic_year_begins_in_september(text, year):
    assert Term.parse(text).academic_year == year


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    try:
        term = Term.parse(text)
    except TermRefused:
        return
    assert term.window().first <= term.window().last
