"""Noting that somebody looked at a sensitive record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditEvent, TrustAuditEvent
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

# Looking at the same thing again within this time is the same reading: a page that is
# loaded anew, or gone back to, would otherwise fill the history and hide what matters.
ONE_READING = timedelta(minutes=15)


def record_reading(
    session: ScopedSession, event: Event, *, by: Actor, about_kind: str, about_id: UUID | None
) -> bool:
    """Write down that `by` looked at a sensitive record, once for fifteen minutes.

    Without it nobody could answer "who has looked at what is kept about me?".
    False where the same person's reading of the same thing is written already.
    Two pages opened at the very same moment may be two events; none is ever lost.
    """
    table: Any = SchoolAuditEvent if session.scope.role == SCHOOL else TrustAuditEvent
    earlier = session.scalar(
        select(table.id)
        .where(
            table.at > clock.now() - ONE_READING,
            table.event == event.value,
            table.actor_id == by.id,
            table.thing_kind == about_kind,
            table.thing_id.is_not_distinct_from(about_id),
        )
        .limit(1)
    )
    if earlier is not None:
        return False
    record(session, event, by=by, about_kind=about_kind, about_id=about_id)
    return True
