"""The worker as a process of its own, to be killed; and minutes that take no time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import psutil
from rq.job import Job
from sqlalchemy import text

from config.base import ROOT, Settings
from tests.valkey import OwnValkey
from tests.world import World
from trustconduct.jobs.queue import DELIVER, connect, enqueue, queue
from trustconduct.processes import environment_of

MINUTE = timedelta(minutes=1)


def within(seconds: float, question: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class Service:
    """A worker over a world, a Valkey and a mail server of the test's own."""

    def __init__(self, world: World, settings: Settings, valkey: OwnValkey, smtp_url: str) -> None:
        self._world, self._valkey = world, valkey
        found = environment_of(settings)
        self._env = {**os.environ, **found, "REDIS_URL": valkey.url, "SMTP_URL": smtp_url}
        self.worker: subprocess.Popen | None = None
        self.log = valkey.folder / "worker.log"

    def start(self) -> None:
        """Start a worker. What another one left in the queue is its own to find."""
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "trustconduct.cli", "worker"],
                env=self._env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    @property
    def alive(self) -> bool:
        return self.worker is not None and self.worker.poll() is None

    def kill(self, *, horse_only: bool = False) -> None:
        """`kill -9`, of the worker with the process that does its job, or of that alone."""
        if not self.alive:
            return
        assert self.worker
        parent = psutil.Process(self.worker.pid)
        with suppress(psutil.Error):
            for child in parent.children(recursive=True):
                child.kill()
        if not horse_only:
            self.worker.kill()
            self.worker.wait(10)

    def minute(self) -> None:
        """Let a minute go by: what is due comes a minute nearer, and the timetable looks.

        Until the look is done, or its worker is dead: a new one is started first
        where there is none.
        """
        for school in self._world.schools.values():
            with self._world.sessions.school(school.id) as session:
                session.execute(
                    text("update outbox_school set due_at = due_at - :m where sent_at is null"),
                    {"m": MINUTE},
                )
                session.commit()
        if not self.alive:
            self.start()
        with connect(self._valkey.url) as redis:
            queue(redis).empty()
            job_id = enqueue(redis, DELIVER)
            assert within(60, lambda: not self.alive or self._done(redis, job_id)), self.log_text()

    def _done(self, redis, job_id: str) -> bool:
        job: Job | None = queue(redis).fetch_job(job_id)
        return job is None or job.get_status() in ("finished", "failed", "stopped")

    def waiting(self) -> int:
        left = 0
        for school in self._world.schools.values():
            with self._world.sessions.school(school.id) as session:
                left += session.scalar(
                    text("select count(*) from outbox_school where sent_at is null")
                )
        return left

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@contextmanager
def service(world: World, settings: Settings, smtp_url: str) -> Iterator[tuple[Service, OwnValkey]]:
    with OwnValkey() as valkey:
        running = Service(world, settings, valkey, smtp_url)
        try:
            yield running, valkey
        finally:
            running.kill()
