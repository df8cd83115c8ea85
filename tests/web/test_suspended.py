"""A suspended school: closed to parents, read and not written by staff, and no mail leaves.

It holds in one place, so each address of the service is tried, whatever it is for.
"""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from tests import build
from tests.outbox.sending import a_mail, attempt, carriers
from tests.rules.test_wrong_school import NO_IDS, address_of, ids_of, own_words, rows_of
from tests.world import consulted
from trustconduct.audit.actor import Role
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.db import transaction
from trustconduct.outbox.delivery import schools_waiting
from trustconduct.outbox.links import token
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.write import write
from trustconduct.schools.change import resume, suspend
from trustconduct.tenants.models import School


def put(app, world, do, **more):
    """Suspend or resume Oak Lane, as the console does."""
    with world.sessions.trust() as session, transaction(session):
        school = session.get_one(School, world.oak.id)
        assert do(session, school, by=build.an_officer(), heads=[], **more)
    app.extensions["trustconduct"].directory.forget()


@pytest.fixture
def suspended(app, world):
    consulted(world)
    own_words(world)  # a page for each of its clauses
    put(app, world, suspend, reason="It moves.")
    return world


def at_school(app):
    for rule in app.url_map.iter_rules():
        if "school" in rule.arguments and rule.endpoint not in NO_IDS:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, method, app.view_functions[rule.endpoint].needs


def test_every_page_for_parents_says_that_it_is_closed_for_now(app, suspended):
    client = app.test_client()
    token_ = client.csrf()
    tried = 0
    for rule, method, needs in at_school(app):
        if needs is not None:
            continue
        address = address_of(app, rule, method, ids_of(rule, suspended).own)
        form = {"csrf_token": token_} if method == "POST" else None
        answer = client.open(address, method=method, data=form)
        assert answer.status_code == 503, address
        assert "These pages are closed for now" in answer.text
        assert "01632 960000" in answer.text  # the Trust's
        assert suspended.oak.canary not in answer.text
        assert "It moves." not in answer.text
        assert ("was not saved" in answer.text) == (method == "POST")
        tried += 1
    assert tried >= 8


def changes(servers, world):
    """All that Oak Lane has. That staff looked at what is sensitive is written down as ever."""
    rows = rows_of(servers, world, world.oak)
    with world.sessions.school(world.oak.id) as session:
        names = session.scalars(select(SchoolAuditEvent.event).order_by(SchoolAuditEvent.id))
        rows["audit_event_school"] = [one for one in names if not one.endswith(".read")]
    del rows["audit_detail_school"]
    return rows


def test_staff_read_everything_and_change_nothing(app, suspended, servers):
    before = changes(servers, suspended)
    client = app.test_client()
    client.sign_in(suspended.oak.users[Role.HEADTEACHER])
    token_ = client.csrf()
    tried = 0
    for rule, method, needs in at_school(app):
        if needs is None:
            continue
        address = address_of(app, rule, method, ids_of(rule, suspended).own)
        form = {"csrf_token": token_} if method == "POST" else None
        answer = client.open(address, method=method, data=form)
        if method == "GET":
            assert answer.status_code == 200, address
            if answer.mimetype == "text/html":  # a badge and a PDF are no pages
                assert "The Trust has suspended Oak Lane" in answer.text, address
        else:
            assert answer.status_code == 409, address
            assert "What you sent was not saved" in answer.text, address
        tried += 1
    assert tried >= 15
    assert changes(servers, suspended) == before


def test_who_is_not_signed_in_signs_in_first(app, suspended):
    answer = app.test_client().get("/oak-lane/staff/")
    assert answer.status_code == 302
    assert answer.location.startswith("/account/sign-in")


def test_the_officer_still_sees_the_school_and_its_staff_site(app, suspended):
    client = app.test_client()
    client.sign_in(suspended.trust_users[Role.TRUST_OFFICER])
    assert client.get("/oak-lane/staff/").status_code == 200
    assert "Suspended" in client.get("/admin/").text


def test_the_other_schools_go_on(app, suspended):
    client = app.test_client()
    assert client.get("/elm-park/policy").status_code == 200
    client.sign_in(suspended.elm.users[Role.HEADTEACHER])
    assert "has suspended" not in client.get("/elm-park/staff/").text


def test_a_page_that_is_kept_in_memory_is_closed_within_two_seconds(app, world):
    client = app.test_client()
    assert client.get("/oak-lane/policy").status_code == 200
    put(app, world, suspend, reason="It moves.")
    until = time.monotonic() + 2.5
    while client.get("/oak-lane/policy").status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_resumed_all_is_as_it_was_and_the_parents_link_works(app, suspended, settings):
    request = suspended.oak.requests[f"Lee {suspended.oak.canary}"]
    link = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
    client = app.test_client()
    assert client.get(link).status_code == 503
    put(app, suspended, resume)
    assert client.get("/oak-lane/policy").status_code == 200
    assert client.get(link).status_code == 303


def test_no_mail_of_a_suspended_school_is_due_and_all_of_it_afterwards(app, world):
    def waiting():
        with world.sessions.trust(read_only=True) as session:
            return set(schools_waiting(session))

    for school in (world.oak, world.elm):
        with world.sessions.school(school.id) as session, transaction(session):
            write(session, [a_mail()])
    assert {world.oak.id, world.elm.id} <= waiting()
    put(app, world, suspend, reason="It moves.")
    assert world.oak.id not in waiting()
    assert world.elm.id in waiting()
    put(app, world, resume)
    assert world.oak.id in waiting()


def test_suspended_while_the_worker_is_at_its_mail_no_more_of_it_leaves(app, world, mailbox):
    with world.sessions.school(world.oak.id) as session, Post(mailbox.url) as post:
        assert attempt(session, carriers(post))
        put(app, world, suspend, reason="It moves.")
        assert not attempt(session, carriers(post))
        put(app, world, resume)
        assert attempt(session, carriers(post))
    assert len(mailbox.messages) == 2


def test_the_reason_is_kept_and_nothing_else_of_it(world, app):
    put(app, world, suspend, reason="It moves.")
    with world.sessions.accounts() as session:
        assert session.scalar(select(School.suspended_at).where(School.id == world.oak.id))
    put(app, world, resume)
    with world.sessions.accounts() as session:
        assert not session.scalar(select(School.suspended_at).where(School.id == world.oak.id))
