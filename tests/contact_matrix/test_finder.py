"""What a parent is shown first, when somebody answers, and what the matrix leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.build import MATRIX
from trustconduct.contact_matrix.changes import (
    moved,
    new_id,
    promised,
    with_purpose,
    with_route,
    without,
)
from trustconduct.contact_matrix.coverage import gaps
from trustconduct.contact_matrix.finder import Standing, ways
from trustconduct.contact_matrix.hours import parse
from trustconduct.contact_matrix.matrix import (
    Away,
    Matrix,
    MatrixRefused,
    Purpose,
    Route,
    Unit,
)
from trustconduct.contact_matrix.reach import Kind, reach, tidied
from trustconduct.tenants.calendars import Calendar, Span
from trustconduct.tenants.calendars import Kind as SpanKind

ASK = Purpose("ask", "Ask a question")
CALL = Route(
    "call", "Call the office", "01632 960001", hours=parse("Mon-Thu 8:30-4, Fri 8:30-3:30")
)
WRITE = Route("write", "Send an email", "office@oak.example", answer_within=2)
AUTUMN = Calendar(
    {
        2026: [
            Span(date(2026, 9, 2), date(2026, 12, 18), SpanKind.TERM, "autumn"),
            Span(date(2026, 10, 26), date(2026, 10, 30), SpanKind.HALF_TERM, "autumn"),
            Span(date(2027, 1, 4), date(2027, 3, 25), SpanKind.TERM, "spring"),
        ]
    }
)


def matrix(*routes: Route) -> Matrix:
    return Matrix((ASK,), routes, frozenset((route.id, "ask") for route in routes))


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (at(27, 9), "Open now, until 3:30pm"),  # a Friday
        (at(27, 8, 29), "Closed now. Opens today at 8:30am"),
        (at(26, 16), "Closed now. Opens tomorrow at 8:30am"),
        (at(27, 15, 30), "Closed now. Opens on Monday at 8:30am"),
        (at(18, 17, month=12), "Closed now. Opens on Monday 4 January 2027 at 8:30am"),
        (at(27, 9, month=10), "Closed now. Opens on Monday at 8:30am"),  # half-term
        (at(2, 7, 45, month=9), "Open now, until 4pm"),  # 8:45 in London's summer
    ],
)
def test_whether_the_office_is_open_goes_by_its_hours_and_the_schools_calendar(when, said):
    (found,) = ways(matrix(CALL), ASK, when, AUTUMN)
    assert found.hours_now == said
    assert (found.standing is Standing.OPEN) == said.startswith("Open")


def test_in_the_holidays_where_it_says_so_and_never_on_bank_holidays():
    always = replace(CALL, holidays=True)
    (found,) = ways(matrix(always), ASK, at(28, 10, month=10), AUTUMN)
    assert found.standing is Standing.OPEN
    (found,) = ways(matrix(always), ASK, at(25, 10, month=12), AUTUMN)
    assert found.standing is Standing.CLOSED


def test_without_term_dates_its_hours_count():
    (found,) = ways(matrix(CALL), ASK, at(27, 9), Calendar({}))
    assert found.standing is Standing.OPEN


def test_what_is_closed_comes_last_and_the_schools_order_holds_else():
    in_the_evening = at(27, 20)
    found = ways(matrix(CALL, WRITE), ASK, in_the_evening, AUTUMN)
    assert [one.route.id for one in found] == ["write", "call"]
    found = ways(matrix(CALL, WRITE), ASK, at(27, 9), AUTUMN)
    assert [one.route.id for one in found] == ["call", "write"]


def test_when_to_expect_an_answer_is_a_day_where_the_term_dates_are_known():
    (found,) = ways(matrix(WRITE), ASK, at(27, 9), AUTUMN)
    assert found.expect == "You will have an answer by Tuesday 1 December."
    promised = replace(WRITE, acknowledge_within=1)
    (found,) = ways(matrix(promised), ASK, at(27, 9), Calendar({}))
    assert found.expect == (
        "You will hear within 1 school day that we have it and have an answer within 2 school days."
    )
    hours = replace(WRITE, answer_within=24, unit=Unit.WORKING_HOURS)
    (found,) = ways(matrix(hours), ASK, at(27, 9), AUTUMN)
    assert found.expect == "You will have an answer within 24 working hours."


def test_while_somebody_is_away_the_cover_is_named():
    away = replace(CALL, away=Away(date(2026, 11, 26), date(2026, 11, 30), "Ask Ms Sample"))
    (found,) = ways(matrix(away), ASK, at(30, 9), AUTUMN)
    assert found.cover == "Ask Ms Sample (until 30 November 2026)"
    (found,) = ways(matrix(away), ASK, at(25, 9), AUTUMN)
    assert found.cover == ""


@pytest.mark.parametrize(
    ("detail", "kind", "shown", "href"),
    [
        ("01632960001", Kind.TELEPHONE, "01632 960001", "tel:+44-1632-960001"),
        ("+44 (0)1632 960 001", Kind.TELEPHONE, "01632 960001", "tel:+44-1632-960001"),
        ("office@oak.example", Kind.EMAIL, "office@oak.example", "mailto:office@oak.example"),
        ("https://www.oak.example/", Kind.WEB, "www.oak.example", "https://www.oak.example/"),
        ("Front gate", Kind.PLACE, "Front gate", ""),
        ("javascript:alert(1)", Kind.PLACE, "javascript:alert(1)", ""),
        ("2026", Kind.PLACE, "2026", ""),
    ],
)
def test_a_detail_is_a_number_an_address_a_page_or_a_place(detail, kind, shown, href):
    found = reach(detail)
    assert (found.kind, found.shown, found.href) == (kind, shown, href)


def test_a_number_is_written_one_way():
    assert tidied("01632960001") == "01632 960001"
    assert tidied(" Front gate ") == "Front gate"


def test_gaps_are_said_in_words():
    web = Route("web", "Look at our website", "https://oak.example")
    assert gaps(matrix(web), date(2026, 11, 27)) == [
        "“Ask a question” can be done by website only: a parent without internet has no way."
    ]
    assert gaps(matrix(CALL), date(2026, 11, 27)) == [
        "“Ask a question” can be done by telephone only:"
        " a parent who can’t hear or speak on it has no way.",
        "No way to “Ask a question” after 4pm.",
    ]
    assert gaps(matrix(CALL, WRITE), date(2026, 11, 27)) == []
    unsaid = gaps(
        matrix(Route("e", "Send an email"), Route("c", "Call us", "01632 960001")),
        date(2026, 11, 27),
    )
    assert unsaid == [
        "“Send an email” does not say where it leads.",
        "“Send an email” does not say when to expect an answer.",
        "“Call us” does not say when somebody answers.",
    ]


def test_a_matrix_saved_before_there_were_hours_keeps_its_form():
    assert set(MATRIX.to_json()["routes"][0]) == {"id", "text", "detail"}
    whole = matrix(
        replace(CALL, away=Away(date(2026, 1, 1), date(2026, 1, 2), "Ask"), who="The office"),
        replace(WRITE, unit=Unit.WORKING_HOURS, note="Any time"),
    )
    assert Matrix.from_json(whole.to_json()) == whole


def test_ways_and_purposes_are_added_changed_moved_and_taken_out():
    one = matrix(CALL)
    two = with_route(one, replace(WRITE, id=new_id(one, "Call")))
    assert [route.id for route in two.routes] == ["call", "call-2"]
    assert moved(two, "call-2", "up").routes[0].id == "call-2"
    assert moved(two, "call", "up") == two
    assert without(two, "call").ticks == frozenset()
    assert with_route(two, replace(CALL, detail="01632 960002")).routes[0].detail == "01632 960002"
    with pytest.raises(MatrixRefused, match="these words already"):
        with_route(two, Route("new", CALL.text))
    with pytest.raises(MatrixRefused, match="these words already"):
        with_purpose(two, Purpose("new", ASK.text))
    assert with_purpose(two, Purpose("pay", "Pay")).purpose("pay") == Purpose("pay", "Pay")


def test_an_email_that_says_nothing_of_its_own_has_what_school_promises():
    silent = Route("e", "Send an email", "office@oak.example")
    app = Route("a", "Look at our website", "https://oak.example")
    made = promised(matrix(silent, WRITE, CALL, app), acknowledge=1, answer=3)
    said = {one.id: (one.acknowledge_within, one.answer_within) for one in made.routes}
    assert said == {"e": (1, 3), "write": (0, 2), "call": (0, 0), "a": (0, 0)}
    assert not any("when to expect an answer" in gap for gap in gaps(made, date(2026, 11, 27)))
    nothing = promised(matrix(silent), acknowledge=0, answer=0)
    assert nothing == matrix(silent)
