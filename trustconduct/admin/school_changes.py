"""What the officer changes of one school: its name and kind, its head, suspended or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import staff_of
from trustconduct.admin.starting import hand_over_now
from trustconduct.admin.views import Console
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.states import SchoolState, mail_waiting
from trustconduct.schools.add import SchoolRefused
from trustconduct.schools.change import FIELDS, change_school, resume, suspend
from trustconduct.schools.settings import ChangedMeanwhile
from trustconduct.schools.start import Head, ask_head
from trustconduct.tenants.models import Phase, School, SchoolStart
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Choice, Email, Fact, Line, Nothing, Plain, Postal

TONES = {
    SchoolState.SUSPENDED: "attention",
    SchoolState.HEAD_REFUSED: "attention",
    SchoolState.HANDING_OVER: "waiting",
    SchoolState.SETTING_UP: "calm",
    SchoolState.IN_FORCE: "good",
}


class ChangeForm(Plain):
    name = Fact(longest=200, blank="Type the school's name.")
    phase = Choice(Phase, blank="Choose what kind of school it is.")
    address = Postal(longest=300)
    seen_version = fields.String(load_default="")


class HeadForm(Plain):
    head_name = Line(longest=200, blank="Type the head's name.")
    head_email = Email(longest=254, blank="Type the head's work email address.")


class SuspendForm(Plain):
    reason = Line(longest=300, blank="Say why. The head is told, and it is kept.")


class SchoolChanges(Console):
    """The pages that change one school; SchoolsView has them at /admin/schools/<id>/."""

    @expose("/<uuid:school_id>/edit")
    @needs(Can.CHANGE_SCHOOL)
    def edit(self, school_id: UUID) -> Response:
        school = one(school_id)
        typed = {name: getattr(school, name) or "" for name in FIELDS}
        return self._edit_page(school, Form({**typed, "seen_version": school.version}))

    def _edit_page(self, school: School, form: Form, status: int = 200, **more: Any) -> Response:
        return self.page(
            "console/edit_school.html",
            status,
            school_row=school,
            form=form,
            errors=form.errors,
            phases=[(phase.value, phase.word) for phase in Phase],
            **more,
        )

    @expose("/<uuid:school_id>/edit", methods=("POST",))
    @needs(Can.CHANGE_SCHOOL)
    def save_edit(self, school_id: UUID) -> Response:
        school = one(school_id)
        form = read(ChangeForm)
        if form.errors:
            return self._edit_page(school, form, 422)
        values = {**form.values, "phase": Phase(form.values["phase"])}
        seen = values.pop("seen_version")
        try:
            with transaction(g.session):
                change_school(
                    g.session,
                    school,
                    by=actor(),
                    seen_version=int(seen) if seen.isascii() and seen.isdigit() else 0,
                    **values,
                )
        except SchoolRefused as refused:
            for field, message in refused.errors.items():
                form.refuse(field, message)
            return self._edit_page(one(school_id), form, 422)
        except ChangedMeanwhile:
            theirs = one(school_id)
            form.typed = {**form.typed, "seen_version": theirs.version}
            changed = {
                name: getattr(theirs, name) or ""
                for name in FIELDS
                if (getattr(theirs, name) or "") != values[name]
            }
            if changed.get("phase"):
                changed["phase"] = Phase(changed["phase"]).word
            return self._edit_page(theirs, form, 409, theirs=changed)
        works().directory.forget()
        return _back(school, f"{school.name} is saved.", "good")

    @expose("/<uuid:school_id>/head")
    @needs(Can.ADD_USER)
    def head(self, school_id: UUID) -> Response:
        school = one(school_id)
        start = g.session.get(SchoolStart, school_id)
        # Put right what was refused; a head who has come in is not asked again.
        again = start is not None and start.refused != ""
        typed = {"head_name": start.head_name, "head_email": start.head_email} if again else {}
        return self._head_page(school, Form(typed))

    def _head_page(self, school: School, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/ask_head.html", status, school_row=school, form=form, errors=form.errors
        )

    @expose("/<uuid:school_id>/head", methods=("POST",))
    @needs(Can.ADD_USER)
    def invite_head(self, school_id: UUID) -> Response:
        school = one(school_id)
        form = read(HeadForm)
        if form.errors:
            return self._head_page(school, form, 422)
        head = Head(form.values["head_name"], form.values["head_email"])
        with transaction(g.session):
            ask_head(g.session, school, head, by=actor())
        hand_over_now([school.id])
        start = found(g.session.get(SchoolStart, school_id, populate_existing=True))
        if start.refused:
            form.refuse("head_email", start.refused)
            return self._head_page(school, form, 422)
        return _back(school, f"{head.name} is invited as the head of {school.name}.", "good")

    @expose("/<uuid:school_id>/suspend")
    @needs(Can.SUSPEND_SCHOOL)
    def suspension(self, school_id: UUID) -> Response:
        """Say what suspending does before it is done, and ask why."""
        return self._suspend_page(school_id, Form())

    def _suspend_page(self, school_id: UUID, form: Form, status: int = 200) -> Response:
        heads = heads_of(school_id)
        return self.page(
            "console/suspend_school.html",
            status,
            school_row=one(school_id),
            form=form,
            errors=form.errors,
            heads=heads,
        )

    @expose("/<uuid:school_id>/suspend", methods=("POST",))
    @needs(Can.SUSPEND_SCHOOL)
    def suspend(self, school_id: UUID) -> Response:
        form = read(SuspendForm)
        if form.errors:
            return self._suspend_page(school_id, form, 422)
        heads = heads_of(school_id)
        school = one(school_id)
        with transaction(g.session):
            done = suspend(g.session, school, by=actor(), heads=heads, **form.values)
        works().directory.forget()
        if not done:
            return _back(school, f"{school.name} was suspended already.", "waiting")
        hand_over_now([school_id])
        school = one(school_id)
        told = ", ".join(head.name for head in heads)
        return _back(
            school,
            f"{school.name} is suspended. {told} is told by email."
            if told
            else f"{school.name} is suspended. It has no head who could be told.",
            "good",
        )

    @expose("/<uuid:school_id>/resume")
    @needs(Can.SUSPEND_SCHOOL)
    def resumption(self, school_id: UUID) -> Response:
        school = one(school_id)
        return self.page(
            "console/resume_school.html",
            school_row=school,
            waiting=mail_waiting(g.session, school, by=actor()),
        )

    @expose("/<uuid:school_id>/resume", methods=("POST",))
    @needs(Can.SUSPEND_SCHOOL)
    def resume(self, school_id: UUID) -> Response:
        read(Nothing)
        heads = heads_of(school_id)
        school = one(school_id)
        waiting = mail_waiting(g.session, school, by=actor())
        with transaction(g.session):
            done = resume(g.session, school, by=actor(), heads=heads)
        works().directory.forget()
        if not done:
            return _back(school, f"{school.name} was not suspended.", "waiting")
        hand_over_now([school_id])
        school = one(school_id)
        leaving = " The mail that waited is leaving." if waiting else ""
        return _back(school, f"{school.name} is open again.{leaving}", "good")


def one(school_id: UUID) -> School:
    return found(g.session.get(School, school_id, populate_existing=True))


def heads_of(school_id: UUID) -> list[Head]:
    """Who leads the school today: the session for accounts knows, the Trust's does not.

    Asked before the request's own session asks anything: a page that holds two
    connections waits for itself where all are taken.
    """
    with works().sessions.accounts(read_only=True) as session:
        return [
            Head(user.name, user.email) for user in staff_of(session, school_id, Role.HEADTEACHER)
        ]


def _back(school: School, message: str, tone: str) -> Response:
    flash(message, tone)
    return redirect(url_for("schools.details_view", id=school.id), 303)  # type: ignore[return-value]
