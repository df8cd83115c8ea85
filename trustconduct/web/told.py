"""Who would be told, who would not and why; and confirming that list before the first mailing."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.who_is_told import (
    ListChanged,
    Standing,
    confirm_list,
    list_page,
    the_list,
)
from trustconduct.web.door import actor, last_seen, needs, note_reading, read
from trustconduct.web.fields import Line, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("told", __name__, url_prefix="/told")

A_PAGE = 50


class ConfirmForm(Plain):
    seen = Line(blank="Open the list again, and confirm it there.")


@pages.get("/")
@needs(Can.SEE_PEOPLE)
def show() -> Response:
    only = request.args.get("only", "")
    found = list_page(g.session, only=only, after=last_seen(), most=A_PAGE)
    lines = found[:A_PAGE]
    onward = ""
    if len(found) > A_PAGE:
        mark = f"{lines[-1].name}|{lines[-1].id}"
        onward = school_url("people.told.show", only=only, after=mark)
    page = staff_page(
        "staff/told.html",
        list=the_list(g.session),
        lines=lines,
        only=only,
        onward=onward,
        Standing=Standing,
        day=lambda at: clock.day(clock.local(at).date()),
    )
    note_reading(Event.ROLL_READ, "roll")
    return make_response(page)


@pages.post("/")
@needs(Can.CONFIRM_LIST)
def confirm() -> Response:
    seen = read(ConfirmForm).values.get("seen", "")
    try:
        with transaction(g.session):
            confirm_list(g.session, by=actor(), seen=seen)
    except ListChanged:
        flash(
            "The list has changed since you opened it, so it is not confirmed yet."
            " Look at it once more.",
            "waiting",
        )
    else:
        flash("Confirmed: this is whom the school may write to.", "good")
    return make_response(redirect(school_url("people.told.show"), 303))
