"""The registry of tasks: which sources there are, whom they are for, and what they cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import g

from tests import build
from trustconduct import clock
from trustconduct.accounts.permissions import Can, allowed
from trustconduct.admin.tasks import AtTrust, trust_tasks
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.starting import start_schools
from trustconduct.oversight.overview import Overview
from trustconduct.schools.add import add_school
from trustconduct.schools.start import Head
from trustconduct.web.door import Directory
from trustconduct.web.tasks import MOST, Here, Sources, Task, tasks

SOURCES = [
    ("reports_waiting", Can.KEEP_CASES),
    ("to_comment", Can.COMMENT_ON_DRAFT),
    ("to_adopt", Can.CHANGE_SETTINGS),
    ("undelivered", Can.SEE_MAIL),
    ("bans_to_see_to", Can.ISSUE_BAN),
    ("to_publish_again", Can.CHANGE_SETTINGS),
    ("letters_to_approve", Can.APPROVE_LETTER),
    ("letters_to_send", Can.SERVE_LETTER),
    ("in_wrong_hands", Can.SEND_LINK_AGAIN),
    ("sheets_in_wrong_hands", Can.PRINT_PACK),
    ("meetings_to_note", Can.KEEP_CASES),
    ("to_talk", Can.HOLD_TALK),
    ("to_ask", Can.START_CAMPAIGN),
    ("to_look_at", Can.KEEP_REVIEWS),
    ("plans_ending", Can.KEEP_CONTACT_PLAN),
    ("to_hang_anew", Can.CHANGE_SETTINGS),
]
TRUST_SOURCES = [
    ("undelivered", Can.SEE_MAIL),
    ("work_failed", Can.SEE_CONSOLE),
    ("to_bring_in", Can.SEE_CONSOLE),
    ("to_sign_off", Can.SIGN_OFF_EDITION),
    ("to_answer", Can.EDIT_EDITION),
    ("to_publish", Can.SEE_CONSOLE),
    ("late_schools", Can.SEE_CONSOLE),
    ("to_review", Can.SEE_CONSOLE),
    ("review_steps_due", Can.SEE_CONSOLE),
    ("first_school", Can.SEE_CONSOLE),
    ("without_head", Can.ADD_USER),
    ("not_taken_up", Can.ADD_USER),
    ("without_address", Can.CHANGE_TRUST),
    ("overdue_in_schools", Can.SEE_CONSOLE),
    ("without_version", Can.SEE_CONSOLE),
]
HOME = "/oak-lane/staff/"


def test_the_sources_are_the_listed_ones_in_the_pages_order(app):
    """A part that adds a source says so here, and in QUERIES what it costs."""
    assert [(one.name, one.needs) for one in tasks] == SOURCES
    assert [(one.name, one.needs) for one in trust_tasks] == TRUST_SOURCES


def some(n):
    """A registry with one source of `n` tasks."""
    sources = Sources()

    @sources(Can.HOLD_TALK, order=1, more=lambda: "/all")
    def to_do(session, here):
        for number in range(n):
            yield Task(f"Task {number}", f"/{number}", "A hint", "Do it", "attention")

    return sources


def test_a_long_list_is_cut_with_how_many_more_there_are():
    found = some(17).waiting(None, None, {Can.HOLD_TALK})
    assert [one.text for one in found[:-1]] == [f"Task {n}" for n in range(MOST)]
    assert found[-1] == Task("and 12 more", "/all", "", "Do it", "attention")


@pytest.mark.parametrize("n", [0, 1, MOST])
def test_a_short_list_is_shown_whole(n):
    assert len(some(n).waiting(None, None, {Can.HOLD_TALK})) == n


def test_a_source_is_asked_only_for_those_who_may():
    assert some(1).waiting(None, None, {Can.SEE_SCHOOL}) == []


def test_two_sources_of_one_name_are_refused():
    sources = some(0)
    with pytest.raises(ValueError, match="to_do"):

        @sources(Can.HOLD_TALK, order=2)
        def to_do(session, here):
            return []


# -- what they cost


def wishes(world, n):
    """So many parents of Oak Lane who want to talk."""
    with world.sessions.school(world.oak.id) as session, transaction(session):
        for number in range(n):
            adult = build.an_adult(session, f"Parent {number}", email=f"p{number}@p.example")
            request = build.a_request(session, adult)
            build.an_answer(session, request, build.Answer.TALK)


def test_one_task_and_fifty_take_as_many_queries(client, world, app, queries, monkeypatch):
    monkeypatch.setattr(Directory, "SECONDS", 600)  # on a slow machine a page takes a second
    app.extensions["trustconduct"].directory.forget()
    client.sign_in(world.oak.users[Role.HEADTEACHER])

    def took():
        client.get(HOME)
        with queries(app.extensions["trustconduct"].sessions.engine) as counted:
            page = client.get(HOME).text
        return counted.n, page

    one, page = took()
    assert page.count("would like to talk") == 1
    wishes(world, 49)
    fifty, page = took()
    assert page.count("would like to talk") == MOST
    assert "and 45 more" in page
    assert "status=talk" in page
    assert fifty == one


QUERIES = {
    "reports_waiting": 1,
    "to_adopt": 0,
    "to_publish_again": 6,
    "to_comment": 1,
    "undelivered": 1,
    "bans_to_see_to": 1,
    "letters_to_approve": 1,
    "letters_to_send": 1,
    "in_wrong_hands": 1,
    "sheets_in_wrong_hands": 1,
    "to_talk": 1,
    "meetings_to_note": 1,
    "to_ask": 1,
    "to_look_at": 1,
    "to_hang_anew": 1,
    "plans_ending": 1,
}


@pytest.mark.parametrize("n", [1, 50])
def test_each_source_makes_its_own_number_of_queries(app, world, queries, n):
    """`here` has been asked already: what sources share is counted for none of them."""
    wishes(world, n - 1)
    with (
        app.test_request_context(HOME),
        world.sessions.school(world.oak.id, read_only=True) as session,
    ):
        g.school = app.extensions["trustconduct"].directory.school("oak-lane")
        head = world.oak.head
        here = Here(session, g.school, allowed(head.grants, world.oak.id), head)
        assert (here.version.number, here.edition.number, here.starting) == (1, 1, False)
        assert here.rollout.adopt_by_on is None
        for source in tasks:
            with queries(world.sessions.engine) as counted:
                list(source.cut(session, here))
            assert counted.n == QUERIES[source.name], source.name


# -- at the Trust


@pytest.fixture
def officer(client, world):
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    return client


def test_a_school_without_a_head_is_the_officers_to_do(officer, world):
    assert "has no head here" not in officer.get("/admin/").text
    with world.sessions.trust() as session, transaction(session):
        for n in range(8):
            build.a_school(session, f"fir-{n}")
    page = officer.get("/admin/").text
    assert page.count("has no head here") == MOST
    assert "and 3 more" in page


def test_an_invitation_that_ran_out_is_the_officers_to_send_again(officer, world):
    with world.sessions.trust() as session, transaction(session):
        head = Head("Fern Sample", "fern@fir.example")
        school = add_school(session, by=build.an_officer(), name="Fir Tree", head=head)
    start_schools(world.sessions, [school.id])
    assert "has not taken up" not in officer.get("/admin/").text
    with time_machine.travel(clock.now() + timedelta(days=3, hours=1)):
        again = officer.application.test_client()
        again.sign_in(world.trust_users[Role.TRUST_OFFICER])
        page = again.get("/admin/").text
        assert "Fern Sample has not taken up the invitation to Fir Tree" in page
        assert "has no version yet" not in page
    with time_machine.travel(clock.now() + timedelta(days=40)):
        again = officer.application.test_client()
        again.sign_in(world.trust_users[Role.TRUST_OFFICER])
        assert "Fir Tree has no version yet" in again.get("/admin/").text


def test_a_trust_without_anything_is_told_kindly_where_to_begin(app):
    with app.test_request_context("/admin/"):
        at = AtTrust(Overview((), None), [], [])
        found = [
            task
            for source in trust_tasks
            if source.name in ("to_bring_in", "to_publish", "to_review", "first_school")
            for task in source.find(None, at)
        ]
    assert [task.text for task in found] == [
        "Bring in your code of conduct",
        "Add your first school",
    ]


def test_a_reader_sees_what_waits_without_what_only_an_officer_does(client, world):
    with world.sessions.trust() as session, transaction(session):
        build.a_school(session, "fir-tree")
    client.sign_in(world.trust_users[Role.TRUST_READER])
    assert "has no head here" not in client.get("/admin/").text
