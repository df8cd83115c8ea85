"""A report is found by its words, in its own school and by whoever keeps the cases there."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from tests import build
from tests.conduct import rows
from trustconduct.audit.actor import Role
from trustconduct.conduct.models import Tag
from trustconduct.conduct.report import add_words
from trustconduct.conduct.search import PAGE, find_reports
from trustconduct.db import transaction

HERE = "/oak-lane/staff/cases/search/"


def numbers(session, typed):
    return [one.number for one in find_reports(session, typed)]


@pytest.fixture
def told(oak):
    """Two reports of one school: by a gate, and about a telephone."""
    adult = build.an_adult(oak)
    gate = rows.an_incident(oak, adult, what="They were shouting at the gate <b>loudly</b>.")
    call = rows.an_incident(oak, what="They telephoned and swore. Nobody was at the door.")
    add_words(oak, call, by=build.a_head(oak), tag=Tag.OWN, words="I was upset about a gate.")
    return gate, call


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("shouted", ["gate"]),
        ("SHOUT gates", ["gate"]),
        ("gate", ["call", "gate"]),
        ('"shouting at the gate"', ["gate"]),
        ('"gate shouting"', []),
        ("gate -upset", ["gate"]),
        ("swore shouting", []),
        ("the", []),
        ("", []),
        ("   ", []),
        ("' ; drop table incident --", []),
        ('"never closed', []),
        ("nothing like it", []),
    ],
)
def test_what_was_typed_finds(oak, told, typed, found):
    by_name = dict(zip(("gate", "call"), (one.number for one in told), strict=True))
    assert numbers(oak, typed) == [by_name[name] for name in found]


def test_a_number_finds_the_report_of_that_number(oak, told):
    gate, call = told
    assert numbers(oak, str(gate.number)) == [gate.number]
    assert numbers(oak, f" {call.number} ") == [call.number] * 2
    assert numbers(oak, "999999999") == []


def test_what_was_found_is_marked_and_says_what_it_is(oak, told):
    [found] = find_reports(oak, "upset")
    assert found.tag is Tag.OWN
    assert ("upset", True) in found.extract
    assert found.person == ""
    [found] = find_reports(oak, "shouted")
    assert found.person == "Alex Sample"
    assert "".join(piece for piece, _ in found.extract).startswith("They were shouting at the gate")


def test_a_page_of_what_was_found_is_one_query(oak):
    for _ in range(PAGE + 2):
        rows.an_incident(oak, what="A lantern broke.")
    asked = []
    engine = oak.get_bind().engine
    event.listen(engine, "before_cursor_execute", note := lambda *a: asked.append(a[2]))
    first = find_reports(oak, "lanterns")
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 1
    assert len(first) == PAGE + 1
    assert len(find_reports(oak, "lanterns", page=1)) == 2


def test_a_head_finds_the_words_of_the_own_school_and_no_others(client, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        rows.an_incident(session, what="A <script>alert(1)</script> lantern broke.")
    with world.sessions.school(world.elm.id) as session, transaction(session):
        rows.an_incident(session, what="Another lantern broke, at Elm.")
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    page = client.get(f"{HERE}?words=lanterns").text
    assert page.count("<mark>lantern</mark>") == 1
    assert "<script>alert" not in page
    assert "Elm" not in page.split("What was found")[1].split("</main>")[0]
    assert "Nothing was found" in client.get(f"{HERE}?words={world.elm.canary}").text
    assert "Nothing was found" not in client.get(HERE).text
    assert client.get(f"{HERE}?words=%00&page=-4").status_code == 200
    assert client.get(f"{HERE}?words=lantern&page=nine").status_code == 200


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OFFICE, Role.PASTORAL, Role.GOVERNOR])
def test_who_does_not_keep_cases_searches_nothing(client, world, role):
    client.sign_in(world.oak.users[role])
    assert client.get(f"{HERE}?words=shouted").status_code == 403
