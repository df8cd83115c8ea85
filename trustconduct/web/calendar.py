"""The term calendar: the form that the Trust's console and the schools' own site share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields, validate

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.clock import Term, TermRefused
from trustconduct.db import transaction
from trustconduct.reviews.school_reviews import resolve_days
from trustconduct.schools.calendar_files import LARGEST, CalendarUnreadable, read_calendar
from trustconduct.schools.calendars import (
    FIRST_YEAR,
    LAST_YEAR,
    CalendarChanged,
    CalendarRefused,
    inset_days,
    mark,
    own_spans,
    save_year,
)
from trustconduct.tenants.calendars import SEASONS, Calendar, Kind, Span, calendar_of, own_years
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, enter_school, needs, read
from trustconduct.web.fields import Line, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("calendar", __name__, url_prefix="/<school>/staff/calendar")
pages.url_value_preprocessor(enter_school)

YEARS_AHEAD = 4
DATES = {Kind.TERM: "term", Kind.HALF_TERM: "half_term"}


YearForm = Plain.from_dict(
    {
        "seen": Line(longest=16),
        "follow": Line(longest=3),
        "inset": fields.String(load_default="", validate=validate.Length(max=1_000)),
        **{
            f"{season}_{part}{end}": Line(longest=40)
            for season in SEASONS
            for part in DATES.values()
            for end in ("", "_last")
        },
    },
    name="YearForm",
)


@dataclass(frozen=True)
class Year:
    """A school year on the list: what is known of it, and whose dates they are."""

    begins: int
    terms: tuple[Span, ...]
    own: bool

    @property
    def text(self) -> str:
        return said(self.begins)


def said(begins: int) -> str:
    """A school year in words: 2027/28."""
    return f"{begins}/{(begins + 1) % 100:02}"


def this_year() -> int:
    """The year in which the school year of today began."""
    today = clock.today()
    return today.year if today.month >= 9 else today.year - 1


def years(calendar: Calendar, own: set[int]) -> list[Year]:
    """The years that people look after: this one, those to come, and those that are kept."""
    now = this_year()
    listed = sorted({*range(now, now + YEARS_AHEAD), *(y for y in calendar.years if y >= now - 1)})
    return [
        Year(
            begins,
            tuple(s for s in calendar.years.get(begins, ()) if s.kind is Kind.TERM),
            begins in own,
        )
        for begins in listed
    ]


def asked_year() -> int:
    """The year in the address; this one where it is none."""
    text = request.args.get("begins", "")
    good = text.isascii() and text.isdigit() and FIRST_YEAR <= int(text[:5]) <= LAST_YEAR
    return int(text) if good else this_year()


def typed_of(spans: Sequence[Span]) -> dict[str, str]:
    """A year's dates as its form shows them."""
    typed = {"inset": "\n".join(clock.day(day) for day in inset_days(spans))}
    for span in spans:
        if span.kind in DATES:
            name = f"{span.season}_{DATES[span.kind]}"
            typed[name], typed[f"{name}_last"] = clock.day(span.first), clock.day(span.last)
    return typed


def read_spans(form: Form, begins: int) -> list[Span]:
    """The dates that were typed for a year; what can't be read is refused by its field."""
    spans: list[Span] = []
    for season in SEASONS:
        for kind, part in DATES.items():
            name = f"{season}_{part}"
            first, last = (_day(form, field, begins) for field in (name, f"{name}_last"))
            if first and last:
                spans.append(Span(first, last, kind, season))
            elif not form.errors.get(name) and not form.errors.get(f"{name}_last"):
                for day, other, field in ((first, last, name), (last, first, f"{name}_last")):
                    if other and not day:
                        form.refuse(field, "Type both days, the first and the last.")
    for line in str(form.values.get("inset", "")).splitlines():
        if text := line.strip().strip(",;"):
            try:
                day = Term.parse(text).day
            except TermRefused:
                day = None
            if day is None:
                form.refuse(
                    "inset", f"“{text[:40]}” is no day. Write it like 3 January {begins + 1}."
                )
            else:
                spans.append(Span(day, day, Kind.INSET))
    return list(dict.fromkeys(spans))


