"""What runs by itself and when, what came of it, and having it run now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from redis import RedisError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.jobs.models import Run, Standing
from trustconduct.jobs.queue import connect, enqueue_run
from trustconduct.jobs.runs import RunRefused, ask, failed_lately, newest
from trustconduct.jobs.timetable import ENTRIES, TIMETABLE, Entry
from trustconduct.web.door import actor, found, needs, works
from trustconduct.web.mail import moment

MOST_FAILED = 20
WORDS = {
    Standing.WAITING: ("In the queue", "waiting"),
    Standing.RUNNING: ("Running now", "calm"),
    Standing.DONE: ("Done", "good"),
    Standing.FAILED: ("Failed", "attention"),
    Standing.CUT_OFF: ("Cut off", "attention"),
}


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it: the newest run, and the newest that ended."""

    entry: Entry
    now: Run | None
    last: Run | None

    @property
    def next_at(self) -> str:
        return soon(self.entry.when.following(clock.now()))

    @property
    def last_at(self) -> str:
        return moment(self.last.ended_at) if self.last and self.last.ended_at else "Not yet"

    @property
    def result(self) -> str:
        """What the last run that ended came to, in words."""
        if self.last is None:
            return ""
        if self.last.standing is Standing.FAILED:
            return "It failed: see below."
        return self.entry.told(self.last.found or 0)

    @property
    def word(self) -> tuple[str, str]:
        """How it stands, and in which tone. Cut off counts until another run has ended."""
        shown = self.now
        if shown is None or (shown.standing is Standing.WAITING and self.last is not None):
            shown = self.last or shown
        return WORDS[shown.standing] if shown else ("Not yet", "quiet")


def soon(at: datetime) -> str:
    """A moment of today or tomorrow, as one says it."""
    local, today = clock.local(at), clock.today()
    words = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    return f"{words.get(local.date(), clock.day(local.date()))}, {local:%H:%M}"


class TimetableView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def show(self) -> str:
        now, last = newest(g.session, ENTRIES), newest(g.session, ENTRIES, ended=True)
        return self.render(
            "console/timetable.html",
            rows=[Row(each, now.get(each.task), last.get(each.task)) for each in TIMETABLE],
            failed=failed_lately(g.session, most=MOST_FAILED),
            ENTRIES=ENTRIES,
            moment=moment,
        )

    @expose("/<task>/run", methods=("POST",))
    @needs(Can.RUN_TASK)
    def run(self, task: str) -> Response:
        entry = found(ENTRIES.get(task))
        try:
            with transaction(g.session):
                run_id = ask(g.session, entry.task, entry.what, by=actor())
        except RunRefused as refused:
            flash(f"{entry.what}: {refused}", "waiting")
            return _back()
        # The row waits already: a bell that is lost here rings at the timetable's next look.
        with suppress(RedisError), connect(works().settings.REDIS_URL) as redis:
            enqueue_run(redis, entry.function, run_id)
        flash(f"{entry.what}: it runs now. Load this page again to see what came of it.", "good")
        return _back()


def _back() -> Response:
    return redirect(url_for("timetable.show"), 303)  # type: ignore[return-value]
