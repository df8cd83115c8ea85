"""The words of the mails about an account: what happened, and what to do if it was not you."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.models import User, UserGrant
from trustconduct.audit.actor import Role
from trustconduct.outbox.write import Link, Mail, write
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession

NAMELESS = "Your Trust"
NOT_YOU = "Was this not you? Do not wait: call"
MISTAKE = "Is this a mistake? Call"


def trust_name(session: ScopedSession) -> str:
    return session.scalar(select(Trust.name)) or NAMELESS


def school_names(session: ScopedSession, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    return dict(
        session.execute(
            select(School.id, School.name).where(School.id.in_([i for i in ids if i]))
        ).all()
    )


def roles_in_words(session: ScopedSession, grants: Iterable[UserGrant]) -> list[str]:
    """ "Office at Oak Lane Primary School", with the days of a dated role behind it."""
    grants = list(grants)
    names = school_names(session, (grant.at_school_id for grant in grants))
    return [role_in_words(grant, names) for grant in grants]


class DatedRole(Protocol):
    """A role as it is kept: its row, or a page's copy of it."""

    @property
    def role(self) -> str: ...
    @property
    def at_school_id(self) -> UUID | None: ...
    @property
    def first_on(self) -> date | None: ...
    @property
    def last_on(self) -> date | None: ...


def role_in_words(grant: DatedRole, names: dict[UUID, str]) -> str:
    words = Role(grant.role).word
    if grant.at_school_id is not None:
        words += f" at {names.get(grant.at_school_id, 'a school')}"
    days = days_in_words(grant)
    return f"{words}, {days}" if days else words


def days_in_words(grant: DatedRole) -> str:
    first = f"from {clock.day(grant.first_on)}" if grant.first_on else ""
    last = f"until {clock.day(grant.last_on)}" if grant.last_on else ""
    return ", ".join(filter(None, (first, last)))


def tell(
    session: ScopedSession,
    user: User,
    kind: str,
    subject: str,
    *said: str,
    link: Link | None = None,
    unless_you: str = NOT_YOU,
) -> None:
    """Write one mail to a person. `said` are its paragraphs; "{link}" stands for the link.

    Each ends with whom to call, behind `unless_you`: for a stranger's doing, that
    call is the alarm. It gives no number: a forged mail would give one too.
    """
    trust = trust_name(session)
    said = (*said, f"{unless_you} the Trust’s office, on a number that you already have.")
    body = "\n\n".join([f"Dear {user.name},", *said, f"trustconduct, for {trust}", ""])
    write(
        session,
        [
            Mail(
                kind=f"account_{kind}",
                to_name=user.name,
                to_address=user.email,
                from_name=trust,
                subject=subject,
                body=body,
                link=link,
            )
        ],
    )
