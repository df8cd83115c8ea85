"""Letters for staff: begun for a person, filled part by part, looked at, approved, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.languages.spoken import language
from trustconduct.letters.checks import FACTS, RECORD, SIGNATORY, TRUST, WAY
from trustconduct.letters.compose import Draft, draft_of
from trustconduct.letters.kinds import KINDS, Form
from trustconduct.letters.lists import PAGE, frozen_of, letters_page, to_approve
from trustconduct.letters.models import Letter
from trustconduct.letters.models import Way as LetterWay
from trustconduct.letters.printing import translation_html, words_html
from trustconduct.letters.serve import services_of
from trustconduct.letters.write import (
    LetterMoved,
    LetterRefused,
    ask_approval,
    begin_letter,
    drop_letter,
    look_again,
)
from trustconduct.people.models import Adult
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web import letter_approval, letter_parts, letter_setup
from trustconduct.web.door import Form as Typed
from trustconduct.web.door import actor, enter_school, found, needs, note_reading, read
from trustconduct.web.fields import Choice, Plain
from trustconduct.web.letter_parts import SeenForm, in_short, is_shown
from trustconduct.web.letter_rows import CHANGED, back, pdf_of, the_letter
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("letters", __name__, url_prefix="/<school>/staff/letters")
pages.url_value_preprocessor(enter_school)
for part in (letter_approval.pages, letter_parts.pages, letter_setup.pages):
    pages.register_blueprint(part)


class BeginForm(Plain):
    kind = Choice(list(KINDS), blank="Choose what kind of letter it is.")


@pages.get("/")
@needs(Can.SEE_LETTERS)
def show() -> Response:
    page = min(max(request.args.get("page", 0, type=int), 0), 1_000)
    listed = letters_page(g.session, page=page)
    made = staff_page(
        "staff/letters.html",
        letters=listed[:PAGE],
        more=len(listed) > PAGE,
        page=page,
        day=clock.day,
    )
    note_reading(Event.LETTER_READ, "letter")
    return make_response(made)


@pages.get("/to/<uuid:adult_id>")
@needs(Can.WRITE_LETTER)
def new(adult_id: UUID) -> Response:
    return _new_page(_adult(adult_id), Typed())


def _adult(adult_id: UUID) -> Adult:
    return found(g.session.get(Adult, (g.school.id, adult_id)))


def _new_page(adult: Adult, form: Typed, status: int = 200) -> Response:
    page = staff_page(
        "staff/letter_new.html",
        adult=adult,
        kinds=[(kind.id, kind.word, kind.when) for kind in KINDS.values()],
        form=form,
        errors=form.errors,
        before=letters_page(g.session, adult_id=adult.id)[:PAGE],
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.ADULT_READ, "adult", adult.id)
    return make_response(page, status)


@pages.post("/to/<uuid:adult_id>")
@needs(Can.WRITE_LETTER)
def begin(adult_id: UUID) -> Response:
    adult, form = _adult(adult_id), read(BeginForm)
    letter = None
    if not form.errors:
        try:
            with transaction(g.session):
                letter = begin_letter(g.session, adult, KINDS[form.values["kind"]], by=actor())
                letter_id = letter.id
        except LetterRefused as no:
            form.refuse("kind", str(no))
            adult = _adult(adult_id)
    if letter is None:
        return _new_page(adult, form, 422)
    return back(letter_id, "The letter is begun. Fill in each part.")


@pages.get("/<uuid:letter_id>/")
@needs(Can.SEE_LETTERS)
def letter(letter_id: UUID) -> Response:
    row = the_letter(letter_id)
    return _sent_page(row) if row.frozen_at else letter_page(row)


def letter_page(row: Letter, errors: dict[str, list[str]] | None = None, status: int = 200) -> Any:
    """The page of a letter that is being written."""
    draft = draft_of(g.session, row)
    there = [place for place in draft.kind.parts if is_shown(place, draft)]
    page = staff_page(
        "staff/letter.html",
        letter=row,
        draft=draft,
        kind=draft.kind,
        parts=there,
        against=[(one.words, _place(row, draft, one.part)) for one in draft.against],
        lacks={one.part for one in draft.against},
        words_of=_words_of(draft),
        Form=Form,
        way=LetterWay(row.way).word if row.way else "",
        language=language(row.language),
        second=settings_of(g.session).letters_second_person,
        wrote=str(actor().id) in row.writers,
        errors=errors or {},
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page, status)


def _place(row: Letter, draft: Draft, place: str) -> str:
    """Where something is put right."""
    if draft.kind.part(place):
        return school_url("letters.parts.show", letter_id=row.id, part_id=place)
    if place in (WAY, SIGNATORY):
        return school_url("letters.parts.way", letter_id=row.id)
    if place == FACTS:
        return school_url("setup.facts")
    if place == RECORD:
        return "#again"
    if place == TRUST:
        return ""
    if place == "words":
        return "#parts"
    return school_url("people.person.show", adult_id=row.adult_id)


def _words_of(draft: Draft) -> dict[str, list[str]]:
    """What stands in each part, in short, for the page's list."""
    found_: dict[str, list[str]] = {}
    for part in draft.kind.parts:
        block_words = in_short(part, draft)
        if block_words:
            found_[part.id] = block_words
    return found_


