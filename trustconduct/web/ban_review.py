"""Reviewing a ban: interests first, then the papers on one page, then what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.bans.models import Ban, BanReview, Found
from trustconduct.bans.people import may_review
from trustconduct.bans.refused import BanRefused, WrongPerson
from trustconduct.bans.reviews import finish_review, open_review, open_reviews
from trustconduct.db import transaction
from trustconduct.web.ban_rows import the_ban
from trustconduct.web.door import Form, actor, needs, note_reading, read
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("reviews", __name__)
_papers: list[Callable[[Ban], dict[str, Any]]] = []


def shows(papers: Callable[[Ban], dict[str, Any]]) -> None:
    """What a reviewer reads, once their interests are declared."""
    _papers[:] = [papers]


class InterestForm(Plain):
    none = fields.String(load_default="")
    interests = Line(longest=500)


class FinishForm(Plain):
    found = Choice(
        [one.value for one in Found if one is not Found.VARY], blank="Say what you find."
    )
    review_words = Words(required=True)
    longer_until = WrittenDay()


def _to_review(ban_id: UUID) -> Ban:
    """The ban, for one who may review it; everybody else is told who does."""
    row = the_ban(ban_id)
    try:
        may_review(g.session, row, actor())
    except WrongPerson:  # its page says who does
        abort(redirect(school_url("bans.reviews.show", ban_id=ban_id), 303))
    return row


def _mine(row: Ban) -> BanReview | None:
    return next(
        (one for one in open_reviews(g.session, row.id) if one.reviewer_id == actor().id), None
    )


@pages.get("/<uuid:ban_id>/review")
@needs(Can.REVIEW_BAN)
def show(ban_id: UUID) -> Response:
    row = the_ban(ban_id)
    try:
        may_review(g.session, row, actor())
    except WrongPerson as no:
        return make_response(staff_page("staff/ban_not_yours.html", words=str(no)))
    return _page(row, Form())


def _page(row: Ban, form: Form, status: int = 200) -> Response:
    mine = _mine(row)
    papers = _papers[0](row) if mine else {"ban": row, "day": clock.day}
    findings = [(one.value, one.word) for one in Found if one is not Found.VARY]
    page = staff_page(
        "staff/ban_review.html", mine=mine, form=form, errors=form.errors, findings=findings,
        **papers,
    )  # fmt: skip
    if status == 200 and mine:
        note_reading(Event.BAN_READ, "ban", row.id)
    return make_response(page, status)


@pages.post("/<uuid:ban_id>/review")
@needs(Can.REVIEW_BAN)
def declare(ban_id: UUID) -> Response:
    row, form = _to_review(ban_id), read(InterestForm)
    if not form.errors and not form.values["none"] and not form.values["interests"]:
        form.refuse("none", "Say that you have none, or what you have to do with it.")
    if not form.errors:
        try:
            with transaction(g.session):
                opened = open_review(g.session, row, by=actor(), interests=form.values["interests"])
        except (BanRefused, WrongPerson) as no:
            form.refuse(getattr(no, "field", ""), str(no))
        else:
            if opened is None:
                flash("Thank you. It is noted, and somebody else reviews this ban.", "good")
                return make_response(redirect(school_url("staff.home"), 303))
            return make_response(redirect(school_url("bans.reviews.show", ban_id=ban_id), 303))
    return _page(_to_review(ban_id), form, 422)


@pages.post("/<uuid:ban_id>/review/finish")
@needs(Can.REVIEW_BAN)
def finish(ban_id: UUID) -> Response:
    row, form = _to_review(ban_id), read(FinishForm)
    mine = _mine(row)
    if mine is None:
        return make_response(redirect(school_url("bans.reviews.show", ban_id=ban_id), 303))
    if not form.errors:
        try:
            with transaction(g.session):
                finish_review(
                    g.session, row, mine, by=actor(), found=Found(form.values["found"]),
                    words=form.values["review_words"], longer_until=form.values["longer_until"],
                )  # fmt: skip
        except BanRefused as no:
            names = {"words": "review_words", "ends_on": "longer_until"}
            form.refuse(names.get(no.field, no.field), str(no))
        else:
            flash("The review is finished. The head is told what comes of it.", "good")
            return make_response(redirect(school_url("staff.home"), 303))
    return _page(_to_review(ban_id), form, 422)
