"""Who else sees a case: members of staff who work on it, and governors."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect

from trustconduct.accounts.permissions import Can
from trustconduct.conduct.cases import CaseRefused, assign, end_assignment
from trustconduct.conduct.lists import members_of
from trustconduct.conduct.models import CaseMember, ConductCase, Duty
from trustconduct.db import transaction
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Plain
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.staff_here import colleagues

pages = Blueprint("assigning", __name__, url_prefix="/<uuid:case_id>/who-sees-it")


class AssignForm(Plain):
    user = Line(longest=40, blank="Choose a person.")
    duty = Choice([each.value for each in Duty], blank="Choose what for.")


def _case(case_id: UUID) -> ConductCase:
    return found(g.session.get(ConductCase, (g.school.id, case_id)))


@pages.get("/")
@needs(Can.DECIDE_STEP)
def show(case_id: UUID) -> Response:
    return _page(_case(case_id), Form())


def _page(row: ConductCase, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/case_members.html",
        case=row,
        members=members_of(g.session, row.id),
        colleagues=[(str(id), name) for id, name in colleagues().items()],
        duties=[(each.value, each.word) for each in Duty],
        Duty=Duty,
        form=form,
        errors=form.errors,
    )
    return make_response(page, status)


@pages.post("/")
@needs(Can.DECIDE_STEP)
def add(case_id: UUID) -> Response:
    row, form, there = _case(case_id), read(AssignForm), colleagues()
    name = next((n for id, n in there.items() if str(id) == form.values.get("user")), "")
    if not form.errors and not name:
        form.refuse("user", "This person does not work here any more. Choose another.")
    if form.errors:
        return _page(row, form, 422)
    with transaction(g.session):
        user_id, duty = UUID(form.values["user"]), Duty(form.values["duty"])
        assign(g.session, row, by=actor(), user_id=user_id, name=name, duty=duty)
    return _back(case_id, f"{name} sees this case from now on.")


@pages.post("/<uuid:member_id>/end")
@needs(Can.DECIDE_STEP)
def end(case_id: UUID, member_id: UUID) -> Response:
    row = _case(case_id)
    member = found(g.session.get(CaseMember, (g.school.id, member_id)))
    name = member.name
    try:
        with transaction(g.session):
            end_assignment(g.session, row, member, by=actor())
    except CaseRefused as no:
        return _back(case_id, str(no), "waiting")
    return _back(case_id, f"{name} does not see this case any more.")


def _back(case_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("cases.assigning.show", case_id=case_id), 303))
