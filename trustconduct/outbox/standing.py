"""How the outbox stands: figures for whoever watches the service, and nothing of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, union_all

from trustconduct.outbox.models import SchoolMessage, TrustMessage
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Standing:
    """Messages that wait and messages that were given up; when the oldest waiting one was due."""

    waiting: int
    parked: int
    oldest_due_at: datetime | None


def standing(session: ScopedSession) -> Standing:
    """Of all schools and the Trust together, in a session of the Trust: one query."""
    each = union_all(
        *(
            select(table.due_at, table.parked_at).where(table.sent_at.is_(None))
            for table in (SchoolMessage, TrustMessage)
        )
    ).subquery()
    waits = each.c.parked_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(waits),
            func.count().filter(~waits),
            func.min(each.c.due_at).filter(waits),
        ).select_from(each)
    ).one()
    return Standing(*row)
