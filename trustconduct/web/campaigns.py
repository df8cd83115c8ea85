"""Campaigns for staff: whom to ask, when and in which words; what that would do; stopping one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import ValidationError, fields, validate, validates_schema

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.audience import Audience, Way, reach, year_groups
from trustconduct.acknowledgements.campaigns import (
    AT_ONCE,
    ListNotConfirmed,
    NobodyToAsk,
    Plan,
    PlanRefused,
    Reminders,
    campaigns,
    checked_plan,
    start_campaign,
    stop_campaign,
)
from trustconduct.acknowledgements.words import (
    FIELDS,
    LONGEST_BODY,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    Words,
    WordsRefused,
    letters,
    preview,
)
from trustconduct.db import transaction
from trustconduct.people.who_is_told import is_confirmed
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import office_telephone, settings_of
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Line, Number, Plain
from trustconduct.web.fields import Words as Typed
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("campaigns", __name__)

_DEFAULT, _WORDS = Reminders(), Words()
SAMPLE = "Alex Sample"


class _Days(Number):
    def __init__(self, least: int, most: int, otherwise: int) -> None:
        super().__init__(least, most, blank=f"Type a whole number from {least} to {most}.")
        self.required, self.load_default = False, otherwise


class AskForm(Plain):
    """A campaign's plan. What a form leaves out is what most schools want."""

    audience = fields.String(
        load_default=Audience.EVERYONE.value,
        validate=validate.OneOf(list(Audience), error="Choose whom to ask."),
    )
    years = fields.List(fields.String(), load_default=list)
    way = fields.String(
        load_default=Way.MAIL.value,
        validate=validate.OneOf(list(Way), error="Choose how to reach them."),
    )
    goes_on = Line(longest=20)
    after = _Days(1, 90, _DEFAULT.after)
    every = _Days(1, 90, _DEFAULT.every)
    most = _Days(0, 9, _DEFAULT.most)
    within = _Days(1, 180, _DEFAULT.within)
    welcomes = fields.String(load_default="")
    subject = Line(longest=LONGEST_SUBJECT, load_default=_WORDS.subject)
    body = Typed(load_default=_WORDS.body)
    text = Line(longest=LONGEST_TEXT, load_default=_WORDS.text)

    @validates_schema
    def _whole(self, data: dict[str, Any], **more: Any) -> None:
        try:
            checked_plan(plan_of(data))
        except (PlanRefused, WordsRefused) as refused:
            raise ValidationError({refused.field: [str(refused)]}) from None


def plan_of(values: Mapping[str, Any]) -> Plan:
    """The plan out of a form's values. Raises PlanRefused for a day that is none."""
    try:
        goes_on = date.fromisoformat(values["goes_on"]) if values["goes_on"] else None
    except ValueError:
        raise PlanRefused("goes_on", "Choose a day, or leave this empty to ask today.") from None
    audience = Audience(values["audience"])
    return Plan(
        audience=audience,
        years=tuple(values["years"]) if audience is Audience.YEARS else (),
        way=Way(values["way"]),
        goes_on=goes_on,
        reminders=Reminders(values["after"], values["every"], values["most"], values["within"]),
        welcomes=values["welcomes"] == "yes",
        words=Words(values["subject"], values["body"], values["text"]),
    )


def _typed() -> dict[str, Any]:
    """What the form sent: of the year groups all that were ticked."""
    typed: dict[str, Any] = request.form.to_dict()
    if "years" in typed:
        typed["years"] = request.form.getlist("years")
    return typed


def _form() -> Form:
    return read(AskForm, _typed())


@pages.get("/ask")
@needs(Can.START_CAMPAIGN)
def ask() -> Response:
    """Say whom a campaign would ask, before anything is sent: everyone, today, in our words."""
    version = found(version_in_force(g.session))
    return _looked(version, read(AskForm, {}))


@pages.get("/ask/choose")
@needs(Can.START_CAMPAIGN)
def choose() -> Response:
    found(version_in_force(g.session))
    return _chosen(read(AskForm, {}))


