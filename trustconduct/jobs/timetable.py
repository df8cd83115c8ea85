"""What is looked for when: the whole list. Each entry only rings; the task finds what is due."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from rq.cron import CronJob, CronScheduler

from trustconduct.jobs import tasks
from trustconduct.jobs.queue import ALLOWED, NAME, NotOnTheList, enqueue
from trustconduct.plain_log import log


@dataclass(frozen=True)
class Entry:
    """A task and when it is looked at, as a cron string in London time."""

    function: str
    cron: str
    why: str


TIMETABLE = (
    Entry(
        "trustconduct.jobs.tasks.deliver_mail",
        "* * * * *",
        "finds mail whose bell was lost, and what is to be tried again",
    ),
    Entry(
        "trustconduct.jobs.tasks.forget_kept_forms",
        "*/10 * * * *",
        "deletes what was typed into forms that nobody sent within the hour",
    ),
    Entry(
        "trustconduct.jobs.tasks.look_after_reviews",
        "10 6-18 * * *",
        "reminds schools of their own reviews, begins them, and follows changed term dates",
    ),
    Entry(
        "trustconduct.jobs.tasks.remind_of_reviews",
        "5 6-18 * * *",
        "reminds officers of a review; hourly, so that a day switched off at six is caught up",
    ),
    Entry(
        "trustconduct.jobs.tasks.start_schools",
        "* * * * *",
        "invites heads and begins settings where the page that added the school did not get to it",
    ),
)


class Bell(CronJob):
    """An entry that rings by our own queue: RQ's own would write a pickle into Redis."""

    def enqueue(self, connection: Redis) -> None:  # type: ignore[override]
        enqueue(connection, self.func_name)
        log.info("The timetable rang.", task=self.func_name)


def scheduler(redis: Redis) -> CronScheduler:
    """RQ's clock with the timetable, ready to start. Two of them at once do no harm."""
    clock = CronScheduler(connection=redis)
    for entry in TIMETABLE:
        if entry.function not in ALLOWED:
            raise NotOnTheList(entry.function)
        function = getattr(tasks, entry.function.rpartition(".")[2])
        clock._cron_jobs.append(Bell(NAME, func=function, cron=entry.cron))
    return clock
