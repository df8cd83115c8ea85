"""A school's parents and carers, and taking in its roll."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, request

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.person import SHOWN, people_page
from trustconduct.people.roll import LARGEST, Roll, read_roll
from trustconduct.people.take_in import changes, take_in
from trustconduct.web import doubles, person, person_marks, told
from trustconduct.web.door import Form, actor, enter_school, last_seen, needs, note_reading, read
from trustconduct.web.fields import Carried, Line, Plain, carried
from trustconduct.web.navigation import count, school_url, staff_page

pages = Blueprint("people", __name__, url_prefix="/<school>/staff/people")
pages.url_value_preprocessor(enter_school)
for part in (person.pages, person_marks.pages, told.pages, doubles.pages):
    pages.register_blueprint(part)

A_PAGE = 50


@pages.get("/")
@needs(Can.SEE_PEOPLE)
def show() -> Response:
    shown = request.args.get("show", "")
    shown = shown if shown in SHOWN else ""
    named = request.args.get("name", "").replace("\0", "")[:200].strip()
    found = people_page(g.session, show=shown, named=named, after=last_seen(), most=A_PAGE)
    more = len(found) > A_PAGE
    people = found[:A_PAGE]
    last = people[-1] if people else None
    only = {name: value for name, value in (("show", shown), ("name", named)) if value}
    page = staff_page(
        "staff/people.html",
        people=people,
        shown=shown,
        named=named,
        onward=school_url("people.show", after=f"{last.name}|{last.id}", **only)
        if last and more
        else "",
        first_page="" if "after" not in request.args else school_url("people.show", **only),
    )
    note_reading(Event.ROLL_READ, "roll")
    return make_response(page)


@pages.get("/roll")
@needs(Can.TAKE_IN_ROLL)
def roll() -> Response:
    return _roll_page(Form())


def _roll_page(form: Form, status: int = 200, **more: Any) -> Response:
    shown = {"roll": None, "changes": None, "file": "", "name": "", **more}
    return make_response(staff_page("staff/roll.html", form=form, **shown), status)


@pages.post("/roll")
@needs(Can.TAKE_IN_ROLL)
def check_roll() -> Response:
    """Show what a file would change. Nothing is saved until the person says so on that page."""
    form = Form()
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        form.refuse("file", "Choose the CSV file of your roll.")
        return _roll_page(form, 422)
    raw = upload.stream.read(LARGEST + 1)
    return _shown(raw, upload.filename)


def _shown(raw: bytes, name: str) -> Response:
    read_ = read_roll(raw)
    if read_.faults:
        return _roll_page(_faulty(read_), 422, roll=read_, name=name)
    return _roll_page(
        Form(),
        roll=read_,
        changes=changes(g.session, read_),
        file=carried(raw),
        name=name,
    )


def _faulty(roll_: Roll) -> Form:
    form = Form()
    form.refuse("file", "The file has mistakes, so nothing was saved. They are listed below.")
    return form


class TakeInForm(Plain):
    file = Carried()
    name = Line()


@pages.post("/roll/take-in")
@needs(Can.TAKE_IN_ROLL)
def take_roll_in() -> Response:
    form = read(TakeInForm)
    if form.errors:
        return _roll_page(form, 422)
    read_ = read_roll(form.values["file"])
    if read_.faults:
        return _roll_page(_faulty(read_), 422, roll=read_, name=form.values["name"])
    with transaction(g.session):
        found = take_in(g.session, read_, by=actor())
    flash(
        f"{count(len(found.adults), 'adult', 'adults')} and"
        f" {count(len(found.pupils), 'pupil', 'pupils')} added."
        if found.any
        else "Everyone on this roll was there already. Nothing changed.",
        "good",
    )
    return make_response(redirect(school_url("people.show"), 303))
