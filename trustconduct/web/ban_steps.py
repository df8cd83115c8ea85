"""What becomes of a ban, step by step: what they say, the decision, its exceptions, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request
from marshmallow import ValidationError, fields
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.bans.change import add_exception, lift, strike_exception, vary, withdraw
from trustconduct.bans.decide import (
    Decision,
    check_decision,
    confirm,
    latest_end,
    let_lapse,
    next_review_from,
    not_confirm,
    why_not_yet,
)
from trustconduct.bans.hearing import LONGEST, give_more_time, note_said
from trustconduct.bans.models import Ban, BanException, Means
from trustconduct.bans.people import ROLE_WORDS
from trustconduct.bans.refused import BanMoved, BanRefused, WrongPerson
from trustconduct.bans.standing import hearing_of, representations_of
from trustconduct.bans.terms import day_of, terms_of
from trustconduct.db import transaction
from trustconduct.people.models import Adult
from trustconduct.web.ban_rows import CHANGED, back, the_ban
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import staff_page

pages = Blueprint("steps", __name__)
_page: list[Callable[..., Response]] = []
NEEDS_DAY = "Type the day, like 3 September 2026 or 03/09/2026."


def on_refused(page: Callable[..., Response]) -> None:
    """The ban's own page, which is shown again with what was typed."""
    _page[:] = [page]


