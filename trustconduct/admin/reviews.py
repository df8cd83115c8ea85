"""The review of the Trust's policy: its cycle, its steps, and pausing its reminders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields, validate
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.models import User
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import at_trust
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.standing import edition_of
from trustconduct.admin.views import Console, trust_calendar
from trustconduct.db import transaction
from trustconduct.policies.editions import newest_published
from trustconduct.reviews.cycles import (
    CycleChanged,
    CycleRefused,
    change_cycle,
    cycle_of,
    following,
    pause,
    resume,
    review_of,
)
from trustconduct.reviews.due_days import Step
from trustconduct.reviews.models import ReviewCycle, Unit
from trustconduct.reviews.reminders import reminded
from trustconduct.reviews.review_steps import (
    ReviewSteps,
    edition_before,
    review_steps,
    tick,
    untick,
)
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Choice, Line, Nothing, Number, Plain

OTHERS = "Somebody else changed this a moment ago. This is how it stands now: look at it again."
UNITS = ((Unit.YEARS.value, "Years"), (Unit.TERMS.value, "Terms"))
MOST = 15
WHO = "Choose somebody from the list."


class CycleForm(Plain):
    every = Number(1, MOST, blank="Type how many years or terms lie between two reviews.")
    unit = Choice([unit for unit, _ in UNITS], blank="Choose years or terms.")
    owner_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": WHO})
    upward_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": WHO})
    seen = Line(longest=9)


class PauseForm(Plain):
    because = Line(longest=300, blank="Say why the reminders are paused.")
    until = WrittenDay()
    seen = Line(longest=9)


class StepForm(Plain):
    edition = Number(1, 999_999, blank="Choose the step on the page.")
    step = Choice([step.name.lower() for step in Step], blank="Choose the step on the page.")
    done = fields.String(load_default="yes", validate=validate.OneOf(["yes", "no"]))


def typed_version(form: Form) -> int | None:
    """The version of the cycle that the form was made from; None where there was none."""
    seen = str(form.values.get("seen", ""))
    return int(seen) if seen.isascii() and seen.isdigit() else None


def cycle_typed(cycle: ReviewCycle) -> dict[str, Any]:
    """A cycle as its form shows it."""
    return {
        "every": cycle.every,
        "unit": cycle.unit,
        "owner_id": str(cycle.owner_id or ""),
        "upward_id": str(cycle.upward_id or ""),
        "seen": cycle.version or "",
    }


def read_cycle() -> Form:
    """A cycle's form; where nobody is chosen the field is not there at all."""
    typed = request.form.to_dict()
    blank = {name for name in ("owner_id", "upward_id") if not typed.get(name)}
    return read(CycleForm, {name: each for name, each in typed.items() if name not in blank})


def people_of_trust() -> Sequence[User]:
    """Who has a role at the Trust today. In a session of its own, closed before the page's."""
    with works().sessions.accounts(read_only=True) as session:
        return at_trust(session)


class ReviewsView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> Response:
        return redirect(url_for("reviews.policy"))  # type: ignore[return-value]

    @expose("/policy")
    @needs(Can.SEE_CONSOLE)
    def policy(self) -> Response:
        people = people_of_trust()
        cycle, edition = cycle_of(g.session), newest_published(g.session)
        review, steps, reminders, after = None, ReviewSteps(), [], None
        if edition is not None:
            calendar = trust_calendar()
            review = review_of(edition, cycle, calendar)
            before = edition_before(g.session, edition)
            steps = review_steps(g.session, edition, review, calendar, before=before)
            reminders = reminded(g.session, edition)
            after = following(calendar, review, cycle) if review and cycle.version else None
        return self.page(
            "console/review_policy.html",
            cycle=cycle,
            edition=edition,
            review=review,
            steps=steps,
            after=after,
            reminders=reminders,
            names={user.id: user.name for user in people},
            today=clock.today(),
        )

    @expose("/policy/edit")
    @needs(Can.KEEP_REVIEWS)
    def edit(self) -> Response:
        people = people_of_trust()
        return self._edit_page(Form(cycle_typed(cycle_of(g.session))), people)

    def _edit_page(self, form: Form, people: Sequence[User], status: int = 200) -> Response:
        return self.page(
            "console/review_edit.html",
            status,
            form=form,
            errors=form.errors,
            people=[(user.id, user.name) for user in people],
            units=UNITS,
        )

    @expose("/policy/edit", methods=("POST",))
    @needs(Can.KEEP_REVIEWS)
    def save(self) -> Response:
        form, people = read_cycle(), people_of_trust()
        if form.errors:
            return self._edit_page(form, people, 422)
        values = {name: form.values[name] for name in ("every", "unit", "owner_id", "upward_id")}
        try:
            with transaction(g.session):
                change_cycle(
                    g.session,
                    cycle_of(g.session, lock=True),
                    by=actor(),
                    seen=typed_version(form),
                    people={user.id for user in people},
                    **values,
                )
        except CycleRefused as refused:
            for field, text in refused.errors.items():
                form.refuse(field, text)
            return self._edit_page(form, people, 422)
        except (CycleChanged, StaleDataError):
            return _back(OTHERS, "waiting")
        return _back("The review’s cycle is saved.")

    @expose("/policy/pause")
    @needs(Can.KEEP_REVIEWS)
    def pausing(self) -> Response:
        return self._pause_page(Form({"seen": cycle_of(g.session).version or ""}))

    def _pause_page(self, form: Form, status: int = 200) -> Response:
        return self.page("console/review_pause.html", status, form=form, errors=form.errors)

    @expose("/policy/pause", methods=("POST",))
    @needs(Can.KEEP_REVIEWS)
    def pause(self) -> Response:
        form = read(PauseForm)
        if form.errors:
            return self._pause_page(form, 422)
        try:
            with transaction(g.session):
                pause(
                    g.session,
                    cycle_of(g.session, lock=True),
                    by=actor(),
                    seen=typed_version(form),
                    because=form.values["because"],
                    until=form.values["until"],
                )
        except CycleRefused as refused:
            for field, text in refused.errors.items():
                form.refuse(field, text)
            return self._pause_page(form, 422)
        except (CycleChanged, StaleDataError):
            return _back(OTHERS, "waiting")
        return _back("The reminders are paused.")

    @expose("/policy/resume", methods=("POST",))
    @needs(Can.KEEP_REVIEWS)
    def resume(self) -> Response:
        read(Nothing)
        with transaction(g.session):
            resumed = resume(g.session, cycle_of(g.session, lock=True), by=actor())
        return _back("The reminders go again." if resumed else "They were not paused.")

    @expose("/policy/step", methods=("POST",))
    @needs(Can.KEEP_REVIEWS)
    def step(self) -> Response:
        form = read(StepForm)
        if form.errors:
            return _back("That is no step of this review. Nothing was changed.", "waiting")
        edition = edition_of(form.values["edition"])
        step = Step[form.values["step"].upper()]
        change = tick if form.values["done"] == "yes" else untick
        with transaction(g.session):
            change(g.session, edition, step, by=actor())
        said = "is done" if change is tick else "is open again"
        return _back(f"“{step.value}” {said}.")


def _back(message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return redirect(url_for("reviews.policy"), 303)  # type: ignore[return-value]
