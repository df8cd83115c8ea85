"""One person's page, and adding and changing people by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.notice_facts import facts_of_person
from trustconduct.acknowledgements.of_person import asked_of, messages_to
from trustconduct.audit.events import Event
from trustconduct.conduct.contact_plans import open_plan
from trustconduct.db import transaction
from trustconduct.languages.spoken import CODES, ENGLISH, LANGUAGES, language
from trustconduct.people.change import (
    FIELDS,
    ChangedMeanwhile,
    NoSuchChild,
    add_adult,
    add_care,
    change_adult,
    change_care,
    come_back,
    end_care,
    leave,
)
from trustconduct.people.models import Adult, AdultKind, Care, Pupil
from trustconduct.people.person import whole
from trustconduct.web.door import Form, actor, found, mine, needs, note_reading, read
from trustconduct.web.fields import Choice, Email, Line, Number, Plain, Postal
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("person", __name__)

KINDS = [(one.value, one.word) for one in AdultKind]
YES_NO = [("yes", "Yes"), ("no", "No"), ("unknown", "We don’t know")]
SAID = {"yes": True, "no": False, "unknown": None}
WORDS_OF = {word: name for name, word in SAID.items()}


class AdultForm(Plain):
    name = Line(blank="Type the person’s name.")
    kind = Choice(list(AdultKind), blank="Say what the person is to the school.")
    email = Email()
    telephone = Line(longest=40)
    address = Postal(longest=300)
    language = fields.String(
        load_default="en", validate=validate.OneOf(CODES, error="Choose a language of the list.")
    )
    seen = Number(0, 1_000_000, blank="Open the page again, and make your change there.")


class CareForm(Plain):
    child = Line()
    year = Line(longest=60)
    relationship = Line(blank="Say what they are to the child, like mother or aunt.")
    parental_responsibility = Choice(SAID, blank="Choose an answer, or “We don’t know”.")
    lives_with = Choice(SAID, blank="Choose an answer, or “We don’t know”.")
    may_collect = Choice(SAID, blank="Choose an answer, or “We don’t know”.")
    court_order = Line(longest=500)
    seen = Number(0, 1_000_000, blank="Open the page again, and make your change there.")


def the_adult(adult_id: UUID) -> Adult:
    return found(g.session.get(Adult, (g.school.id, adult_id)))


def to_page(adult_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("people.person.show", adult_id=adult_id), 303))


def moment(at: Any) -> str:
    local = clock.local(at)
    return f"{clock.day(local.date())}, {local:%H:%M}"


@pages.get("/<uuid:adult_id>/")
@needs(Can.SEE_PEOPLE)
def show(adult_id: UUID) -> Response:
    person = found(whole(g.session, adult_id))
    page = staff_page(
        "staff/person.html",
        them=person,
        adult=person.adult,
        kind=AdultKind(person.adult.kind).word,
        speaks=(language(person.adult.language) or ENGLISH).english,
        asked=asked_of(g.session, person.ids),
        messages=messages_to(g.session, person.ids),
        facts=facts_of_person(g.session, person.ids),
        plan=open_plan(g.session, adult_id) if Can.SEE_CONTACT_PLAN in mine() else None,
        today=clock.today(),
        yes_no={True: "Yes", False: "No", None: "Not known"},
        moment=moment,
        day=clock.day,
    )
    note_reading(Event.ADULT_READ, "adult", adult_id)
    return make_response(page)


@pages.get("/add")
@needs(Can.CHANGE_PEOPLE)
def add() -> Response:
    return _adult_page(None, Form({"kind": AdultKind.PARENT.value, "language": "en", "seen": "0"}))


def _adult_page(adult: Adult | None, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/person_change.html",
        adult=adult,
        form=form,
        errors=form.errors,
        kinds=KINDS,
        spoken_to=[(one.code, one.english) for one in LANGUAGES],
    )
    return make_response(page, status)


@pages.post("/add")
@needs(Can.CHANGE_PEOPLE)
def added() -> Response:
    form = read(AdultForm)
    if form.errors:
        return _adult_page(None, form, 422)
    values = {name: form.values[name] for name in FIELDS}
    with transaction(g.session):
        adult = add_adult(g.session, by=actor(), **values)
    return to_page(adult.id, f"{adult.name} is added. Say now which child they belong to.")


@pages.get("/<uuid:adult_id>/change")
@needs(Can.CHANGE_PEOPLE)
def change(adult_id: UUID) -> Response:
    adult = the_adult(adult_id)
    typed = {**{name: getattr(adult, name) for name in FIELDS}, "seen": str(adult.version)}
    response = _adult_page(adult, Form(typed))
    note_reading(Event.ADULT_READ, "adult", adult_id)
    return response


@pages.post("/<uuid:adult_id>/change")
@needs(Can.CHANGE_PEOPLE)
def changed(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(AdultForm)
    if form.errors:
        return _adult_page(adult, form, 422)
    values = {name: form.values[name] for name in FIELDS}
    try:
        with transaction(g.session):
            change_adult(g.session, adult, by=actor(), seen=form.values["seen"], **values)
    except (ChangedMeanwhile, StaleDataError):
        g.session.expire_all()
        return _both(the_adult(adult_id), form)
    return to_page(adult_id, "Saved.")


def _both(adult: Adult, form: Form) -> Response:
    """Two changed the same person: what was typed stays, and what is kept now stands beside it."""
    now = "; ".join(
        f"{words}: {getattr(adult, name) or 'blank'}"
        for name, words in FIELDS.items()
        if getattr(adult, name) != form.values[name]
    )
    form.refuse(
        "name",
        f"Somebody changed this person meanwhile. Kept now is: {now or 'the same as you typed'}."
        " What you typed is below: send it again if it is right.",
    )
    typed = {**form.typed, "seen": str(adult.version)}
    return _adult_page(adult, Form(typed, form.values, form.errors), 409)


@pages.post("/<uuid:adult_id>/left")
@needs(Can.CHANGE_PEOPLE)
def left(adult_id: UUID) -> Response:
    adult = the_adult(adult_id)
    with transaction(g.session):
        leave(g.session, adult, by=actor())
    return to_page(adult_id, f"Noted: {adult.name} has left. They are asked no more.")


@pages.post("/<uuid:adult_id>/back")
@needs(Can.CHANGE_PEOPLE)
def back(adult_id: UUID) -> Response:
    adult = the_adult(adult_id)
    with transaction(g.session):
        come_back(g.session, adult, by=actor())
    return to_page(adult_id, f"Noted: {adult.name} is here again.")


# -- children


def _care_page(
    adult: Adult, form: Form, care: tuple[Care, Pupil] | None = None, status: int = 200
) -> Response:
    page = staff_page(
        "staff/person_care.html",
        adult=adult,
        care=care[0] if care else None,
        pupil=care[1] if care else None,
        form=form,
        errors=form.errors,
        yes_no=YES_NO,
    )
    return make_response(page, status)


def _care_values(form: Form) -> dict[str, Any]:
    given = form.values
    said = ("parental_responsibility", "lives_with", "may_collect")
    return {
        "relationship": given["relationship"],
        "court_order": given["court_order"],
        **{name: SAID[given[name]] for name in said},
    }


@pages.get("/<uuid:adult_id>/children/add")
@needs(Can.CHANGE_PEOPLE)
def child(adult_id: UUID) -> Response:
    unknown = dict.fromkeys(("parental_responsibility", "lives_with", "may_collect"), "unknown")
    return _care_page(the_adult(adult_id), Form({"seen": "0", **unknown}))


@pages.post("/<uuid:adult_id>/children/add")
@needs(Can.CHANGE_PEOPLE)
def child_added(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(CareForm)
    if not form.values.get("child"):
        form.refuse("child", "Type the child’s name.")
    if form.errors:
        return _care_page(adult, form, status=422)
    try:
        with transaction(g.session):
            add_care(
                g.session,
                adult,
                by=actor(),
                child=form.values["child"],
                year=form.values["year"],
                **_care_values(form),
            )
    except NoSuchChild:
        form.refuse("year", "There are several pupils of this name. Type the year group as well.")
        return _care_page(adult, form, status=422)
    return to_page(adult_id, "Saved.")


def _care(adult_id: UUID, care_id: UUID) -> tuple[Care, Pupil]:
    row = g.session.execute(
        select(Care, Pupil)
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .where(Care.id == care_id, Care.adult_id == adult_id)
    ).one_or_none()
    care, pupil = found(row)
    return care, pupil


@pages.get("/<uuid:adult_id>/children/<uuid:care_id>")
@needs(Can.CHANGE_PEOPLE)
def care(adult_id: UUID, care_id: UUID) -> Response:
    adult, (kept, pupil) = the_adult(adult_id), _care(adult_id, care_id)
    said = ("parental_responsibility", "lives_with", "may_collect")
    typed = {
        "relationship": kept.relationship,
        "court_order": kept.court_order,
        "seen": str(kept.version),
        **{name: WORDS_OF[getattr(kept, name)] for name in said},
    }
    response = _care_page(adult, Form(typed), (kept, pupil))
    note_reading(Event.ADULT_READ, "adult", adult_id)
    return response


@pages.post("/<uuid:adult_id>/children/<uuid:care_id>")
@needs(Can.CHANGE_PEOPLE)
def care_changed(adult_id: UUID, care_id: UUID) -> Response:
    adult, (kept, pupil), form = the_adult(adult_id), _care(adult_id, care_id), read(CareForm)
    if form.errors:
        return _care_page(adult, form, (kept, pupil), 422)
    try:
        with transaction(g.session):
            change_care(
                g.session, kept, pupil, by=actor(), seen=form.values["seen"], **_care_values(form)
            )
    except (ChangedMeanwhile, StaleDataError):
        g.session.expire_all()
        kept, pupil = _care(adult_id, care_id)
        now = f"{kept.relationship}; {kept.court_order or 'no court order'}"
        form.refuse(
            "relationship",
            f"Somebody changed this meanwhile. Kept now is: {now}."
            " What you typed is below: send it again if it is right.",
        )
        again = Form({**form.typed, "seen": str(kept.version)}, form.values, form.errors)
        return _care_page(adult, again, (kept, pupil), 409)
    return to_page(adult_id, "Saved.")


@pages.post("/<uuid:adult_id>/children/<uuid:care_id>/end")
@needs(Can.CHANGE_PEOPLE)
def care_ended(adult_id: UUID, care_id: UUID) -> Response:
    kept, pupil = _care(adult_id, care_id)
    with transaction(g.session):
        end_care(g.session, kept, pupil, by=actor())
    return to_page(adult_id, f"Noted: they have nothing to do with {pupil.name} any more.")
