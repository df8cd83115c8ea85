"""The people who sign in: their roles, their last sign-in, and nothing that is secret."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, validates_schema
from sqlalchemy import func, select
from sqlalchemy.orm import defer

from trustconduct import clock
from trustconduct.accounts.models import Factor, SignIn, User
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import UserRefused, add_user
from trustconduct.acknowledgements.mails import day
from trustconduct.admin.views import Listed
from trustconduct.audit.actor import Grant, Role
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, needs, note_reading, read, works
from trustconduct.web.fields import Choice, Email, Line, Plain

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


class PersonForm(Plain):
    """A new person and their first role: at the Trust, or at one school."""

    name = Line(longest=200, blank="Type the person's name.")
    email = Email(longest=254, blank="Type their work email address.")
    role = Choice([role.value for role in Role], blank="Choose what they are.")
    school = Line(longest=40)

    @validates_schema
    def _goes_together(self, data: dict[str, Any], **more: Any) -> None:
        of_trust = Role(data["role"]).of_trust
        if of_trust and data["school"]:
            raise ValidationError("A role at the Trust has no school. Leave it blank.", "school")
        if not of_trust and works().directory.school(data["school"]) is None:
            raise ValidationError("Choose the school that they work at.", "school")


class UsersView(Listed):
    list_template = "console/people.html"
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

    @expose("/add")
    @needs(Can.ADD_USER)
    def add(self) -> Response:
        return self._add_page(Form())

    def _add_page(self, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/add_person.html",
            status,
            form=form,
            errors=form.errors,
            roles=[(role.value, role.word) for role in Role],
            schools=[(card.slug, card.name) for card in works().directory.schools()],
        )

    @expose("/add", methods=("POST",))
    @needs(Can.ADD_USER)
    def save(self) -> Response:
        """Add the person, and show their first password once: it is kept nowhere."""
        form = read(PersonForm)
        if form.errors:
            return self._add_page(form, 422)
        school = works().directory.school(form.values["school"])
        password = secrets.token_urlsafe(12)
        try:
            with transaction(g.session):
                user = add_user(
                    g.session,
                    by=actor(),
                    email=form.values["email"],
                    name=form.values["name"],
                    password=password,
                    grants=[Grant(Role(form.values["role"]), school.id if school else None)],
                )
        except UserRefused as refused:
            form.refuse("email", str(refused))
            return self._add_page(form, 422)
        address = f"{works().settings.BASE_URL.rstrip('/')}{url_for('account.sign_in')}"
        return self.page("console/person_added.html", user=user, password=password, address=address)

    @expose("/details/")
    @needs(Can.SEE_CONSOLE)
    def details_view(self) -> str:
        """One person. That somebody looked is noted: the page says when they last signed in."""
        page = super().details_view()
        note_reading(Event.USER_READ, "account_user", UUID(request.args["id"]))
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
