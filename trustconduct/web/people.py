"""A school's parents and carers, and taking in its roll."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, request

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.people.person import SHOWN, people_page
from trustconduct.web import (
    contact_plans,
    doubles,
    person,
    person_marks,
    person_notice,
    rolls,
    told,
)
from trustconduct.web.door import enter_school, last_seen, needs, note_reading
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("people", __name__, url_prefix="/<school>/staff/people")
pages.url_value_preprocessor(enter_school)
for part in (
    person.pages,
    person_marks.pages,
    contact_plans.pages,
    person_notice.pages,
    told.pages,
    doubles.pages,
    rolls.pages,
):
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
