"""Rolling an edition out: to which schools, by which day, to more of them, and moving the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields, validates_schema
from redis import RedisError
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.standing import CHANGED, Standings, back, edition_of
from trustconduct.admin.views import trust_calendar
from trustconduct.db import transaction
from trustconduct.jobs.queue import REMIND_SCHOOLS, connect, enqueue
from trustconduct.policies.editions import EditionRefused, publish
from trustconduct.policies.models import Edition
from trustconduct.policies.rollouts import (
    Asked,
    RollOutChanged,
    RollOutRefused,
    asked_of,
    by_phase,
    changes_of,
    check_day,
    doubt_about,
    move_day,
    roll_out,
    suggested_day,
)
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Choice, Line, Plain
from trustconduct.web.navigation import count

ALL, SOME = "all", "some"


class RollOutForm(Plain):
    """Which schools, and by which day; `anyway` is ticked for a day that is in doubt."""

    to = Choice((ALL, SOME), blank="Choose every school or only some.")
    schools = fields.List(fields.UUID(error_messages={"invalid_uuid": "Choose from the list."}))
    adopt_by_on = WrittenDay(blank="Type the day by which they are to adopt it.")
    anyway = fields.String(load_default="")

    @validates_schema
    def _some_are_some(self, data: dict[str, Any], **more: Any) -> None:
        if data.get("to") == SOME and not data.get("schools"):
            raise ValidationError("Tick at least one school.", "schools")


class MoveForm(RollOutForm):
    because = Line(longest=300, blank="Say why the day is moved. The schools read it.")
    seen = fields.Integer(required=True)


def _read(schema: type[Plain]) -> Form:
    """The form, with what is wrong or in doubt about its day."""
    form = read(schema, {**request.form.to_dict(), "schools": request.form.getlist("schools")})
    day: date | None = form.values.get("adopt_by_on")
    if day is None:
        return form
    try:
        check_day(day)
    except RollOutRefused as refused:
        form.refuse("adopt_by_on", str(refused))
        return form
    doubt = doubt_about(trust_calendar(), day)
    if doubt and not form.values.get("anyway"):
        form.refuse("anyway", f"{doubt} Choose another day, or tick that you mean it.")
    return form


def _to(form: Form) -> list[UUID] | None:
    return None if form.values["to"] == ALL else form.values["schools"]


class RollingOut(Standings):
    """The pages of publishing and of what follows; EditionsView has them."""

    @expose("/<int:number>/publish")
    @needs(Can.PUBLISH_EDITION)
    def publication(self, number: int) -> Response:
        """Ask once more, in plain words: what is published never changes again."""
        return self._publish_page(edition_of(number), self._fresh())

    def _fresh(self) -> Form:
        day = suggested_day(trust_calendar(), clock.today())
        return Form({"to": ALL, "schools": [], "adopt_by_on": clock.day(day)})

    def _publish_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        schools = asked_of(g.session, edition)
        return self._fields_page("console/publish.html", edition, schools, form, status)

    def _fields_page(
        self,
        template: str,
        edition: Edition,
        schools: Sequence[Asked],
        form: Form,
        status: int = 200,
        **more: Any,
    ) -> Response:
        return self.page(
            template,
            status,
            edition=edition,
            groups=by_phase(schools),
            form=form,
            errors=form.errors,
            **more,
        )

    @expose("/<int:number>/publish", methods=("POST",))
    @needs(Can.PUBLISH_EDITION)
    def publish(self, number: int) -> Response:
        edition = edition_of(number)
        form = _read(RollOutForm)
        if form.errors:
            return self._publish_page(edition, form, 422)
        day = form.values["adopt_by_on"]
        try:
            with transaction(g.session):
                asked = publish(g.session, edition, by=actor(), to=_to(form), adopt_by_on=day)
        except RollOutRefused as refused:
            form.refuse(refused.field, str(refused))
            return self._publish_page(edition_of(number), form, 422)
        except EditionRefused as refused:
            return back(number, str(refused), "waiting")
        except StaleDataError:
            return back(number, CHANGED, "waiting")
        _ring()
        return back(
            number,
            f"Edition {number} is published."
            f" {count(asked, 'school is', 'schools are')} asked to adopt it by {clock.day(day)}.",
            "good",
        )

    @expose("/<int:number>/rollout")
    @needs(Can.SEE_CONSOLE)
    def rollout(self, number: int) -> Response:
        edition = edition_of(number)
        schools = asked_of(g.session, edition)
        asked = [one for one in schools if one.asked]
        days = Counter(one.adopt_by_on for one in asked)
        adopted = Counter(one.adopt_by_on for one in asked if one.adopted)
        return self.page(
            "console/rollout.html",
            edition=edition,
            days=[
                (on, days[on], adopted[on], bool(on and on < clock.today()))
                for on in sorted(days, key=lambda on: on or date.max)
            ],
            left_out=[one for one in schools if not one.asked],
        )

    @expose("/<int:number>/rollout/schools")
    @needs(Can.PUBLISH_EDITION)
    def more_schools(self, number: int) -> Response:
        return self._more_page(edition_of(number), self._fresh())

    def _more_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        schools = [one for one in asked_of(g.session, edition) if not one.asked]
        return self._fields_page("console/rollout_schools.html", edition, schools, form, status)

    @expose("/<int:number>/rollout/schools", methods=("POST",))
    @needs(Can.PUBLISH_EDITION)
    def ask_more(self, number: int) -> Response:
        edition = edition_of(number)
        form = _read(RollOutForm)
        if form.errors:
            return self._more_page(edition, form, 422)
        day = form.values["adopt_by_on"]

        def ask() -> str:
            asked = roll_out(g.session, edition, by=actor(), to=_to(form), adopt_by_on=day)
            schools = count(asked, "more school is", "more schools are")
            return f"{schools} asked to adopt edition {number} by {clock.day(day)}."

        return self._done(edition, form, ask, self._more_page)

    @expose("/<int:number>/rollout/day")
    @needs(Can.PUBLISH_EDITION)
    def other_day(self, number: int) -> Response:
        edition = edition_of(number)
        form = self._fresh()
        form.typed = {**form.typed, "adopt_by_on": "", "seen": changes_of(g.session, edition)}
        return self._day_page(edition, form)

    def _day_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        schools = [one for one in asked_of(g.session, edition) if one.asked and not one.adopted]
        return self._fields_page("console/rollout_day.html", edition, schools, form, status)

    @expose("/<int:number>/rollout/day", methods=("POST",))
    @needs(Can.PUBLISH_EDITION)
    def move(self, number: int) -> Response:
        edition = edition_of(number)
        form = _read(MoveForm)
        if form.errors:
            return self._day_page(edition, form, 422)
        day = form.values["adopt_by_on"]

        def move() -> str:
            moved = move_day(
                g.session,
                edition,
                by=actor(),
                to=_to(form),
                adopt_by_on=day,
                because=form.values["because"],
                seen=form.values["seen"],
            )
            return f"The day is {clock.day(day)} now, for {count(moved, 'school', 'schools')}."

        return self._done(edition, form, move, self._day_page)

    def _done(
        self,
        edition: Edition,
        form: Form,
        act: Callable[[], str],
        page: Callable[[Edition, Form, int], Response],
    ) -> Response:
        number = edition.number
        there = redirect(url_for("editions.rollout", number=number), 303)
        try:
            with transaction(g.session):
                message = act()
        except RollOutRefused as refused:
            form.refuse(refused.field, str(refused))
            return page(found(edition_of(number)), form, 422)
        except RollOutChanged:
            flash(CHANGED, "waiting")
            return there  # type: ignore[return-value]
        _ring()
        flash(message, "good")
        return there  # type: ignore[return-value]


def _ring() -> None:
    """Have the schools written to now. With Redis away the timetable does it within the hour."""
    with suppress(RedisError), connect(works().settings.REDIS_URL) as redis:
        enqueue(redis, REMIND_SCHOOLS)
