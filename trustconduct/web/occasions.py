"""Events that the school authorises, and whether alcohol is allowed there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.schools.models import AuthorisedEvent
from trustconduct.schools.occasions import (
    authorise,
    change_occasion,
    occasion,
    occasions,
    past_occasions,
    withdraw_occasion,
)
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Plain, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("occasions", __name__, url_prefix="/events")

ALCOHOL = {"yes": "Yes, alcohol is allowed", "no": "No alcohol"}


class OccasionForm(Plain):
    name = Line(longest=120, blank="Type what the event is called.")
    held_on = WrittenDay(blank="Type the day.")
    place = Line(longest=120, blank="Type where it is.")
    alcohol = Choice(ALCOHOL, blank="Say whether alcohol is allowed.")


class ChangeForm(OccasionForm):
    seen = fields.Integer(required=True)


class WithdrawForm(Plain):
    seen = fields.Integer(required=True)


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def show() -> Response:
    return _page(Form())


def _page(form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/occasions.html",
        coming=occasions(g.session, since=clock.today()),
        past=past_occasions(g.session),
        alcohol=list(ALCOHOL.items()),
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    return make_response(page, status)


@pages.post("/")
@needs(Can.CHANGE_SETTINGS)
def add() -> Response:
    form = read(OccasionForm)
    if not form.errors:
        try:
            with transaction(g.session):
                authorise(g.session, by=actor(), **_values(form))
        except SettingsRefused as no:
            for name, words in no.errors.items():
                form.refuse(name, words)
    if form.errors:
        return _page(form, 422)
    return _back(f"“{form.values['name']}” is authorised.")


@pages.get("/<uuid:occasion_id>")
@needs(Can.CHANGE_SETTINGS)
def change(occasion_id: UUID) -> Response:
    one = _one(occasion_id)
    typed = {
        "name": one.name,
        "held_on": clock.day(one.held_on),
        "place": one.place,
        "alcohol": "yes" if one.alcohol else "no",
        "seen": one.version,
    }
    return _change_page(one, Form(typed))


def _change_page(one: AuthorisedEvent, form: Form, status: int = 200, **more: Any) -> Response:
    page = staff_page(
        "staff/occasion.html",
        one=one,
        alcohol=list(ALCOHOL.items()),
        form=form,
        errors=form.errors,
        day=clock.day,
        **{"theirs": None, **more},
    )
    return make_response(page, status)


@pages.post("/<uuid:occasion_id>")
@needs(Can.CHANGE_SETTINGS)
def save(occasion_id: UUID) -> Response:
    form, one = read(ChangeForm), _one(occasion_id)
    if form.errors:
        return _change_page(one, form, 422)
    try:
        with transaction(g.session):
            seen = form.values["seen"]
            change_occasion(g.session, one, by=actor(), seen_version=seen, **_values(form))
    except SettingsRefused as no:
        for name, words in no.errors.items():
            form.refuse(name, words)
        return _change_page(_one(occasion_id), form, 422)
    except ChangedMeanwhile:
        return _changed_meanwhile(occasion_id, form)
    return _back(f"“{form.values['name']}” is saved.")


@pages.post("/<uuid:occasion_id>/withdraw")
@needs(Can.CHANGE_SETTINGS)
def withdraw(occasion_id: UUID) -> Response:
    form, one = read(WithdrawForm), _one(occasion_id)
    if form.errors:
        return _change_page(one, form, 422)
    name = one.name
    try:
        with transaction(g.session):
            withdraw_occasion(g.session, one, by=actor(), seen_version=form.values["seen"])
    except SettingsRefused as no:
        flash(str(no), "waiting")
        return make_response(redirect(school_url("setup.occasions.show"), 303))
    except ChangedMeanwhile:
        return _changed_meanwhile(occasion_id, form)
    return _back(f"“{name}” is no longer authorised.")


def _changed_meanwhile(occasion_id: UUID, form: Form) -> Response:
    one = _one(occasion_id)
    theirs = {
        "Event": one.name,
        "Day": clock.day(one.held_on),
        "Place": one.place,
        "Alcohol": "Allowed" if one.alcohol else "Not allowed",
    }
    typed = {
        "name": one.name,
        "held_on": clock.day(one.held_on),
        "place": one.place,
        "alcohol": "yes" if one.alcohol else "no",
    }
    form.typed = {**typed, **form.typed, "seen": one.version}
    return _change_page(one, form, 409, theirs=theirs)


def _one(occasion_id: UUID) -> AuthorisedEvent:
    return found(occasion(g.session, occasion_id))


def _values(form: Form) -> dict[str, Any]:
    values = {name: form.values[name] for name in ("name", "held_on", "place")}
    return {**values, "alcohol": form.values["alcohol"] == "yes"}


def _back(message: str) -> Response:
    flash(message, "good")
    return make_response(redirect(school_url("setup.occasions.show"), 303))
