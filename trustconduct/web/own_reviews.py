"""A school's own reviews: what is due, noting that somebody has looked, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.models import User
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import staff_of_schools
from trustconduct.db import transaction
from trustconduct.reviews.cycles import CycleChanged, CycleRefused
from trustconduct.reviews.models import Outcome, Part, SchoolCycle, SchoolReview, outcomes_of
from trustconduct.reviews.school_reminders import ROLES
from trustconduct.reviews.school_reviews import (
    change_part,
    cycle_of_part,
    cycles,
    due_now,
    mark_reviewed,
    open_reviews,
    pause_part,
    resume_part,
    reviewed,
    term_in,
)
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, enter_school, found, needs, read, works
from trustconduct.web.fields import Choice, Line, Nothing, Plain
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.review_forms import (
    OTHERS,
    UNITS,
    PauseForm,
    cycle_typed,
    cycle_values,
    read_cycle,
    refuse_all,
    seen_version,
)
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("own_reviews", __name__, url_prefix="/<school>/staff/reviews")
pages.url_value_preprocessor(enter_school)

MOST_PAST = 20
# What to do, in words, and where the part itself is changed.
TO_DO = {
    Part.FACTS: "Check that your school’s facts are still right",
    Part.MATRIX: "Check that the ways to contact you are still right",
    Part.BANS: "Check that your settings for site bans are still right",
    Part.COMPLAINTS: "Share the complaints policy with parents",
}
PLACES = {Part.FACTS: "setup.facts", Part.MATRIX: "setup.contact", Part.BANS: "setup.bans"}


class LookedForm(Plain):
    review = fields.UUID(required=True)
    outcome = Choice(list(Outcome), blank="Say what came of it.")
    note = Line(longest=300)


def named(part: str) -> Part:
    """The part in the address; 404 where it is none."""
    return found(Part(part) if part in list(Part) else None)


def _cycle(part: Part, *, lock: bool = False) -> SchoolCycle:
    return found(cycle_of_part(g.session, part, lock=lock))


def _colleagues() -> list[User]:
    """Who may look after a part. In a session of its own, closed before the page's is used."""
    with works().sessions.accounts(read_only=True) as session:
        staff = staff_of_schools(session, [g.school.id], ROLES).get(g.school.id, [])
    return list({user.id: user for user, _ in staff}.values())


def _back(message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("own_reviews.show"), 303))


@pages.get("/")
@needs(Can.KEEP_REVIEWS)
def show() -> str:
    names = {user.id: user.name for user in _colleagues()}
    return staff_page(
        "staff/reviews.html",
        reviews=open_reviews(g.session),
        cycles=cycles(g.session),
        past=reviewed(g.session, most=MOST_PAST),
        names=names,
        Part=Part,
        term_in=term_in,
        today=clock.today(),
        day=clock.day,
    )


def _open_review(part: Part) -> SchoolReview | None:
    return next((one for one in open_reviews(g.session) if one.subject == part.value), None)


@pages.get("/<part>/look")
@needs(Can.KEEP_REVIEWS)
def look(part: str) -> Response:
    review = found(_open_review(named(part)))
    return _look_page(review, Form({"review": str(review.id)}))


