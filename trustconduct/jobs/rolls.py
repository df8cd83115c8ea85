"""Reading and saving schools' rolls, away from the page: each step all of it or nothing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import OperationalError

from trustconduct.csv_lists import NotAList
from trustconduct.db import transaction
from trustconduct.people.roll_files import (
    NotReady,
    carry_out,
    check,
    note_failed,
    note_progress,
    rolls_due,
)
from trustconduct.people.roll_models import RollState
from trustconduct.people.take_in import Tell
from trustconduct.plain_log import log
from trustconduct.tenants.sessions import Sessions

BROKE = (
    "Something of ours broke while this roll was looked at. Nothing was saved. Bring the file in"
    " once more. If it happens again, tell the Trust."
)


def take_in_due(sessions: Sessions) -> int:
    """Do the next step of every roll that waits for one; give how many.

    What breaks at one school is told on its page, and does not keep the others waiting.
    """
    with sessions.trust(read_only=True) as session:
        due = rolls_due(session)
    for school_id, roll_id, state in due:
        _take(sessions, school_id, roll_id, state)
    return len(due)


def _take(sessions: Sessions, school_id: UUID, roll_id: UUID, state: RollState) -> None:
    step = check if state is RollState.WAITING else carry_out
    try:
        with sessions.school(school_id) as session, transaction(session):
            step(session, roll_id, tell=teller(sessions, school_id, roll_id))
    except NotReady:
        return  # somebody else did it, or dropped it
    except NotAList as no:
        first = no.faults[0]
        _failed(sessions, school_id, roll_id, f"Line {first.line}: {first.text}")
    except OperationalError:
        raise  # PostgreSQL is away, or busy: the timetable looks again
    except Exception:
        log.error("A roll could not be taken in.", exc_info=True)
        _failed(sessions, school_id, roll_id, BROKE)


def teller(sessions: Sessions, school_id: UUID, roll_id: UUID) -> Tell:
    """What tells the page how far a step is: in a session of its own, since the step's own
    commits at its end or not at all.
    """

    def tell(progress: int) -> None:
        with sessions.school(school_id) as session, transaction(session):
            note_progress(session, roll_id, progress)

    return tell


def _failed(sessions: Sessions, school_id: UUID, roll_id: UUID, problem: str) -> None:
    with sessions.school(school_id) as session, transaction(session):
        note_failed(session, roll_id, problem)
