"""What runs when: the whole list, and the clock that keeps to it.

Each entry only rings; the task finds what is due. A slot is a row (`Run`), claimed
before it rings: so two timetables at once ring once, and a machine that was off for
three days finds the last slot of each entry unclaimed and rings for that one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis

from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.jobs.queue import PREFIX, enqueue_run
from trustconduct.jobs.runs import claim, waiting
from trustconduct.jobs.slots import Daily, Minutes, Slots
from trustconduct.plain_log import log
from trustconduct.tenants.sessions import Sessions

LONGEST_SLEEP = 60.0  # seconds


@dataclass(frozen=True)
class Entry:
    """A task, when it is looked at, and what it is for, in words for the console.

    `one` and `many` are what its count counts.
    """

    task: str
    when: Slots
    what: str
    why: str
    one: str
    many: str

    @property
    def function(self) -> str:
        return PREFIX + self.task

    def told(self, found: int) -> str:
        """What a run came to."""
        return f"{found:,} {self.one if found == 1 else self.many}" if found else "Nothing to do"


TIMETABLE = (
    Entry(
        "deliver_mail",
        Minutes(1),
        "Sending emails and texts",
        "Sends what is waiting, and tries again what could not be sent before.",
        "message tried",
        "messages tried",
    ),
    Entry(
        "start_schools",
        Minutes(1),
        "Starting new schools",
        "Invites the head of a new school where the page that added it did not get to it.",
        "school started",
        "schools started",
    ),
    Entry(
        "take_in_rolls",
        Minutes(1),
        "Taking in rolls",
        "Reads and saves the long rolls of schools where the page did not get to it.",
        "roll looked at or saved",
        "rolls looked at or saved",
    ),
    Entry(
        "make_packs",
        Minutes(1),
        "Making sheets to print",
        "Makes the packs of sheets that schools asked for, and deletes those of two weeks ago.",
        "pack made",
        "packs made",
    ),
    Entry(
        "print_letters",
        Minutes(1),
        "Putting letters together",
        "Makes the print runs of letters that schools asked for, and deletes those of yesterday.",
        "print run made",
        "print runs made",
    ),
    Entry(
        "forget_kept_forms",
        Minutes(10),
        "Deleting what was typed and not sent",
        "Forms that somebody left when their sign-in ended are kept for an hour.",
        "form deleted",
        "forms deleted",
    ),
    Entry(
        "remind_of_reviews",
        Daily(range(6, 19), minute=5),
        "Reminding of the review",
        "Looks whether the Trust’s officers are to be reminded of the review of the code.",
        "reminder written",
        "reminders written",
    ),
    Entry(
        "tell_of_bans",
        Daily(range(6, 19), minute=2),
        "Telling staff of the days of bans",
        "Writes to heads, deputies and the Trust before a temporary ban lapses, when a ban can"
        " be decided or is due to be reviewed, and when it ends.",
        "day told of",
        "days told of",
    ),
    Entry(
        "look_after_reviews",
        Daily(range(6, 19), minute=10),
        "Looking after the schools’ own reviews",
        "Reminds schools of their own reviews, begins the next, and follows changed term dates.",
        "school reminded",
        "schools reminded",
    ),
    Entry(
        "remind_of_rollouts",
        Daily(range(7, 19), minute=15),
        "Reminding schools of a new edition",
        "Writes to schools that are to adopt an edition by a day, and to the Trust’s officers"
        " once a week about those that are two weeks late.",
        "reminder written",
        "reminders written",
    ),
    Entry(
        "consult_on_drafts",
        Minutes(5),
        "Asking heads about a draft",
        "Writes to every school’s head when a consultation opens, and three days before its"
        " last day to those who have said nothing.",
        "email written",
        "emails written",
    ),
    Entry(
        "ask_adults",
        Minutes(5),
        "Asking parents and carers",
        "Sends the campaigns of schools on their day, and asks those who have joined since.",
        "adult asked",
        "adults asked",
    ),
    Entry(
        "remind_adults",
        Daily(range(9, 19), minute=20),
        "Reminding parents and carers",
        "Reminds those who have not answered, by the plan of their school’s campaign.",
        "reminder written",
        "reminders written",
    ),
    Entry(
        "seal_events",
        Minutes(1),
        "Sealing the record",
        "Seals what has happened, so that a later change of the record is found.",
        "event sealed",
        "events sealed",
    ),
    Entry(
        "mail_seals",
        Daily(range(6, 12), minute=25),
        "Mailing the day’s seals",
        "Sends the newest seals to the Trust’s address, where nobody can change them.",
        "email written",
        "emails written",
    ),
    Entry(
        "forget_runs",
        Daily([3], minute=40),
        "Clearing this list",
        "Deletes what ran more than 90 days ago.",
        "run deleted",
        "runs deleted",
    ),
)
ENTRIES = {entry.task: entry for entry in TIMETABLE}


def look(sessions: Sessions, redis: Redis) -> int:
    """Claim each entry's last slot if nobody has, and ring for what waits; give how many rang.

    The claim is committed before the bell: one that is lost with Redis rings again at
    the next look, since its row still waits.
    """
    now = clock.now()
    with sessions.trust() as session, transaction(session):
        for entry in TIMETABLE:
            claim(session, entry.task, entry.when.latest(now))
        found = waiting(session)
    rang = 0
    for run_id, task in found:
        if task in ENTRIES and enqueue_run(redis, ENTRIES[task].function, run_id):
            log.info("The timetable rang.", task=ENTRIES[task].function, run=str(run_id))
            rang += 1
    return rang


def seconds_to_next() -> float:
    """How long nothing is due, a minute at most: a look costs little, and finds lost bells."""
    now = clock.now()
    next_at = min(entry.when.following(now) for entry in TIMETABLE)
    return min(max((next_at - now).total_seconds(), 0.1), LONGEST_SLEEP)


def keep_time(
    sessions: Sessions, redis: Redis, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Look, and look again whenever something is due, until something stops it."""
    while True:
        redis.ping()  # a bell can be heard, or nothing is claimed for it
        look(sessions, redis)
        sleep(seconds_to_next())
