"""The timetable: each slot once, whoever looks; what was missed once; what came of it kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select, text

from tests import build
from tests.jobs.test_queue import redis, waiting, work, works  # noqa: F401 - fixtures
from tests.servers import Servers
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Actor
from trustconduct.db import transaction
from trustconduct.jobs import tasks
from trustconduct.jobs.models import LONGEST_RUN, Run, Standing
from trustconduct.jobs.queue import MOST_TRIES, enqueue_run, queue
from trustconduct.jobs.runs import RunRefused, ask, forget_old, newest
from trustconduct.jobs.timetable import ENTRIES, TIMETABLE, keep_time, look
from trustconduct.tenants.sessions import Sessions

WEDNESDAY = "2026-11-11T12:00:30Z"


@pytest.fixture
def quiet(world):
    """Without the run that the world has."""
    with world.sessions.trust() as session, transaction(session):
        session.execute(delete(Run))
    return world


def kept(world) -> list[Run]:
    with world.sessions.trust() as session:
        return list(session.scalars(select(Run).order_by(Run.id)))


def of(world, task: str) -> list[Run]:
    return [run for run in kept(world) if run.task == task]


def test_two_timetables_at_once_ring_once_for_each_slot(quiet, servers: Servers, redis):  # noqa: F811
    with (
        time_machine.travel(WEDNESDAY, tick=False),
        servers.open(quiet.name) as one,
        servers.open(quiet.name) as other,
    ):
        ready = threading.Barrier(8)
        rang = []

        def keep(engine):
            ready.wait()
            rang.append(look(Sessions(engine), redis))

        both = [threading.Thread(target=keep, args=(each,)) for each in [one, other] * 4]
        for each in both:
            each.start()
        for each in both:
            each.join()
    assert sum(rang) == len(TIMETABLE)
    assert sorted(waiting(redis)) == sorted(entry.function for entry in TIMETABLE)
    assert sorted(run.task for run in kept(quiet)) == sorted(ENTRIES)


def test_three_days_off_are_caught_up_once(quiet, redis, works):  # noqa: F811
    with time_machine.travel(WEDNESDAY, tick=False) as machine:
        look(quiet.sessions, redis)
        work(redis)
        machine.shift(timedelta(days=3))
        look(quiet.sessions, redis)
        look(quiet.sessions, redis)
        assert sorted(waiting(redis)) == sorted(entry.function for entry in TIMETABLE)
        work(redis)
    for task in ENTRIES:
        assert [run.standing for run in of(quiet, task)] == [Standing.DONE] * 2, task


def test_a_worker_that_was_off_finds_one_job_of_each_entry(quiet, redis):  # noqa: F811
    with time_machine.travel(WEDNESDAY, tick=False) as machine:
        for _ in range(50):
            look(quiet.sessions, redis)
            machine.shift(timedelta(minutes=31))
    assert sorted(waiting(redis)) == sorted(entry.function for entry in TIMETABLE)


def test_a_bell_that_redis_lost_rings_again(quiet, redis, works):  # noqa: F811
    look(quiet.sessions, redis)
    redis.flushdb()
    assert look(quiet.sessions, redis) == len(TIMETABLE)
    assert look(quiet.sessions, redis) == 0
    work(redis)
    assert {run.standing for run in kept(quiet)} == {Standing.DONE}


def test_what_came_of_a_run_is_kept(quiet, redis, works):  # noqa: F811
    look(quiet.sessions, redis)
    work(redis)
    [run] = of(quiet, "deliver_mail")
    assert run.found > 0
    assert run.tries == 1
    assert run.rung_at <= run.started_at <= run.ended_at
    assert ENTRIES["deliver_mail"].told(run.found) == f"{run.found} messages tried"
    assert ENTRIES["deliver_mail"].told(0) == "Nothing to do"


def test_a_bell_of_a_commit_is_no_run(quiet, redis, works):  # noqa: F811
    from trustconduct.jobs.queue import ring  # noqa: PLC0415

    ring(redis)
    work(redis)
    assert kept(quiet) == []


def test_a_run_that_failed_keeps_the_class_and_nothing_of_anybody(quiet, redis, works, monkeypatch):  # noqa: F811
    def broken(*of, **more):
        raise KeyError("alex@parents.example")

    monkeypatch.setattr(tasks, "remind", broken)
    look(quiet.sessions, redis)
    work(redis)
    [run] = of(quiet, "remind_of_reviews")
    assert (run.standing, run.error, run.tries) == (Standing.FAILED, "KeyError", MOST_TRIES)
    with quiet.sessions.trust() as session:
        assert "alex" not in str(session.execute(text("select * from timetable_run")).all())
    assert [run.standing for run in of(quiet, "deliver_mail")] == [Standing.DONE]


def test_a_run_that_fails_first_and_then_goes_is_done(quiet, redis, works, monkeypatch):  # noqa: F811
    tried = []

    def sometimes(*of, **more):
        tried.append(1)
        if len(tried) < 3:
            raise KeyError
        return True

    monkeypatch.setattr(tasks, "remind", sometimes)
    look(quiet.sessions, redis)
    work(redis)
    [run] = of(quiet, "remind_of_reviews")
    assert (run.standing, run.error, run.tries, run.found) == (Standing.DONE, "", 3, 1)


def test_a_job_that_stands_in_the_queue_twice_does_its_work_once(quiet, redis, works, monkeypatch):  # noqa: F811
    done = []
    monkeypatch.setattr(tasks, "remind", lambda *of, **more: done.append(1) or True)
    look(quiet.sessions, redis)
    [job_id] = [job.id for job in queue(redis).jobs if job.func_name.endswith("remind_of_reviews")]
    redis.rpush("rq:queue:trustconduct", job_id)
    work(redis)
    assert done == [1]


def test_a_run_killed_with_its_machine_shows_as_cut_off():
    long_ago = clock.now() - LONGEST_RUN - timedelta(seconds=1)
    assert Run(task="deliver_mail", started_at=long_ago, error="").standing is Standing.CUT_OFF
    assert Run(task="deliver_mail", started_at=clock.now(), error="").standing is Standing.RUNNING


def test_asked_for_it_runs_now_and_the_history_says_who(quiet, redis, works):  # noqa: F811
    with quiet.sessions.trust() as session, transaction(session):
        run_id = ask(session, "deliver_mail", "Sending", by=build.an_officer())
    enqueue_run(redis, ENTRIES["deliver_mail"].function, run_id)
    work(redis)
    [run] = kept(quiet)
    assert (run.slot_at, run.standing) == (None, Standing.DONE)
    with quiet.sessions.trust() as session:
        events = session.scalars(text("select event from audit_event_trust order by id")).all()
    assert events[-1] == "run.asked"


def test_while_it_waits_or_runs_it_can_not_be_asked_for(quiet):
    by = build.an_officer()
    with quiet.sessions.trust() as session, transaction(session):
        run_id = ask(session, "deliver_mail", "Sending", by=by)
    with quiet.sessions.trust() as session:
        with pytest.raises(RunRefused, match="in the queue already"):
            ask(session, "deliver_mail", "Sending", by=by)
        ask(session, "start_schools", "Starting", by=by)
    with quiet.sessions.trust() as session:
        session.get(Run, run_id).started_at = clock.now()
        session.flush()
        with pytest.raises(RunRefused, match="running at this moment"):
            ask(session, "deliver_mail", "Sending", by=by)
        session.get(Run, run_id).started_at = clock.now() - LONGEST_RUN * 2
        session.flush()
        assert ask(session, "deliver_mail", "Sending", by=by)


def test_who_may_not_run_a_task_is_refused_before_anything_is_claimed(quiet):
    with quiet.sessions.trust() as session:
        with pytest.raises(NotAllowed):
            ask(session, "deliver_mail", "Sending", by=Actor("user", None, "Nobody"))
        assert not session.scalars(select(Run)).all()


def test_runs_of_more_than_ninety_days_ago_are_forgotten(quiet):
    now = clock.now()
    with quiet.sessions.trust() as session, transaction(session):
        for days in (1, 89, 91, 200):
            at = now - timedelta(days=days)
            session.add(Run(task="deliver_mail", slot_at=at, rung_at=at, started_at=at))
    with quiet.sessions.trust() as session, transaction(session):
        assert forget_old(session) == 2
    assert len(kept(quiet)) == 2


def test_the_newest_run_of_each_task_is_one_query_whatever_there_is(quiet, queries):
    now = clock.now()
    with quiet.sessions.trust() as session, transaction(session):
        for task in ENTRIES:
            for n in range(9):
                at = now - timedelta(minutes=n)
                ended = at if n else None
                run = Run(task=task, slot_at=at, rung_at=at, started_at=at, ended_at=ended)
                session.add(run)
                session.flush()
    with quiet.sessions.trust() as session, queries(quiet.sessions.engine) as counted:
        found = newest(session, ENTRIES, ended=True)
    assert counted.n == 1
    assert found.keys() == ENTRIES.keys()


def test_it_looks_again_when_something_is_due(quiet, redis):  # noqa: F811
    slept = []

    class Enough(Exception):
        pass

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            raise Enough
        machine.shift(seconds)

    with time_machine.travel(WEDNESDAY, tick=False) as machine, pytest.raises(Enough):
        keep_time(quiet.sessions, redis, sleep)
    assert slept == [30, 60, 60]
    # The worker is away, so one job waits; the slots that came meanwhile are in it.
    assert len(of(quiet, "deliver_mail")) == 1


def test_on_the_page_of_the_console(app, world, redis, works, monkeypatch):  # noqa: F811
    from trustconduct.audit.actor import Role  # noqa: PLC0415

    officer = app.test_client()
    officer.sign_in(world.trust_users[Role.TRUST_OFFICER])
    page = officer.get("/admin/timetable/").text
    for entry in TIMETABLE:
        assert entry.what in page
    assert "1 message tried" in page
    assert "Nothing failed in the last 90 days." in page
    send = "/admin/timetable/remind_of_reviews/run"
    assert officer.send(send, page="/admin/timetable/").status_code == 303
    assert "it runs now" in officer.get("/admin/timetable/").text
    officer.send(send, page="/admin/timetable/")
    assert "It is in the queue already" in officer.get("/admin/timetable/").text

    def broken(*of, **more):
        raise KeyError

    monkeypatch.setattr(tasks, "remind", broken)
    work(redis)
    page = officer.get("/admin/timetable/").text
    assert "KeyError" in page
    assert "Failed" in page
    assert "Scheduled work failed: reminding of the review" in officer.get("/admin/").text
    monkeypatch.setattr(tasks, "remind", lambda *of, **more: False)
    officer.send(send, page="/admin/timetable/")
    work(redis)
    assert "Scheduled work failed" not in officer.get("/admin/").text


def test_a_timetable_that_stands_still_is_told_on_the_overview(app, world):
    from trustconduct.audit.actor import Role  # noqa: PLC0415

    with time_machine.travel(clock.now() + timedelta(minutes=20)):
        officer = app.test_client()
        officer.sign_in(world.trust_users[Role.TRUST_OFFICER])
        assert "Nothing has run by itself since" in officer.get("/admin/").text


def test_a_reader_sees_it_and_runs_nothing(app, world):
    from trustconduct.audit.actor import Role  # noqa: PLC0415

    reader = app.test_client()
    reader.sign_in(world.trust_users[Role.TRUST_READER])
    assert "Run now" not in reader.get("/admin/timetable/").text


def test_with_redis_away_what_was_asked_for_still_waits(app, world, tmp_path):
    from trustconduct.audit.actor import Role  # noqa: PLC0415

    with_ = app.extensions["trustconduct"]
    gone = replace(with_.settings, REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    app.extensions["trustconduct"] = replace(with_, settings=gone)
    officer = app.test_client()
    officer.sign_in(world.trust_users[Role.TRUST_OFFICER])
    officer.send("/admin/timetable/start_schools/run", page="/admin/timetable/")
    assert [run.standing for run in of(world, "start_schools")] == [Standing.WAITING]