def _day(form: Form, field: str, begins: int) -> date | None:
    text = " ".join(str(form.values.get(field, "")).split())
    if not text:
        return None
    try:
        day = Term.parse(text).day
    except TermRefused:
        day = None
    if day is None:
        form.refuse(field, f"Type a day, like 3 September {begins} or 03/09/{begins}.")
    return day


def take_year(session: ScopedSession, form: Form, begins: int) -> int:
    """Save the year that a form gave: what the page of the Trust and of a school both do.

    Where it can't be saved the form has errors, and its status is given: 409 where
    somebody else was quicker, with their mark, so that saving again is a choice.
    """
    follows = form.values.get("follow") == "yes"
    spans = [] if follows else read_spans(form, begins)
    if not form.errors and not follows and not spans:
        form.refuse("autumn_term", "Type the days of at least one term.")
    if form.errors:
        return 422
    try:
        with transaction(session):
            save_year(session, begins, spans, by=actor(), seen=form.values.get("seen", ""))
            if session.scope.school_id is not None:
                resolve_days(session, by=actor())
    except CalendarRefused as refused:
        for field, text in refused.errors.items():
            form.refuse(field, text)
        return 422
    except CalendarChanged:
        theirs = own_spans(session, begins)
        form.typed = {**form.typed, "seen": mark(theirs)}
        form.refuse("", "Somebody else saved this year while you typed. Nothing of yours is lost.")
        return 409
    return 303


class FileForm(Plain):
    """A file and a button: the file itself is no field of the form."""


def from_file(session: ScopedSession, begins: int) -> tuple[Form, list[str], int]:
    """The form of a year filled from a file, what was not understood in it, and the status."""
    form = blank_form(session, begins)
    form.errors = read(FileForm).errors
    file = request.files.get("file")
    if file is None or not file.filename:
        form.refuse("file", "Choose an .ics or a .csv file.")
        return form, [], 422
    try:
        found = read_calendar(file.read(LARGEST + 1), begins)
    except CalendarUnreadable as unreadable:
        form.refuse("file", str(unreadable))
        return form, [], 422
    form.typed = {**typed_of(found.spans), "seen": form.typed["seen"]}
    return form, found.unread, 200


def context(
    session: ScopedSession, form: Form, begins: int, unread: list[str] | None = None
) -> dict[str, Any]:
    """What the page of one year needs. `unread` is what a file held that was not understood."""
    return {
        "unread": unread,
        "form": form,
        "errors": form.errors,
        "begins": begins,
        "year": said(begins),
        "seasons": SEASONS,
        "saved": typed_of(own_spans(session, begins)),
    }


def blank_form(session: ScopedSession, begins: int) -> Form:
    """The form as it first shows: the year's own dates, or the Trust's to begin with."""
    own = own_spans(session, begins)
    shown = own or calendar_of(session).years.get(begins, ())
    return Form({**typed_of(shown), "seen": mark(own)})


@pages.get("/")
@needs(Can.CHANGE_CALENDAR)
def show() -> str:
    listed = years(calendar_of(g.session), own_years(g.session))
    return staff_page("staff/calendar.html", years=listed)


@pages.get("/year")
@needs(Can.CHANGE_CALENDAR)
def year() -> Response:
    begins = asked_year()
    return _year_page(blank_form(g.session, begins), begins)


def _year_page(
    form: Form, begins: int, status: int = 200, unread: list[str] | None = None
) -> Response:
    page = staff_page("staff/calendar_year.html", **context(g.session, form, begins, unread))
    return make_response(page, status)


@pages.post("/year")
@needs(Can.CHANGE_CALENDAR)
def save() -> Response:
    form = read(YearForm)
    begins = asked_year()
    status = take_year(g.session, form, begins)
    if status != 303:
        return _year_page(form, begins, status)
    flash(f"The term dates of {said(begins)} are saved.", "good")
    return make_response(redirect(school_url("calendar.show"), 303))


@pages.post("/file")
@needs(Can.CHANGE_CALENDAR)
def look() -> Response:
    """Show what a file says in the form. Saves nothing."""
    begins = asked_year()
    form, unread, status = from_file(g.session, begins)
    return _year_page(form, begins, status, unread)
