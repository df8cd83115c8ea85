"""The doorbell: Redis says that there is something to look for, never what.

Truth is in PostgreSQL. A bell that is lost, rung twice or rung by a stranger
costs a look at a query; nothing is lost or sent twice.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from redis import Redis, RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

# The only functions that a job may name, whatever stands in Redis.
ALLOWED = frozenset(
    {
        "trustconduct.jobs.tasks.deliver_mail",
        "trustconduct.jobs.tasks.remind_of_reviews",
        "trustconduct.jobs.tasks.start_schools",
    }
)
NAME = "trustconduct"
SECONDS_FOR_A_JOB = 300
_BELL = "trustconduct:bell"


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


def enqueue(redis: Redis, function: str, *ids: str) -> None:
    """Put a listed function into the queue with ids as its arguments: no personal data."""
    if function not in ALLOWED:
        raise NotOnTheList(function)
    queue(redis).enqueue(function, *ids, result_ttl=60, failure_ttl=86_400, description=function)


def ring(redis: Redis) -> None:
    """Say that the outbox has something, once until the worker looks. Never fails.

    The bell stays rung until a worker begins to look, so a thousand commits in
    a second cost one job. With Redis down, the timetable's look a minute later
    finds the message.
    """
    try:
        if redis.set(_BELL, "1", nx=True, ex=60):
            enqueue(redis, "trustconduct.jobs.tasks.deliver_mail")
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
