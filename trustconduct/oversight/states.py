"""The state of each school, in one word, for the console's list and a school's page."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, text

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.outbox.models import SchoolMessage
from trustconduct.policies.models import InForce
from trustconduct.tenants.models import TO_HAND_OVER, School, SchoolStart
from trustconduct.tenants.sessions import ScopedSession


class SchoolState(StrEnum):
    """Where a school stands: the first of these that is true of it."""

    SUSPENDED = "suspended"
    HEAD_REFUSED = "head_refused"
    HANDING_OVER = "handing_over"
    SETTING_UP = "setting_up"
    IN_FORCE = "in_force"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    SchoolState.SUSPENDED: "Suspended",
    SchoolState.HEAD_REFUSED: "Head not invited",
    SchoolState.HANDING_OVER: "Being handed over",
    SchoolState.SETTING_UP: "Setting up",
    SchoolState.IN_FORCE: "Code in force",
}


def states(
    session: ScopedSession, schools: Sequence[School], *, by: Actor
) -> dict[UUID, SchoolState]:
    """The state of each of these schools: two queries, however many there are."""
    permit(by, Can.SEE_CONSOLE)
    ids = [school.id for school in schools]
    in_force = set(
        session.scalars(
            select(InForce.school_id).where(
                InForce.school_id.in_(ids), InForce.during.op("@>")(clock.today())
            )
        )
    )
    waiting = {
        row.id: row.refused
        for row in session.execute(
            select(SchoolStart.id, SchoolStart.refused).where(
                SchoolStart.id.in_(ids), text(f"({TO_HAND_OVER} or refused <> '')")
            )
        )
    }

    def state(school: School) -> SchoolState:
        if school.suspended_at is not None:
            return SchoolState.SUSPENDED
        if school.id in waiting:
            return SchoolState.HEAD_REFUSED if waiting[school.id] else SchoolState.HANDING_OVER
        return SchoolState.IN_FORCE if school.id in in_force else SchoolState.SETTING_UP

    return {school.id: state(school) for school in schools}


def mail_waiting(session: ScopedSession, school: School, *, by: Actor) -> int:
    """How many messages of a school wait to leave: those that go when it is resumed."""
    permit(by, Can.SEE_CONSOLE)
    return (
        session.scalar(
            select(func.count())
            .select_from(SchoolMessage)
            .where(
                SchoolMessage.school_id == school.id,
                SchoolMessage.sent_at.is_(None),
                SchoolMessage.parked_at.is_(None),
            )
        )
        or 0
    )
