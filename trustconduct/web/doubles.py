"""Two rows for one person: look at them side by side, make them one, and undo it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.doubles import WHY, CannotMerge, doubles, merge, separate
from trustconduct.people.models import Adult
from trustconduct.web.door import actor, found, last_seen, needs, note_reading, read
from trustconduct.web.fields import Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("doubles", __name__, url_prefix="/doubles")

A_PAGE = 50


class MergeForm(Plain):
    double = fields.UUID(required=True)
    into = fields.UUID(required=True)


class SeparateForm(Plain):
    double = fields.UUID(required=True)


def adult_or_404(adult_id: UUID | None) -> Adult:
    return found(g.session.get(Adult, (g.school.id, adult_id)) if adult_id else None)


@pages.get("/")
@needs(Can.CHANGE_PEOPLE)
def show() -> Response:
    pairs = doubles(g.session, after=last_seen(), most=A_PAGE)
    onward = ""
    if len(pairs) > A_PAGE:
        onward = school_url("people.doubles.show", after=pairs[A_PAGE - 1].mark)
    page = staff_page("staff/doubles.html", pairs=pairs[:A_PAGE], onward=onward, WHY=WHY)
    note_reading(Event.ROLL_READ, "roll")
    return make_response(page)


@pages.post("/merge")
@needs(Can.CHANGE_PEOPLE)
def join() -> Response:
    values = read(MergeForm).values
    double, into = adult_or_404(values.get("double")), adult_or_404(values.get("into"))
    try:
        with transaction(g.session):
            merge(g.session, double, into, by=actor())
    except CannotMerge as no:
        flash(str(no), "attention")
    else:
        flash(f"{into.name} is one person now. You can undo it on this page.", "good")
    return make_response(redirect(school_url("people.person.show", adult_id=into.id), 303))


@pages.post("/undo")
@needs(Can.CHANGE_PEOPLE)
def undo() -> Response:
    double = adult_or_404(read(SeparateForm).values.get("double"))
    with transaction(g.session):
        separate(g.session, double, by=actor())
    flash(f"{double.name}: two people again, each as they were before.", "good")
    return make_response(redirect(school_url("people.person.show", adult_id=double.id), 303))
