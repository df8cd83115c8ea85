"""The words of the mails about an account: what happened, and what to do if it was not you."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct.accounts.models import User, UserGrant
from trustconduct.audit.actor import Role
from trustconduct.outbox.write import Link, Mail, write
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession

NOT_YOU = "If this was not you, call the Trust’s office at once."


def trust_name(session: ScopedSession) -> str:
    return session.scalar(select(Trust.name)) or "Your Trust"


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


def role_in_words(grant: UserGrant, names: dict[UUID, str]) -> str:
    word = Role(grant.role).word
    if grant.at_school_id is not None:
        word += f" at {names.get(grant.at_school_id, 'a school')}"
    if grant.first_on:
        word += f", from {_day(grant.first_on)}"
    if grant.last_on:
        word += f", until {_day(grant.last_on)}"
    return word


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def tell(
    session: ScopedSession,
    user: User,
    kind: str,
    subject: str,
    *said: str,
    link: Link | None = None,
) -> None:
    """Write one mail to a person. `said` are its paragraphs; "{link}" stands for the link."""
    trust = trust_name(session)
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
