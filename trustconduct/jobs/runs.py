"""Runs of the timetable: claimed once, asked for by people, noted, forgotten after 90 days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import column as column_
from sqlalchemy import delete, literal, select, true, update, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlalchemy.types import Text

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.jobs.models import Run, Standing
from trustconduct.tenants.sessions import ScopedSession

DAYS_KEPT = 90


class RunRefused(ValueError):
    """It can't be run now; the message says why, and what to do."""


def claim(session: ScopedSession, task: str, slot_at: datetime | None) -> UUID | None:
    """Claim a slot, or a run without one. None where it is claimed, or one waits already.

    However many processes look at once, the unique keys let one of them through.
    """
    return session.scalar(
        insert(Run)
        .values(id=new_id(), task=task, slot_at=slot_at, rung_at=clock.now(), tries=0, error="")
        .on_conflict_do_nothing()
        .returning(Run.id)
    )


def waiting(session: ScopedSession, *, seconds: float = 0) -> list[tuple[UUID, str]]:
    """The runs that nobody has begun, with their tasks; of those claimed so long ago at least."""
    before = clock.now() - timedelta(seconds=seconds)
    found = session.execute(
        select(Run.id, Run.task)
        .where(Run.started_at.is_(None), Run.rung_at <= before)
        .order_by(Run.id)
    )
    return [(row.id, row.task) for row in found]


def begin(session: ScopedSession, run_id: UUID) -> bool:
    """Note that a run begins, or begins anew after it failed. False where it was done already.

    A job may stand in the queue twice; one that no row is there for runs unnoted.
    """
    run = session.get(Run, run_id, with_for_update=True)
    if run is None:
        return True
    if run.standing is Standing.DONE:
        return False
    run.started_at, run.ended_at, run.error = clock.now(), None, ""
    run.tries += 1
    return True


def end(session: ScopedSession, run_id: UUID, *, found: int | None = None, error: str = "") -> None:
    """Note what came of a run: how much it found to do, or the class of what broke."""
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.started_at.is_not(None))
        .values(ended_at=clock.now(), found=found, error=error)
    )


def newest(session: ScopedSession, tasks: Iterable[str], *, ended: bool = False) -> dict[str, Run]:
    """The newest run of each task, or the newest that has ended. One query."""
    named = values(column_("task", Text), name="named").data([(task,) for task in tasks])
    of_task = select(Run).where(Run.task == named.c.task)
    if ended:
        of_task = of_task.where(Run.ended_at.is_not(None))
    one = of_task.order_by(Run.id.desc()).limit(1).correlate(named).lateral("one")
    newest_run = aliased(Run, one)
    found = session.scalars(select(newest_run).select_from(named.join(one, true())))
    return {run.task: run for run in found}


def failed_lately(session: ScopedSession, *, most: int) -> Sequence[Run]:
    """The runs that failed last, the newest first."""
    return session.scalars(
        select(Run).where(Run.error != "").order_by(Run.id.desc()).limit(most)
    ).all()


def last_rung_at(session: ScopedSession) -> datetime | None:
    """When a slot was claimed last: long ago, no timetable is running."""
    return session.scalar(
        select(Run.rung_at).where(Run.slot_at.is_not(None)).order_by(Run.rung_at.desc()).limit(1)
    )


def ask(session: ScopedSession, task: str, what: str, *, by: Actor) -> UUID:
    """Ask that an entry run now. Raises RunRefused while it runs, or waits to.

    `what` is the entry in words, for the history.
    """
    permit(by, Can.RUN_TASK)
    session.take_turns(f"run:{task}")
    last = newest(session, [task]).get(task)
    if last is not None and last.standing is Standing.RUNNING:
        raise RunRefused(
            "It is running at this moment. Wait for it to end, then look at what came of it."
        )
    run_id = claim(session, task, None)
    if run_id is None:
        raise RunRefused("It is in the queue already, and runs as soon as its turn comes.")
    record(
        session,
        Event.RUN_ASKED,
        by=by,
        about_kind=Run.__tablename__,
        about_id=run_id,
        what=what,
    )
    return run_id


def forget_old(session: ScopedSession) -> int:
    """Delete the runs of more than 90 days ago; give how many."""
    before = clock.now() - timedelta(days=DAYS_KEPT)
    gone = session.scalars(delete(Run).where(Run.rung_at < before).returning(literal(1))).all()
    return len(gone)
