"""Noting that a person told adults of the code: read aloud, at a meeting, handed to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.notice_models import ToldAdult, ToldHow, ToldOtherwise
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.files.models import FileKind
from trustconduct.files.take_in import Looked, take_in_file
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession

LONGEST_WORDS = 300
MOST_AT_ONCE = 500


class TellingRefused(ValueError):
    """It can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def note_told(
    session: ScopedSession,
    chosen: Collection[UUID],
    *,
    by: Actor,
    how: ToldHow,
    told_on: date,
    words: str,
    scan: Looked | None = None,
) -> ToldOtherwise:
    """Note that these adults were told of the version of that day. Raises TellingRefused.

    `words` say who told them and where: years later nobody remembers. Nothing leaves the
    school by it.
    """
    permit(by, Can.KEY_ANSWER, session.school_id)
    words = " ".join(words.split())
    if not words:
        raise TellingRefused("words", "Say who told them, and where.")
    if len(words) > LONGEST_WORDS:
        raise TellingRefused("words", f"Say it in at most {LONGEST_WORDS} letters.")
    if told_on > clock.today():
        raise TellingRefused("told_on", "Type a day up to today.")
    version = version_in_force(session, told_on)
    if version is None:
        raise TellingRefused(
            "told_on", f"No version of the code was in force on {clock.day(told_on)}."
        )
    adults = session.scalars(
        select(Adult.id).where(Adult.id.in_(list(chosen)[:MOST_AT_ONCE])).order_by(Adult.id)
    ).all()
    if not adults:
        raise TellingRefused("chosen", "Tick at least one person.")
    kept = (
        take_in_file(session, scan, kind=FileKind.SCAN, needs=Can.KEY_ANSWER, by=by)
        if scan
        else None
    )
    told = ToldOtherwise(
        version_id=version.id,
        how=how.value,
        told_on=told_on,
        words=words,
        scan_id=kept.id if kept else None,
        noted_by=by.name,
    )
    session.add(told)
    session.flush()
    session.add_all([ToldAdult(told_id=told.id, adult_id=adult_id) for adult_id in adults])
    session.flush()
    record(
        session, Event.ADULTS_TOLD, by=by, about=told, people=len(adults), version=version.number,
        told_on=told_on.isoformat(), words=words, how=how.value,
    )  # fmt: skip
    return told


def take_back_told(session: ScopedSession, told_id: UUID, *, by: Actor, because: str) -> bool:
    """Say that it was noted by mistake, with a reason: it counts for nobody any more.

    False for one that is not there; twice has one effect. Raises TellingRefused.
    """
    permit(by, Can.KEY_ANSWER, session.school_id)
    because = " ".join(because.split())[:LONGEST_WORDS]
    if not because:
        raise TellingRefused("because", "Say why, in one sentence.")
    told = session.get(ToldOtherwise, (session.school_id, told_id), with_for_update=True)
    if told is None:
        return False
    if told.taken_back_at is None:
        told.taken_back_at, told.taken_back_by = clock.now(), by.name
        told.taken_back_because = because
        session.flush()
        record(session, Event.TELLING_TAKEN_BACK, by=by, about=told, because=because)
    return True
