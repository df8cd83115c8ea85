"""Letters to send: the day's print queue, and each letter handed over, emailed, or come back.

These pages show to whom a letter goes and which kind it is, not what it says: whoever
fills the envelopes need not read it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields
from redis import RedisError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.jobs.queue import LETTERS, connect, enqueue
from trustconduct.letters.code_by_text import number_of, text_code
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.lists import Stands, frozen_of, to_send
from trustconduct.letters.models import Ended, Letter, LetterRun, RunState
from trustconduct.letters.models import Way as LetterWay
from trustconduct.letters.opening import code_of
from trustconduct.letters.print_run import AT_ONCE, cover_page, print_run, with_cover
from trustconduct.letters.runs import begin_run, take_out_run
from trustconduct.letters.serve import (
    ServiceRefused,
    end_service,
    hand_over,
    post_letters,
    print_queue,
    send_by_email,
    services_of,
)
from trustconduct.people.models import Adult
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, enter_school, found, needs, note_reading, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Choice, Line, Nothing, Plain, WrittenDay
from trustconduct.web.letter_rows import NOT_NOW, printed, the_letter
from trustconduct.web.navigation import count, school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("posting", __name__, url_prefix="/<school>/staff/letters/to-send")
pages.url_value_preprocessor(enter_school)


SECONDS = 2  # between two looks at how far the worker is


class PostedForm(Plain):
    letters = fields.List(
        fields.UUID(error_messages={"invalid_uuid": "Choose from the list."}), load_default=list
    )
    on = WrittenDay(blank="Type the day on which they were posted.")


class HandForm(Plain):
    on = WrittenDay(blank="Type the day on which it was handed over.")
    handed_by = Line(blank="Say who handed it over. It must not be a pupil.")
    witness = Line()


class EndedForm(Plain):
    how = Choice([one.value for one in Ended], blank="Say what became of it.")
    on = WrittenDay(blank="Type the day on which you learned of it.")
    because = Line()


@pages.get("/")
@needs(Can.SERVE_LETTER)
def show() -> Response:
    return _page(Form({"on": clock.day(clock.today())}))


def _page(form: Form, status: int = 200) -> Response:
    queue = print_queue(g.session)
    queued = {one.id for one in queue}
    page = staff_page(
        "staff/letters_to_send.html",
        queue=queue,
        KINDS=KINDS,
        others=[one for one in to_send(g.session) if one.id not in queued],
        Stands=Stands,
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.LETTER_READ, "letter")
    return make_response(page, status)


@pages.post("/print")
@needs(Can.SERVE_LETTER)
def print_all() -> Response:
    """The queue as one PDF, with the list of it on top; a long one is made by the worker."""
    read(Nothing)
    if len(print_queue(g.session)) > AT_ONCE:
        return _begin_run()
    with transaction(g.session):
        queue, whole = print_run(g.session, by=actor())
    if not queue:
        flash("There is no letter to print.", "waiting")
        return _back()
    cover = printed(cover_page(queue, g.school.name, clock.today()))
    if cover is None:
        flash(NOT_NOW, "waiting")
        return _back()
    return to_save(with_cover(cover[0], whole), f"letters-{clock.today().isoformat()}.pdf")


def _begin_run() -> Response:
    with transaction(g.session):
        run = begin_run(g.session, by=actor())
        run_id = run.id if run else None
    if run_id is None:
        return _back()
    with suppress(RedisError), connect(works().settings.REDIS_URL) as redis:
        enqueue(redis, LETTERS)
    return make_response(redirect(school_url("posting.run", run_id=run_id), 303))


@pages.get("/runs/<uuid:run_id>")
@needs(Can.SERVE_LETTER)
def run(run_id: UUID) -> Response:
    """How far the worker is; the page looks again by itself."""
    row = found(g.session.get(LetterRun, (g.school.id, run_id)))
    response = make_response(staff_page("staff/letter_run.html", run=row, RunState=RunState))
    if row.state == RunState.WAITING:
        response.headers["Refresh"] = str(SECONDS)
    return response


@pages.post("/runs/<uuid:run_id>")
@needs(Can.SERVE_LETTER)
def take_out(run_id: UUID) -> Response:
    found(g.session.get(LetterRun, (g.school.id, run_id)))
    read(Nothing)
    with transaction(g.session):
        content = take_out_run(g.session, run_id, by=actor())
    if content is None:
        flash("The list has changed, or the file is no longer kept. Print them again.", "waiting")
        return _back()
    return to_save(content, f"letters-{clock.today().isoformat()}.pdf")


def _back() -> Response:
    return make_response(redirect(school_url("posting.show"), 303))


@pages.post("/posted")
@needs(Can.SERVE_LETTER)
def posted() -> Response:
    form = read(PostedForm, {**request.form.to_dict(), "letters": request.form.getlist("letters")})
    if not form.errors and not form.values["letters"]:
        form.refuse("letters", "Tick the letters that were posted.")
    many = 0
    if not form.errors:
        try:
            with transaction(g.session):
                many = post_letters(
                    g.session, form.values["letters"], by=actor(), on=form.values["on"]
                )
        except ServiceRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _page(form, 422)
    flash(f"Noted: {count(many, 'letter was', 'letters were')} posted.", "good")
    return _back()


# -- one letter


@pages.get("/<uuid:letter_id>/")
@needs(Can.SERVE_LETTER)
def letter(letter_id: UUID) -> Response:
    return _letter_page(the_letter(letter_id), Form({"on": clock.day(clock.today())}))


def _letter_page(row: Letter, form: Form, status: int = 200, doing: str = "") -> Response:
    sent = found(frozen_of(g.session, row))
    services = services_of(g.session, row.id)
    live = next((one for one in services if one.ended_on is None), None)
    key = works().settings.SECRET_KEY
    by_email = live is not None and live.way == LetterWay.EMAIL and live.opened_at is None
    number, no_text = _number(row) if by_email else ("", "")
    page = staff_page(
        "staff/letter_send.html",
        letter=row,
        kind=KINDS[row.kind],
        frozen=sent.frozen,
        withdrawn=sent.withdrawn,
        services=services,
        live=live,
        code=code_of(key, live.id) if live and by_email else "",
        number=number,
        no_text=no_text,
        Way=LetterWay,
        ended=[(one.value, one.word) for one in Ended],
        Ended=Ended,
        form=form,
        doing=doing,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page, status)


def _number(row: Letter) -> tuple[str, str]:
    """The number that their code may be sent to, or why there is none."""
    try:
        return number_of(g.session, found(g.session.get(Adult, (g.school.id, row.adult_id)))), ""
    except ServiceRefused as no:
        return "", str(no)


@pages.post("/<uuid:letter_id>/hand")
@needs(Can.SERVE_LETTER)
def hand(letter_id: UUID) -> Response:
    row, form = the_letter(letter_id), read(HandForm)
    if not form.errors:
        try:
            with transaction(g.session):
                hand_over(g.session, row, by=actor(), **form.values)
        except ServiceRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _letter_page(the_letter(letter_id), form, 422, "hand")
    return _to_letter(letter_id, "Noted: the letter was handed over.")


@pages.post("/<uuid:letter_id>/email")
@needs(Can.SERVE_LETTER)
def email(letter_id: UUID) -> Response:
    row = the_letter(letter_id)
    read(Nothing)
    try:
        with transaction(g.session):
            reply_to = settings_of(g.session).email
            send_by_email(g.session, row, g.school, by=actor(), reply_to=reply_to)
    except ServiceRefused as no:
        return _to_letter(letter_id, str(no), "waiting")
    return _to_letter(letter_id, "The email is on its way. Give them the code another way.")


@pages.post("/<uuid:letter_id>/text")
@needs(Can.SERVE_LETTER)
def text(letter_id: UUID) -> Response:
    row = the_letter(letter_id)
    read(Nothing)
    try:
        with transaction(g.session):
            text_code(g.session, row, g.school, by=actor())
    except ServiceRefused as no:
        return _to_letter(letter_id, str(no), "waiting")
    return _to_letter(letter_id, "The code is on its way to their telephone.")


@pages.post("/<uuid:letter_id>/ended")
@needs(Can.SERVE_LETTER)
def ended(letter_id: UUID) -> Response:
    row, form = the_letter(letter_id), read(EndedForm)
    if not form.errors:
        try:
            with transaction(g.session):
                end_service(
                    g.session, row, by=actor(), how=Ended(form.values["how"]),
                    on=form.values["on"], because=form.values["because"],
                )  # fmt: skip
        except ServiceRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _letter_page(the_letter(letter_id), form, 422, "ended")
    return _to_letter(letter_id, "Noted. Its days do not count any more: send it again.")


def _to_letter(letter_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    to = school_url("posting.letter", letter_id=letter_id)
    return make_response(redirect(to, 303))


@tasks(Can.SERVE_LETTER, order=14, more=lambda: school_url("posting.show"))
def letters_to_send(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Approved letters that have not left, came back, or did not arrive. One query."""
    for one in to_send(session):
        words, tone = one.stands.word, one.stands.tone
        if one.failed:
            words, tone = "Did not arrive", "attention"
        yield Task(
            f"Letter {one.number} to {one.to_name}",
            school_url("posting.letter", letter_id=one.id),
            LetterWay(one.way).word,
            words,
            tone,
        )
