"""The ways to contact school as parents could read them on a day that has passed."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, g, make_response, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.clock import Term, TermRefused
from trustconduct.contact_matrix.hours import words
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.contact_matrix.save import days_changed, matrices_on
from trustconduct.policies.facts import fill, names_in
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.web.door import Form, needs
from trustconduct.web.navigation import staff_page

pages = Blueprint("ways_then", __name__, url_prefix="/contact/on-a-day")


@pages.get("/")
@needs(Can.CHANGE_MATRIX)
def show() -> Response:
    typed = " ".join(request.args.get("day", "").split())
    form = Form({"day": typed})
    on = _day(form, typed) if typed else None
    facts = facts_of(g.session, g.school, settings_of(g.session))
    found = matrices_on(g.session, on) if on else []
    page = staff_page(
        "staff/ways_then.html",
        form=form,
        errors=form.errors,
        on=on,
        states=[(one, _since(one, on), one.matrix.reworded(lambda t: fill(t, facts)))
                for one in found] if on else [],
        has_facts=any(names_in(text) for one in found for text in one.matrix.texts()),
        changed=days_changed(g.session),
        words=words,
        day=clock.day,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _day(form: Form, typed: str) -> date | None:
    try:
        day = Term.parse(typed).day
    except TermRefused:
        day = None
    if day is None:
        form.refuse("day", "Type a day, like 4 May 2027.")
    elif day > clock.today():
        form.refuse("day", "That day has not come yet. Type a day up to today.")
    else:
        return day
    return None


def _since(saved: SchoolMatrix, on: date) -> str:
    """Since when it held: the time where that was in the course of the day."""
    at = clock.local(saved.saved_at)
    return f"{at:%H:%M} that day" if at.date() == on else clock.day(at.date())
