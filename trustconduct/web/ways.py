"""The ways to contact a school, one page each: where a way leads, its hours, its promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import ValidationError, fields, validates_schema

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.clock import Term, TermRefused
from trustconduct.contact_matrix import hours as opening
from trustconduct.contact_matrix.changes import moved, new_id, with_purpose, with_route, without
from trustconduct.contact_matrix.matrix import (
    Away,
    Matrix,
    MatrixRefused,
    Purpose,
    Route,
    Unit,
)
from trustconduct.contact_matrix.reach import tidied
from trustconduct.contact_matrix.save import MatrixChangedMeanwhile, current_matrix, save_matrix
from trustconduct.db import transaction
from trustconduct.schools.settings import promises_of, settings_of
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Fact, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("ways", __name__, url_prefix="/contact")

UNITS = {Unit.SCHOOL_DAYS: "School days", Unit.WORKING_HOURS: "Working hours"}
MOST = 30  # ways, and purposes


class HoursField(fields.Field):
    """Hours as people write them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        try:
            return opening.parse(str(value))
        except opening.HoursRefused as refused:
            raise ValidationError(str(refused)) from None


class Within(fields.Field):
    """How many school days or working hours; blank promises nothing."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        text = str(value).strip()
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and 0 < int(text[:4]) <= 100):
            raise ValidationError("Type a whole number from 1 to 100, or leave it blank.")
        return int(text)


class Written(fields.Field):
    """A day as people write it, or blank."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date | None:
        text = " ".join(str(value).split())
        if not text:
            return None
        try:
            day = Term.parse(text).day
        except TermRefused:
            day = None
        if day is None:
            raise ValidationError("Type a day, like 4 May 2027.")
        return day


class WayForm(Plain):
    text = Fact(longest=80, blank="Type what a parent does, like Send an email.")
    detail = Fact(longest=300)
    hours = HoursField(load_default=())
    holidays = fields.Boolean(load_default=False)
    who = Fact(longest=100)
    acknowledge_within = Within(load_default=0)
    answer_within = Within(load_default=0)
    unit = Choice(Unit, blank="Choose school days or working hours.")
    note = Fact(longest=300)
    away_first = Written(load_default=None)
    away_last = Written(load_default=None)
    cover = Fact(longest=200)
    seen_number = fields.Integer(load_default=0)

    @validates_schema
    def _whole(self, data: dict[str, Any], **more: Any) -> None:
        first, last, cover = data["away_first"], data["away_last"], data["cover"]
        if (first or last or cover) and not (first and last and cover):
            missing = "away_first" if not first else "away_last" if not last else "cover"
            raise ValidationError("Say from which day to which, and whom to turn to.", missing)
        if first and last and last < first:
            raise ValidationError("The last day comes before the first one.", "away_last")
        read_, answer = data["acknowledge_within"], data["answer_within"]
        if read_ and answer and answer < read_:
            raise ValidationError(
                "An answer can’t be promised before you say that you have the message.",
                "answer_within",
            )


class PurposeForm(Plain):
    text = Fact(longest=80, blank="Type what a parent wants, like Report an absence.")
    seen_number = fields.Integer(load_default=0)


class DoForm(Plain):
    do = Choice(("up", "down", "remove"), blank="Choose what to do.")
    seen_number = fields.Integer(load_default=0)


# -- a way


@pages.get("/way/<way_id>")
@needs(Can.CHANGE_MATRIX)
def way(way_id: str) -> Response:
    matrix, number = _saved()
    route = found(matrix.route(way_id))
    return _way_page(matrix, route, Form({**_typed(route), "seen_number": number}))


@pages.post("/way/<way_id>")
@needs(Can.CHANGE_MATRIX)
def save_way(way_id: str) -> Response:
    matrix, _ = _saved()
    return _save_way(matrix, found(matrix.route(way_id)))


@pages.get("/ways/add")
@needs(Can.CHANGE_MATRIX)
def new_way() -> Response:
    matrix, number = _saved()
    return _way_page(matrix, None, Form({"unit": Unit.SCHOOL_DAYS, "seen_number": number}))


@pages.post("/ways/add")
@needs(Can.CHANGE_MATRIX)
def add_way() -> Response:
    return _save_way(_saved()[0], None)


def _save_way(matrix: Matrix, route: Route | None) -> Response:
    form = read(WayForm)
    if form.errors:
        return _way_page(matrix, route, form, 422)
    given = dict(form.values)
    first, last, cover = (given.pop(name) for name in ("away_first", "away_last", "cover"))
    given["away"] = Away(first, last, cover) if first and last else None
    given["detail"] = tidied(given["detail"])
    given["unit"] = Unit(given["unit"])
    seen = given.pop("seen_number")
    id = route.id if route else new_id(matrix, given["text"])

    def change(now: Matrix) -> Matrix:
        if route is None and len(now.routes) >= MOST:
            raise MatrixRefused(f"There can be {MOST} ways at most.")
        return with_route(now, Route(id, **given))

    said = f"“{given['text']}” is saved." + ("" if route else " Tick what it is good for.")
    return _kept(
        change,
        seen,
        said,
        lambda status, **more: _way_page(matrix, route, form, status, **more),
        form,
    )


