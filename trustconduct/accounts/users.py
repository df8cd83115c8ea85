"""People who may sign in, and their roles."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.passwords import hashed
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession


class UserRefused(ValueError):
    """The person can't be added like this; the message says why."""


def add_user(
    session: ScopedSession,
    *,
    by: Actor,
    email: str,
    name: str,
    password: str,
    grants: Iterable[Grant],
) -> User:
    """Add a person with their roles. They enrol their authenticator when they first sign in.

    Raises UserRefused where the address is taken, PasswordRefused for a weak password.
    """
    permit(by, Can.ADD_USER)
    email = email.strip().lower()
    if session.scalar(select(User.id).where(User.email == email)):
        raise UserRefused(f"There is a person with the address {email} already.")
    user = User(email=email, name=name.strip(), password_hash=hashed(password))
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


def staff_of(session: ScopedSession, school_id: UUID, role: Role) -> list[User]:
    """The people who have a role at a school, by name."""
    return list(
        session.scalars(
            select(User)
            .join(User.grants)
            .where(
                UserGrant.at_school_id == school_id,
                UserGrant.role == role.value,
                User.disabled_at.is_(None),
            )
            .order_by(User.name)
        )
    )


def with_trust_role(session: ScopedSession, role: Role) -> list[User]:
    """The people who have a role at the Trust, by name."""
    return list(
        session.scalars(
            select(User)
            .join(User.grants)
            .where(UserGrant.role == role.value, User.disabled_at.is_(None))
            .order_by(User.name)
        )
    )