def _look_page(review: SchoolReview, form: Form, status: int = 200) -> Response:
    part = Part(review.subject)
    page = staff_page(
        "staff/review_look.html",
        part=part,
        review=review,
        term=term_in(review),
        to_do=TO_DO[part],
        place=school_url(PLACES[part]) if part in PLACES else "",
        policies_url=facts_of(g.session, g.school, settings_of(g.session))["school.policies_url"],
        outcomes=[(one.value, one.word) for one in outcomes_of(part)],
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    return make_response(page, status)


@pages.post("/<part>/look")
@needs(Can.KEEP_REVIEWS)
def looked(part: str) -> Response:
    form, of = read(LookedForm), named(part)
    outcome = form.values.get("outcome", "")
    if not form.errors and Outcome(outcome) not in outcomes_of(of):
        form.refuse("outcome", "Say what came of it.")
    review_id = form.values.get("review")
    if review_id is None:  # a form that was made up
        return _back("That review is not open. Nothing was noted.", "waiting")
    if form.errors:
        return _look_page(found(_open_review(of)), form, 422)
    with transaction(g.session):
        noted = mark_reviewed(
            g.session,
            review_id,
            by=actor(),
            outcome=Outcome(outcome),
            note=form.values["note"],
        )
    if not noted:
        return _back("Somebody else has noted this already. Nothing more is to do.", "waiting")
    return _back(f"{of.word}: noted. The next review is in the list.")


@pages.get("/<part>/cycle")
@needs(Can.KEEP_REVIEWS)
def edit(part: str) -> Response:
    of, colleagues = named(part), _colleagues()
    return _edit_page(of, Form(cycle_typed(_cycle(of))), colleagues)


def _edit_page(part: Part, form: Form, colleagues: Sequence[User], status: int = 200) -> Response:
    page = staff_page(
        "staff/review_cycle.html",
        part=part,
        yearly=part is Part.COMPLAINTS,
        form=form,
        errors=form.errors,
        people=[(user.id, user.name) for user in colleagues],
        units=UNITS,
    )
    return make_response(page, status)


@pages.post("/<part>/cycle")
@needs(Can.KEEP_REVIEWS)
def save(part: str) -> Response:
    of, form, colleagues = named(part), read_cycle(), _colleagues()
    cycle = _cycle(of, lock=True)
    if form.errors:
        return _edit_page(of, form, colleagues, 422)
    try:
        with transaction(g.session):
            people = {user.id for user in colleagues}
            change_part(g.session, cycle, by=actor(), people=people, **cycle_values(form))
    except CycleRefused as refused:
        refuse_all(form, refused.errors)
        return _edit_page(of, form, colleagues, 422)
    except (CycleChanged, StaleDataError):
        return _back(OTHERS, "waiting")
    return _back(f"{of.word}: saved.")


@pages.get("/<part>/pause")
@needs(Can.KEEP_REVIEWS)
def pausing(part: str) -> Response:
    of = named(part)
    return _pause_page(of, Form({"seen": _cycle(of).version}))


def _pause_page(part: Part, form: Form, status: int = 200) -> Response:
    page = staff_page("staff/review_pause.html", part=part, form=form, errors=form.errors)
    return make_response(page, status)


@pages.post("/<part>/pause")
@needs(Can.KEEP_REVIEWS)
def pause(part: str) -> Response:
    of, form = named(part), read(PauseForm)
    cycle = _cycle(of, lock=True)
    if form.errors:
        return _pause_page(of, form, 422)
    try:
        with transaction(g.session):
            pause_part(
                g.session,
                cycle,
                by=actor(),
                seen=seen_version(form),
                because=form.values["because"],
                until=form.values["until"],
            )
    except CycleRefused as refused:
        refuse_all(form, refused.errors)
        return _pause_page(of, form, 422)
    except (CycleChanged, StaleDataError):
        return _back(OTHERS, "waiting")
    return _back(f"{of.word}: the reminders are paused.")


@pages.post("/<part>/resume")
@needs(Can.KEEP_REVIEWS)
def resume(part: str) -> Response:
    read(Nothing)
    cycle = _cycle(named(part), lock=True)
    with transaction(g.session):
        resumed = resume_part(g.session, cycle, by=actor())
    return _back("The reminders go again." if resumed else "They were not paused.")


@tasks(Can.KEEP_REVIEWS, order=40, more=lambda: school_url("own_reviews.show"))
def to_look_at(session: ScopedSession, here: Here) -> Iterator[Task]:
    """The parts that somebody is to look at this term, and those that are overdue. One query."""
    today = clock.today()
    for review in due_now(session):
        part, late = Part(review.subject), review.due_on < today
        guess = ", provisionally" if review.provisional else ""
        yield Task(
            TO_DO[part],
            school_url("own_reviews.look", part=part.value),
            f"By {clock.day(review.due_on)}{guess}",
            "Overdue" if late else "To do",
            "attention" if late else "waiting",
        )
