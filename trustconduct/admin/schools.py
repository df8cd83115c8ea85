"""The Trust's schools: the list, one school with its people, and adding one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from markupsafe import Markup
from marshmallow import ValidationError, fields, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, defer

from trustconduct import clock
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can
from trustconduct.admin.many_schools import ManySchools
from trustconduct.admin.school_changes import TONES, SchoolChanges
from trustconduct.admin.starting import hand_over_now
from trustconduct.admin.views import Listed
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.states import SchoolState, states
from trustconduct.schools.add import (
    LONGEST_SLUG,
    NewSchool,
    SchoolRefused,
    add_school,
    problems,
)
from trustconduct.schools.settings import police_forces
from trustconduct.schools.start import Head
from trustconduct.tenants.models import Phase, PoliceForce, School, SchoolStart
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Choice, Email, Fact, Line, Plain, Postal

# How many of a school's people stand on its page; all of them are on the page of people.
MOST_PEOPLE = 50


class AddForm(Plain):
    name = Fact(longest=200, blank="Type the school's name.")
    slug = Line(longest=LONGEST_SLUG)
    phase = Choice(Phase, blank="Choose what kind of school it is.")
    address = Postal(longest=300)
    police_force_id = fields.String(load_default="")
    head_name = Line(longest=200)
    head_email = Email(longest=254)

    @validates_schema
    def _head_whole(self, data: dict[str, Any], **more: Any) -> None:
        if data["head_name"] and not data["head_email"]:
            raise ValidationError("Type the head's work email address.", "head_email")
        if data["head_email"] and not data["head_name"]:
            raise ValidationError("Type the head's name.", "head_name")


@dataclass(frozen=True)
class Shown:
    """A school as the list shows it."""

    id: UUID
    name: str
    slug: str
    phase: str
    state: SchoolState
    joined_at: datetime


@dataclass(frozen=True)
class Staff:
    """Somebody of a school, as its page shows them."""

    id: UUID
    name: str
    email: str
    roles: str
    state: str


def staff_at(session: ScopedSession, school_id: UUID) -> list[Staff]:
    """The people with a role at a school, by name, in one query: for the session for accounts."""
    users: Sequence[User] = (
        session.scalars(
            select(User)
            .join(User.grants)
            .where(UserGrant.at_school_id == school_id)
            .order_by(User.name, User.id)
            .options(contains_eager(User.grants), defer(User.password_hash, raiseload=True))
        )
        .unique()
        .all()
    )
    came = set(
        session.scalars(
            select(User.id)
            .join(User.grants)
            .where(UserGrant.at_school_id == school_id, User.password_hash.is_not(None))
        )
    )
    today = clock.today()

    def state(user: User) -> str:
        if user.disabled_at:
            return "May not sign in"
        return "Signs in" if user.id in came else "Invited, not here yet"

    def role(grant: UserGrant) -> str:
        return Role(grant.role).word + ("" if grant.holds(today) else " (not today)")

    return [
        Staff(user.id, user.name, user.email, ", ".join(map(role, user.grants)), state(user))
        for user in users
    ]


def _staff(typed: str) -> list[Staff]:
    """The people of the school that an address names; nobody where it names none."""
    try:
        school_id = UUID(typed)
    except ValueError:
        return []
    with works().sessions.accounts(read_only=True) as session:
        return staff_at(session, school_id)


def _address(view: Any, context: Any, school: Shown, name: str) -> Markup:
    return Markup('<a class="govuk-link" href="/{0}/">/{0}/</a>').format(school.slug)


def _joined(view: Any, context: Any, school: Shown, name: str) -> str:
    return clock.day(clock.local(school.joined_at).date())


def _state(view: Any, context: Any, school: Shown, name: str) -> Markup:
    return Markup('<strong class="tc-tag tc-tag--{}">{}</strong>').format(
        TONES[school.state], school.state.word
    )


class SchoolsView(SchoolChanges, ManySchools, Listed):
    list_template = "console/schools.html"
    column_list = ("name", "slug", "phase", "state", "joined_at")
    column_labels = {  # noqa: RUF012
        "name": "School",
        "slug": "Public page",
        "phase": "Phase",
        "state": "State",
        "joined_at": "Added",
    }
    column_formatters = {"slug": _address, "joined_at": _joined, "state": _state}  # noqa: RUF012
    column_searchable_list = ("name", "slug")
    column_default_sort = "name"

    heading = "Schools"
    caption = "Schools of the Trust"

    def get_list(self, *args: Any, **more: Any) -> tuple[int | None, list[Shown]]:
        count, schools = super().get_list(*args, **more)
        state_of = states(g.session, schools, by=actor())
        return count, [
            Shown(
                school.id,
                school.name,
                school.slug,
                Phase(school.phase).word if school.phase else "Not stated",
                state_of[school.id],
                school.joined_at,
            )
            for school in schools
        ]

    def get_one(self, id: str) -> School | None:
        try:
            return g.session.get(School, UUID(id))
        except ValueError:
            return None

    @expose("/details/")
    @needs(Can.SEE_CONSOLE)
    def details_view(self) -> str:
        # Accounts first: a page that holds two connections waits for itself where all are taken.
        staff = _staff(request.args.get("id", ""))
        school = found(self.get_one(request.args.get("id", "")))
        start = g.session.get(SchoolStart, school.id)
        force = None
        if start and start.police_force_id:
            force = g.session.get(PoliceForce, start.police_force_id)
        return self.render(
            "console/school.html",
            row=school,
            phase=Phase(school.phase).word if school.phase else "",
            state=states(g.session, [school], by=actor())[school.id],
            TONES=TONES,
            start=start,
            force=force,
            staff=staff[:MOST_PEOPLE],
            staff_more=len(staff) - MOST_PEOPLE,
        )

    @expose("/add")
    @needs(Can.ADD_SCHOOL)
    def add(self) -> Response:
        return self._add_page(Form())

    def _add_page(self, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/add_school.html",
            status,
            form=form,
            errors=form.errors,
            phases=[(phase.value, phase.word) for phase in Phase],
            forces=[(force.id, force.name) for force in police_forces(g.session)],
            LONGEST_SLUG=LONGEST_SLUG,
        )

    @expose("/add", methods=("POST",))
    @needs(Can.ADD_SCHOOL)
    def save(self) -> Response:
        form = read(AddForm)
        if form.errors:
            self._tell_all(form)
            return self._add_page(form, 422)
        values = {**form.values}
        name, email = values.pop("head_name"), values.pop("head_email")
        values["phase"] = Phase(values["phase"])
        values["police_force_id"] = values["police_force_id"] or None
        head = Head(name, email) if name else None
        try:
            with transaction(g.session):
                school = add_school(g.session, by=actor(), head=head, **values)
        except SchoolRefused as refused:
            if refused.there is not None:
                flash(f"{refused.there.name} is here already. Nothing was added twice.", "waiting")
                return to_school(refused.there.id)
            for field, message in refused.errors.items():
                form.refuse(field, message)
            return self._add_page(form, 422)
        works().directory.forget()
        flash(f"{school.name} is added. Its pages are at /{school.slug}/.", "good")
        hand_over_now([school.id])
        return to_school(school.id)

    def _tell_all(self, form: Form) -> None:
        """Beside what can't be read in a form, what the other schools have already."""
        given = form.values
        new = NewSchool(
            given.get("name") or "",
            given.get("slug") or "",
            police_force_id=given.get("police_force_id") or None,
        )
        for field, message in problems(g.session, new).items():
            if given.get(field):
                form.refuse(field, message)


def to_school(school_id: UUID) -> Response:
    return redirect(url_for("schools.details_view", id=school_id), 303)  # type: ignore[return-value]
