"""Reporting what happened, from a phone or the office, and one's own reports."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.actor import Role
from trustconduct.conduct.lists import own_reports
from trustconduct.conduct.models import Place
from trustconduct.conduct.report import LONGEST, Report, ReportRefused, report_incident
from trustconduct.db import transaction
from trustconduct.web.door import Form, actor, enter_school, needs, read, works
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.staff_here import colleagues, staff_here

pages = Blueprint("reports", __name__, url_prefix="/<school>/staff/reports")
pages.url_value_preprocessor(enter_school)

YES_NO = {"no": "No", "yes": "Yes, or I am not sure"}


class ReportForm(Plain):
    what = Words(longest=LONGEST, blank="Write what happened.")
    happened_on = WrittenDay(blank="Type the day on which it happened.")
    happened_when = Line(longest=60)
    place = Choice([each.value for each in Place], blank="Choose where it happened.")
    place_words = Line(longest=200)
    who_words = Line(longest=300)
    child = Words(longest=LONGEST)
    witness = Words(longest=LONGEST)
    filed_for = Line(longest=120)
    at_risk = Choice(YES_NO, blank="Say whether a child may be at risk.")
    affected = fields.List(fields.String(), load_default=list)


@pages.get("/")
@needs(Can.REPORT_INCIDENT)
def show() -> Response:
    user_id = actor().id
    mine = own_reports(g.session, user_id) if user_id else []
    return make_response(staff_page("staff/reports.html", mine=mine, day=clock.day))


@pages.get("/new")
@needs(Can.REPORT_INCIDENT)
def new() -> Response:
    return _new_page(Form({"happened_on": clock.day(clock.today())}))


def _new_page(form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/report_new.html",
        form=form,
        errors=form.errors,
        places=[(each.value, each.word) for each in Place],
        yes_no=list(YES_NO.items()),
        colleagues=[(str(id), name) for id, name in colleagues().items()],
        chosen=request.form.getlist("affected"),
        longest=LONGEST,
    )
    return make_response(page, status)


@pages.post("/new")
@needs(Can.REPORT_INCIDENT)
def file() -> Response:
    typed = {**request.form.to_dict(), "affected": request.form.getlist("affected")}
    form = read(ReportForm, typed)
    if form.errors:
        return _new_page(form, 422)
    values = form.values
    there = colleagues()
    affected = [UUID(one) for one in request.form.getlist("affected") if one in map(str, there)]
    report = Report(
        what=values["what"],
        happened_on=values["happened_on"],
        happened_when=values.get("happened_when", ""),
        place=Place(values["place"]),
        place_words=values.get("place_words", ""),
        who_words=values.get("who_words", ""),
        child=values.get("child", ""),
        witness=values.get("witness", ""),
        filed_for=values.get("filed_for", ""),
        at_risk=values["at_risk"] == "yes",
        affected=tuple((id, there[id]) for id in affected),
    )
    try:
        with transaction(g.session):
            number = report_incident(
                g.session, report, by=actor(), leads=_leads() if report.at_risk else (),
                school_name=g.school.name, page=_cases_page(),
            ).number  # fmt: skip
    except ReportRefused as no:
        form.refuse(no.field, str(no))
        return _new_page(form, 422)
    told = " The safeguarding lead has been told." if report.at_risk else ""
    flash(f"Thank you. This is report {number}. The headteacher will look at it.{told}", "good")
    return make_response(redirect(school_url("reports.show"), 303))


def _leads() -> list[tuple[str, str]]:
    """The safeguarding lead and deputy, or the heads where nobody is one: somebody is told."""
    there = staff_here(Role.SAFEGUARDING, Role.HEADTEACHER)
    leads = [user for user, role in there if role is Role.SAFEGUARDING]
    return [(user.name, user.email) for user in leads or [user for user, _ in there]]


def _cases_page() -> str:
    return works().settings.BASE_URL.rstrip("/") + school_url("cases.show")