def _sent_page(row: Letter) -> Response:
    sent = found(frozen_of(g.session, row))
    page = staff_page(
        "staff/letter_sent.html",
        letter=row,
        kind=KINDS[row.kind],
        frozen=sent.frozen,
        withdrawn=sent.withdrawn,
        services=services_of(g.session, row.id),
        Way=LetterWay,
        day=clock.day,
    )
    note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page)


# -- looking at it


@pages.get("/<uuid:letter_id>/preview")
@needs(Can.SEE_LETTERS)
def preview(letter_id: UUID) -> Response:
    """As its reader sees it on a phone; the page beside shows it as it prints."""
    row = the_letter(letter_id)
    sent = frozen_of(g.session, row)
    if sent is not None:
        html, subject, name = sent.frozen.html, KINDS[row.kind].subject, sent.frozen.to_name
        other = sent.frozen.translation
    else:
        composed = draft_of(g.session, row).composed
        html, subject, name = words_html(composed), composed.subject, composed.to_name
        other = translation_html(composed)
    page = staff_page(
        "staff/letter_preview.html", letter=row, html=html, subject=subject, to_name=name,
        other=other, language=language(row.language),
    )  # fmt: skip
    note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page)


@pages.get("/<uuid:letter_id>/letter.pdf")
@needs(Can.SEE_LETTERS)
def pdf(letter_id: UUID) -> Response:
    """As it prints: a draft says so across its head, an approved one is what was frozen."""
    row = the_letter(letter_id)
    return pdf_of(row, large=request.args.get("large") == "yes")


# -- what becomes of a draft


@pages.post("/<uuid:letter_id>/ask")
@needs(Can.WRITE_LETTER)
def ask(letter_id: UUID) -> Response:
    return _step(letter_id, ask_approval, "Handed over: it stands in the list of whoever approves.")


@pages.post("/<uuid:letter_id>/drop")
@needs(Can.WRITE_LETTER)
def drop(letter_id: UUID) -> Response:
    return _step(letter_id, drop_letter, "The draft is thrown away.", school_url("letters.show"))


@pages.post("/<uuid:letter_id>/again")
@needs(Can.WRITE_LETTER)
def again(letter_id: UUID) -> Response:
    def look(session: ScopedSession, row: Letter, **more: Any) -> None:
        look_again(session, row, KINDS[row.kind], **more)

    return _step(letter_id, look, "The letter says what the record says now. Read it again.")


def _step(letter_id: UUID, rule: Any, message: str, to: str = "") -> Response:
    row, form = the_letter(letter_id), read(SeenForm)
    if form.errors:
        return back(letter_id, CHANGED, "waiting")
    try:
        with transaction(g.session):
            rule(g.session, row, by=actor(), seen=form.values["seen"])
    except (LetterMoved, StaleDataError):
        return back(letter_id, CHANGED, "waiting")
    if to:
        flash(message, "good")
        return make_response(redirect(to, 303))
    return back(letter_id, message)


@tasks(Can.APPROVE_LETTER, order=13, more=lambda: school_url("letters.show"))
def letters_to_approve(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Letters that were handed over for approval. One query."""
    for one in to_approve(session):
        yield Task(
            f"Letter {one.number} to {one.to_name} waits for your approval",
            school_url("letters.letter", letter_id=one.id),
            one.kind_word,
            "To approve",
        )
