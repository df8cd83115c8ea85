"""The addressee's own page: the link from the email, the code, and then the letter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from marshmallow import fields
from sqlalchemy import select

from trustconduct.bans.hearing import say
from trustconduct.bans.refused import BanRefused
from trustconduct.bans.side import their_side
from trustconduct.conduct.meeting_models import Meeting
from trustconduct.conduct.meetings import SOURCE
from trustconduct.db import transaction
from trustconduct.languages.spoken import ENGLISH, Message, language, told
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Letter
from trustconduct.letters.opening import Tried, Waiting, behind_link, open_letter, pdf_of_letter
from trustconduct.outbox.links import is_token, token
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.models import Trust
from trustconduct.web.cookies import link_cookie, set_link_cookie
from trustconduct.web.door import Form, enter_school, open_to_all, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Line, Plain, Words
from trustconduct.web.meetings import ics
from trustconduct.web.own_contact import own_plan
from trustconduct.web.speaking import speak, spoken, tongue

pages = Blueprint("letter", __name__, url_prefix="/<school>/letter")
pages.url_value_preprocessor(enter_school)
COOKIE = "letter"
# What a cookie stands for: the link was opened, and the code was given.
KNOWN, OPENED = "letter-page", "letter-open"


WRONG = Message("This is not the code. Look at it again, or ask the school office.")


class AnswerForm(Plain):
    your_words = Words(load_default="")
    is_all = fields.String(load_default="")


class CodeForm(Plain):
    code = Line(longest=40, blank=Message("Type the code that the school gave you."))


def _path(service_id: UUID) -> str:
    return f"/{g.school.slug}/letter/{service_id}"


def _cookie(response: Response, service_id: UUID, stage: str) -> Response:
    made = token(works().settings.SECRET_KEY, stage, service_id, 1)
    set_link_cookie(response, COOKIE, made, _path(service_id))
    return response


def _behind_cookie(service_id: UUID) -> tuple[Waiting | None, bool]:
    """The letter whose cookie this browser has, and whether its code was given here."""
    given = request.cookies.get(link_cookie(COOKIE), "")
    key = works().settings.SECRET_KEY
    for stage in (KNOWN, OPENED) if given else ():
        if is_token(given, key, stage, service_id, 1):
            return behind_link(g.session, service_id), stage == OPENED
    return None, False


@pages.get("/<uuid:service_id>/<secret>")
@open_to_all
def open_link(service_id: UUID, secret: str) -> Response:
    """Swap the link's secret for a cookie of this path, so that the address loses it."""
    waiting = behind_link(g.session, service_id)
    key = works().settings.SECRET_KEY
    if waiting is None or not is_token(secret, key, "letter", service_id, 1):
        return _closed()
    _, opened = _behind_cookie(service_id)  # the code was given here before: not asked again
    response = make_response(redirect(_path(service_id), 303))
    return _cookie(response, service_id, OPENED if opened else KNOWN)


@pages.get("/<uuid:service_id>")
@open_to_all
def show(service_id: UUID) -> Response:
    waiting, opened = _behind_cookie(service_id)
    if waiting is None:
        return _closed()
    if waiting.withdrawn:
        return _page("letter/withdrawn.html", waiting)
    if opened and waiting.opened:
        return _letter(waiting)
    return _code_page(waiting, Form())


def _letter(waiting: Waiting) -> Response:
    return _letter_page(waiting, Form())


def _letter_page(waiting: Waiting, form: Form, status: int = 200) -> Response:
    letter = g.session.execute(
        select(Letter.kind, Letter.adult_id, Letter.record_kind, Letter.record_id).where(
            Letter.id == waiting.letter_id
        )
    ).one()
    advice = g.session.scalar(select(Trust.letter_advice))
    written_in = language(waiting.language) or ENGLISH
    return _page(
        "letter/letter.html",
        waiting,
        status,
        subject=KINDS[letter.kind].subject,
        advice=advice,
        written_in=written_in,
        read_yours=written_in.say("Read this letter in your language"),
        dear=ENGLISH.say("Dear %(name)s,", name=waiting.to_name),
        plan=own_plan(letter.adult_id),
        meeting=_meeting(letter),
        side=their_side(g.session, waiting.letter_id),
        form=form,
        errors=form.errors,
    )


