"""A long print run: asked for on the page, made by the worker, and taken out once it is ready.

Kept for a day. Each time the letters are looked at anew: what was withdrawn, posted or is
for somebody who must not be told by now is in no run that leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.models import LetterRun, LetterRunFile, RunState
from trustconduct.letters.serve import ToPost, print_queue
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

KEPT = timedelta(days=1)


def begin_run(session: ScopedSession, *, by: Actor) -> LetterRun | None:
    """Ask for one PDF of the letters that wait to be posted. None where none waits.

    The same letters twice are one run.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    session.take_turns("letter-run")
    queue = [str(one.id) for one in print_queue(session)]
    if not queue:
        return None
    there = session.scalar(
        select(LetterRun)
        .join(LetterRunFile, LetterRunFile.id == LetterRun.id)
        .where(
            LetterRun.state.in_((RunState.WAITING.value, RunState.READY.value)),
            LetterRunFile.letters == queue,
        )
        .limit(1)
    )
    if there is not None:
        return there
    run = LetterRun(total=len(queue))
    session.add(run)
    session.flush()
    session.add(LetterRunFile(id=run.id, letters=queue, asked_by=by.name))
    session.flush()
    return run


def runs_due(session: ScopedSession) -> list[tuple[UUID, UUID]]:
    """School and run of every one that waits to be made: one query of the Trust's."""
    rows = session.execute(
        select(LetterRun.school_id, LetterRun.id)
        .join(School, School.id == LetterRun.school_id)
        .where(LetterRun.state == RunState.WAITING.value, School.suspended_at.is_(None))
        .order_by(LetterRun.begun_at)
    )
    return [(school_id, run_id) for school_id, run_id in rows]


def runs_old(session: ScopedSession) -> list[tuple[UUID, UUID]]:
    """School and run of every one whose file was kept long enough."""
    rows = session.execute(
        select(LetterRun.school_id, LetterRun.id).where(
            LetterRun.state.in_((RunState.READY.value, RunState.FAILED.value)),
            LetterRun.begun_at < clock.now() - KEPT,
        )
    )
    return [(school_id, run_id) for school_id, run_id in rows]


def letters_of_run(session: ScopedSession, run_id: UUID) -> list[ToPost]:
    """Those of its letters that still wait to be posted, in their order."""
    file = session.get_one(LetterRunFile, (session.school_id, run_id))
    wanted = set(file.letters)
    return [one for one in print_queue(session) if str(one.id) in wanted]


def note_run(session: ScopedSession, run_id: UUID, made: int) -> None:
    session.execute(
        update(LetterRun)
        .where(LetterRun.id == run_id, LetterRun.state == RunState.WAITING.value)
        .values(made=made)
    )


def keep_run(
    session: ScopedSession, run_id: UUID, content: bytes, printed: Sequence[ToPost]
) -> bool:
    """Keep what the worker made. False where a letter left the queue meanwhile: it is made anew."""
    run = _locked(session, run_id)
    if run.state != RunState.WAITING.value:
        return False
    if [one.id for one in letters_of_run(session, run_id)] != [one.id for one in printed]:
        return False
    session.get_one(LetterRunFile, (session.school_id, run_id)).content = content
    run.state, run.made = RunState.READY.value, len(printed)
    session.flush()
    return True


def end_run(session: ScopedSession, run_id: UUID, state: RunState) -> None:
    """It could not be made, or is no longer kept: the letters are where they were."""
    run = _locked(session, run_id)
    session.get_one(LetterRunFile, (session.school_id, run_id)).content = b""
    run.state = state.value
    session.flush()


def take_out_run(session: ScopedSession, run_id: UUID, *, by: Actor) -> bytes | None:
    """The PDF to print; None where there is none, or a letter of it must not go out any more."""
    permit(by, Can.SERVE_LETTER, session.school_id)
    run = _locked(session, run_id)
    if run.state != RunState.READY.value:
        return None
    if len(letters_of_run(session, run_id)) != run.made:
        end_run(session, run_id, RunState.GONE)
        return None
    content = session.get_one(LetterRunFile, (session.school_id, run_id)).content
    record(session, Event.LETTERS_PRINTED, by=by, about_kind="school", about_id=session.school_id,
           count=run.made)  # fmt: skip
    return content


def _locked(session: ScopedSession, run_id: UUID) -> LetterRun:
    return session.scalars(
        select(LetterRun)
        .where(LetterRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