@pages.post("/ask/choose")
@needs(Can.START_CAMPAIGN)
def change() -> Response:
    """The form again, with what was chosen before."""
    found(version_in_force(g.session))
    return _chosen(_form())


@pages.post("/ask/look")
@needs(Can.START_CAMPAIGN)
def look() -> Response:
    version = found(version_in_force(g.session))
    form = _form()
    return _chosen(form, 422) if form.errors else _looked(version, form)


@pages.post("/ask")
@needs(Can.START_CAMPAIGN)
def start() -> Response:
    version = found(version_in_force(g.session))
    form = _form()
    if form.errors:
        return _chosen(form, 422)
    settings, plan = settings_of(g.session), plan_of(form.values)
    try:
        with transaction(g.session):
            start_campaign(
                g.session,
                g.school,
                version,
                by=actor(),
                link_days=works().settings.SIGN_LINK_DAYS,
                telephone=office_telephone(g.session, settings),
                reply_to=settings.email,
                plan=plan,
            )
    except ListNotConfirmed:
        flash("First look at the list, and confirm it. Nothing was sent.", "waiting")
        return make_response(redirect(school_url("people.told.show"), 303))
    except NobodyToAsk:
        flash("Everyone whom this would reach was asked already. Nothing was sent.", "waiting")
    else:
        later = plan.goes_on and plan.goes_on > clock.today()
        day = clock.day(plan.goes_on) if plan.goes_on else ""
        flash(f"Planned for {day}." if later else "The emails are on their way.", "good")
    return make_response(redirect(school_url("answers.campaigns.show"), 303))


def _looked(version: SchoolVersion, form: Form) -> Response:
    """What the plan would do: nothing is sent by looking."""
    plan, settings = plan_of(form.values), settings_of(g.session)
    reaches = reach(g.session, version, audience=plan.audience, years=plan.years, way=plan.way)
    goes_on = plan.goes_on or clock.today()
    closes_on = goes_on + timedelta(days=works().settings.SIGN_LINK_DAYS)
    made = letters(
        plan.words,
        g.school,
        telephone=office_telephone(g.session, settings),
        reply_to=settings.email,
    )
    page = staff_page(
        "staff/ask.html",
        version=version,
        reach=reaches,
        waits=reaches.first and not is_confirmed(g.session),
        plan=plan,
        goes_on=goes_on,
        today=clock.today(),
        days=[clock.day(each) for each in plan.reminders.days(goes_on)],
        day=clock.day,
        seen=preview(made, name=SAMPLE, closes_on=closes_on),
        hidden=_hidden(form.values),
        by_worker=reaches.to_ask > AT_ONCE,
    )
    return make_response(page)


def _hidden(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The plan as the form of the next step carries it."""
    single = [(name, str(value)) for name, value in values.items() if name != "years"]
    return [*single, *(("years", year) for year in values["years"])]


def _chosen(form: Form, status: int = 200) -> Response:
    typed = {**AskForm().load({}), **form.typed}
    page = staff_page(
        "staff/ask_choose.html",
        form=form,
        typed=typed,
        errors=form.errors,
        all_years=year_groups(g.session),
        Audience=Audience,
        Way=Way,
        FIELDS=FIELDS,
        limits={"body": LONGEST_BODY, "text": LONGEST_TEXT},
    )
    return make_response(page, status)


@pages.get("/campaigns")
@needs(Can.SEE_ANSWERS)
def show() -> Response:
    page = staff_page(
        "staff/campaigns.html", campaigns=campaigns(g.session), Audience=Audience, day=clock.day
    )
    return make_response(page)


@pages.post("/campaigns/<uuid:campaign_id>/stop")
@needs(Can.START_CAMPAIGN)
def stop(campaign_id: UUID) -> Response:
    with transaction(g.session):
        stopped = stop_campaign(g.session, campaign_id, by=actor())
    found(stopped or None)
    flash("Stopped. Nothing more of it leaves. Links that people have still work.", "good")
    return make_response(redirect(school_url("answers.campaigns.show"), 303))
