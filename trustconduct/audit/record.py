"""Writing down what happened, in the same commit as what happened."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.models import (
    SchoolAuditDetail,
    SchoolAuditEvent,
    TrustAuditDetail,
    TrustAuditEvent,
)
from trustconduct.audit.proof import details_hash
from trustconduct.db import Row, insert_rows, new_id, table_of
from trustconduct.tenants.sessions import SCHOOL, ScopedSession


def record(
    session: ScopedSession,
    event: Event,
    *,
    by: Actor,
    about: Any = None,
    about_id: UUID | None = None,
    about_kind: str = "",
    **details: Any,
) -> None:
    """Write an audit event and its details.

    `about` is the row that it happened to. A rule that has no row loaded says
    `about_kind` and `about_id`. Details must be plain JSON.
    """
    if about is not None:
        about_kind, about_id = about.__tablename__, about.id
    rows = event_rows(session, event, by, about_kind=about_kind, about_id=about_id, **details)
    insert_rows(session, rows)


def event_rows(
    session: ScopedSession,
    event: Event,
    by: Actor,
    *,
    about_kind: str,
    about_id: UUID | None,
    **details: Any,
) -> list[Row]:
    """The two rows of an event, for a rule that inserts them together with its own."""
    in_school = session.scope.role == SCHOOL
    details = {**_who(by, session.school_id if in_school else None), **details}
    salt = secrets.token_hex(16)
    key: dict[str, Any] = {"id": new_id()}
    if in_school:
        key["school_id"] = session.school_id
    return [
        (
            table_of(SchoolAuditEvent if in_school else TrustAuditEvent),
            {
                **key,
                "event": event.value,
                "at": clock.now(),
                "actor_kind": by.kind,
                "actor_id": by.id,
                "thing_kind": about_kind,
                "thing_id": about_id,
                "details_sha256": details_hash(salt, details),
            },
        ),
        (
            table_of(SchoolAuditDetail if in_school else TrustAuditDetail),
            {**key, "salt": salt, "details": details},
        ),
    ]


def _who(by: Actor, school_id: UUID | None) -> dict[str, str]:
    """Who did it, as they were called on that day: a name and a role change afterwards."""
    roles = {grant.role.word for grant in by.grants if grant.school_id in (school_id, None)}
    if school_id is None:
        roles = {grant.role.word for grant in by.grants}
    who = {"by": by.name, "by_role": ", ".join(sorted(roles)), "address": by.address}
    return {name: word for name, word in who.items() if word or name == "by"}
