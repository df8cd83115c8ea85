"""Mail and text messages for the Trust: its own in full, of each school numbers only."""

from __future__ import annotations

from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from redis import RedisError

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.jobs.queue import ParkedJob, connect, parked_jobs
from trustconduct.jobs.timetable import ENTRIES
from trustconduct.schools.undelivered import (
    Unsent,
    how_many,
    mark_of,
    one_unsent,
    settle,
    standings,
    try_again,
    unsent,
)
from trustconduct.web.door import actor, found, last_seen, needs, works
from trustconduct.web.mail import letter_of, moment, why, word

A_PAGE = 50

# What a task of the worker is for, in words; one that stands here by no name shows its own.
JOBS = {task: entry.what for task, entry in ENTRIES.items()}


class MailView(Console):
    @expose("/")
    @needs(Can.SEE_MAIL)
    def index(self) -> str:
        cards = {card.id: card for card in works().directory.schools()}
        schools = [
            (cards[each.school_id], each)
            for each in standings(g.session, by=actor())
            if each.school_id in cards
        ]
        parked = request.args.get("show") != "waiting"
        messages = unsent(g.session, by=actor(), parked=parked, after=last_seen(), most=A_PAGE)
        shown = messages[:A_PAGE]
        return self.render(
            "console/mail.html",
            schools=sorted(schools, key=lambda pair: (-pair[1].parked, pair[0].name)),
            numbers=how_many(g.session, by=actor()),
            parked=parked,
            messages=shown,
            onward=_page_after(shown[-1], parked=parked) if len(messages) > A_PAGE else "",
            first=not last_seen(),
            jobs=_jobs(),
            JOBS=JOBS,
            word=word,
            why=why,
            moment=moment,
        )

    @expose("/<uuid:message_id>/")
    @needs(Can.SEE_MAIL)
    def one(self, message_id: UUID) -> str:
        message = found(one_unsent(g.session, message_id, by=actor()))
        return self.render(
            "console/mail_one.html",
            message=message,
            letter=letter_of(message, works().settings.BASE_URL),
            word=word(message),
            why=why(message),
            moment=moment,
        )

    @expose("/<uuid:message_id>/again", methods=("POST",))
    @needs(Can.SEE_TO_MAIL)
    def again(self, message_id: UUID) -> Response:
        with transaction(g.session):
            begun = try_again(g.session, message_id, by=actor())
        found(begun or None)
        return _back("We are trying again now. If it can't be sent, you will find it here again.")

    @expose("/<uuid:message_id>/told", methods=("POST",))
    @needs(Can.SEE_TO_MAIL)
    def told(self, message_id: UUID) -> Response:
        with transaction(g.session):
            done = settle(g.session, message_id, by=actor())
        found(done or None)
        return _back("Noted: they were told another way. We will not send it any more.")


def _page_after(last: Unsent, *, parked: bool) -> str:
    show = None if parked else "waiting"
    return url_for("trust_mail.index", show=show, after=mark_of(last))


def _back(message: str) -> Response:
    flash(message, "good")
    return redirect(url_for("trust_mail.index"), 303)  # type: ignore[return-value]


def _jobs() -> list[ParkedJob] | None:
    """What failed five times; None where Redis, which knows it, is away."""
    try:
        with connect(works().settings.REDIS_URL) as redis:
            return parked_jobs(redis)
    except RedisError:
        return None
