"""The doorbell: it says that there is something, and nobody can make it say more."""

from __future__ import annotations

import json
import pickle
import time
import zlib
from collections.abc import Iterator

import pytest
import time_machine
from redis import Redis
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from sqlalchemy import select, text

from tests.build import an_edition
from trustconduct.db import transaction
from trustconduct.jobs import tasks
from trustconduct.jobs.queue import (
    ALLOWED,
    DELIVER,
    MOST_TRIES,
    ListedJob,
    NotOnTheList,
    connect,
    enqueue,
    heard,
    parked_jobs,
    queue,
    ring,
)
from trustconduct.jobs.timetable import TIMETABLE, look
from trustconduct.outbox.delivery import begin_next
from trustconduct.outbox.models import TrustMessage
from trustconduct.tenants.sessions import Sessions


@pytest.fixture
def redis(valkey: Redis, settings) -> Iterator[Redis]:
    with connect(settings.REDIS_URL) as redis:
        yield redis


@pytest.fixture
def works(world, settings, redis, mailbox, monkeypatch) -> tasks.Works:
    """The tasks' own works, over this test's database and servers."""
    from dataclasses import replace  # noqa: PLC0415

    made = tasks.Works(
        replace(settings, SMTP_URL=mailbox.url),
        world.sessions.engine,
        Sessions(world.sessions.engine),
        redis,
    )
    monkeypatch.setattr(tasks, "works", lambda: made)
    return made


def waiting(redis: Redis) -> list[str]:
    return [job.func_name for job in queue(redis).jobs]


# -- the bell


def test_a_thousand_rings_are_one_job_until_somebody_listens(redis):
    for _ in range(1_000):
        ring(redis)
    assert waiting(redis) == [DELIVER]
    heard(redis)
    ring(redis)
    assert waiting(redis) == [DELIVER] * 2


def test_a_bell_that_nobody_heard_rings_again_after_a_minute(redis):
    ring(redis)
    assert 0 < redis.ttl("trustconduct:bell") <= 60


def test_with_redis_down_ringing_fails_nobody(tmp_path):
    with connect(f"unix://{tmp_path}/nobody.sock") as gone:
        began = time.monotonic()
        ring(gone)
        assert time.monotonic() - began < 2


def test_a_commit_that_wrote_a_mail_rings_and_a_rollback_does_not(app, world, redis):
    from tests.outbox.sending import a_mail  # noqa: PLC0415
    from trustconduct.outbox.write import write  # noqa: PLC0415

    with world.sessions.school(world.oak.id) as session:
        write(session, [a_mail()])
        session.rollback()
    time.sleep(0.2)  # it rings from a thread of its own
    assert waiting(redis) == []
    with world.sessions.school(world.oak.id) as session:
        write(session, [a_mail()])
        session.commit()
    until = time.monotonic() + 5
    while not waiting(redis) and time.monotonic() < until:
        time.sleep(0.02)
    assert waiting(redis) == [DELIVER]


# -- what stands in Redis


def test_nothing_personal_and_no_pickle_stands_in_redis(redis):
    enqueue(redis, DELIVER)
    [key] = redis.keys("rq:job:*")
    job = redis.hgetall(key)
    assert json.loads(zlib.decompress(job[b"data"])) == [DELIVER, None, [], {}]
    for value in (*job.keys(), *job.values()):
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever pickle says of it
            pickle.loads(value)


def test_a_function_off_the_list_is_not_even_queued(redis):
    with pytest.raises(NotOnTheList):
        enqueue(redis, "os.system", "true")
    assert waiting(redis) == []


REMIND = "trustconduct.jobs.tasks.remind_of_reviews"


class Worker(SimpleWorker):
    """The worker of the service, in this very process."""

    death_penalty_class = TimerDeathPenalty


def work(redis: Redis) -> None:
    worker = Worker(
        [queue(redis)], connection=redis, serializer=JSONSerializer, job_class=ListedJob
    )
    worker.work(burst=True, logging_level="CRITICAL")


