"""Saying that somebody must not be told, or that two must not learn of each other."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, make_response
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.models import Adult
from trustconduct.people.person import people_page, whole
from trustconduct.people.untold import (
    LONGEST_REASON,
    ReasonMissing,
    clear_untold,
    end_apart,
    keep_apart,
    mark_untold,
)
from trustconduct.web.door import Form, actor, found, needs, note_reading, read
from trustconduct.web.fields import Line, Plain
from trustconduct.web.navigation import staff_page
from trustconduct.web.person import the_adult, to_page

pages = Blueprint("marks", __name__)

WHY = "Say why, in one sentence."


class ReasonForm(Plain):
    because = Line(blank=WHY, longest=LONGEST_REASON)


class ApartForm(Plain):
    other = fields.UUID(
        required=True,
        error_messages={
            "required": "Choose the other person.",
            "invalid_uuid": "Choose the other person.",
        },
    )
    because = Line(blank=WHY, longest=LONGEST_REASON)


class NameForm(Plain):
    named = Line(blank="Type the other person’s name.")


def _page(template: str, adult: Adult, form: Form, status: int = 200, **more: object) -> Response:
    page = staff_page(template, adult=adult, form=form, errors=form.errors, **more)
    if status == 200:
        note_reading(Event.ADULT_READ, "adult", adult.id)
    return make_response(page, status)


@pages.get("/<uuid:adult_id>/untold")
@needs(Can.MARK_UNTOLD)
def mark(adult_id: UUID) -> Response:
    return _page("staff/person_untold.html", the_adult(adult_id), Form(), clears=False)


@pages.post("/<uuid:adult_id>/untold")
@needs(Can.MARK_UNTOLD)
def marked(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(ReasonForm)
    if form.errors:
        return _page("staff/person_untold.html", adult, form, 422, clears=False)
    with transaction(g.session):
        mark_untold(g.session, adult, by=actor(), because=form.values["because"])
    return to_page(
        adult_id,
        f"{adult.name} is told nothing from now on. What had not left yet was taken back.",
    )


@pages.get("/<uuid:adult_id>/told-again")
@needs(Can.CLEAR_UNTOLD)
def clear(adult_id: UUID) -> Response:
    return _page("staff/person_untold.html", the_adult(adult_id), Form(), clears=True)


@pages.post("/<uuid:adult_id>/told-again")
@needs(Can.CLEAR_UNTOLD)
def cleared(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(ReasonForm)
    if form.errors:
        return _page("staff/person_untold.html", adult, form, 422, clears=True)
    with transaction(g.session):
        clear_untold(g.session, adult, by=actor(), because=form.values["because"])
    return to_page(adult_id, f"{adult.name} may be told again, from the next mailing on.")


MOST_FOUND = 20


@pages.get("/<uuid:adult_id>/apart")
@needs(Can.MARK_UNTOLD)
def apart(adult_id: UUID) -> Response:
    return _page("staff/person_apart.html", the_adult(adult_id), Form(), people=None)


@pages.post("/<uuid:adult_id>/apart/find")
@needs(Can.MARK_UNTOLD)
def find_other(adult_id: UUID) -> Response:
    """Look for the other by name: a POST, so that no name stands in an address."""
    adult, form = the_adult(adult_id), read(NameForm)
    if form.errors:
        return _page("staff/person_apart.html", adult, form, 422, people=None)
    named = form.values["named"]
    people = [
        one
        for one in people_page(g.session, named=named, most=MOST_FOUND)[:MOST_FOUND]
        if one.id != adult_id
    ]
    if not people:
        form.refuse("named", "Nobody else of this name is here. Try a part of the name.")
        return _page("staff/person_apart.html", adult, form, 422, people=None)
    return _page("staff/person_apart.html", adult, form, people=people)


@pages.post("/<uuid:adult_id>/apart")
@needs(Can.MARK_UNTOLD)
def parted(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(ApartForm)
    other = None
    if "other" in form.values:
        other = found(g.session.get(Adult, (g.school.id, form.values["other"])))
        if other.id == adult.id:
            form.refuse("other", "Choose another person.")
    if form.errors or other is None:
        people = people_page(g.session, named=other.name, most=1)[:1] if other else None
        return _page("staff/person_apart.html", adult, form, 422, people=people)
    with transaction(g.session):
        keep_apart(g.session, adult, other, by=actor(), because=form.values["because"])
    return to_page(adult_id, f"Noted: {adult.name} and {other.name} must not learn of each other.")


@pages.get("/<uuid:adult_id>/apart/<uuid:other_id>")
@needs(Can.CLEAR_UNTOLD)
def reunite(adult_id: UUID, other_id: UUID) -> Response:
    person = found(whole(g.session, adult_id))
    other = found(next((one for one in person.apart if one.id == other_id), None))
    return _page("staff/person_reunite.html", person.adult, Form(), other=other)


@pages.post("/<uuid:adult_id>/apart/<uuid:other_id>")
@needs(Can.CLEAR_UNTOLD)
def reunited(adult_id: UUID, other_id: UUID) -> Response:
    adult, other, form = the_adult(adult_id), the_adult(other_id), read(ReasonForm)
    if form.errors:
        return _page("staff/person_reunite.html", adult, form, 422, other=other)
    try:
        with transaction(g.session):
            end_apart(g.session, adult, other, by=actor(), because=form.values["because"])
    except ReasonMissing:
        form.refuse("because", WHY)
        return _page("staff/person_reunite.html", adult, form, 422, other=other)
    return to_page(adult_id, f"Noted: {adult.name} and {other.name} may know of each other.")
