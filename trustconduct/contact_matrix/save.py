"""Saving a school's contact matrix, and finding the one that holds."""

from __future__ import annotations

from sqlalchemy import select

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
