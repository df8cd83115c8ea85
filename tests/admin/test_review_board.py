"""The board of all reviews: this term, next term, overdue, and by school."""

from __future__ import annotations

import pytest
import time_machine

from tests import build
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.review_board import When, board_by_school, board_counts, review_board
from trustconduct.reviews.models import Part
from trustconduct.reviews.school_reviews import begin_reviews
from trustconduct.schools.change import suspend
from trustconduct.tenants.calendars import calendar_of
from trustconduct.tenants.models import School

BOARD = "/admin/reviews/"


@pytest.fixture
def begun(ground):
    """Three schools whose reviews began in the autumn of 2026, and nobody ever looks."""
    with time_machine.travel("2026-11-27T09:00:00Z"):
        for school in ground.schools.values():
            with ground.sessions.school(school.id) as session, transaction(session):
                begin_reviews(session)
    return ground


@pytest.mark.parametrize(
    ("today", "overdue", "this", "next_", "later"),
    [
        ("2026-11-27", 0, 3, 0, 9),
        ("2027-01-02", 3, 0, 0, 9),
        ("2027-05-10", 3, 0, 9, 0),
        ("2027-08-15", 3, 0, 9, 0),
        ("2027-09-01", 3, 9, 0, 0),
        ("2028-01-01", 12, 0, 0, 0),
    ],
)
def test_each_review_stands_by_term(begun, today, overdue, this, next_, later):
    with (
        time_machine.travel(f"{today}T09:00:00Z"),
        begun.sessions.trust(read_only=True) as trust,
    ):
        counts = board_counts(trust, calendar_of(trust), by=build.a_reader())
        assert list(counts.values()) == [overdue, this, next_, later]
        for when, number in counts.items():
            lines = review_board(trust, calendar_of(trust), by=build.a_reader(), when=when, most=50)
            assert len(lines) == number
            assert {line.when for line in lines} <= {when}


def test_the_board_is_narrowed_to_a_part_and_a_school_and_paged(begun):
    with (
        time_machine.travel("2027-05-10T09:00:00Z"),
        begun.sessions.trust(read_only=True) as trust,
    ):
        calendar, by = calendar_of(trust), build.a_reader()
        bans = review_board(trust, calendar, by=by, part=Part.BANS, most=50)
        assert [line.school for line in bans] == ["Ash Grove", "Elm Park", "Oak Lane"]
        oak = review_board(trust, calendar, by=by, school_id=begun.oak.id, most=50)
        assert oak[0].part is Part.COMPLAINTS
        assert len(oak) == len(Part)
        seen, after = [], ""
        while page := review_board(trust, calendar, by=by, after=after, most=5):
            seen += page[:5]
            after = page[:5][-1].mark
        assert len({line.id for line in seen}) == len(seen) == 12
        made_up = review_board(trust, calendar, by=by, after="x|y|z", most=50)
        assert len(made_up) == 12
        schools = board_by_school(trust, calendar, by=by, most=2)
        assert [line.counts[When.OVERDUE] for line in schools] == [1, 1, 1]
        rest = board_by_school(trust, calendar, by=by, after=schools[1].mark, most=2)
        assert [line.school for line in rest] == ["Oak Lane"]


def test_nothing_waits_at_a_suspended_school(begun):
    with begun.sessions.trust() as trust, transaction(trust):
        oak = trust.get(School, begun.oak.id)
        suspend(trust, oak, by=build.an_officer(), reason="Left", heads=[])
    with begun.sessions.trust(read_only=True) as trust:
        lines = review_board(trust, calendar_of(trust), by=build.a_reader(), most=50)
    assert {line.school for line in lines} == {"Ash Grove", "Elm Park"}


def test_the_page_shows_what_is_due_and_no_word_of_a_school(reader, world):
    shown = reader.get(BOARD, query_string={"when": "schools"}).text
    assert "By school" in shown
    for school in world.schools.values():
        assert school.name in shown
        assert school.canary not in shown
    one = reader.get(BOARD, query_string={"school": str(world.oak.id)}).text
    assert "Paused" in one
    assert world.oak.canary not in one
    assert "Elm Park" not in one


@pytest.mark.parametrize("made_up", [{"when": "never"}, {"part": "roof"}, {"after": "a|b\0|c"}])
def test_what_somebody_made_up_shows_the_whole_board(reader, made_up):
    assert reader.get(BOARD, query_string=made_up).status_code == 200


def test_a_school_that_is_not_there_is_not_found(reader):
    assert reader.get(BOARD, query_string={"school": "x"}).status_code == 404


def test_three_hundred_schools_take_as_many_queries_as_three(app, world, officer, queries):
    engine = app.extensions["trustconduct"].sessions.engine

    def took(query: str) -> tuple[int, str]:
        officer.get(BOARD + query)
        with queries(engine) as counted:
            page = officer.get(BOARD + query).text
        asks = ("FROM review_school", "FROM policy_edition", "FROM review_", "FROM calendar_span")
        return len([one for one in counted.statements if any(a in one for a in asks)]), page

    few = [took(query)[0] for query in ("", "?when=schools", "?when=later")]
    with world.sessions.trust() as trust, transaction(trust):
        made = [build.a_school(trust, f"school-{n}").id for n in range(297)]
    for school_id in made[:60]:
        with world.sessions.school(school_id) as session, transaction(session):
            begin_reviews(session)
    many = [took(query) for query in ("", "?when=schools", "?when=later")]
    assert [number for number, _ in many] == few
    assert "Next page" in many[1][1]


def test_the_overview_s_neighbour_is_in_the_navigation(reader):
    assert 'href="/admin/reviews/"' in reader.get("/admin/").text


def test_the_officer_s_own_review_stands_first(app, world):
    with time_machine.travel("2028-08-10T08:00:00Z"):
        client = app.test_client()
        client.sign_in(world.trust_users[Role.TRUST_OFFICER])
        shown = client.get(BOARD).text
    assert "Summer Term 2028" in shown
    assert "Consult, by" in shown  # the start is ticked
    assert "(overdue)" in shown


def test_what_schools_have_not_looked_at_in_time_is_one_quiet_task(app, world):
    with time_machine.travel("2040-02-10T08:00:00Z"):
        client = app.test_client()
        client.sign_in(world.trust_users[Role.TRUST_READER])
        shown = client.get("/admin/").text
    assert "9 reviews are overdue in the schools" in shown  # three schools; their bans are paused
    assert "/admin/reviews/?when=overdue" in shown