def plant(redis: Redis, function: str, *arguments: str, **more) -> Job:
    """What somebody could put into Redis by hand: RQ's own job, without our list."""
    planted = Job.create(
        function, arguments, connection=redis, serializer=JSONSerializer, origin="trustconduct",
        **more,
    )  # fmt: skip
    planted.save()
    redis.sadd("rq:queues", "rq:queue:trustconduct")
    redis.rpush("rq:queue:trustconduct", planted.id)
    return planted


@pytest.mark.parametrize(
    "function",
    ["os.mkdir", "pathlib.Path", "trustconduct.jobs.tasks.works", "trustconduct.embedded.erase"],
)
def test_a_job_that_names_a_function_off_the_list_is_not_run(redis, tmp_path, function):
    target = tmp_path / "made"
    job = plant(redis, function, str(target))
    work(redis)
    assert not target.exists()
    assert job.get_status(refresh=True) == "failed"


def test_a_listed_job_is_run_by_the_same_worker(redis, works, mailbox):
    enqueue(redis, DELIVER)
    work(redis)
    assert mailbox.messages


def test_a_call_back_off_the_list_is_not_run(redis, works, tmp_path):
    job = plant(redis, DELIVER)
    redis.hset(f"rq:job:{job.id}", "success_callback_name", "os.mkdir")
    redis.hset(f"rq:job:{job.id}", "failure_callback_name", "os.mkdir")
    planted = ListedJob.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert planted.success_callback is None
    assert planted.failure_callback is None
    assert planted.stopped_callback is None
    work(redis)


def test_a_poison_job_does_not_stop_the_queue(redis, works, mailbox):
    plant(redis, "no.such.module")
    redis.rpush("rq:queue:trustconduct", "no-such-job")
    enqueue(redis, DELIVER)
    work(redis)
    assert mailbox.messages


def test_a_job_that_fails_five_times_is_parked_where_it_can_be_seen_and_the_queue_goes_on(
    redis, works, mailbox, monkeypatch
):
    tried = []

    def poison() -> None:
        tried.append(1)
        raise KeyError("alex@parents.example")

    with monkeypatch.context() as broken:
        broken.setattr(tasks, "remind_of_reviews", poison)
        enqueue(redis, REMIND)
        enqueue(redis, DELIVER)
        work(redis)
    assert len(tried) == MOST_TRIES == 5
    assert mailbox.messages, "what stood behind it was done"
    assert waiting(redis) == []
    [parked] = parked_jobs(redis)
    assert (parked.function, parked.error, parked.times) == ("remind_of_reviews", "KeyError", 1)
    assert parked.last_at is not None


def test_what_a_stranger_put_into_redis_is_shown_by_no_word_of_its_own(redis, works):
    plant(redis, "evil.words")
    plant(redis, "evil.words")
    work(redis)
    [parked] = parked_jobs(redis)
    assert parked.function == "a job that is not on the list"
    assert parked.times == 2


# -- a job of one school


def test_a_jobs_arguments_are_ids_and_nothing_else(redis, world):
    for personal in ("alex@parents.example", "Alex Sample", "", "{}"):
        with pytest.raises(ValueError, match="hexadecimal"):
            enqueue(redis, DELIVER, personal)
    assert waiting(redis) == []
    enqueue(redis, DELIVER, str(world.oak.id))
    [job] = queue(redis).jobs
    assert job.args == [str(world.oak.id)]


def test_a_job_of_one_school_sends_that_schools_mail_alone(world, redis, works, mailbox):
    enqueue(redis, DELIVER, str(world.oak.id))
    work(redis)
    assert len(mailbox.messages) == len(world.oak.requests) + 4
    assert {mail["From"].addresses[0].display_name for mail in mailbox.messages} == {"Oak Lane"}


@pytest.mark.parametrize("school", ["", "no id", "01a20f1e-d3c6-7129-aa68-2f6cde3abb16", None])
def test_a_job_of_a_school_that_is_not_there_is_refused_before_any_read_or_mail(
    world, redis, works, mailbox, queries, school
):
    """Made up, of another deployment, or deleted since the job was written."""
    plant(redis, DELIVER, *([school] if school is not None else ["oak-lane", "elm-park"]))
    with queries(works.engine) as counted:
        work(redis)
    assert mailbox.messages == []
    assert not [one for one in counted.statements if "outbox" in one]
    [parked] = parked_jobs(redis)
    assert parked.error in ("NoSuchSchool", "TypeError")


