"""A school's mail and text messages that have not left: to print, to try again, to tick off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.outbox.models import Channel, Outcome
from trustconduct.schools.undelivered import (
    Unsent,
    first_given_up,
    how_many,
    mark_of,
    one_unsent,
    settle,
    try_again,
    try_all_again,
    unsent,
)
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import actor, enter_school, found, last_seen, needs, works
from trustconduct.web.navigation import count, school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("mail", __name__, url_prefix="/<school>/staff/mail")
pages.url_value_preprocessor(enter_school)

A_PAGE = 50
# More than these at once are one task: a list of three hundred would hide all others.
MOST_TASKS = 5


@tasks(Can.SEE_MAIL, order=10)
def undelivered(session: ScopedSession, here: Here) -> Iterator[Task]:
    """What could not be sent, as tasks: a few each of their own, many as one. By one query."""
    given_up, number = first_given_up(session, by=here.by, most=MOST_TASKS)
    if number > MOST_TASKS:
        yield Task(
            f"{count(number, 'message', 'messages')} could not be sent",
            school_url("mail.show"),
            "Print them, or try them again",
            "Print",
            "attention",
        )
        return
    for message in given_up:
        yield Task(
            f"This {word(message)} to {message.to_name} could not be sent: print it",
            school_url("mail.one", message_id=message.id),
            why(message),
            "Print",
            "attention",
        )


def word(message: Unsent) -> str:
    return "text message" if message.channel is Channel.TEXT else "email"


def why(message: Unsent) -> str:
    """What went wrong, for somebody who knows nothing of mail servers."""
    text = message.channel is Channel.TEXT
    match message.outcome:
        case Outcome.REFUSED if text:
            return "The number was refused. It may be typed wrongly, or not in use any more."
        case Outcome.REFUSED:
            return "The address was refused. It may be typed wrongly, or not in use any more."
        case Outcome.BOUNCED:
            return "It came back. The address may be typed wrongly, or not in use any more."
        case Outcome.BROKEN:
            return "Something in our service went wrong with it. The address may well be right."
        case Outcome.LATER if text:
            return "Our text message provider did not take it."
        case Outcome.LATER:
            return "The mail server did not take it."
        case _:
            return "It has not been tried yet."


def moment(at: datetime) -> str:
    local = clock.local(at)
    return f"{clock.day(local.date())}, {local:%H:%M}"


@pages.get("/")
@needs(Can.SEE_MAIL)
def show() -> Response:
    numbers = how_many(g.session, by=actor())
    parked = request.args.get("show") != "waiting"
    found_ = unsent(g.session, by=actor(), parked=parked, after=last_seen(), most=A_PAGE)
    shown = found_[:A_PAGE]
    chosen = {} if parked else {"show": "waiting"}
    onward = (
        school_url("mail.show", **chosen, after=mark_of(shown[-1])) if len(found_) > A_PAGE else ""
    )
    return make_response(
        staff_page(
            "staff/mail.html",
            numbers=numbers,
            parked=parked,
            messages=shown,
            onward=onward,
            first=not last_seen(),
            word=word,
            why=why,
            moment=moment,
        )
    )


@pages.post("/again")
@needs(Can.SEE_TO_MAIL)
def all_again() -> Response:
    with transaction(g.session):
        number = try_all_again(g.session, by=actor())
    if number:
        flash(f"We are trying {count(number, 'message', 'messages')} again now.", "good")
    else:
        flash("There was nothing to try again.", "waiting")
    return make_response(redirect(school_url("mail.show"), 303))


@pages.get("/<uuid:message_id>")
@needs(Can.SEE_MAIL)
def one(message_id: UUID) -> Response:
    message = found(one_unsent(g.session, message_id, by=actor()))
    return make_response(
        staff_page(
            "staff/mail_one.html",
            message=message,
            letter=letter_of(message, works().settings.BASE_URL),
            word=word(message),
            why=why(message),
            moment=moment,
        )
    )


def letter_of(message: Unsent, base_url: str) -> list[list[str]]:
    """The message for paper: paragraphs of lines. A personal link is not on it, nor anywhere
    that staff can see: whoever has it can answer as that parent.
    """
    words = message.letter or message.body
    if message.letter:
        before, mark, after = words.rpartition("{site}")
        words = f"{before}{base_url.rstrip('/') if mark else ''}{after}"
    elif message.has_link:
        before, _, after = words.rpartition("{link}")
        words = f"{before}[Their own link stood here. It goes by {word(message)} only.]{after}"
    return [part.split("\n") for part in words.strip().split("\n\n")]


@pages.post("/<uuid:message_id>/again")
@needs(Can.SEE_TO_MAIL)
def again(message_id: UUID) -> Response:
    with transaction(g.session):
        begun = try_again(g.session, message_id, by=actor())
    found(begun or None)
    flash("We are trying again now. If it can't be sent, you will find it here once more.", "good")
    return make_response(redirect(school_url("mail.show"), 303))


@pages.post("/<uuid:message_id>/by-hand")
@needs(Can.SEE_TO_MAIL)
def by_hand(message_id: UUID) -> Response:
    with transaction(g.session):
        done = settle(g.session, message_id, by=actor())
    found(done or None)
    flash("Noted: it was given by hand. We will not send it any more.", "good")
    return make_response(redirect(school_url("mail.show"), 303))
