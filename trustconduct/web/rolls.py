"""Taking in a roll: bring the file in, say which column is which, look, and save it whole."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields
from redis import RedisError

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.csv_lists import Fault, NotAList
from trustconduct.db import transaction
from trustconduct.jobs.queue import ROLLS, connect, enqueue
from trustconduct.people.roll import COLUMNS, LARGEST, NEEDED, WORDS
from trustconduct.people.roll_files import (
    SHORT,
    ColumnsMissing,
    ManyLeave,
    NotReady,
    Standing,
    ask_to_save,
    begin_roll,
    carry_out,
    check,
    choose_columns,
    drop_roll,
    open_roll,
    roll_of,
)
from trustconduct.people.roll_findings import findings, how_many
from trustconduct.people.roll_models import RollState, Verdict
from trustconduct.web.door import Form, actor, found, last_seen, needs, note_reading, read, works
from trustconduct.web.fields import Choice, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("rolls", __name__, url_prefix="/roll")

A_PAGE = 50
SECONDS = 3  # between two looks at how far the worker is
WHO = [
    (
        "whole",
        "Everybody",
        "The whole roll of the school. Who is not in it has left.",
    ),
    ("part", "Only some people", "New joiners, or one class. It adds people and changes nobody."),
]
VERDICTS = {
    Verdict.ADDED: "Added",
    Verdict.CHANGED: "Changed",
    Verdict.KEPT: "Kept as you corrected it",
    Verdict.LEFT: "Left",
    Verdict.UNCLEAR: "Unclear",
}


class UploadForm(Plain):
    who = Choice(("whole", "part"), blank="Say who is in the file.")


class SaveForm(Plain):
    sure = fields.String(load_default="")


@pages.get("")
@needs(Can.TAKE_IN_ROLL)
def new() -> Response:
    return _upload_page(Form())


def _upload_page(form: Form, status: int = 200, faults: tuple[Fault, ...] = ()) -> Response:
    page = staff_page(
        "staff/roll.html",
        form=form,
        errors=form.errors,
        who=WHO,
        faults=faults,
        open=open_roll(g.session),
        RollState=RollState,
    )
    return make_response(page, status)


@pages.post("")
@needs(Can.TAKE_IN_ROLL)
def bring_in() -> Response:
    form = read(UploadForm)
    upload = request.files.get("file")
    name = upload.filename if upload else None
    if not name:
        form.refuse("file", "Choose the CSV file of your roll.")
    if form.errors or upload is None or not name:
        return _upload_page(form, 422)
    raw = upload.stream.read(LARGEST + 1)
    try:
        with transaction(g.session):
            whole = form.values["who"] == "whole"
            roll = begin_roll(g.session, raw, name=name, whole=whole, by=actor())
            roll_id = roll.id
            if roll.state == RollState.WAITING.value and len(raw) <= SHORT:
                check(g.session, roll_id)
    except NotAList as no:
        form.refuse("file", "The file can’t be read as a roll, so nothing was saved.")
        return _upload_page(form, 422, no.faults)
    _ring()
    return _to(roll_id)


def _to(roll_id: UUID) -> Response:
    return make_response(redirect(school_url("people.rolls.show", roll_id=roll_id), 303))


def _ring() -> None:
    """Tell the worker. A bell that is lost rings at the timetable's next look."""
    with suppress(RedisError), connect(works().settings.REDIS_URL) as redis:
        enqueue(redis, ROLLS)


@pages.get("/<uuid:roll_id>")
@needs(Can.TAKE_IN_ROLL)
def show(roll_id: UUID) -> Response:
    roll = found(roll_of(g.session, roll_id))
    if roll.state is RollState.COLUMNS:
        return _columns_page(roll, Form(dict(roll.columns)))
    return _roll_page(roll)


def _roll_page(roll: Standing, form: Form | None = None, status: int = 200) -> Response:
    counts = how_many(g.session, roll.id)
    only = request.args.get("only", "")
    shown = next((one for one in Verdict if one == only and one in counts), None) or next(
        (one for one in (Verdict.UNCLEAR, *Verdict) if one in counts), Verdict.ADDED
    )
    lines = findings(g.session, roll.id, shown, after=last_seen(), most=A_PAGE)
    onward = ""
    if len(lines) > A_PAGE:
        onward = school_url(
            "people.rolls.show", roll_id=roll.id, only=shown, after=lines[A_PAGE - 1].mark
        )
    page = staff_page(
        "staff/roll_look.html",
        roll=roll,
        RollState=RollState,
        counts=counts,
        VERDICTS=VERDICTS,
        shown=shown,
        lines=lines[:A_PAGE],
        onward=onward,
        form=form or Form(),
        errors=form.errors if form else {},
    )
    response = make_response(page, status)
    if status == 200:
        note_reading(Event.ROLL_READ, "roll")
    if roll.state in (RollState.WAITING, RollState.ASKED):
        response.headers["Refresh"] = str(SECONDS)
    return response


def _columns_page(roll: Standing, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/roll_columns.html",
        roll=roll,
        form=form,
        errors=form.errors,
        fields=[(name, WORDS[name]) for name in COLUMNS],
        needed=NEEDED,
        choices=[(name, name) for name in dict.fromkeys(roll.header)],
    )
    return make_response(page, status)


@pages.post("/<uuid:roll_id>/columns")
@needs(Can.TAKE_IN_ROLL)
def columns(roll_id: UUID) -> Response:
    roll = found(roll_of(g.session, roll_id))
    typed = {name: request.form.get(name, "") for name in COLUMNS}
    chosen = {name: column for name, column in typed.items() if column}
    form = Form(typed)
    try:
        with transaction(g.session):
            choose_columns(g.session, roll_id, chosen, by=actor())
            if roll.short:
                check(g.session, roll_id)
    except ColumnsMissing as missing:
        for name in missing.fields:
            form.refuse(name, f"Choose the column with: {WORDS[name].lower()}.")
        return _columns_page(roll, form, 422)
    except NotReady:
        return _to(roll_id)
    _ring()
    return _to(roll_id)


@pages.post("/<uuid:roll_id>/save")
@needs(Can.TAKE_IN_ROLL)
def save(roll_id: UUID) -> Response:
    roll, form = found(roll_of(g.session, roll_id)), read(SaveForm)
    sure = form.values.get("sure") == "yes"
    try:
        with transaction(g.session):
            ask_to_save(g.session, roll_id, by=actor(), sure=sure)
            done = carry_out(g.session, roll_id) if roll.short else None
    except ManyLeave:
        form.refuse(
            "sure",
            "More than a fifth of the people here would leave. Tick the box if that is right.",
        )
        return _roll_page(roll, form, 422)
    except NotReady:
        return _to(roll_id)
    if done:
        flash(_done_words(roll), "good")
    _ring()
    return _to(roll_id)


def _done_words(roll: Standing) -> str:
    of = roll.counts
    return (
        f"Saved: {of.adults_new} adults and {of.pupils_new} pupils added, {of.changed} changes,"
        f" {of.leavers} people left."
    )


@pages.post("/<uuid:roll_id>/drop")
@needs(Can.TAKE_IN_ROLL)
def drop(roll_id: UUID) -> Response:
    found(roll_of(g.session, roll_id))
    with transaction(g.session):
        dropped = drop_roll(g.session, roll_id, by=actor())
    flash("Dropped. Nothing was changed." if dropped else "It was saved already.", "good")
    return make_response(redirect(school_url("people.rolls.new"), 303))
