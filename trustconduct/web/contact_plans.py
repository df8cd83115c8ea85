"""One person's contact plan: made, replaced, ended, and told by letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.conduct.contact_plans import (
    ContactPlan,
    Often,
    PlanMoved,
    Planned,
    PlanRefused,
    end_plan,
    ending_soon,
    make_plan,
    plans_of,
)
from trustconduct.db import transaction
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.write import LetterRefused, begin_letter
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, found, mine, needs, note_reading, read
from trustconduct.web.fields import Choice, Email, Line, Plain, Telephone, WrittenDay
from trustconduct.web.letter_rows import back as to_letter
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.person import the_adult, to_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("plan", __name__)

OFTEN = [(one.value, one.word) for one in Often]
ANSWER = [
    ("", "No time is promised"),
    *((str(days), f"{days} school {'day' if days == 1 else 'days'}") for days in (1, 2, 3, 5, 10)),
]
MOVED = "Somebody changed this person’s plan meanwhile. Theirs is shown: look at it, then save."


class PlanForm(Plain):
    who = Line(longest=120, blank="Say who their one contact is, by role or name.")
    email = Email()
    telephone = Telephone()
    often = Choice([name for name, _ in OFTEN], blank="Say how often, at most.")
    answer_days = Choice([name for name, _ in ANSWER], blank="Choose one of these.")
    starts_on = WrittenDay(blank="Type the day from which it holds.")
    until_on = WrittenDay(blank="Type the last day.")
    because = Line(longest=500, blank="Say why. The person reads this in the letter.")
    seen = fields.UUID(load_default=None, allow_none=True)


class EndForm(Plain):
    ended_because = Line(longest=500, blank="Say why, in one sentence.")


@pages.get("/<uuid:adult_id>/contact-plan")
@needs(Can.SEE_CONTACT_PLAN)
def show(adult_id: UUID) -> Response:
    adult = the_adult(adult_id)
    return _page(adult, Form({"starts_on": clock.day(clock.today()), "often": "weekly"}))


def _page(adult: Adult, form: Form, status: int = 200) -> Response:
    plans, today = plans_of(g.session, adult.id), clock.today()
    current = next((one for one in plans if one.ended_at is None and one.until_on >= today), None)
    page = staff_page(
        "staff/contact_plan.html",
        adult=adult,
        plans=plans,
        current=current,
        often=OFTEN,
        answer=ANSWER,
        words={one.value: one.word for one in Often},
        form=form,
        errors=form.errors,
        day=clock.day,
        today=today,
        why=Can.KEEP_CONTACT_PLAN in mine(),
    )
    if status == 200:
        note_reading(Event.ADULT_READ, "adult", adult.id)
    return make_response(page, status)


@pages.post("/<uuid:adult_id>/contact-plan")
@needs(Can.KEEP_CONTACT_PLAN)
def make(adult_id: UUID) -> Response:
    adult, form = the_adult(adult_id), read(PlanForm)
    if not form.errors:
        try:
            with transaction(g.session):
                make_plan(
                    g.session, adult, _planned(form.values), by=actor(), seen=form.values["seen"]
                )
        except PlanRefused as no:
            form.refuse(no.field, str(no))
            adult = the_adult(adult_id)
        except PlanMoved:
            form.refuse("who", MOVED)
            return _page(the_adult(adult_id), form, 409)
    if form.errors:
        return _page(adult, form, 422)
    message = "The plan is made. Tell them by a letter: begin it on the plan’s page."
    return to_page(adult_id, message)


def _planned(values: dict[str, Any]) -> Planned:
    return Planned(
        who=values["who"],
        email=values["email"],
        telephone=values["telephone"],
        often=Often(values["often"]),
        answer_days=int(values["answer_days"]) if values["answer_days"] else None,
        starts_on=values["starts_on"],
        until_on=values["until_on"],
        because=values["because"],
    )


def _plan(adult_id: UUID, plan_id: UUID) -> ContactPlan:
    return found(next((one for one in plans_of(g.session, adult_id) if one.id == plan_id), None))


@pages.post("/<uuid:adult_id>/contact-plan/<uuid:plan_id>/end")
@needs(Can.KEEP_CONTACT_PLAN)
def end(adult_id: UUID, plan_id: UUID) -> Response:
    plan, form = _plan(adult_id, plan_id), read(EndForm)
    if not form.errors:
        try:
            with transaction(g.session):
                end_plan(g.session, plan, by=actor(), because=form.values["ended_because"])
        except PlanMoved:
            return to_page(adult_id, "The plan had ended already.", "waiting")
    if form.errors:
        return _page(the_adult(adult_id), form, 422)
    return to_page(adult_id, "The plan has ended. They use the same ways as everybody else again.")


@pages.post("/<uuid:adult_id>/contact-plan/<uuid:plan_id>/letter")
@needs(Can.WRITE_LETTER)
def write(adult_id: UUID, plan_id: UUID) -> Response:
    """Begin the letter that tells them: it says what the plan says."""
    plan, adult = _plan(adult_id, plan_id), the_adult(adult_id)
    try:
        with transaction(g.session):
            letter = begin_letter(
                g.session, adult, KINDS["contact_plan"], by=actor(), record_kind="plan",
                record_id=plan.id,
            )  # fmt: skip
            letter_id = letter.id
    except LetterRefused as no:
        return to_page(adult_id, str(no), "waiting")
    return to_letter(letter_id, "The letter is begun. It says what the plan says.")


@tasks(Can.KEEP_CONTACT_PLAN, order=42, more=lambda: school_url("people.show"))
def plans_ending(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Contact plans whose last day is near: they end by themselves. One query."""
    for plan, adult in ending_soon(session):
        yield Task(
            f"The contact plan of {adult.name} ends on {clock.day(plan.until_on)}",
            school_url("people.plan.show", adult_id=adult.id),
            "Make a new one if it is still needed. Otherwise there is nothing to do.",
            "Ends soon",
        )