def _way_page(
    matrix: Matrix, route: Route | None, form: Form, status: int = 200, **more: Any
) -> Response:
    page = staff_page(
        "staff/way.html",
        route=route,
        form=form,
        errors=form.errors,
        UNITS=list(UNITS.items()),
        EXAMPLE=opening.EXAMPLE,
        promises=promises_of(g.session, settings_of(g.session)),
        **{"theirs": None, **more},
    )
    return make_response(page, status)


def _typed(route: Route) -> dict[str, Any]:
    away = route.away
    return {
        "text": route.text,
        "detail": route.detail,
        "hours": opening.words(route.hours),
        "holidays": route.holidays,
        "who": route.who,
        "acknowledge_within": route.acknowledge_within or "",
        "answer_within": route.answer_within or "",
        "unit": route.unit.value,
        "note": route.note,
        "away_first": clock.day(away.first) if away else "",
        "away_last": clock.day(away.last) if away else "",
        "cover": away.cover if away else "",
    }


# -- a purpose


@pages.get("/purpose/<purpose_id>")
@needs(Can.CHANGE_MATRIX)
def purpose(purpose_id: str) -> Response:
    matrix, number = _saved()
    one = found(matrix.purpose(purpose_id))
    return _purpose_page(one, Form({"text": one.text, "seen_number": number}))


@pages.post("/purpose/<purpose_id>")
@needs(Can.CHANGE_MATRIX)
def save_purpose(purpose_id: str) -> Response:
    matrix, _ = _saved()
    return _save_purpose(matrix, found(matrix.purpose(purpose_id)))


@pages.get("/purposes/add")
@needs(Can.CHANGE_MATRIX)
def new_purpose() -> Response:
    _, number = _saved()
    return _purpose_page(None, Form({"seen_number": number}))


@pages.post("/purposes/add")
@needs(Can.CHANGE_MATRIX)
def add_purpose() -> Response:
    return _save_purpose(_saved()[0], None)


def _save_purpose(matrix: Matrix, purpose: Purpose | None) -> Response:
    form = read(PurposeForm)
    if form.errors:
        return _purpose_page(purpose, form, 422)
    text = form.values["text"]
    id = purpose.id if purpose else new_id(matrix, text)

    def change(now: Matrix) -> Matrix:
        if purpose is None and len(now.purposes) >= MOST:
            raise MatrixRefused(f"There can be {MOST} purposes at most.")
        made = with_purpose(now, Purpose(id, text))
        if purpose is None and made.routes:
            # No purpose stands without a way: the first one, until somebody ticks better.
            made = replace(made, ticks=made.ticks | {(made.routes[0].id, id)})
        return made

    first = matrix.routes[0].text if matrix.routes else ""
    said = f"“{text}” is saved." + (
        "" if purpose else f" It is ticked at “{first}”: tick what is good for it."
    )
    return _kept(
        change,
        form.values["seen_number"],
        said,
        lambda status, **more: _purpose_page(purpose, form, status, **more),
        form,
    )


def _purpose_page(purpose: Purpose | None, form: Form, status: int = 200, **more: Any) -> Response:
    page = staff_page(
        "staff/purpose.html",
        purpose=purpose,
        form=form,
        errors=form.errors,
        **{"theirs": None, **more},
    )
    return make_response(page, status)


# -- order


@pages.post("/order/<thing_id>")
@needs(Can.CHANGE_MATRIX)
def order(thing_id: str) -> Response:
    """Move a way or a purpose up or down, or take it out."""
    form = read(DoForm)
    matrix, _ = _saved()
    things: list[Route | Purpose] = [*matrix.routes, *matrix.purposes]
    texts = {thing.id: thing.text for thing in things}
    text = found(texts.get(thing_id))
    if form.errors:
        flash("Choose what to do.", "waiting")
        return _back()
    do = form.values["do"]

    def change(now: Matrix) -> Matrix:
        return without(now, thing_id) if do == "remove" else moved(now, thing_id, do)

    said = f"“{text}” is {'taken out' if do == 'remove' else 'moved'}."
    try:
        _save(change, form.values["seen_number"])
    except MatrixRefused as refused:
        flash(str(refused), "waiting")
    except MatrixChangedMeanwhile:
        flash("Somebody else changed the ways a moment ago. Look at them again first.", "waiting")
    else:
        flash(said, "good")
    return _back()


# -- saving


def _saved() -> tuple[Matrix, int]:
    """The school's own matrix. Before it has one, the first page of the ways makes it."""
    current = found(current_matrix(g.session))
    return current.matrix, current.number


def _save(change: Callable[[Matrix], Matrix], seen: int) -> None:
    matrix, _ = _saved()
    with transaction(g.session):
        save_matrix(g.session, change(matrix), by=actor(), seen_number=seen)


def _kept(
    change: Callable[[Matrix], Matrix],
    seen: int,
    said: str,
    page: Callable[..., Response],
    form: Form,
) -> Response:
    try:
        _save(change, seen)
    except MatrixRefused as refused:
        form.refuse("text", str(refused))
        return page(422)
    except MatrixChangedMeanwhile:
        theirs = found(current_matrix(g.session))
        form.typed = {**form.typed, "seen_number": theirs.number}
        return page(409, theirs=theirs.saved_by)
    flash(said, "good")
    return _back()


def _back() -> Response:
    return make_response(redirect(school_url("setup.contact"), 303))
