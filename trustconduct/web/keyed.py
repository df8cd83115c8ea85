"""Answers that staff write down: one with all its circumstances, and a pile by its numbers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.on_behalf import (
    Keyed,
    just_keyed,
    key_answer,
    sheet_numbered,
    sounds_like,
)
from trustconduct.acknowledgements.paper_models import KEYED, How
from trustconduct.acknowledgements.receipt_page import SAID
from trustconduct.acknowledgements.reference import read_reference, shown
from trustconduct.acknowledgements.signing import AnswerRefused
from trustconduct.acknowledgements.strike_out import LONGEST, strike_out
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.files.models import FileKind
from trustconduct.files.take_in import (
    MOST_BYTES,
    FileNotRead,
    FileRefused,
    Looked,
    content_of,
    look_at,
    stored_file,
)
from trustconduct.people.models import Adult
from trustconduct.web.door import Form, actor, found, needs, note_reading, read
from trustconduct.web.downloads import as_attachment
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("keyed", __name__)
# One letter each, as a pile is keyed: the first of what the box says.
LETTERS = {"r": Answer.SIGNED, "n": Answer.DECLINED, "t": Answer.TALK}
ANSWERS = [(one.value, SAID[one]) for one in Answer]
HOW = [(one.value, one.word) for one in KEYED]
NEEDS_DAY = "Type the day, like 3 September 2026 or 03/09/2026."


class AnswerForm(Plain):
    how = Choice([one.value for one in KEYED], blank="Say how they told you.")
    answer = Choice(list(Answer), blank="Choose their answer.")
    typed_name = Line(blank="Type the name that they signed with, or gave.")
    signed_on = WrittenDay(blank=NEEDS_DAY)
    received_on = WrittenDay(blank=NEEDS_DAY)
    witness = Line(longest=200)
    note = Words(load_default="")
    reference = Line(longest=20)


class PileForm(Plain):
    reference = Line(blank="Type the number at the top right of the sheet.")
    letter = fields.String(load_default="")
    typed_name = Line(blank="Type the name on the sheet.")
    signed_on = WrittenDay(blank=NEEDS_DAY)
    received_on = WrittenDay(blank=NEEDS_DAY)
    sure = fields.String(load_default="")


def scan_of(form: Form) -> Looked | None:
    """The scan that came with a form, made anew; a fault of it is the form's."""
    upload = request.files.get("scan")
    if upload is None or not upload.filename:
        return None
    try:
        return look_at(upload.filename, upload.stream.read(MOST_BYTES + 1))
    except FileRefused as no:
        form.refuse("scan", str(no))
    except FileNotRead:
        form.refuse("scan", "Many files came at once, so yours was not read. Choose it once more.")
    return None


def _adult(adult_id: UUID) -> Adult:
    return found(g.session.get(Adult, (g.school.id, adult_id)))


@pages.get("/answer/<uuid:adult_id>")
@needs(Can.KEY_ANSWER)
def one(adult_id: UUID) -> Response:
    today = clock.day(clock.today())
    return _one_page(_adult(adult_id), Form({"signed_on": today, "received_on": today}))


def _one_page(adult: Adult, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/keyed.html", adult=adult, form=form, errors=form.errors, answers=ANSWERS, how=HOW
    )
    return make_response(page, status)


@pages.post("/answer/<uuid:adult_id>")
@needs(Can.KEY_ANSWER)
def one_keyed(adult_id: UUID) -> Response:
    adult, form = _adult(adult_id), read(AnswerForm)
    sheet = None
    if typed := form.values.get("reference"):
        number = read_reference(typed)
        of = sheet_numbered(g.session, number) if number else None
        sheet = of.sheet if of else None
        if of is None:
            form.refuse("reference", "There is no sheet of that number. Check each figure.")
    scan = None if form.errors else scan_of(form)
    if form.errors:
        return _one_page(adult, form, 422)
    given = {**form.values, "how": How(form.values["how"]), "answer": Answer(form.values["answer"])}
    del given["reference"]
    try:
        with transaction(g.session):
            done = key_answer(g.session, adult, Keyed(**given, sheet=sheet, scan=scan), by=actor())
    except AnswerRefused as refused:
        form.refuse(refused.field, str(refused))
        return _one_page(_adult(adult_id), form, 422)
    _say(done, adult.name)
    return make_response(redirect(school_url("people.person.show", adult_id=adult_id), 303))


