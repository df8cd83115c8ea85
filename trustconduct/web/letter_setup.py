"""Who may sign a school's letters, and whether two people must agree."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.letters.models import LetterSignatory
from trustconduct.letters.signatories import (
    SignatoryRefused,
    add_signatory,
    ask_for_second_person,
    end_signatory,
    named_in_settings,
    signatories,
)
from trustconduct.letters.staff_names import NamesRefused, change_staff_names
from trustconduct.schools.settings import settings_of
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Nothing, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("set_up", __name__, url_prefix="/who-signs")


class SignatoryForm(Plain):
    name = Line(blank="Type the name as it stands below a letter.")
    role = Line(blank="Type the role as it stands below a letter.")
    from_on = WrittenDay(blank="Type the first day on which they may sign.")
    until_on = WrittenDay()


class NamesForm(Plain):
    unnamed = Choice(("yes", "no"), blank="Say whether letters leave out names of staff.")
    names = Words(load_default="")


class SecondForm(Plain):
    second = Choice(("yes", "no"), blank="Say whether somebody else must approve a letter.")


@pages.get("/")
@needs(Can.SET_UP_LETTERS)
def show() -> Response:
    return _page(Form({"from_on": clock.day(clock.today())}))


def _page(form: Form, status: int = 200) -> Response:
    settings = settings_of(g.session)
    page = staff_page(
        "staff/letter_setup.html",
        signatories=signatories(g.session),
        today=clock.today(),
        in_settings=named_in_settings(g.session),
        second="yes" if settings.letters_second_person else "no",
        unnamed="yes" if settings.letters_unnamed else "no",
        names=settings.letters_staff,
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    return make_response(page, status)


@pages.post("/")
@needs(Can.SET_UP_LETTERS)
def add() -> Response:
    form = read(SignatoryForm)
    if not form.errors:
        try:
            with transaction(g.session):
                add_signatory(g.session, by=actor(), **form.values)
        except SignatoryRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _page(form, 422)
    return _back(f"{form.values['name']} may sign letters.")


@pages.post("/<uuid:signatory_id>/end")
@needs(Can.SET_UP_LETTERS)
def end(signatory_id: UUID) -> Response:
    one = found(g.session.get(LetterSignatory, (g.school.id, signatory_id)))
    read(Nothing)
    with transaction(g.session):
        end_signatory(g.session, one, by=actor())
    return _back("Noted: today is their last day.")


@pages.post("/second-person")
@needs(Can.SET_UP_LETTERS)
def second_person() -> Response:
    form = read(SecondForm)
    if form.errors:
        return _page(form, 422)
    with transaction(g.session):
        ask_for_second_person(g.session, by=actor(), wanted=form.values["second"] == "yes")
    return _back("Saved.")


@pages.post("/names")
@needs(Can.SET_UP_LETTERS)
def names() -> Response:
    form = read(NamesForm)
    if not form.errors:
        try:
            with transaction(g.session):
                change_staff_names(
                    g.session, by=actor(), wanted=form.values["unnamed"] == "yes",
                    typed=form.values["names"],
                )  # fmt: skip
        except NamesRefused as no:
            form.refuse("names", str(no))
    if form.errors:
        return _page(form, 422)
    return _back("Saved. New letters begin with this.")


def _back(message: str) -> Response:
    flash(message, "good")
    return make_response(redirect(school_url("letters.set_up.show"), 303))
