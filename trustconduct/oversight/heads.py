"""Who leads each school today, and whether they have come in: for the Trust's overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.links import Purpose
from trustconduct.accounts.models import AccountLink, User, UserGrant, held
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Role
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class SchoolHead:
    """The head of a school. `ran_out_at`: an invitation that nobody took up in time."""

    user_id: UUID
    name: str
    school_id: UUID
    ran_out_at: datetime | None


def heads(session: ScopedSession, *, by: Actor) -> list[SchoolHead]:
    """The heads of every school, by name: one query of the session for accounts."""
    permit(by, Can.SEE_CONSOLE)
    rows = session.execute(
        select(
            User.id,
            User.name,
            UserGrant.at_school_id,
            User.password_hash.is_(None).label("invited"),
            AccountLink.sent_at,
        )
        .join(User.grants)
        .outerjoin(
            AccountLink,
            (AccountLink.user_id == User.id) & (AccountLink.purpose == Purpose.INVITE.value),
        )
        .where(
            UserGrant.role == Role.HEADTEACHER.value,
            held(clock.today()),
            User.disabled_at.is_(None),
        )
        .order_by(User.name, User.id)
    )
    now = clock.now()

    def ran_out(row) -> datetime | None:
        if not row.invited or row.sent_at is None:
            return None
        until = row.sent_at + Purpose.INVITE.lasts
        return until if until < now else None

    return [SchoolHead(row.id, row.name, row.at_school_id, ran_out(row)) for row in rows]
