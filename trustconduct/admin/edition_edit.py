"""Editing a draft edition: its clauses one page each, and what was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, g, make_response, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.policies import wording
from trustconduct.policies.document import Clause, Document, Form, Section, TextStanding
from trustconduct.policies.editing import begin_next, changes, edit, last_change, put_back
from trustconduct.policies.edition_changes import EditionChange
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.edits import (
    AddClause,
    ChangeClause,
    Edit,
    EditRefused,
    MoveClause,
    Overtaken,
    RetireClause,
    mark,
    note_places,
)
from trustconduct.policies.models import Edition
from trustconduct.web import door
from trustconduct.web.door import actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Nothing, Plain

LONGEST = 5_000
AUTOSAVE = "autosave"
STANDINGS = (
    ("", "As its section"),
    ("locked", "Locked: the Trust’s words"),
    ("adaptable", "Adaptable: a school may change them"),
    ("local", "Local: the school writes it"),
)


class Words(Line):
    """A paragraph: line breaks in it are spaces."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        return super()._deserialize(" ".join(str(value).split()), attr, data, **more)


class Lines(fields.Field):
    """One text a line; blank lines are left out."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> tuple[str, ...]:
        if len(str(value)) > LONGEST:
            raise ValidationError(f"This is too long. Use at most {LONGEST} characters.")
        line = Line(longest=LONGEST)
        return tuple(text for each in str(value).splitlines() if (text := line.deserialize(each)))


class ClauseForm(Plain):
    text = Words(longest=LONGEST, blank="Type the words of the clause.")
    exceptions = Lines(load_default=())
    standing = Choice(("", *TextStanding), blank="Choose who may change its words.")
    flagged = fields.Boolean(load_default=False)
    flagged_because = Line()
    about = Line()
    seen = Line()
    do = fields.String(load_default="save")


class AddForm(Plain):
    about = Line()
    form = Choice(Form, blank="Choose a numbered point or a paragraph.")
    text = Words(longest=LONGEST, blank="Type the words of the clause.")
    after = Line()


class MoveForm(Plain):
    to = Line(blank="Choose where it is to stand.")


class RetireForm(Plain):
    seen = Line()


class Editing(Console):
    """EditionsView has these at /admin/editions/<number>/edit."""

    @expose("/<int:number>/edit")
    @needs(Can.EDIT_EDITION)
    def edit(self, number: int) -> Response:
        edition = draft_of(number)
        return self.page("console/edit.html", edition=edition, document=edition.document)

    @expose("/<int:number>/next", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def begin_next(self, number: int) -> Response:
        base = draft_of(number)
        read(Nothing)
        try:
            with transaction(g.session):
                made = begin_next(g.session, base, by=actor())
        except EditionRefused as refused:
            flash(str(refused), "waiting")
            return to("editions.show", number=number)
        flash(f"Edition {made.number} is begun, with the text of edition {number}.", "good")
        return to("editions.edit", number=made.number)

    @expose("/<int:number>/edit/clause/<clause_id>")
    @needs(Can.EDIT_EDITION)
    def clause(self, number: int, clause_id: str) -> Response:
        edition = draft_of(number)
        clause = found(edition.document.clause(clause_id))
        return self._clause_page(edition, clause, door.Form(_typed(clause)))

    def _clause_page(
        self, edition: Edition, clause: Clause, form: door.Form, status: int = 200, **more: Any
    ) -> Response:
        document = edition.document
        return self.page(
            "console/edit_clause.html",
            status,
            edition=edition,
            clause=clause,
            document=document,
            home=document.section(document.homes.get(clause.id, "")),
            form=form,
            errors=form.errors,
            STANDINGS=STANDINGS,
            FACTS=document.known,
            places=_places(document, clause.id),
            **more,
        )

    @expose("/<int:number>/edit/clause/<clause_id>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_clause(self, number: int, clause_id: str) -> Response:
        edition = draft_of(number)
        form = read(ClauseForm)
        clause = edition.document.clause(clause_id) or Clause(clause_id, "")
        do = form.values.pop("do", "")
        if form.typed.get("do") == AUTOSAVE:
            return _saved_by_itself(edition, clause_id, form)
        if form.errors:
            return self._clause_page(edition, clause, form, 422)
        if do == "preview":
            words = Clause(clause_id, form.values["text"], clause.form, form.values["exceptions"])
            return self._clause_page(
                edition, clause, form, preview=_preview(edition.document, words)
            )
        try:
            with transaction(g.session):
                edit(g.session, edition, _change(clause_id, form), by=actor())
        except EditRefused as refused:
            form.refuse(refused.field, str(refused))
            return self._clause_page(edition, clause, form, 422)
        except EditionRefused as refused:
            form.refuse("", str(refused))
            return self._clause_page(edition, clause, form, 409)
        except Overtaken as overtaken:
            by = last_change(g.session, edition, clause_id)
            form.typed = {**form.typed, "seen": mark(overtaken.now)}
            return self._clause_page(
                edition, clause, form, 409, theirs=overtaken.now, their_name=by and by.by_name
            )
        flash(f"{clause_id} is saved.", "good")
        return to("editions.edit", number=number, _anchor=clause_id)

    @expose("/<int:number>/edit/clause/<clause_id>/move", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def move_clause(self, number: int, clause_id: str) -> Response:
        form = read(MoveForm)
        if form.errors:
            flash("Choose where it is to stand.", "waiting")
            return to("editions.clause", number=number, clause_id=clause_id)
        move = MoveClause(clause_id, form.values["to"])
        return simply(number, move, f"{clause_id} is moved.", clause_id)

    @expose("/<int:number>/edit/clause/<clause_id>/retire", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def retire_clause(self, number: int, clause_id: str) -> Response:
        form = read(RetireForm)
        retire = RetireClause(clause_id, form.values.get("seen", ""))
        said = f"{clause_id} is retired, and its number is never used again."
        return simply(number, retire, said, "")

    @expose("/<int:number>/edit/add/<section_id>")
    @needs(Can.EDIT_EDITION)
    def add(self, number: int, section_id: str) -> Response:
        edition = draft_of(number)
        section = found(edition.document.section(section_id))
        return self._add_page(edition, section, door.Form({"form": "item"}))

    def _add_page(
        self, edition: Edition, section: Section, form: door.Form, status: int = 200
    ) -> Response:
        document = edition.document
        more = {
            "section": section,
            "form": form,
            "errors": form.errors,
            "FACTS": document.known,
            "places": _places(document),
        }
        return self.page("console/edit_add.html", status, edition=edition, **more)

    @expose("/<int:number>/edit/add/<section_id>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def save_added(self, number: int, section_id: str) -> Response:
        edition = draft_of(number)
        section = found(edition.document.section(section_id))
        form = read(AddForm)
        if form.errors:
            return self._add_page(edition, section, form, 422)
        given = {**form.values, "form": Form(form.values["form"])}
        try:
            with transaction(g.session):
                id = edit(g.session, edition, AddClause(section_id, **given), by=actor())
        except (EditRefused, EditionRefused) as refused:
            form.refuse(getattr(refused, "field", ""), str(refused))
            return self._add_page(edition, section, form, 422)
        flash(f"{id} is added.", "good")
        return to("editions.edit", number=number, _anchor=id)

    @expose("/<int:number>/edit/changes")
    @needs(Can.EDIT_EDITION)
    def changes(self, number: int) -> Response:
        edition = draft_of(number)
        page = min(max(door.request.args.get("page", 0, type=int), 0), 10_000)
        rows, more = changes(g.session, edition, page=page)
        return self.page(
            "console/edit_changes.html", edition=edition, rows=rows, more=more, number_of_page=page
        )

    @expose("/<int:number>/edit/changes/<uuid:change_id>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def put_back(self, number: int, change_id: UUID) -> Response:
        read(Nothing)
        change = found(g.session.get(EditionChange, change_id))

        def back(edition: Edition) -> None:
            put_back(g.session, edition, change, by=actor())

        return _said(number, back, "It is put back.", "editions.changes")


def _change(clause_id: str, form: door.Form) -> ChangeClause:
    standing = form.values["standing"]
    given = {**form.values, "standing": TextStanding(standing) if standing else None}
    return ChangeClause(clause_id, **given)


def _saved_by_itself(edition: Edition, clause_id: str, form: door.Form) -> Response:
    """What the script sends while somebody types: saved where it can stand, else said why not.

    Nothing of somebody else's is replaced by it: that is for the person to decide.
    """
    if form.errors:
        return make_response({"said": "Not saved yet: something here needs mending."}, 422)
    try:
        with transaction(g.session):
            edit(g.session, edition, _change(clause_id, form), by=actor())
    except (EditRefused, EditionRefused) as refused:
        return make_response({"said": f"Not saved yet. {refused}"}, 422)
    except Overtaken:
        said = "Not saved: somebody else changed this clause. Press Save to see both."
        return make_response({"said": said}, 409)
    now = edition.document.clause(clause_id)
    at = clock.local(clock.now())
    seen = mark(now) if now else ""
    return make_response({"said": f"Saved at {at:%H:%M}.", "seen": seen})


def simply(
    number: int, change: Edit, good: str, anchor: str, where: str = "editions.edit"
) -> Response:
    """Make a change that has nothing to type, and say so at `where`."""

    def do(edition: Edition) -> None:
        edit(g.session, edition, change, by=actor())

    return _said(number, do, good, where, anchor)


def _said(
    number: int, do: Callable[[Edition], None], good: str, where: str, anchor: str = ""
) -> Response:
    """Do it and say so, or say why not: for a button with nothing to type."""
    edition = draft_of(number)
    try:
        with transaction(g.session):
            do(edition)
    except (EditRefused, EditionRefused) as refused:
        flash(str(refused), "waiting")
    except Overtaken:
        flash("Somebody else changed it a moment ago. Look at it again first.", "waiting")
    else:
        flash(good, "good")
    return to(where, number=number, _anchor=anchor or None)


def _typed(clause: Clause) -> dict[str, Any]:
    return {
        "text": clause.text,
        "exceptions": "\n".join(clause.exceptions),
        "standing": clause.standing or "",
        "flagged": clause.flagged,
        "flagged_because": clause.flagged_because,
        "about": clause.about,
        "seen": mark(clause),
    }


def _preview(document: Document, clause: Clause) -> Any:
    only = Document("", (Section("preview", "", (clause,)),), facts=document.facts)
    return wording.with_ids(only, 3)


def _places(document: Document, but: str = "") -> list[tuple[str, str]]:
    """Where a note can belong, as a list to choose from: each clause by its first words."""
    named = []
    for id in note_places(document):
        clause, section = document.clause(id), document.section(id)
        words = section.heading if section else clause.text if clause else ""
        if id != but:
            named.append((id, f"{id}: {words[:60]}{'…' if len(words) > 60 else ''}"))
    return named


def draft_of(number: int) -> Edition:
    # A number beyond the column's range is unknown, and no error of PostgreSQL's.
    small = number if number < 2**31 else 0
    return found(g.session.scalar(select(Edition).where(Edition.number == small)))


def to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[return-value]
