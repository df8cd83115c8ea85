"""Reviews: the board of all of them; the policy's cycle and steps, and pausing its reminders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields, validate
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.models import User
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import at_trust
from trustconduct.admin.standing import edition_of
from trustconduct.admin.views import Console, trust_calendar
from trustconduct.db import transaction
from trustconduct.oversight.review_board import (
    Line,
    SchoolLine,
    When,
    board_by_school,
    board_counts,
    review_board,
)
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition
from trustconduct.reviews.cycles import (
    CycleChanged,
    CycleRefused,
    change_cycle,
    cycle_of,
    following,
    move_review,
    pause,
    resume,
    review_of,
)
from trustconduct.reviews.due_days import Step
from trustconduct.reviews.models import Part
from trustconduct.reviews.reminders import reminded
from trustconduct.reviews.review_steps import (
    ReviewSteps,
    edition_before,
    review_steps,
    tick,
    untick,
)
from trustconduct.web.door import Form, actor, found, last_seen, needs, read, works
from trustconduct.web.fields import Choice, Nothing, Number, Plain
from trustconduct.web.fields import Line as Typed
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

A_PAGE = 50
SCHOOLS = "schools"
# A part in the Trust's words: it stands beside the school's name.
PARTS = {
    Part.FACTS: "Facts",
    Part.MATRIX: "Ways to contact",
    Part.BANS: "Site bans",
    Part.COMPLAINTS: "Complaints policy shared",
}


class MoveForm(Plain):
    to = Typed(longest=100)
    because = Typed(longest=300)
    seen = Typed(longest=9)


class StepForm(Plain):
    edition = Number(1, 999_999, blank="Choose the step on the page.")
    step = Choice([step.name.lower() for step in Step], blank="Choose the step on the page.")
    done = fields.String(load_default="yes", validate=validate.OneOf(["yes", "no"]))


def people_of_trust() -> Sequence[User]:
    """Who has a role at the Trust today. In a session of its own, closed before the page's."""
    with works().sessions.accounts(read_only=True) as session:
        return at_trust(session)


def _part() -> Part | None:
    """The part that the board is narrowed down to."""
    asked = request.args.get("part", "")
    return Part(asked) if asked in list(Part) else None


def _school_id() -> UUID | None:
    """The school that the board is narrowed down to; 404 for one that is not there."""
    asked = request.args.get("school", "")
    if not asked:
        return None
    cards = {str(card.id): card.id for card in works().directory.schools()}
    return found(cards.get(asked))


class ReviewsView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> str:
        """The board: the Trust's own review, and the schools' by term or by school."""
        calendar, edition, today = trust_calendar(), newest_published(g.session), clock.today()
        cycle, review, step = cycle_of(g.session), None, None
        if edition is not None:
            review = review_of(edition, cycle, calendar)
            before = edition_before(g.session, edition)
            steps = review_steps(g.session, edition, review, calendar, before=before)
            step = next(iter(steps.open), None)
        part, school_id, asked = _part(), _school_id(), request.args.get("when", "")
        counts = board_counts(g.session, calendar, by=actor(), part=part, school_id=school_id)
        chosen = (
            asked
            if asked in [*When, SCHOOLS]
            else next((each.value for each in When if counts[each]), When.THIS.value)
        )
        lines: Sequence[Line] | Sequence[SchoolLine]
        if chosen == SCHOOLS:
            lines = board_by_school(
                g.session, calendar, by=actor(), part=part, after=last_seen(), most=A_PAGE
            )
        else:
            # Of one school all that is to come, unless a kind is asked for.
            lines = review_board(
                g.session,
                calendar,
                by=actor(),
                when=When(chosen) if asked or school_id is None else None,
                part=part,
                school_id=school_id,
                after=last_seen(),
                most=A_PAGE,
            )
        view = "" if school_id and not asked else chosen
        names = {card.id: card.name for card in works().directory.schools()}
        onward = ""
        if len(lines) > A_PAGE:
            onward = url_for(
                "reviews.index",
                when=view or None,
                part=part.value if part else None,
                school=school_id,
                after=lines[A_PAGE - 1].mark,
            )
        return self.render(
            "console/review_board.html",
            edition=edition,
            cycle=cycle,
            review=review,
            step=step,
            today=today,
            whens=list(When),
            parts=list(Part),
            PARTS=PARTS,
            counts=counts,
            view=view,
            part=part,
            school=school_id,
            school_name=names.get(school_id, "") if school_id else "",
            lines=lines[:A_PAGE],
            onward=onward,
            first=not last_seen(),
        )

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
        try:
            with transaction(g.session):
                change_cycle(
                    g.session,
                    cycle_of(g.session, lock=True),
                    by=actor(),
                    people={user.id for user in people},
                    **cycle_values(form),
                )
        except CycleRefused as refused:
            refuse_all(form, refused.errors)
            return self._edit_page(form, people, 422)
        except (CycleChanged, StaleDataError):
            return _back(OTHERS, "waiting")
        return _back("The review’s cycle is saved.")

    @expose("/policy/date")
    @needs(Can.KEEP_REVIEWS)
    def moving(self) -> Response:
        cycle, edition = cycle_of(g.session), found(newest_published(g.session))
        moved = cycle.moves(edition.id)
        typed = {"to": cycle.moved_text, "because": cycle.moved_because} if moved else {}
        return self._move_page(edition, Form({**typed, "seen": cycle.version or ""}))

    def _move_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/review_date.html", status, edition=edition, form=form, errors=form.errors
        )

    @expose("/policy/date", methods=("POST",))
    @needs(Can.KEEP_REVIEWS)
    def move(self) -> Response:
        form, edition = read(MoveForm), found(newest_published(g.session))
        if form.errors:
            return self._move_page(edition, form, 422)
        try:
            with transaction(g.session):
                move_review(
                    g.session,
                    cycle_of(g.session, lock=True),
                    edition,
                    by=actor(),
                    seen=seen_version(form),
                    to=form.values["to"],
                    because=form.values["because"],
                )
        except CycleRefused as refused:
            refuse_all(form, refused.errors)
            return self._move_page(edition, form, 422)
        except (CycleChanged, StaleDataError):
            return _back(OTHERS, "waiting")
        return _back("The date of the review is saved.")

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
                    seen=seen_version(form),
                    because=form.values["because"],
                    until=form.values["until"],
                )
        except CycleRefused as refused:
            refuse_all(form, refused.errors)
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
            changed = change(g.session, edition, step, by=actor())
        if not changed:
            return _back("It stands like that already. Nothing was changed.", "waiting")
        said = "is done" if change is tick else "is open again"
        return _back(f"“{step.value}” {said}.")


def _back(message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return redirect(url_for("reviews.policy"), 303)  # type: ignore[return-value]