def _meeting(letter: Any) -> Meeting | None:
    """The meeting that the letter invites to, where it is still to come."""
    if letter.record_kind != SOURCE:
        return None
    meeting = g.session.get(Meeting, (g.school.id, letter.record_id))
    return meeting if meeting and not meeting.came_of else None


def _code_page(waiting: Waiting, form: Form, status: int = 200) -> Response:
    if waiting.tries_left <= 0:
        return _closed()
    speak(waiting.language)
    errors = {
        name: [told(one, spoken()) for one in messages] for name, messages in form.errors.items()
    }
    return _page("letter/code.html", waiting, status, form=form, errors=errors)


@pages.post("/<uuid:service_id>")
@open_to_all
def open_with_code(service_id: UUID) -> Response:
    """Open it: the person's own act, and the day on which the letter was served."""
    waiting, _ = _behind_cookie(service_id)
    if waiting is None or waiting.withdrawn:
        return _closed()
    form = read(CodeForm)
    if form.errors:
        return _code_page(waiting, form, 422)
    with transaction(g.session):  # a wrong try is counted, so it is committed as well
        tried = open_letter(
            g.session, waiting, by=waiting.by, key=works().settings.SECRET_KEY,
            typed=form.values["code"],
        )  # fmt: skip
    if tried is Tried.CLOSED:
        return _closed()
    if tried is Tried.WRONG:
        form.refuse("code", WRONG)
        again, _ = _behind_cookie(service_id)
        return _code_page(again or waiting, form, 422)
    response = make_response(redirect(_path(service_id) + tongue(), 303))
    return _cookie(response, service_id, OPENED)


@pages.get("/<uuid:service_id>/meeting.ics")
@open_to_all
def meeting(service_id: UUID) -> Response:
    """The meeting for a calendar, for whom the letter was opened by."""
    waiting, opened = _behind_cookie(service_id)
    if waiting is None or waiting.withdrawn or not (opened and waiting.opened):
        return _closed()
    letter = g.session.execute(
        select(Letter.record_kind, Letter.record_id).where(Letter.id == waiting.letter_id)
    ).one()
    there = _meeting(letter)
    return ics(there) if there else _closed()


@pages.post("/<uuid:service_id>/answer")
@open_to_all
def answer(service_id: UUID) -> Response:
    """What the addressee says to a ban. Each has a receipt; only "that is all" ends it."""
    waiting, opened = _behind_cookie(service_id)
    if waiting is None or waiting.withdrawn or not (opened and waiting.opened):
        return _closed()
    side = their_side(g.session, waiting.letter_id)
    if side is None or not side.may_answer:  # its page says how it is answered
        return make_response(redirect(_path(service_id), 303))
    form = read(AnswerForm)
    if not form.errors:
        try:
            with transaction(g.session):
                say(
                    g.session, side.ban, side.hearing, by=waiting.by,
                    words=form.values["your_words"], is_all=form.values["is_all"] == "yes",
                )  # fmt: skip
        except BanRefused as no:
            form.refuse("your_words", str(no))
    if form.errors:
        again, _ = _behind_cookie(service_id)
        return _letter_page(again or waiting, form, 422)
    return make_response(redirect(f"{_path(service_id)}#said", 303))


@pages.get("/<uuid:service_id>/letter.pdf")
@open_to_all
def pdf(service_id: UUID) -> Response:
    waiting, opened = _behind_cookie(service_id)
    if waiting is None or waiting.withdrawn or not (opened and waiting.opened):
        return _closed()
    made = pdf_of_letter(g.session, waiting.letter_id)
    return to_save(made, f"letter-{waiting.number}.pdf") if made else _closed()


def _page(template: str, waiting: Waiting, status: int = 200, **more: Any) -> Response:
    speak(waiting.language)
    settings = settings_of(g.session)
    page = render_template(
        template,
        waiting=waiting,
        trust=works().directory.trust(),
        facts={"school.telephone": settings.telephone},
        email=settings.email,
        **more,
    )
    return make_response(page, status)


def _closed() -> Response:
    """One plain page for every link that does not work: it tells nobody anything."""
    speak()
    page = render_template(
        "letter/closed.html",
        trust=works().directory.trust(),
        facts={"school.telephone": settings_of(g.session).telephone},
    )
    return make_response(page, 410)
