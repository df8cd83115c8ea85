"""The people who sign in: their roles, their last sign-in, and nothing that is secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_admin import expose
from sqlalchemy import func, select
from sqlalchemy.orm import defer

from trustconduct import clock
from trustconduct.accounts.mails import days_in_words, role_in_words
from trustconduct.accounts.models import Factor, SignIn, User
from trustconduct.accounts.permissions import Can
from trustconduct.admin.person import PersonPages
from trustconduct.audit.actor import Role
from trustconduct.audit.events import Event
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import actor, found, mine, needs, note_reading, works

SECRET = (defer(User.password_hash, raiseload=True),)


@dataclass(frozen=True)
class HeldRole:
    """A role as it is kept: of any day, not of today only."""

    id: UUID
    role: str
    at_school_id: UUID | None
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True)
class Person:
    """A person as the console shows them. What is not here can't reach a page."""

    id: UUID
    name: str
    email: str
    roles: tuple[HeldRole, ...]
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
            roles=tuple(
                HeldRole(one.id, one.role, one.at_school_id, one.first_on, one.last_on)
                for one in user.grants
            ),
            enrolled=user.id in enrolled,
            last_sign_in=last.get(user.id),
            added_at=user.added_at,
            disabled_at=user.disabled_at,
        )
        for user in users
    ]


def _moment(at: datetime | None) -> str:
    return f"{clock.day(clock.local(at).date())}, {clock.local(at):%H:%M}" if at else "Not yet"


def _roles(view: Any, context: Any, person: Person, name: str) -> str:
    """Every role with its school: "Office at Oak Lane; Trust reader"."""
    names = {card.id: card.name for card in works().directory.schools()}
    return "; ".join(role_in_words(role, names) for role in person.roles)


def _where(school_id: UUID | None, names: dict[UUID, str]) -> str:
    return names.get(school_id, "A school") if school_id else "The Trust"


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


class UsersView(PersonPages):
    list_template = "console/people.html"
    details_template = "console/person.html"
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

    @expose("/details/")
    @needs(Can.SEE_CONSOLE)
    def details_view(self) -> str:
        person = found(self.get_one(request.args.get("id", "")))
        names = {card.id: card.name for card in works().directory.schools()}
        own = person.id == actor().id
        changes = Can.CHANGE_USER in mine() and not own
        page = self.render(
            self.details_template,
            row=person,
            # Who may change the roles sees them further down, each with its link.
            columns=[each for each in self._details_columns if not changes or each[0] != "roles"],
            get_value=self.get_detail_value,
            roles=[
                {
                    "key": Role(role.role).word,
                    "value": ", ".join(
                        filter(None, (_where(role.at_school_id, names), days_in_words(role)))
                    ),
                    "href": url_for("users.role", user_id=person.id, grant_id=role.id),
                    "action": "Change or end",
                    "about": role_in_words(role, names),
                }
                for role in person.roles
            ],
            own=own,
            changes=changes,
            joined=g.session.scalar(
                select(User.password_hash.is_not(None)).where(User.id == person.id)
            ),
        )
        # The page says when they last signed in: that somebody looked is noted.
        note_reading(Event.USER_READ, "account_user", person.id)
        return page

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
