"""kill -9 at the four named points and at random ones: nothing lost, and what went twice has
one Message-ID.

`make test-crash` runs a long campaign of it; here a short one is in every run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import text

from config.base import ROOT
from tests.jobs.workers import service
from tests.outbox.sending import a_mail, clear, put
from trustconduct.jobs.queue import connect, queue
from trustconduct.processes import environment_of

KILLS = int(os.environ.get("CRASH_KILLS", "3"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
MINUTES_TO_BE_DONE = 5

# Processes of their own have the time of the wall; the test's would be another.
pytestmark = [
    pytest.mark.skipif("TEST_CLOCK" in os.environ, reason="the worker has a clock of its own"),
    pytest.mark.timeout(120 + KILLS * 20),
]

WRITER = """
import os, signal, sys
from uuid import UUID
from sqlalchemy import event
from tests.outbox.sending import a_mail
from trustconduct.app import create_app
from trustconduct.outbox.write import write
from trustconduct.tenants.sessions import ScopedSession

app = create_app()
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
event.listen(ScopedSession, sys.argv[2], die, insert=True)
with app.extensions["trustconduct"].sessions.school(UUID(sys.argv[1])) as session:
    write(session, [a_mail(subject=sys.argv[2])])
    session.commit()
"""


def write_and_die(world, settings, redis_url: str, at: str) -> None:
    """A web process that is killed at this point of its commit."""
    env = {**os.environ, **environment_of(settings), "REDIS_URL": redis_url}
    died = subprocess.run(
        [sys.executable, "-c", WRITER, str(world.oak.id), at],
        env={**env, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL


@pytest.fixture
def quiet(world):
    clear(world)
    return world


def test_at_the_named_points_nothing_is_lost_and_at_most_one_mail_goes_twice(
    quiet, settings, mailbox
):
    with service(quiet, settings, mailbox.url) as (running, valkey):
        # Before the commit: nothing happened, and no mail tells of it.
        write_and_die(quiet, settings, valkey.url, "before_commit")
        assert running.waiting() == 0

        # Committed, not enqueued: no bell was rung.
        write_and_die(quiet, settings, valkey.url, "after_commit")
        assert running.waiting() == 1
        with connect(valkey.url) as redis:
            assert queue(redis).job_ids == []
        running.minute()
        assert running.waiting() == 0
        assert [mail["Subject"] for mail in mailbox.messages] == ["after_commit"]

        # Accepted by the mail server, not marked.
        mailbox.messages.clear()
        [accepted] = put(quiet, a_mail(subject="accepted"))
        mailbox.on_mail = lambda mail: running.kill()
        running.minute()
        assert not running.alive
        assert running.waiting() == 1
        mailbox.on_mail = lambda mail: None
        running.minute()
        running.minute()
        assert running.waiting() == 0
        assert [mail["Message-ID"] for mail in mailbox.messages] == [f"<{accepted}@{host()}>"] * 2

        # Marked, not acknowledged: the job is not done, its first mail is.
        mailbox.messages.clear()
        put(quiet, a_mail(subject="marked"))
        put(quiet, a_mail(subject="next", to_address="next@parents.example"))
        mailbox.on_recipient = lambda address: (
            running.kill() if address.startswith("next") else None
        )
        running.minute()
        assert not running.alive
        assert running.waiting() == 1
        mailbox.on_recipient = lambda address: None
        running.minute()
        running.minute()
        assert running.waiting() == 0
        assert [mail["Subject"] for mail in mailbox.messages] == ["marked", "next"]


def host() -> str:
    """Where a Message-ID is at home: the domain of MAIL_FROM's default."""
    return "trustconduct.example"


def test_killed_again_and_again_at_random_it_loses_nothing_and_sends_no_more_than_it_must(
    quiet, settings, mailbox
):
    """At most one extra mail for each kill, under the same name; all is done five minutes after
    the last one.
    """
    chance = random.Random(SEED)
    ids = [
        message_id
        for school in quiet.schools.values()
        for message_id in put(quiet, *[a_mail() for _ in range(2 + KILLS)], school=school)
    ]
    kills = 0
    with service(quiet, settings, mailbox.url) as (running, valkey):
        while kills < KILLS:
            arm(running, mailbox, chance)
            running.minute()
            died = running.struck.wait(0)
            disarm(mailbox)
            kills += died
            if chance.random() < 0.3:
                valkey.flush()
            if not died and not running.waiting():
                ids += put(quiet, *[a_mail() for _ in range(6)])
        minutes = 0
        while running.waiting():
            minutes += 1
            assert minutes <= MINUTES_TO_BE_DONE, f"seed {SEED}: stuck\n{running.log_text()}"
            running.minute()
    went = Counter(mail["Message-ID"] for mail in mailbox.messages)
    assert went.keys() == {f"<{message_id}@{host()}>" for message_id in ids}, f"seed {SEED}"
    extra = went.total() - len(went)
    assert extra <= kills, f"seed {SEED}: {extra} extra mails by {kills} kills"
    assert parked(quiet) == 0
    print(f"seed {SEED}: {kills} kills, {len(ids)} mails, {extra} twice, {minutes} minutes")


def arm(running, mailbox, chance: random.Random) -> None:
    """Let the worker die at some moment of its next look."""
    running.struck = threading.Event()
    horse_only = chance.random() < 0.4
    after = chance.randrange(4)  # so many mails first
    point = chance.choice(["recipient", "accepted", "moment"])
    pause = chance.random() * 0.05
    seen = []

    def strike(what: object) -> None:
        seen.append(what)
        if len(seen) <= after or running.struck.is_set():
            return
        running.struck.set()
        if point == "moment":
            threading.Thread(
                target=lambda: (time.sleep(pause), running.kill(horse_only=horse_only))
            ).start()
        else:
            running.kill(horse_only=horse_only)

    if point == "accepted":
        mailbox.on_mail = strike
    else:
        mailbox.on_recipient = strike


def disarm(mailbox) -> None:
    mailbox.on_mail = mailbox.on_recipient = lambda what: None


def parked(world) -> int:
    found = 0
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            found += session.scalar(
                text("select count(*) from outbox_school where parked_at is not null")
            )
    return found