class At(fields.Field):
    """A time of day typed as 15:20; blank is none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> time | None:
        text = str(value).strip().replace(".", ":")
        if not text:
            return None
        try:
            hour, _, minute = text.partition(":")
            return time(int(hour), int(minute or 0))
        except ValueError:
            raise ValidationError("Type a time, like 15:20.") from None


class SaidForm(Plain):
    means = Choice([one.value for one in Means][1:], blank="Say how they told you.")
    said_words = Words(load_default="")
    with_whom = Line(longest=200)
    is_all = fields.String(load_default="")


class TimeForm(Plain):
    until_on = WrittenDay(blank=NEEDS_DAY)
    because = Line(longest=500, blank="Say why they asked for more time.")


class DecideForm(Plain):
    seen = fields.Integer(required=True)
    outcome = Choice(["confirmed", "not_confirmed"], blank="Say what you decide.")
    weighed = Words(required=True)
    sites = Words(load_default="")
    hours = Words(load_default="")
    events = Words(load_default="")
    remote = Words(load_default="")
    ends_on = WrittenDay()
    review_on = WrittenDay()
    bringing = Words(load_default="")
    contact = Line(longest=200)
    police_told = fields.String(load_default="")
    sure = fields.String(load_default="")


class EndForm(Plain):
    seen = fields.Integer(required=True)
    end_because = Words(required=True)


class VaryForm(EndForm):
    new_sites = Words(load_default="")
    new_hours = Words(load_default="")
    new_end = WrittenDay()


class ExceptionForm(Plain):
    words = Line(longest=300, blank="Say what they may come for, and by which gate.")
    on_day = WrittenDay()
    from_time = At(load_default=None)
    to_time = At(load_default=None)
    by_appointment = fields.String(load_default="")


class StrikeForm(Plain):
    because = Line(longest=500, blank="Say why they may not come even then.")


def tried(
    ban_id: UUID, form: Form, act: Callable[[Ban], Any], message: str, **as_: str
) -> Response:
    """Try an act on a ban; refused, its page is shown again with what was typed."""
    row = the_ban(ban_id)
    if not form.errors:
        try:
            with transaction(g.session):
                act(row)
        except BanRefused as no:
            form.refuse(as_.get(no.field, no.field), str(no))
        except WrongPerson as no:
            form.refuse("", str(no))
        except (BanMoved, StaleDataError):
            return back(ban_id, CHANGED, "waiting")
        else:
            return back(ban_id, message)
    return _page[0](the_ban(ban_id), form, 422)


@pages.post("/<uuid:ban_id>/said")
@needs(Can.HEAR_BAN)
def said(ban_id: UUID) -> Response:
    form = read(SaidForm)

    def act(row: Ban) -> None:
        note_said(
            g.session, row, by=actor(), means=Means(form.values["means"]),
            words=form.values["said_words"], is_all=form.values["is_all"] == "yes",
            with_whom=form.values["with_whom"],
        )  # fmt: skip

    return tried(ban_id, form, act, "It is noted. Give them the number of the receipt.",
                 words="said_words")  # fmt: skip


@pages.post("/<uuid:ban_id>/more-time")
@needs(Can.HEAR_BAN)
def more_time(ban_id: UUID) -> Response:
    form = read(TimeForm)

    def act(row: Ban) -> None:
        give_more_time(g.session, row, by=actor(), **form.values)

    return tried(ban_id, form, act, "They have more time. The day of decision moves with it.")


@pages.get("/<uuid:ban_id>/decide")
@needs(Can.ISSUE_BAN)
def deciding(ban_id: UUID) -> Response:
    row = the_ban(ban_id)
    terms = terms_of(g.session, row.id)
    typed = {
        "seen": row.version, "sites": terms.sites, "hours": terms.hours,
        "events": terms.events, "remote": terms.remote, "bringing": terms.bringing,
        "contact": terms.contact, "ends_on": clock.day(day_of(terms.ends_on)),
    }  # fmt: skip
    return _decide_page(row, Form(typed))


def _decide_page(row: Ban, form: Form, status: int = 200, **more: Any) -> Response:
    hearing = hearing_of(g.session, row)
    today = clock.today()
    page = staff_page(
        "staff/ban_decide.html", ban=row, form=form, errors=form.errors, hearing=hearing,
        why_not=why_not_yet(row, hearing), said=representations_of(g.session, row.id),
        adult=found(g.session.get(Adult, (row.school_id, row.adult_id))), day=clock.day,
        latest=latest_end(g.session, row, today), review=next_review_from(g.session, row),
        decider=ROLE_WORDS[row.decider_role], longest=LONGEST, **{"once_more": False, **more},
        means={one.value: one.word for one in Means},
    )  # fmt: skip
    return make_response(page, status)


@pages.post("/<uuid:ban_id>/decide")
@needs(Can.ISSUE_BAN)
def decide(ban_id: UUID) -> Response:
    """First the decision is read out once more in plain words; then it is made."""
    row, form = the_ban(ban_id), read(DecideForm)
    confirms = form.values.get("outcome") == "confirmed"
    for name in ("ends_on", "review_on") if confirms else ():
        if form.values.get(name) is None and name not in form.errors:
            form.refuse(name, NEEDS_DAY)
    if form.errors:
        return _decide_page(row, form, 422)
    values = form.values
    if row.version != values["seen"]:
        return back(ban_id, CHANGED, "waiting")
    decision = None
    try:
        if confirms:
            decision = _decision(row, values)
            if why := why_not_yet(row, hearing_of(g.session, row)):
                raise BanRefused("", why)
            check_decision(g.session, row, decision)
        if not values["sure"]:
            return _decide_page(row, form, once_more=True)
        with transaction(g.session):
            if decision is not None:
                confirm(g.session, row, decision, by=actor(), seen=values["seen"])
            else:
                not_confirm(g.session, row, by=actor(), seen=values["seen"],
                            weighed=values["weighed"])  # fmt: skip
    except BanRefused as no:
        form.refuse(no.field, str(no))
        return _decide_page(the_ban(ban_id), form, 422)
    except WrongPerson as no:
        form.refuse("", str(no))
        return _decide_page(the_ban(ban_id), form, 422)
    except (BanMoved, StaleDataError):
        return back(ban_id, CHANGED, "waiting")
    return back(ban_id, "It is decided. Write the letter that says so next.")


def _decision(row: Ban, values: dict[str, Any]) -> Decision:
    terms = terms_of(g.session, row.id)
    first = max(day_of(terms.starts_on), clock.today())
    said = replace(
        terms, sites=values["sites"], hours=values["hours"], events=values["events"],
        remote=values["remote"], bringing=values["bringing"], contact=values["contact"],
        starts_on=first.isoformat(), ends_on=values["ends_on"].isoformat(),
    )  # fmt: skip
    return Decision(values["weighed"], said, values["review_on"], values["police_told"] == "yes")


@pages.post("/<uuid:ban_id>/lapse")
@needs(Can.ISSUE_BAN)
def lapse(ban_id: UUID) -> Response:
    form = read(EndForm)

    def act(row: Ban) -> None:
        let_lapse(g.session, row, by=actor(), seen=form.values["seen"],
                  because=form.values["end_because"])  # fmt: skip

    return tried(ban_id, form, act, "It lapses on its day.", because="end_because")


@pages.post("/<uuid:ban_id>/lift")
@needs(Can.END_BAN)
def lift_it(ban_id: UUID) -> Response:
    return _end(ban_id, lift, "The ban is lifted: it bars nobody from now on. Write the letter.")


@pages.post("/<uuid:ban_id>/withdraw")
@needs(Can.END_BAN)
def withdraw_it(ban_id: UUID) -> Response:
    return _end(ban_id, withdraw, "The ban is withdrawn as an error. Its trace stays.")


def _end(ban_id: UUID, rule: Callable[..., None], message: str) -> Response:
    form = read(EndForm)

    def act(row: Ban) -> None:
        rule(g.session, row, by=actor(), seen=form.values["seen"],
             because=form.values["end_because"])  # fmt: skip

    return tried(ban_id, form, act, message, because="end_because")


@pages.post("/<uuid:ban_id>/vary")
@needs(Can.CHANGE_BAN)
def vary_it(ban_id: UUID) -> Response:
    form = read(VaryForm)

    def act(row: Ban) -> None:
        terms = terms_of(g.session, row.id)
        ends = form.values["new_end"] or row.ends_on or clock.today()
        said = terms.but(
            sites=form.values["new_sites"] or terms.sites,
            hours=form.values["new_hours"] or terms.hours, ends_on=ends.isoformat(),
        )  # fmt: skip
        vary(g.session, row, said, by=actor(), seen=form.values["seen"],
             because=form.values["end_because"])  # fmt: skip

    return tried(ban_id, form, act, "The ban is changed. Write the letter that says so.",
                 because="end_because", ends_on="new_end")  # fmt: skip


@pages.post("/<uuid:ban_id>/exceptions")
@needs(Can.CHANGE_BAN)
def add(ban_id: UUID) -> Response:
    days = "".join(mark for mark in request.form.getlist("weekdays") if mark in "12345")
    typed = {name: text for name, text in request.form.to_dict().items() if name != "weekdays"}
    form = read(ExceptionForm, typed)

    def act(row: Ban) -> None:
        values = {**form.values, "by_appointment": form.values["by_appointment"] == "yes"}
        add_exception(g.session, row, by=actor(), weekdays=days, **values)

    return tried(ban_id, form, act, "The exception stands on the gate’s page now.")


@pages.post("/<uuid:ban_id>/exceptions/<uuid:exception_id>/strike")
@needs(Can.CHANGE_BAN)
def strike(ban_id: UUID, exception_id: UUID) -> Response:
    form = read(StrikeForm)
    one = found(g.session.get(BanException, (g.school.id, exception_id)))
    if one.ban_id != ban_id:
        found(None)

    def act(row: Ban) -> None:
        strike_exception(g.session, row, one, by=actor(), because=form.values["because"])

    return tried(ban_id, form, act, "The exception is struck out, with its reason.")
