"""Whether a person was on notice of a clause on a day, in words; and noting that they were told."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.notice import was_on_notice
from trustconduct.acknowledgements.notice_models import ToldHow, ToldOtherwise
from trustconduct.acknowledgements.told_otherwise import (
    MOST_AT_ONCE,
    TellingRefused,
    note_told,
    take_back_told,
)
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.models import Adult
from trustconduct.people.person import people_page
from trustconduct.policies.versions import version_in_force
from trustconduct.web.door import Form, actor, found, needs, note_reading, read
from trustconduct.web.fields import Choice, Line, Plain, WrittenDay
from trustconduct.web.keyed import scan_of
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("notice", __name__)
HOW = [(one.value, one.word) for one in ToldHow]
A_PAGE = 100


class ToldForm(Plain):
    how = Choice(list(ToldHow), blank="Say how they were told.")
    told_on = WrittenDay(blank="Type the day, like 3 September 2026 or 03/09/2026.")
    words = Line(longest=300, blank="Say who told them, and where.")
    chosen = fields.List(fields.UUID(), load_default=list)


class BackForm(Plain):
    because = Line(longest=300, blank="Say why, in one sentence.")


@pages.get("/<uuid:adult_id>/on-notice")
@needs(Can.SEE_PEOPLE)
def show(adult_id: UUID) -> Response:
    """Choose a clause and a day; the answer stands with every ground, and what was not counted."""
    adult = found(g.session.get(Adult, (g.school.id, adult_id)))
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = clock.today()
    day = min(max(day, date(2000, 1, 1)), clock.today())
    version = version_in_force(g.session, day)
    clauses = (
        [
            (clause.id, f"{section.heading or section.id}: {clause.text[:80]}")
            for section in version.document.sections
            for clause in section.clauses
        ]
        if version
        else []
    )
    clause = request.args.get("clause", "").replace("\0", "")[:80]
    page = staff_page(
        "staff/person_notice.html",
        adult=adult,
        on=day,
        version=version,
        clauses=clauses,
        clause=clause,
        was=was_on_notice(g.session, adult, clause, day) if clause else None,
        day=clock.day,
    )
    note_reading(Event.ADULT_READ, "adult", adult_id)
    return make_response(page)


@pages.get("/told-otherwise")
@needs(Can.KEY_ANSWER)
def tell() -> Response:
    return _tell_page(Form({"told_on": clock.day(clock.today())}))


def _tell_page(form: Form, status: int = 200) -> Response:
    """Names to tick: of one person, or of those whose name holds what was typed."""
    only = request.args.get("adult", "")
    named = request.args.get("name", "").replace("\0", "")[:200].strip()
    people = people_page(g.session, named=named, most=A_PAGE)
    try:
        one = g.session.get(Adult, (g.school.id, UUID(only))) if only else None
    except ValueError:
        one = None
    page = staff_page(
        "staff/told_otherwise.html",
        one=one,
        named=named,
        people=people[:A_PAGE],
        more=len(people) > A_PAGE,
        form=form,
        errors=form.errors,
        how=HOW,
    )
    response = make_response(page, status)
    if status == 200:
        note_reading(Event.ROLL_READ, "roll")
    return response


@pages.post("/told-otherwise")
@needs(Can.KEY_ANSWER)
def told() -> Response:
    typed = {name: value for name, value in request.form.items() if name != "chosen"}
    form = read(ToldForm, {**typed, "chosen": request.form.getlist("chosen")[:MOST_AT_ONCE]})
    scan = None if form.errors else scan_of(form)
    if form.errors:
        return _tell_page(form, 422)
    given = {**form.values, "how": ToldHow(form.values["how"])}
    chosen = given.pop("chosen")
    try:
        with transaction(g.session):
            note_told(g.session, chosen, by=actor(), scan=scan, **given)
    except TellingRefused as refused:
        form.refuse(refused.field, str(refused))
        return _tell_page(form, 422)
    flash(f"Noted for {len(chosen)} {'person' if len(chosen) == 1 else 'people'}.", "good")
    if len(chosen) == 1:
        return make_response(redirect(school_url("people.person.show", adult_id=chosen[0]), 303))
    return make_response(redirect(school_url("people.show"), 303))


@pages.post("/told-otherwise/<uuid:told_id>/back")
@needs(Can.KEY_ANSWER)
def told_back(told_id: UUID) -> Response:
    found(g.session.get(ToldOtherwise, (g.school.id, told_id)))
    form = read(BackForm)
    if form.errors:
        flash("Nothing was taken back: say why, in one sentence.", "waiting")
    else:
        with transaction(g.session):
            take_back_told(g.session, told_id, by=actor(), because=form.values["because"])
        flash("Taken back. It counts for nobody any more.", "good")
    return make_response(redirect(school_url("people.show"), 303))
