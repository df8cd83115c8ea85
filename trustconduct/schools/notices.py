"""What the Trust did to a school, in the school's own history as well.

A Trust session may not write a school's rows, its history among them. So the act
is left as a notice, in the commit that does it, and the school's own session
writes it into the history and marks it, in one commit. Run again, it finds nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.models import School, SchoolNotice
from trustconduct.tenants.sessions import ScopedSession


def record_for_both(
    session: ScopedSession, event: Event, school: School, *, by: Actor, **details: Any
) -> None:
    """Record what was done to a school for the Trust, and leave it for the school's history."""
    record(session, event, by=by, about=school, **details)
    session.add(
        SchoolNotice(
            at_school_id=school.id,
            event=event.value,
            details=details,
            by_kind=by.kind,
            by_id=by.id,
            by_name=by.name,
        )
    )
    session.flush()


def with_notices(session: ScopedSession) -> list[UUID]:
    """The schools whose history does not tell yet what was done to them."""
    return list(
        session.scalars(
            select(SchoolNotice.at_school_id).where(SchoolNotice.told_at.is_(None)).distinct()
        )
    )


def tell_in_history(session: ScopedSession) -> int:
    """Write the notices left for this school into its history; in the school's own session.

    Gives how many. What was done is told at the time at which it is written here,
    a moment later; only after a crash is it up to a minute.
    """
    notices = session.scalars(
        select(SchoolNotice)
        .where(SchoolNotice.told_at.is_(None))
        .order_by(SchoolNotice.left_at, SchoolNotice.id)
        .with_for_update()
    ).all()
    for notice in notices:
        record(
            session,
            Event(notice.event),
            by=Actor(
                notice.by_kind,
                notice.by_id,
                notice.by_name,
                frozenset({Grant(Role.TRUST_OFFICER)} if notice.by_kind == "user" else ()),
            ),
            about_kind=School.__tablename__,
            about_id=session.school_id,
            **notice.details,
        )
        notice.told_at = clock.now()
    return len(notices)
