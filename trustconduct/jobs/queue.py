"""The doorbell: Redis says that there is something to look for, never what.

Truth is in PostgreSQL. A bell that is lost, rung twice or rung by a stranger
costs a look at a query; nothing is lost or sent twice.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from redis import Redis, RedisError
from rq import Queue, Retry
from rq.job import Job, get_current_job
from rq.serializers import JSONSerializer

PREFIX = "trustconduct.jobs.tasks."
DELIVER = f"{PREFIX}deliver_mail"
CONSULT = f"{PREFIX}consult_on_drafts"
ROLLS = f"{PREFIX}take_in_rolls"
PACKS = f"{PREFIX}make_packs"
LETTERS = f"{PREFIX}print_letters"
REMIND_SCHOOLS = f"{PREFIX}remind_of_rollouts"
# The only functions that a job may name, whatever stands in Redis.
ALLOWED = frozenset(
    {
        DELIVER,
        f"{PREFIX}ask_adults",
        f"{PREFIX}remind_adults",
        f"{PREFIX}forget_kept_forms",
        f"{PREFIX}forget_runs",
        f"{PREFIX}look_after_reviews",
        f"{PREFIX}remind_of_reviews",
        REMIND_SCHOOLS,
        f"{PREFIX}mail_seals",
        f"{PREFIX}seal_events",
        f"{PREFIX}start_schools",
        f"{PREFIX}tell_of_bans",
        CONSULT,
        ROLLS,
        PACKS,
        LETTERS,
    }
)
NAME = "trustconduct"
SECONDS_FOR_A_JOB = 300
# A job that fails is run again at once, at the end of the queue; after the fifth time it is parked.
MOST_TRIES = 5
SECONDS_PARKED = 7 * 86_400
MOST_SHOWN = 200
_BELL = "trustconduct:bell"
_RUN = "run-"  # before the id of a job that stands for a run of the timetable


class NotOnTheList(RuntimeError):
    """A job in Redis names a function that no job may run."""


class ListedJob(Job):
    """A job of a listed function, and nothing else.

    RQ imports and runs whatever name stands in Redis: functions, call-backs and
    web addresses alike. So all but the list is cut off here.
    """

    @property
    def func(self) -> Any:
        if self.instance is not None or self.func_name not in ALLOWED:
            raise NotOnTheList("a job names a function that is not on the list")
        return super().func

    success_callback = failure_callback = stopped_callback = property(lambda self: None)
    webhooks: Any = property(lambda self: [], lambda self, value: None)


def connect(url: str) -> Redis:
    """A connection that gives up soon: a page must not wait for a Redis that is gone."""
    return Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=5)


def queue(redis: Redis) -> Queue:
    return Queue(
        NAME,
        connection=redis,
        serializer=JSONSerializer,
        job_class=ListedJob,
        default_timeout=SECONDS_FOR_A_JOB,
    )


def enqueue(redis: Redis, function: str, *ids: str, job_id: str | None = None) -> str:
    """Put a listed function into the queue with ids as its arguments; give the job's own id.

    No personal data: what stands in Redis is outside every wall that the database has.

    Raises NotOnTheList, and ValueError for an argument that is no id.
    """
    if function not in ALLOWED:
        raise NotOnTheList(function)
    job = queue(redis).enqueue(
        function,
        *(str(UUID(each)) for each in ids),
        result_ttl=60,
        failure_ttl=SECONDS_PARKED,
        retry=Retry(max=MOST_TRIES - 1),
        description=function,
        job_id=job_id,
    )
    return job.id


def enqueue_run(redis: Redis, function: str, run_id: UUID) -> bool:
    """Put a run of the timetable into the queue, once; True where it was not in it yet.

    Of two processes that find it waiting, one puts it there. What Redis has lost
    meanwhile, mark and job, is put there again.
    """
    job_id = f"{_RUN}{run_id}"
    if ListedJob.exists(job_id, connection=redis):
        return False
    if not redis.set(f"trustconduct:{job_id}", "1", nx=True, ex=30):
        return False
    enqueue(redis, function, job_id=job_id)
    return True


def run_of_this_job() -> UUID | None:
    """The run of the timetable that the job of this process stands for, if it does."""
    job = get_current_job()
    if job is None or not job.id.startswith(_RUN):
        return None
    try:
        return UUID(job.id.removeprefix(_RUN))
    except ValueError:  # put there by somebody else
        return None


@dataclass(frozen=True)
class ParkedJob:
    """A kind of job that failed five times: how many of them, when last, and by which error."""

    function: str
    error: str
    last_at: datetime | None
    times: int


def parked_jobs(redis: Redis) -> list[ParkedJob]:
    """What failed five times within a week, by function and error, the newest first.

    Raises RedisError where Redis is away. Nothing that stands in a job but our
    own names is given: anything could be written there.
    """
    failed = queue(redis).failed_job_registry
    ids = failed.get_job_ids(desc=True)[:MOST_SHOWN]
    jobs = ListedJob.fetch_many(ids, connection=redis, serializer=JSONSerializer)
    found: dict[tuple[str, str], ParkedJob] = {}
    for job in jobs:
        if job is None:
            continue
        name = job.func_name or ""
        known = name in ALLOWED
        function = name.rpartition(".")[2] if known else "a job that is not on the list"
        key = (function, _error_of(job) if known else "NotOnTheList")
        before = found.get(key)
        found[key] = ParkedJob(
            *key, before.last_at if before else job.ended_at, before.times + 1 if before else 1
        )
    return list(found.values())


def _error_of(job: Job) -> str:
    """The class of error in the last line of what the worker kept, without its words."""
    result = job.latest_result()
    lines = (result.exc_string if result else "") or ""
    last = lines.strip().rpartition("\n")[2]
    names = re.findall(r"\b[A-Z]\w+", last)
    return names[-1] if names else "ended without a word"


def ring(redis: Redis) -> None:
    """Say that the outbox has something, once until the worker looks. Never fails.

    The bell stays rung until a worker begins to look, so a thousand commits in
    a second cost one job. With Redis down, the timetable's look a minute later
    finds the message.
    """
    try:
        if redis.set(_BELL, "1", nx=True, ex=60):
            enqueue(redis, DELIVER)
    except RedisError:
        return


class Ringer:
    """Rings in a thread of its own, so that no page ever waits for Redis.

    What is asked for while it rings is one more ring: under load a hundred
    commits cost a few. A ring that is lost with the process is made good by the
    timetable within a minute.
    """

    SECONDS_BETWEEN = 0.05

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._asked = threading.Event()
        threading.Thread(target=self._run, name="bell", daemon=True).start()

    def ring(self) -> None:
        self._asked.set()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            ring(self._redis)
            time.sleep(self.SECONDS_BETWEEN)


def heard(redis: Redis) -> None:
    """Take the bell down, before looking: what is committed after the look rings again."""
    redis.delete(_BELL)
