"""The cases that a governor or a member of staff was assigned to: to read, and no others."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, make_response

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.conduct.cases import may_see
from trustconduct.conduct.ladder import steps_of
from trustconduct.conduct.lists import PAGE, cases_page, told_in
from trustconduct.conduct.models import ConductCase, Involved, Place, StepKind, Tag
from trustconduct.people.models import Adult
from trustconduct.web.door import actor, enter_school, found, needs, note_reading
from trustconduct.web.navigation import staff_page

pages = Blueprint("assigned", __name__, url_prefix="/<school>/staff/assigned")
pages.url_value_preprocessor(enter_school)


@pages.get("/")
@needs(Can.SEE_ASSIGNED)
def show() -> Response:
    listed = cases_page(g.session, member_id=actor().id)[:PAGE]
    page = staff_page("staff/assigned.html", cases=listed, day=clock.day)
    note_reading(Event.CASES_READ, "conduct_case")
    return make_response(page)


@pages.get("/<uuid:case_id>/")
@needs(Can.SEE_ASSIGNED)
def case(case_id: UUID) -> Response:
    """A case as its head sees it, without its forms. Not assigned answers like not there."""
    row = found(g.session.get(ConductCase, (g.school.id, case_id)))
    found(may_see(g.session, row, actor()) or None)
    adult = g.session.get(Adult, (g.school.id, row.adult_id)) if row.adult_id else None
    page = staff_page(
        "staff/assigned_case.html",
        case=row,
        adult=adult,
        told=told_in(g.session, row.id),
        steps=[one for one in steps_of(g.session, row) if one.case_id == row.id],
        StepKind=StepKind,
        Tag=Tag,
        Place=Place,
        Involved=Involved,
        today=clock.today(),
        day=clock.day,
    )
    note_reading(Event.CASE_READ, "conduct_case", row.id)
    return make_response(page)
