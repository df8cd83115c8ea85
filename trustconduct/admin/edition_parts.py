"""Editing what stands around a draft's clauses: its header, its sections, the facts it declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields, validates_schema

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.edition_edit import draft_of, simply, to
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.policies.document import Section, TextStanding
from trustconduct.policies.editing import HeaderFields, change_header, edit, last_change
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.edits import Edit, EditRefused, Overtaken, mark
from trustconduct.policies.fact_edits import ChangeFact, DeclareFact, RetireFact, declared
from trustconduct.policies.facts import FACTS, KINDS, Fact
from trustconduct.policies.models import Edition
from trustconduct.policies.section_edits import (
    AddSection,
    ChangeSection,
    MoveSection,
    RetireSection,
)
from trustconduct.web import door
from trustconduct.web.door import actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Nothing, Plain

STANDINGS = (
    ("locked", "Locked: the Trust’s words"),
    ("adaptable", "Adaptable: a school may change them"),
    ("local", "Local: the school writes it"),
)


class HeaderForm(Plain):
    title = Line(longest=200, blank="Type the title of the policy.")
    scope = Line(longest=200)
    board_on = WrittenDay()
    review_text = Line(longest=100)
    union_on = WrittenDay()
    union_not_applicable = fields.Boolean(load_default=False)
    statutory = fields.Boolean(load_default=False)
    author = Line(longest=100)
    author_role = Line(longest=100)
    local_bodies = fields.Boolean(load_default=False)
    seen = Line()

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **more: Any) -> None:
        if data.get("union_on") and data.get("union_not_applicable"):
            raise ValidationError(
                "Take the day out, or the tick: the union was asked, or it does not apply.",
                "union_on",
            )


class SectionForm(Plain):
    heading = Line(longest=200, blank="Type the heading of the section.")
    standing = Choice(TextStanding, blank="Choose who may change its words.")
    after = Line()
    seen = Line()


class MoveForm(Plain):
    to = Choice(("up", "down"), blank="Choose up or down.")


class FactForm(Plain):
    name = Line(longest=60)
    label = Line(longest=60, blank="Type what staff call it, like Bus line.")
    help = Line(longest=200, blank="Say what a school should type here.")
    kind = Choice(KINDS, blank="Choose what kind of fact it is.")
    seen = Line()


class Parts(Console):
    """EditionsView has these at /admin/editions/<number>/edit."""

    # -- the header

    @expose("/<int:number>/edit/header")
    @needs(Can.EDIT_EDITION)
    def header(self, number: int) -> Response:
        edition = draft_of(number)
        return self._header_page(edition, door.Form(_typed_header(HeaderFields.of(edition))))

    def _header_page(
        self, edition: Edition, form: door.Form, status: int = 200, **more: Any
    ) -> Response:
        return self._form_page("console/edit_header.html", edition, form, status, **more)

    @expose("/<int:number>/edit/header", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_header(self, number: int) -> Response:
        edition = draft_of(number)
        form = read(HeaderForm)

        def save() -> None:
            given = dict(form.values)
            seen = given.pop("seen")
            change_header(g.session, edition, HeaderFields(**given), by=actor(), seen=seen)

        if form.errors or not self._kept(save, form):
            return self._header_page(edition, form, form.values.get("status", 422))
        flash("The title and dates are saved.", "good")
        return to("editions.edit", number=number)

    # -- sections

    @expose("/<int:number>/edit/sections/add")
    @needs(Can.EDIT_EDITION)
    def add_section(self, number: int) -> Response:
        return self._section_page(draft_of(number), None, door.Form({"standing": "locked"}))

    @expose("/<int:number>/edit/sections/add", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_new_section(self, number: int) -> Response:
        edition = draft_of(number)
        form = read(SectionForm)
        if form.errors:
            return self._section_page(edition, None, form, 422)
        given = form.values
        add = AddSection(given["heading"], TextStanding(given["standing"]), given["after"])
        if not self._carried_out(edition, add, form):
            return self._section_page(edition, None, form, form.values["status"])
        flash(f"The section “{add.heading}” is added. Add its clauses now.", "good")
        return to("editions.edit", number=number, _anchor=form.values["made"])

    @expose("/<int:number>/edit/section/<section_id>")
    @needs(Can.EDIT_EDITION)
    def section(self, number: int, section_id: str) -> Response:
        edition = draft_of(number)
        section = found(edition.document.section(section_id))
        return self._section_page(edition, section, door.Form(_typed_section(section)))

    def _section_page(
        self, edition: Edition, section: Section | None, form: door.Form, status: int = 200
    ) -> Response:
        more = {"section": section, "document": edition.document, "STANDINGS": STANDINGS}
        return self._form_page("console/edit_section.html", edition, form, status, **more)

    @expose("/<int:number>/edit/section/<section_id>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_section(self, number: int, section_id: str) -> Response:
        edition = draft_of(number)
        section = found(edition.document.section(section_id))
        form = read(SectionForm)
        if form.errors:
            return self._section_page(edition, section, form, 422)
        given = form.values
        change = ChangeSection(
            section_id, given["seen"], given["heading"], TextStanding(given["standing"])
        )
        if not self._carried_out(edition, change, form):
            return self._section_page(edition, section, form, form.values["status"])
        flash(f"The section “{change.heading}” is saved.", "good")
        return to("editions.edit", number=number, _anchor=section_id)

    @expose("/<int:number>/edit/section/<section_id>/move", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def move_section(self, number: int, section_id: str) -> Response:
        form = read(MoveForm)
        if form.errors:
            flash("Choose up or down.", "waiting")
            return to("editions.section", number=number, section_id=section_id)
        move = MoveSection(section_id, form.values["to"])
        return simply(number, move, "The section is moved.", section_id)

    @expose("/<int:number>/edit/section/<section_id>/retire", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def retire_section(self, number: int, section_id: str) -> Response:
        read(Nothing)
        return simply(number, RetireSection(section_id), "The section is retired.", "")

    # -- facts

    @expose("/<int:number>/edit/facts")
    @needs(Can.EDIT_EDITION)
    def facts(self, number: int) -> Response:
        edition = draft_of(number)
        return self.page(
            "console/edit_facts.html",
            edition=edition,
            document=edition.document,
            FACTS=FACTS,
            KINDS=KINDS,
        )

    @expose("/<int:number>/edit/facts/add")
    @needs(Can.EDIT_EDITION)
    def add_fact(self, number: int) -> Response:
        return self._fact_page(draft_of(number), None, door.Form({"name": "school."}))

    @expose("/<int:number>/edit/facts/add", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_new_fact(self, number: int) -> Response:
        return self._save_fact(number, None)

    @expose("/<int:number>/edit/fact/<fact_name>")
    @needs(Can.EDIT_EDITION)
    def fact(self, number: int, fact_name: str) -> Response:
        edition = draft_of(number)
        fact = _declared(edition, fact_name)
        return self._fact_page(edition, fact, door.Form({**vars(fact), "seen": mark(fact)}))

    @expose("/<int:number>/edit/fact/<fact_name>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_fact(self, number: int, fact_name: str) -> Response:
        return self._save_fact(number, _declared(draft_of(number), fact_name))

    def _save_fact(self, number: int, fact: Fact | None) -> Response:
        edition = draft_of(number)
        form = read(FactForm)
        if form.errors:
            return self._fact_page(edition, fact, form, 422)
        given = dict(form.values)
        name, seen = given.pop("name"), given.pop("seen")
        change: Edit
        change = ChangeFact(fact.name, seen, **given) if fact else DeclareFact(name, **given)
        if not self._carried_out(edition, change, form):
            return self._fact_page(edition, fact, form, form.values["status"])
        flash(f"The fact {{{fact.name if fact else name}}} is saved.", "good")
        return to("editions.facts", number=number)

    def _fact_page(
        self, edition: Edition, fact: Fact | None, form: door.Form, status: int = 200
    ) -> Response:
        more = {"fact": fact, "KINDS": list(KINDS.items())}
        return self._form_page("console/edit_fact.html", edition, form, status, **more)

    @expose("/<int:number>/edit/fact/<fact_name>/retire", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def retire_fact(self, number: int, fact_name: str) -> Response:
        read(Nothing)
        return simply(number, RetireFact(fact_name), "The fact is retired.", "", "editions.facts")

    # -- saving, in all of them alike

    def _form_page(
        self, template: str, edition: Edition, form: door.Form, status: int, **more: Any
    ) -> Response:
        said = {"theirs": form.values.get("theirs"), "their_name": form.values.get("their_name")}
        return self.page(
            template, status, edition=edition, form=form, errors=form.errors, **said, **more
        )

    def _carried_out(self, edition: Edition, change: Edit, form: door.Form) -> bool:
        def save() -> None:
            form.values["made"] = edit(g.session, edition, change, by=actor())

        about = getattr(change, "id", "") or getattr(change, "name", "")
        return self._kept(save, form, edition, about)

    def _kept(
        self,
        save: Callable[[], None],
        form: door.Form,
        edition: Edition | None = None,
        about: str = "",
    ) -> bool:
        """Save, or put into the form what is to be said and with which status."""
        try:
            with transaction(g.session):
                save()
        except EditRefused as refused:
            form.refuse(refused.field, str(refused))
            form.values["status"] = 422
        except EditionRefused as refused:
            form.refuse("", str(refused))
            form.values["status"] = 409
        except Overtaken as overtaken:
            now = overtaken.now
            by = last_change(g.session, edition, about) if edition else None
            form.typed = {**form.typed, "seen": _mark(now)}
            form.values |= {
                "status": 409,
                "theirs": now,
                "their_name": by.by_name if by else "Somebody else",
            }
        else:
            return True
        return False


def _mark(now: Any) -> str:
    return now.mark if isinstance(now, HeaderFields) else mark(now)


def _declared(edition: Edition, name: str) -> Fact:
    try:
        return declared(edition.document, name)
    except EditRefused:
        return found(None)


def _typed_section(section: Section) -> dict[str, Any]:
    return {
        "heading": section.heading,
        "standing": section.standing.value,
        "seen": mark(section),
    }


def _typed_header(now: HeaderFields) -> dict[str, Any]:
    days = {
        name: clock.day(value) if (value := getattr(now, name)) else ""
        for name in ("board_on", "union_on")
    }
    return {**vars(now), **days, "seen": now.mark}
