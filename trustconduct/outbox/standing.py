"""How the outbox stands: figures for whoever watches the service, and nothing of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, union_all

from trustconduct.outbox.models import SchoolMessage, TrustMessage
from trustconduct.tenants.models import is_open
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class OutboxStanding:
    """Messages that wait, those that were given up and not seen to, and when the oldest
    waiting one was due. A suspended school's count for nothing: they wait on purpose.
    """

    waiting: int
    parked: int
    oldest_due_at: datetime | None


def standing(session: ScopedSession) -> OutboxStanding:
    """Of all schools and the Trust together, in a session of the Trust: one query."""
    of_schools, of_trust = (
        select(table.due_at, table.parked_at).where(
            table.sent_at.is_(None), table.settled_at.is_(None)
        )
        for table in (SchoolMessage, TrustMessage)
    )
    each = union_all(of_schools.where(is_open(SchoolMessage.school_id)), of_trust).subquery()
    waits = each.c.parked_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(waits),
            func.count().filter(~waits),
            func.min(each.c.due_at).filter(waits),
        ).select_from(each)
    ).one()
    return OutboxStanding(*row)
