"""Saying that an adult must not be told, or that two must not learn of each other."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import withdraw_untold
from trustconduct.people.models import Adult, KeptApart, UntoldMark
from trustconduct.tenants.sessions import ScopedSession

LONGEST_REASON = 500


class ReasonMissing(ValueError):
    """Nobody is marked or cleared without a reason."""


def _reason(because: str) -> str:
    words = " ".join(because.split())
    if not words:
        raise ReasonMissing("Say why, in one sentence.")
    return words[:LONGEST_REASON]


def mark_untold(session: ScopedSession, adult: Adult, *, by: Actor, because: str) -> bool:
    """Say that an adult must not be told anything, and take back what has not left yet.

    From this commit on they are left out of all that leaves the building. No roll
    clears the mark: only a person does, with a reason. False where they are marked
    already. Raises ReasonMissing.
    """
    permit(by, Can.MARK_UNTOLD, session.school_id)
    because = _reason(because)
    session.take_turns("campaign")  # or a campaign that has begun would write to them
    if open_mark(session, adult.id) is not None:
        return False
    session.add(UntoldMark(adult_id=adult.id, because=because, said_by=by.name))
    session.flush()
    withdraw_untold(session)
    record(session, Event.ADULT_MARKED, by=by, about=adult, because=because)
    return True


def clear_untold(session: ScopedSession, adult: Adult, *, by: Actor, because: str) -> bool:
    """Say that an adult may be told again. The mark and both reasons stay for good.

    What was taken back is not sent: they are asked with the next campaign. False
    where they are not marked. Raises ReasonMissing.
    """
    permit(by, Can.CLEAR_UNTOLD, session.school_id)
    because = _reason(because)
    mark = open_mark(session, adult.id)
    if mark is None:
        return False
    mark.ended_at, mark.ended_because, mark.ended_by = clock.now(), because, by.name
    session.flush()
    record(session, Event.ADULT_CLEARED, by=by, about=adult, because=because)
    return True


def open_mark(session: ScopedSession, adult_id: UUID) -> UntoldMark | None:
    return session.scalar(
        select(UntoldMark).where(UntoldMark.adult_id == adult_id, UntoldMark.ended_at.is_(None))
    )


def keep_apart(
    session: ScopedSession, adult: Adult, other: Adult, *, by: Actor, because: str
) -> bool:
    """Say that two adults must never learn of each other.

    While they have one email address, neither is written to: the other would read it.
    They can't be merged. False where it is said already. Raises ReasonMissing.
    """
    permit(by, Can.MARK_UNTOLD, session.school_id)
    because = _reason(because)
    if adult.id == other.id:
        raise ReasonMissing("Choose another person.")
    session.take_turns("campaign")
    if open_parting(session, adult.id, other.id) is not None:
        return False
    first, second = sorted((adult.id, other.id))
    session.add(KeptApart(adult_id=first, other_id=second, because=because, said_by=by.name))
    session.flush()
    withdraw_untold(session)
    record(session, Event.ADULTS_PARTED, by=by, about=adult, other=other.name, because=because)
    return True


def end_apart(
    session: ScopedSession, adult: Adult, other: Adult, *, by: Actor, because: str
) -> bool:
    """Say that two adults may know of each other again. False where nothing keeps them apart."""
    permit(by, Can.CLEAR_UNTOLD, session.school_id)
    because = _reason(because)
    parted = open_parting(session, adult.id, other.id)
    if parted is None:
        return False
    parted.ended_at, parted.ended_because, parted.ended_by = clock.now(), because, by.name
    session.flush()
    record(session, Event.ADULTS_REUNITED, by=by, about=adult, other=other.name, because=because)
    return True


def open_parting(session: ScopedSession, one: UUID, other: UUID) -> KeptApart | None:
    first, second = sorted((one, other))
    return session.scalar(
        select(KeptApart).where(
            KeptApart.adult_id == first, KeptApart.other_id == second, KeptApart.ended_at.is_(None)
        )
    )
