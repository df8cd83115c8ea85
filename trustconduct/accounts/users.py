"""People who may sign in, and their roles."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from trustconduct import clock
from trustconduct.accounts.models import User, UserGrant, held
from trustconduct.accounts.passwords import hashed
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession

TURNED_ROUND = "The last day can't come before the first."


class UserRefused(ValueError):
    """The person can't be added or changed like this; the message says why."""


def add_user(
    session: ScopedSession,
    *,
    by: Actor,
    email: str,
    name: str,
    password: str,
    grants: Iterable[Grant],
) -> User:
    """Add a person with their roles and a password: an officer on the command line.

    They enrol their authenticator when they first sign in. Everyone else is invited
    (see invitations.py). Raises UserRefused where the address is taken,
    PasswordRefused for a weak password.
    """
    permit(by, Can.ADD_USER)
    email, grants = email.strip().lower(), list(grants)
    name = checked_name(name)
    refuse_misplaced(grants)
    if session.scalar(select(User.id).where(User.email == email)):
        raise UserRefused(f"There is a person with the address {email} already.")
    known = known_words(session, email, name, (grant.school_id for grant in grants))
    user = User(
        email=email,
        name=name,
        password_hash=hashed(password, known),
        enrols_at_sign_in=True,
    )
    user.grants = [UserGrant(role=g.role.value, at_school_id=g.school_id) for g in grants]
    session.add(user)
    session.flush()  # the event needs the id that the insert is made with
    record(
        session,
        Event.USER_ADDED,
        by=by,
        about=user,
        name=user.name,
        roles=sorted(grant.role for grant in user.grants),
    )
    return user


def checked_name(name: str) -> str:
    """A person's name on one line: it goes into the head of every mail to them."""
    if any(unicodedata.category(mark)[0] in "CZ" and mark != " " for mark in name.strip()):
        raise UserRefused("Type the name on one line, without tabs or other odd marks.")
    if not name.strip():
        raise UserRefused("Type the person's name.")
    return name.strip()


def refuse_misplaced(grants: Iterable[Grant]) -> None:
    """A role of the Trust has no school, every other one has. Raises UserRefused."""
    for grant in grants:
        if grant.role.of_trust and grant.school_id is not None:
            raise UserRefused("A role at the Trust has no school. Leave it blank.")
        if not grant.role.of_trust and grant.school_id is None:
            raise UserRefused("Choose the school that they work at.")


def known_words(
    session: ScopedSession, email: str, name: str, school_ids: Iterable[UUID | None]
) -> list[str]:
    """What a stranger could find out of a person: no password may be made of it."""
    schools = session.execute(
        select(School.name, School.slug).where(School.id.in_([i for i in school_ids if i]))
    )
    trust = session.scalar(select(Trust.name)) or ""
    return [email, name, trust, *(word for row in schools for word in row)]


def words_of(session: ScopedSession, user: User) -> list[str]:
    return known_words(session, user.email, user.name, (g.at_school_id for g in user.grants))


def refuse_own(by: Actor, user: User) -> None:
    """Nobody changes what they may do themselves: it takes a second person."""
    if by.kind == "user" and by.id == user.id:
        raise UserRefused("You can't change your own account here. Ask another officer.")


def said_days(grant: UserGrant) -> dict[str, Any]:
    """The days of a role, as an event's details keep them."""
    days = {"first_on": grant.first_on, "last_on": grant.last_on}
    return {name: day.isoformat() for name, day in days.items() if day}


def staff_of(session: ScopedSession, school_id: UUID, role: Role) -> list[User]:
    """The people who have a role at a school today, by name."""
    return list(
        session.scalars(
            select(User)
            .join(User.grants)
            .where(
                UserGrant.at_school_id == school_id,
                UserGrant.role == role.value,
                held(clock.today()),
                User.disabled_at.is_(None),
            )
            .order_by(User.name)
        )
    )


def leading(session: ScopedSession, school_ids: Iterable[UUID]) -> dict[UUID, list[User]]:
    """Who is written to for each school today: its heads, or its office where it has none.

    One query for any number of schools; one where nobody is, is not in it.
    """
    rows = session.execute(
        select(UserGrant.at_school_id, UserGrant.role, User)
        .join(User, User.id == UserGrant.user_id)
        .where(
            UserGrant.at_school_id.in_(list(school_ids)),
            UserGrant.role.in_([Role.HEADTEACHER.value, Role.OFFICE.value]),
            held(clock.today()),
            User.disabled_at.is_(None),
        )
        .order_by(User.name)
    ).all()
    led = {row.at_school_id for row in rows if row.role == Role.HEADTEACHER.value}
    found: dict[UUID, list[User]] = {}
    for school_id, role, user in rows:
        if school_id and (school_id not in led or role == Role.HEADTEACHER.value):
            found.setdefault(school_id, []).append(user)
    return found


def at_trust(session: ScopedSession) -> list[User]:
    """The people who have any role at the Trust today, by name."""
    return list(
        session.scalars(
            select(User)
            .where(
                User.grants.any(UserGrant.at_school_id.is_(None) & held(clock.today())),
                User.disabled_at.is_(None),
            )
            .order_by(User.name, User.id)
        )
    )


def staff_of_schools(
    session: ScopedSession, school_ids: Iterable[UUID], roles: Iterable[Role]
) -> dict[UUID, list[tuple[User, Role]]]:
    """Who has one of these roles today at each of these schools, by name. One query."""
    found: dict[UUID, list[tuple[User, Role]]] = {}
    rows = session.execute(
        select(User, UserGrant.at_school_id, UserGrant.role)
        .join(User.grants)
        .options(lazyload(User.grants))
        .where(
            UserGrant.at_school_id.in_(list(school_ids)),
            UserGrant.role.in_([role.value for role in roles]),
            held(clock.today()),
            User.disabled_at.is_(None),
        )
        .order_by(User.name, User.id)
    )
    for user, school_id, role in rows:
        if school_id is not None:
            found.setdefault(school_id, []).append((user, Role(role)))
    return found
