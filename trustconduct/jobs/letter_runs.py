"""Making schools' print runs of letters, away from the page, some letters at a time."""

from __future__ import annotations

from uuid import UUID

import pikepdf
from sqlalchemy.exc import OperationalError

from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.letters.models import RunState
from trustconduct.letters.print_run import AT_ONCE, add_letter, cover_page, pdfs_of, with_cover
from trustconduct.letters.runs import (
    end_run,
    keep_run,
    letters_of_run,
    note_run,
    runs_due,
    runs_old,
)
from trustconduct.plain_log import log
from trustconduct.sealed.room import room
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import Sessions


def make_due(sessions: Sessions) -> int:
    """Make every run that waits, and forget those that are old; give how many were made."""
    with sessions.trust(read_only=True) as session:
        due, old = runs_due(session), runs_old(session)
    for school_id, run_id in old:
        with sessions.school(school_id) as session, transaction(session):
            end_run(session, run_id, RunState.GONE)
    for school_id, run_id in due:
        try:
            _make(sessions, school_id, run_id)
        except OperationalError:
            raise  # PostgreSQL is away, or busy: the timetable looks again
        except Exception:
            log.error("A print run of letters could not be made.", exc_info=True)
            with sessions.school(school_id) as session, transaction(session):
                end_run(session, run_id, RunState.FAILED)
    return len(due)


def _make(sessions: Sessions, school_id: UUID, run_id: UUID) -> None:
    """The frozen PDFs, one behind the other; nothing is printed anew but the list on top."""
    with sessions.school(school_id, read_only=True) as session:
        letters = letters_of_run(session, run_id)
        name = session.get_one(School, school_id).name
    if not letters:
        with sessions.school(school_id) as session, transaction(session):
            end_run(session, run_id, RunState.GONE)
        return
    whole = pikepdf.Pdf.new()
    for start in range(0, len(letters), AT_ONCE):
        some = [one.id for one in letters[start : start + AT_ONCE]]
        with sessions.school(school_id) as session, transaction(session):
            for content in pdfs_of(session, some):
                add_letter(whole, content)
            note_run(session, run_id, start + len(some))
    cover = room().do("print", cover_page(letters, name, clock.today()).encode())
    content = with_cover(cover.content, whole)
    with sessions.school(school_id) as session, transaction(session):
        keep_run(session, run_id, content, letters)
