"""Police, legal advice and take-down requests of a case: for the head and the lead alone."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.conduct.models import ConductCase
from trustconduct.conduct.referrals import (
    Channel,
    Ground,
    Referral,
    ReferralKind,
    ReferralRefused,
    Told,
    end_referral,
    forces_on,
    note_referral,
    referrals_of,
)
from trustconduct.db import transaction
from trustconduct.schools.settings import settings_of
from trustconduct.web.door import Form, actor, found, needs, note_reading, read
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("referrals", __name__, url_prefix="/<uuid:case_id>/police-and-legal")


class ReferralForm(Plain):
    kind = Choice(list(ReferralKind), blank="Say what was done.")
    made_on = WrittenDay(blank="Type the day.")
    words = Words()
    force_id = Line(longest=60)
    channel = Line(longest=20)
    ground = Line(longest=20)
    whom = Line(longest=120)
    evidence = Words()
    reference = Line(longest=60)
    officer = Line(longest=120)


class EndForm(Plain):
    outcome = Words()
    outcome_on = WrittenDay(blank="Type the day.")
    reference = Line(longest=60)
    officer = Line(longest=120)


def _case(case_id: UUID) -> ConductCase:
    return found(g.session.get(ConductCase, (g.school.id, case_id)))


@pages.get("/")
@needs(Can.SEE_REFERRALS)
def show(case_id: UUID) -> Response:
    return _page(_case(case_id), Form({"force_id": settings_of(g.session).police_force_id or ""}))


def _page(case: ConductCase, form: Form, status: int = 200) -> Response:
    today = clock.today()
    page = staff_page(
        "staff/referrals.html",
        case=case,
        referrals=referrals_of(g.session, case.id, by=actor()),
        kinds=[(one.value, one.word) for one in ReferralKind],
        kind_word={one.value: one.word for one in ReferralKind},
        channels=[(one.value, one.word) for one in Channel],
        channel_word={one.value: one.word for one in Channel},
        grounds=[(one.value, one.word) for one in Ground],
        ground_word={one.value: one.word for one in Ground},
        forces=[(one.id, one.name) for one in forces_on(g.session, today)],
        today=clock.day(today),
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.REFERRALS_READ, "conduct_case", case.id)
    return make_response(page, status)


@pages.post("/")
@needs(Can.KEEP_REFERRALS)
def note(case_id: UUID) -> Response:
    case, form = _case(case_id), read(ReferralForm)
    if not form.errors:
        given = {**form.values, "kind": ReferralKind(form.values["kind"])}
        try:
            with transaction(g.session):
                note_referral(g.session, case, Told(**given), by=actor())
        except ReferralRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _page(_case(case_id), form, 422)
    return _back(case_id, "Noted. Say here what came of it once you know.")


@pages.post("/<uuid:referral_id>/outcome")
@needs(Can.KEEP_REFERRALS)
def end(case_id: UUID, referral_id: UUID) -> Response:
    case, form = _case(case_id), read(EndForm)
    row = g.session.get(Referral, (g.school.id, referral_id))
    row = found(row if row and row.case_id == case_id else None)
    if not form.errors:
        given = form.values
        try:
            with transaction(g.session):
                end_referral(
                    g.session, case, row, by=actor(), outcome=given["outcome"],
                    on=given["outcome_on"], reference=given["reference"],
                    officer=given["officer"],
                )  # fmt: skip
        except ReferralRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _page(_case(case_id), form, 422)
    return _back(case_id, "The outcome is noted.")


def _back(case_id: UUID, message: str) -> Response:
    flash(message, "good")
    return make_response(redirect(school_url("cases.referrals.show", case_id=case_id), 303))
