"""FLUSHALL at any moment, a stopped Redis, a stopped mail server: nothing is lost."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from tests.browser import Browser
from tests.jobs.workers import service, within
from tests.outbox.sending import a_mail, clear, put
from tests.valkey import OwnValkey
from tests.web.test_sign import send
from trustconduct.app import create_app
from trustconduct.audit.actor import Role
from trustconduct.outbox.links import token
from trustconduct.outbox.models import SchoolMessage

pytestmark = pytest.mark.skipif("TEST_CLOCK" in os.environ, reason="the worker has its own clock")


@pytest.fixture
def quiet(world):
    clear(world)
    return world


def test_flushed_while_a_worker_sends_all_goes_and_nothing_twice(quiet, settings, mailbox):
    put(quiet, *[a_mail(subject=f"Number {number}") for number in range(10)])
    with service(quiet, settings, mailbox.url) as (running, valkey):
        mailbox.on_mail = lambda mail: valkey.flush()  # again and again
        running.minute()
        assert within(30, lambda: running.waiting() == 0), running.log_text()
        mailbox.on_mail = lambda mail: None

        # Flushed between the commit and the look, its bell and its job with it.
        put(quiet, a_mail(subject="After"))
        valkey.flush()
        running.minute()
        assert running.alive, running.log_text()
        assert within(30, lambda: running.waiting() == 0), running.log_text()
    went = Counter(mail["Subject"] for mail in mailbox.messages)
    assert went == Counter([*(f"Number {number}" for number in range(10)), "After"])


def test_a_worker_outlives_a_redis_that_dies_and_sends_what_was_written_meanwhile(
    quiet, settings, mailbox
):
    with service(quiet, settings, mailbox.url) as (running, valkey):
        running.minute()
        valkey.kill()
        put(quiet, a_mail(subject="Meanwhile"))
        valkey.start()
        running.minute()
        assert within(30, lambda: running.waiting() == 0), running.log_text()
        assert running.alive
    assert [mail["Subject"] for mail in mailbox.messages] == ["Meanwhile"]


def test_with_redis_stopped_a_parent_signs_staff_sign_in_and_all_mail_goes_later(
    world, settings, mailbox
):
    clear(world)
    with OwnValkey() as valkey:
        app = create_app(replace(settings, REDIS_URL=valkey.url))
        app.test_client_class = Browser
        valkey.stop()
        try:
            request = world.oak.requests[f"Lee {world.oak.canary}"]
            link = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
            parent = app.test_client()
            parent.get(link)
            assert send(parent, link).status_code == 303
            staff = app.test_client()
            staff.sign_in(world.oak.users[Role.OFFICE])
            assert staff.get("/oak-lane/staff/").status_code == 200
        finally:
            app.extensions["trustconduct"].sessions.engine.dispose()
    with service(world, settings, mailbox.url) as (running, _):
        running.minute()
        assert running.waiting() == 0
    [receipt] = mailbox.messages
    assert receipt["To"].addresses[0].addr_spec == f"lee@{world.oak.canary}.example"


def test_a_mail_server_that_stops_and_comes_back_gets_all_and_once(quiet, settings, mailbox):
    ids = put(quiet, *[a_mail() for _ in range(5)])
    with service(quiet, settings, mailbox.url) as (running, _):
        mailbox.stop()
        running.minute()
        assert running.waiting() == 5
        mailbox.start_again()
        running.minute()
        running.minute()
        assert running.waiting() == 0
    assert len(mailbox.messages) == len({mail["Message-ID"] for mail in mailbox.messages}) == 5
    with quiet.sessions.school(quiet.oak.id) as session:
        tries = {session.get(SchoolMessage, (quiet.oak.id, each)).tries for each in ids}
    assert tries == {2}