def _say(done: bool, name: str) -> None:
    if done:
        flash(f"Noted: the answer of {name}.", "good")
    else:
        flash(f"{name} gave this answer before. It stands, and nothing was added.", "waiting")


@pages.get("/paper")
@needs(Can.KEY_ANSWER)
def pile() -> Response:
    """Sheet after sheet by the keyboard alone: number, Tab, letter, Tab, name, Tab, day, Enter."""
    day = clock.day(clock.today())
    received = request.args.get("received", "")[:30] or day
    return _pile_page(Form({"received_on": received, "signed_on": request.args.get("signed", "")}))


def _pile_page(form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/pile.html",
        form=form,
        errors=form.errors,
        last=just_keyed(g.session, actor().id),
        SAID=SAID,
        shown=shown,
        day=clock.day,
    )
    return make_response(page, status)


@pages.post("/paper")
@needs(Can.KEY_ANSWER)
def pile_keyed() -> Response:
    form = read(PileForm)
    answer = LETTERS.get(str(form.typed.get("letter", "")).strip().lower()[:1])
    if answer is None:
        form.refuse("letter", "Type R for read, N for would rather not, or T for talk.")
    number = read_reference(form.values.get("reference") or "")
    of = sheet_numbered(g.session, number) if number else None
    if of is None and "reference" not in form.errors:
        form.refuse("reference", "There is no sheet of that number. Check each figure.")
    name = form.values.get("typed_name") or ""
    if of and name and not sounds_like(of.adult, name) and form.values.get("sure") != "yes":
        form.refuse("sure", f"This sheet is for {of.adult.name}. Tick the box if {name} signed it.")
    if form.errors or of is None or answer is None:
        return _pile_page(form, 422)
    keyed = Keyed(
        answer, How.PAPER, name, form.values["signed_on"], form.values["received_on"],
        sheet=of.sheet,
    )  # fmt: skip
    adult_name = of.adult.name
    try:
        with transaction(g.session):
            done = key_answer(g.session, of.adult, keyed, by=actor())
    except AnswerRefused as refused:
        form.refuse(refused.field, str(refused))
        return _pile_page(form, 422)
    _say(done, adult_name)
    kept: dict[str, Any] = {
        "received": form.typed.get("received_on", ""),
        "signed": form.typed.get("signed_on", ""),
    }
    return make_response(redirect(school_url("answers.keyed.pile", **kept), 303))


class StrikeForm(Plain):
    because = Line(longest=LONGEST, blank="Say why it is struck out.")


@pages.post("/<uuid:answer_id>/strike-out")
@needs(Can.KEY_ANSWER)
def strike(answer_id: UUID) -> Response:
    """An answer noted for the wrong person counts no more; it stays, and says why."""
    given = found(g.session.get(Acknowledgement, (g.school.id, answer_id)))
    request_ = found(g.session.get(SignRequest, (g.school.id, given.request_id)))
    adult_id, form = request_.adult_id, read(StrikeForm)
    if form.errors:
        flash("Say why it is struck out: nothing was changed.", "waiting")
        return make_response(redirect(school_url("answers.talk", answer_id=answer_id), 303))
    with transaction(g.session):
        done = strike_out(g.session, answer_id, form.values["because"], by=actor())
    if done:
        flash("Struck out. It counts for nothing, and they can answer anew.", "good")
    else:
        flash("They answered by their own link: only they can change it.", "waiting")
    return make_response(redirect(school_url("people.person.show", adult_id=adult_id), 303))


@pages.get("/scans/<uuid:file_id>")
@needs(Can.HOLD_TALK)
def scan(file_id: UUID) -> Response:
    stored = found(stored_file(g.session, file_id, kind=FileKind.SCAN))
    response = as_attachment(stored, content_of(g.session, stored))
    note_reading(Event.ANSWER_READ, "stored_file", file_id)
    return response
