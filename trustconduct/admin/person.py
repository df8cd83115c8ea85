"""Inviting a person, and one person's page: roles, their days, closing and opening the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, g, make_response, redirect
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields, validates_schema

from trustconduct import clock
from trustconduct.accounts.factors import reset_factor
from trustconduct.accounts.invitations import invite, invite_again, reset_all
from trustconduct.accounts.mails import roles_in_words
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.roles import date_role, disable, enable, end_role
from trustconduct.accounts.users import UserRefused
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.views import Listed
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import transaction
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Choice, Email, Line, Nothing, Plain
from trustconduct.web.tries import sealer


class DaysForm(Plain):
    """From which day to which; blank is open."""

    first_on = WrittenDay()
    last_on = WrittenDay()

    @validates_schema
    def _in_order(self, data: dict[str, Any], **more: Any) -> None:
        first, last = data["first_on"], data["last_on"]
        if first and last and last < first:
            raise ValidationError("The last day can't come before the first.", "last_on")


class RoleForm(DaysForm):
    """A role at the Trust, or at one school."""

    role = Choice([role.value for role in Role], blank="Choose what they are.")
    school = Line(longest=40)

    @validates_schema
    def _goes_together(self, data: dict[str, Any], **more: Any) -> None:
        of_trust = Role(data["role"]).of_trust
        if of_trust and data["school"]:
            raise ValidationError("A role at the Trust has no school. Leave it blank.", "school")
        if not of_trust and works().directory.school(data["school"]) is None:
            raise ValidationError("Choose the school that they work at.", "school")


class PersonForm(RoleForm):
    """A new person and their first role."""

    name = Line(longest=200, blank="Type the person's name.")
    email = Email(longest=254, blank="Type their work email address.")


class ResetForm(Plain):
    password_too = fields.String(load_default="")


class PersonPages(Listed):
    """The pages that write; the list itself is in people.py."""

    def _form_page(self, template: str, form: Form, status: int = 200, **more: Any) -> Response:
        return self.page(
            template,
            status,
            form=form,
            errors=form.errors,
            role_choices=[(role.value, role.word) for role in Role],
            schools=[(card.slug, card.name) for card in works().directory.schools()],
            **more,
        )

    def _to_person(self, user_id: UUID) -> Response:
        return make_response(redirect(self.get_url(".details_view", id=user_id), 303))

    def _user(self, user_id: UUID) -> User:
        return found(g.session.get(User, user_id))

    def _grant(self, user_id: UUID, grant_id: UUID) -> UserGrant:
        grant = found(g.session.get(UserGrant, grant_id))
        return found(grant if grant.user_id == user_id else None)

    def _do(self, user_id: UUID, act: Callable[[], Any], said: str) -> Response:
        """Call one rule, and say on the person's page what came of it."""
        try:
            with transaction(g.session):
                act()
        except UserRefused as refused:
            flash(str(refused), "error")
        else:
            flash(said, "good")
        return self._to_person(user_id)

    # -- inviting

    @expose("/add")
    @needs(Can.ADD_USER)
    def add(self) -> Response:
        return self._form_page("console/add_person.html", Form())

    @expose("/add", methods=("POST",))
    @needs(Can.ADD_USER)
    def save(self) -> Response:
        """Invite the person: they get a mail with a link, and nobody here learns a password."""
        form = read(PersonForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    user = self._invite(form, form.values["email"], form.values["name"])
            except UserRefused as refused:
                form.refuse("email", str(refused))
        if form.errors:
            return self._form_page("console/add_person.html", form, 422)
        flash(f"{user.name} gets an email at {user.email}.", "good")
        return self._to_person(user.id)

    def _invite(self, form: Form, email: str, name: str) -> User:
        school = works().directory.school(form.values["school"])
        return invite(
            g.session,
            by=actor(),
            email=email,
            name=name,
            grants=[Grant(Role(form.values["role"]), school.id if school else None)],
            trust_name=works().directory.trust().name,
            first_on=form.values["first_on"],
            last_on=form.values["last_on"],
        )

    @expose("/<uuid:user_id>/invitation", methods=("POST",))
    @needs(Can.ADD_USER)
    def invite_again(self, user_id: UUID) -> Response:
        user = self._user(user_id)
        read(Nothing)
        return self._do(
            user_id,
            lambda: invite_again(
                g.session, user, by=actor(), trust_name=works().directory.trust().name
            ),
            f"A fresh invitation is on its way to {user.email}.",
        )

    # -- roles

    @expose("/<uuid:user_id>/role")
    @needs(Can.ADD_USER)
    def new_role(self, user_id: UUID) -> Response:
        return self._form_page("console/add_role.html", Form(), user=self._user(user_id))

    @expose("/<uuid:user_id>/role", methods=("POST",))
    @needs(Can.ADD_USER)
    def add_role(self, user_id: UUID) -> Response:
        user, form = self._user(user_id), read(RoleForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    self._invite(form, user.email, user.name)
            except UserRefused as refused:
                form.refuse("role", str(refused))
        if form.errors:
            return self._form_page("console/add_role.html", form, 422, user=user)
        flash(f"{user.name} has the role. They get an email.", "good")
        return self._to_person(user_id)

    def _role_page(self, grant: UserGrant, form: Form, status: int = 200) -> Response:
        words = roles_in_words(g.session, [grant])[0]
        return self._form_page(
            "console/role.html", form, status, user=grant.user, grant=grant, words=words
        )

    @expose("/<uuid:user_id>/role/<uuid:grant_id>")
    @needs(Can.CHANGE_USER)
    def role(self, user_id: UUID, grant_id: UUID) -> Response:
        grant = self._grant(user_id, grant_id)
        days = {"first_on": grant.first_on, "last_on": grant.last_on}
        typed = {name: clock.day(on) for name, on in days.items() if on}
        return self._role_page(grant, Form(typed))

    @expose("/<uuid:user_id>/role/<uuid:grant_id>", methods=("POST",))
    @needs(Can.CHANGE_USER)
    def date_role(self, user_id: UUID, grant_id: UUID) -> Response:
        grant, form = self._grant(user_id, grant_id), read(DaysForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    changed = date_role(
                        g.session,
                        grant,
                        by=actor(),
                        first_on=form.values["first_on"],
                        last_on=form.values["last_on"],
                    )
            except UserRefused as refused:
                form.refuse("last_on", str(refused))
        if form.errors:
            return self._role_page(self._grant(user_id, grant_id), form, 422)
        if changed:
            flash("The days of the role are changed. The person gets an email.", "good")
        else:
            flash(
                "Those are the days it had. Nothing was changed, and nobody gets an email.", "good"
            )
        return self._to_person(user_id)

    @expose("/<uuid:user_id>/role/<uuid:grant_id>/end", methods=("POST",))
    @needs(Can.CHANGE_USER)
    def end_role(self, user_id: UUID, grant_id: UUID) -> Response:
        grant = self._grant(user_id, grant_id)
        return self._do(
            user_id,
            lambda: end_role(g.session, grant, by=actor()),
            "The role has ended. The person gets an email.",
        )

    # -- the account

    @expose("/<uuid:user_id>/close")
    @needs(Can.CHANGE_USER)
    def closing(self, user_id: UUID) -> Response:
        return self.page("console/close_person.html", user=self._user(user_id))

    @expose("/<uuid:user_id>/close", methods=("POST",))
    @needs(Can.CHANGE_USER)
    def close(self, user_id: UUID) -> Response:
        user = self._user(user_id)
        return self._do(
            user_id,
            lambda: disable(g.session, user, by=actor()),
            f"{user.name} can no longer sign in, and was signed out everywhere.",
        )

    @expose("/<uuid:user_id>/open", methods=("POST",))
    @needs(Can.CHANGE_USER)
    def reopen(self, user_id: UUID) -> Response:
        user = self._user(user_id)
        return self._do(
            user_id,
            lambda: enable(g.session, user, by=actor()),
            f"{user.name} can sign in again.",
        )

    @expose("/<uuid:user_id>/authenticator")
    @needs(Can.CHANGE_USER)
    def resetting(self, user_id: UUID) -> Response:
        return self.page("console/reset_factor.html", user=self._user(user_id))

    @expose("/<uuid:user_id>/authenticator", methods=("POST",))
    @needs(Can.CHANGE_USER)
    def reset_factor(self, user_id: UUID) -> Response:
        """Take away the authenticator; with the password lost as well, they begin anew."""
        user, form = self._user(user_id), read(ResetForm)
        if form.values.get("password_too") == "yes":
            trust = works().directory.trust().name
            return self._do(
                user_id,
                lambda: reset_all(g.session, user, by=actor(), sealer=sealer(), trust_name=trust),
                f"{user.name} gets a new invitation by email.",
            )
        return self._do(
            user_id,
            lambda: reset_factor(g.session, user, by=actor(), sealer=sealer()),
            f"{user.name} gets an email with a link to set up a new authenticator.",
        )
