"""Looking back: the events of a scope, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_

from trustconduct.audit.kinds import ELSE, KINDS
from trustconduct.audit.models import (
    SchoolAuditDetail,
    SchoolAuditEvent,
    TrustAuditDetail,
    TrustAuditEvent,
)
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

Mark = tuple[datetime, UUID]


@dataclass(frozen=True)
class Wanted:
    """Which events. Blank is every one.

    `person` is who did it, `actor_kind` what they are (link, clock, command);
    `kind` a key of KINDS; `things` ids, done to them or by them. From `since` up
    to but without `until`; `after` is the mark of the last one of the page before.
    """

    person: UUID | None = None
    actor_kinds: frozenset[str] = frozenset()
    kind: str = ""
    things: frozenset[UUID] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    after: Mark | None = None


@dataclass(frozen=True)
class Happened:
    """An event with its details, None where they were disposed of."""

    id: UUID
    event: str
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    thing_kind: str
    thing_id: UUID | None
    details: dict[str, Any] | None


def happened(session: ScopedSession, wanted: Wanted, *, most: int) -> list[Happened]:
    """A page of events, the newest first, in one query. Gives one more where there are more."""
    in_school = session.scope.role == SCHOOL
    event: Any = SchoolAuditEvent if in_school else TrustAuditEvent
    detail: Any = SchoolAuditDetail if in_school else TrustAuditDetail
    goes_with = event.id == detail.id
    if in_school:
        goes_with &= event.school_id == detail.school_id
    query = (
        select(
            event.id,
            event.event,
            event.at,
            event.actor_kind,
            event.actor_id,
            event.thing_kind,
            event.thing_id,
            detail.details,
        )
        .outerjoin(detail, goes_with)
        .order_by(event.at.desc(), event.id.desc())
        .limit(most + 1)
    )
    return [Happened(*row) for row in session.execute(_narrowed(query, event, wanted))]


def _narrowed(query: Select, event: Any, wanted: Wanted) -> Select:
    if wanted.person:
        query = query.where(event.actor_id == wanted.person)
    if wanted.actor_kinds:
        query = query.where(event.actor_kind.in_(wanted.actor_kinds))
    if wanted.kind == ELSE:
        known = {table for kind in KINDS.values() for table in kind.tables}
        query = query.where(event.thing_kind.not_in(known))
    elif wanted.kind:
        query = query.where(event.thing_kind.in_(KINDS[wanted.kind].tables))
    if wanted.things:
        query = query.where(
            or_(event.thing_id.in_(wanted.things), event.actor_id.in_(wanted.things))
        )
    if wanted.since:
        query = query.where(event.at >= wanted.since)
    if wanted.until:
        query = query.where(event.at < wanted.until)
    if wanted.after:
        query = query.where(tuple_(event.at, event.id) < tuple_(*wanted.after))
    return query
