"""Saving a school's contact matrix, and finding the one that holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.contact_matrix.matrix import Matrix, MatrixRefused
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.tenants.sessions import ScopedSession


class MatrixChangedMeanwhile(RuntimeError):
    """Somebody else saved the matrix first; the door shows both."""


def current_matrix(session: ScopedSession) -> SchoolMatrix | None:
    """The matrix that holds today: the newest one saved."""
    return session.scalar(select(SchoolMatrix).order_by(SchoolMatrix.number.desc()).limit(1))


def matrices_on(session: ScopedSession, day: date) -> Sequence[SchoolMatrix]:
    """What parents could read on a day, in London: the matrix that held as it began, if one
    did, and each that was saved in its course. The newest first.
    """
    begins = datetime.combine(day, time(), clock.LONDON)
    ends = datetime.combine(day + timedelta(days=1), time(), clock.LONDON)
    held = (
        select(func.coalesce(func.max(SchoolMatrix.number), 0))
        .where(SchoolMatrix.saved_at <= begins)
        .scalar_subquery()
    )
    return session.scalars(
        select(SchoolMatrix)
        .where(SchoolMatrix.number >= held, SchoolMatrix.saved_at < ends)
        .order_by(SchoolMatrix.number.desc())
    ).all()


def days_changed(session: ScopedSession, most: int = 30) -> list[tuple[date, str]]:
    """The last days on which the matrix changed, each with who changed it last that day."""
    day = func.date(func.timezone("Europe/London", SchoolMatrix.saved_at))
    rows = session.execute(
        select(day, SchoolMatrix.saved_by)
        .ext(distinct_on(day))
        .order_by(day.desc(), SchoolMatrix.number.desc())
        .limit(most)
    )
    return [(on, by) for on, by in rows]


def save_matrix(
    session: ScopedSession, matrix: Matrix, *, by: Actor, seen_number: int
) -> SchoolMatrix:
    """Save the matrix as a new row; the one before stays as it was.

    `seen_number` is the number that the person looked at, 0 for none. Raises
    MatrixChangedMeanwhile where it has moved on, MatrixRefused where a purpose
    has no way at all: a parent would look it up and find nothing.
    """
    permit(by, Can.CHANGE_MATRIX, session.school_id)
    session.take_turns("matrix")
    newest = current_matrix(session)
    if (newest.number if newest else 0) != seen_number:
        raise MatrixChangedMeanwhile
    for purpose in matrix.purposes:
        if not matrix.ways_to(purpose):
            raise MatrixRefused(f"“{purpose.text}” has no way to reach you. Tick one at least.")
    if newest and newest.matrix == matrix:
        return newest
    saved = SchoolMatrix(number=seen_number + 1, saved_by=by.name, body=matrix.to_json())
    session.add(saved)
    session.flush()  # the event needs the row's id
    record(session, Event.MATRIX_CHANGED, by=by, about=saved, number=saved.number)
    return saved
