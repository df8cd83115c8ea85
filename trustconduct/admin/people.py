"""The people who sign in: their roles, their last sign-in, and nothing that is secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import func, select
from sqlalchemy.orm import defer

from trustconduct import clock
from trustconduct.accounts.models import Factor, SignIn, User
from trustconduct.acknowledgements.mails import day
from trustconduct.admin.views import Listed
from trustconduct.audit.actor import Role
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import works

SECRET = (defer(User.password_hash, raiseload=True),)


@dataclass(frozen=True)
class Person:
    """A person as the console shows them. What is not here can't reach a page."""

    id: UUID
    name: str
    email: str
    roles: tuple[tuple[str, UUID | None], ...]  # the role's word, and at which school
    enrolled: bool
    last_sign_in: datetime | None
    added_at: datetime
    disabled_at: datetime | None


def people(session: ScopedSession, users: Sequence[User]) -> list[Person]:
    """These users with their authenticators and last sign-ins: two queries for any number."""
    ids = [user.id for user in users]
    enrolled = set(
        session.scalars(
            select(Factor.user_id).where(Factor.user_id.in_(ids), Factor.confirmed_at.is_not(None))
        )
    )
    rows = session.execute(
        select(SignIn.user_id, func.max(SignIn.confirmed_at))
        .where(SignIn.user_id.in_(ids))
        .group_by(SignIn.user_id)
    )
    last = {user_id: at for user_id, at in rows}
    return [
        Person(
            id=user.id,
            name=user.name,
            email=user.email,
            roles=tuple((Role(one.role).word, one.at_school_id) for one in user.grants),
            enrolled=user.id in enrolled,
            last_sign_in=last.get(user.id),
            added_at=user.added_at,
            disabled_at=user.disabled_at,
        )
        for user in users
    ]


def _moment(at: datetime | None) -> str:
    return f"{day(clock.local(at).date())}, {clock.local(at):%H:%M}" if at else "Not yet"


def _roles(view: Any, context: Any, person: Person, name: str) -> str:
    """Every role with its school: "Office at Oak Lane; Trust reader"."""
    names = {card.id: card.name for card in works().directory.schools()}
    return "; ".join(
        f"{role} at {names.get(school_id, 'a school')}" if school_id else role
        for role, school_id in person.roles
    )


def _last(view: Any, context: Any, person: Person, name: str) -> str:
    return _moment(person.last_sign_in)


def _enrolled(view: Any, context: Any, person: Person, name: str) -> str:
    return "Set up" if person.enrolled else "Not yet"


def _added(view: Any, context: Any, person: Person, name: str) -> str:
    return _moment(person.added_at)


def _state(view: Any, context: Any, person: Person, name: str) -> str:
    if person.disabled_at:
        return f"No longer, since {_moment(person.disabled_at)}"
    return "Yes"


class UsersView(Listed):
    column_list = ("name", "email", "roles", "last_sign_in", "enrolled")
    column_details_list = (*column_list, "added_at", "disabled_at")
    column_labels = {  # noqa: RUF012
        "name": "Name",
        "email": "Email address",
        "roles": "Roles",
        "last_sign_in": "Last sign-in",
        "enrolled": "Authenticator",
        "added_at": "Added",
        "disabled_at": "May sign in",
    }
    column_formatters = {"roles": _roles, "last_sign_in": _last, "enrolled": _enrolled}  # noqa: RUF012
    column_formatters_detail = {**column_formatters, "added_at": _added, "disabled_at": _state}  # noqa: RUF012
    column_searchable_list = ("name", "email")
    column_default_sort = "name"

    heading = "People"
    lead = "Everyone who can sign in, at the Trust and in its schools."
    caption = "People who sign in"

    def open_session(self, *, read_only: bool) -> ScopedSession:
        return works().sessions.accounts(read_only=read_only)

    def get_query(self) -> Any:
        return super().get_query().options(*SECRET)

    def get_list(self, *args: Any, **more: Any) -> tuple[int | None, list[Person]]:
        count, users = super().get_list(*args, **more)
        return count, people(g.session, users)

    def get_one(self, id: str) -> Person | None:
        try:
            user = g.session.get(User, UUID(id), options=SECRET)
        except ValueError:
            return None
        return people(g.session, [user])[0] if user else None