# -- tasks and the timetable


def test_every_listed_function_is_there_and_every_entry_is_on_the_list():
    for name in ALLOWED:
        module, _, function = name.rpartition(".")
        assert module == "trustconduct.jobs.tasks"
        assert callable(getattr(tasks, function))
    assert {entry.function for entry in TIMETABLE} <= ALLOWED


def test_the_timetable_rings_without_a_pickle(world, redis):
    look(world.sessions, redis)
    assert sorted(waiting(redis)) == sorted(entry.function for entry in TIMETABLE)
    for key in redis.keys("rq:job:*"):
        for value in redis.hgetall(key).values():
            with pytest.raises(Exception):  # noqa: B017, PT011 - whatever pickle says of it
                pickle.loads(value)


def test_all_mail_that_waits_is_sent_school_by_school(world, works, mailbox):
    expected = sum(len(school.requests) for school in world.schools.values()) + 12
    assert tasks.deliver_mail() == expected == len(mailbox.messages)
    assert tasks.deliver_mail() == 0
    for school in world.schools.values():
        for mail in mailbox.to(f"pat@{school.canary}.example"):
            assert school.name in mail["From"]
            others = {each.canary for each in world.schools.values()} - {school.canary}
            assert not any(word in mail.as_string() for word in others)


def test_mail_still_goes_after_all_of_redis_is_flushed(world, works, redis, mailbox):
    ring(redis)
    redis.flushdb()  # not all of them: another test has its own beside this one
    assert tasks.deliver_mail() == len(mailbox.messages) > 0


def test_what_breaks_at_one_school_does_not_keep_the_others_from_their_turn(
    world, works, mailbox, monkeypatch
):
    """The job fails afterwards, so that it is seen."""

    def begin(session, envelope):
        if session.scope.school_id == world.oak.id:
            raise KeyError
        return begin_next(session, envelope)

    monkeypatch.setattr(tasks, "begin_next", begin)
    with pytest.raises(KeyError):
        tasks.deliver_mail()
    senders = {mail["From"].addresses[0].display_name for mail in mailbox.messages}
    assert senders == {"Elm Park", "Ash Grove"}


def test_a_school_with_very_much_mail_goes_on_in_a_job_of_its_own(
    world, works, redis, mailbox, monkeypatch
):
    monkeypatch.setattr(tasks, "SECONDS_FOR_A_SCHOOL", 0)
    assert tasks.deliver_mail() == 0
    assert sorted(job.args[0] for job in queue(redis).jobs) == sorted(
        str(school.id) for school in world.schools.values()
    )


def test_delivery_takes_the_bell_down_before_it_looks(works, redis):
    ring(redis)
    tasks.deliver_mail()
    assert not redis.exists("trustconduct:bell")


def long_overdue(world) -> None:
    """An edition that was to be reviewed half a year after it was published, years ago."""
    with (
        time_machine.travel("2020-03-02T12:00:00Z", tick=False),
        world.sessions.trust() as session,
        transaction(session),
    ):
        an_edition(session, "1 September 2020")


def test_the_officers_are_reminded_by_the_timetable(world, works, mailbox):
    long_overdue(world)
    assert tasks.remind_of_reviews()
    assert not tasks.remind_of_reviews()
    with world.sessions.trust() as session:
        kinds = session.scalars(select(TrustMessage.kind)).all()
    assert kinds == ["review_overdue"]
    tasks.deliver_mail()
    assert len(mailbox.to("trust_officer@trust.example")) == 1


def test_a_disabled_officer_is_not_reminded(world, works):
    with world.sessions.accounts() as session, transaction(session):
        session.execute(text("update account_user set disabled_at = now()"))
    long_overdue(world)
    assert not tasks.remind_of_reviews()
