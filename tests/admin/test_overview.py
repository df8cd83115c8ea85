"""The console's first page: figures for every school, and what to do next."""

from datetime import date

import pytest
import time_machine

from tests import build
from trustconduct.admin.overview import share
from trustconduct.db import transaction
from trustconduct.policies.editions import approve


def test_each_school_stands_with_its_edition_and_its_answers(officer, world):
    page = officer.get("/admin/").text
    for school in world.schools.values():
        assert f'href="/{school.slug}/">{school.name}' in page
    assert page.count('<td data-label="In force"><span>Edition 1') == 3
    # In each school four were asked, one signed; of three schools that is 12 and 3.
    assert ">12<" in page.replace(" ", "")
    assert "25%" in page


def test_a_term_without_a_calendar_is_never_shown_as_fact(officer):
    page = officer.get("/admin/").text
    provisional = page.count("2028 (provisionally 17 April 2028 to 31 July 2028")
    assert provisional >= 1  # once more where the review is a task by now
    assert page.count("July 2028") == provisional


def test_no_name_and_no_word_of_a_school_stands_in_the_console(officer, world):
    page = officer.get("/admin/").text
    assert not [s.canary for s in world.schools.values() if s.canary in page]


def test_a_newer_edition_is_said_to_be_ready_to_adopt(officer, world):
    with world.sessions.trust() as session, transaction(session):
        build.an_edition(session)
    assert officer.get("/admin/").text.count("Edition 2 is ready to adopt") == 3


def test_a_school_that_published_nothing_says_so(officer, world):
    with world.sessions.trust() as session, transaction(session):
        build.a_school(session, "fir-tree")
    assert "Nothing published yet" in officer.get("/admin/").text


def test_a_draft_is_the_next_thing_to_do(officer, world):
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
    assert 'href="/admin/editions/2/"' in officer.get("/admin/").text
    with world.sessions.trust() as session, transaction(session):
        again = session.merge(draft)
        approve(session, again, by=build.an_officer(), board_on=date(2024, 7, 10))
    assert "Publish it, for all schools or some, with a day." in officer.get("/admin/").text


def test_a_review_that_is_over_is_said_to_be_overdue(app, world):
    with time_machine.travel("2028-09-20T10:00:00Z"):
        client = app.test_client()
        client.sign_in(world.trust_users["trust_officer"])
        assert "The review of edition 1 is overdue" in client.get("/admin/").text


@pytest.mark.parametrize("more", [0, 27])
def test_the_queries_do_not_grow_with_the_schools(officer, world, app, queries, more):
    with world.sessions.trust() as session, transaction(session):
        for n in range(more):
            build.a_school(session, f"school-{n}")
    officer.get("/admin/")  # from now on the directory of schools is in memory, for a second
    with queries(app.extensions["trustconduct"].sessions.engine) as counted:
        page = officer.get("/admin/").text
    assert page.count('data-label="Asked"') == 3 + more
    # Three of the overview, one of the editions, one of who is late; beside them the heads, the
    # new schools, the Trust's messages, its calendar, its cycle and steps of review, the schools'
    # overdue ones, two of what runs, one of texts to approve and one of comments to answer for
    # the tasks, two of signing in and, where the second is
    # over, two of the directory.
    asks = ("FROM policy_edition", "LEFT OUTER JOIN policy_in_force", "FROM sign_request")
    trust = [one for one in counted.statements if any(words in one for words in asks)]
    assert len(trust) == 7
    assert counted.n <= 5 + 11 + 2 + 2


def test_a_share_is_never_rounded_up():
    assert share(199, 200) == "99%"
    assert share(1, 200) == "under 1%"
    assert share(0, 200) == "0%"
    assert share(200, 200) == "100%"
    assert share(0, 0) == ""
