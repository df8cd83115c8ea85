"""Approving a letter, withdrawing it, and writing the one that takes its place."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, make_response

from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.languages.spoken import language
from trustconduct.letters.approve import (
    LONGEST_REASON,
    NotWhole,
    ReasonMissing,
    SecondPersonNeeded,
    approve_letter,
    withdraw_letter,
)
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Letter
from trustconduct.letters.printing import print_letter, translation_html, words_html
from trustconduct.letters.write import LetterMoved, LetterRefused, write_anew
from trustconduct.web.door import Form, actor, needs, note_reading, read
from trustconduct.web.fields import Line, Nothing, Plain
from trustconduct.web.letter_rows import CHANGED, NOT_NOW, back, colour, logo, printed, the_letter
from trustconduct.web.navigation import staff_page

pages = Blueprint("approval", __name__)


class ApproveForm(Plain):
    seen = Line(blank="Open the letter again, and approve it there.")


class WithdrawForm(Plain):
    because = Line(longest=LONGEST_REASON, blank="Say why, in one sentence.")


@pages.get("/<uuid:letter_id>/approve")
@needs(Can.APPROVE_LETTER)
def look(letter_id: UUID) -> Response:
    """The whole letter once more: what is approved is what stands here."""
    row = the_letter(letter_id)
    if row.frozen_at:
        return back(letter_id, "It is approved already.", "waiting")
    draft = draft_of(g.session, row)
    if not draft.is_whole:
        return back(letter_id, "It is not whole yet: see what is missing.", "waiting")
    page = staff_page(
        "staff/letter_approve.html", letter=row, draft=draft, kind=draft.kind,
        html=words_html(draft.composed), other=translation_html(draft.composed),
        language=language(row.language), wrote=str(actor().id) in row.writers,
    )  # fmt: skip
    note_reading(Event.LETTER_READ, "letter", letter_id)
    return make_response(page)


@pages.post("/<uuid:letter_id>/approve")
@needs(Can.APPROVE_LETTER)
def approve(letter_id: UUID) -> Response:
    """Print what was looked at, then freeze it: the text, the PDF, the number and the hash."""
    row, form = the_letter(letter_id), read(ApproveForm)
    if form.errors or row.frozen_at or row.dropped_at:
        return back(letter_id, CHANGED, "waiting")
    draft = draft_of(g.session, row)
    if not draft.is_whole or draft.composed.sha256 != form.values["seen"]:
        return back(letter_id, CHANGED, "waiting")
    page = print_letter(draft.composed, logo(), draft=False, colour=colour())
    g.session.rollback()  # printing may take seconds: no connection waits for it
    done = printed(page)
    if done is None:
        return back(letter_id, NOT_NOW, "waiting")
    pdf, number_of_pages = done
    row = the_letter(letter_id)
    try:
        with transaction(g.session):
            approve_letter(
                g.session, row, by=actor(), seen_sha256=form.values["seen"], pdf=pdf,
                pages=number_of_pages,
            )  # fmt: skip
    except (LetterMoved, NotWhole):
        return back(letter_id, CHANGED, "waiting")
    except SecondPersonNeeded:
        return back(letter_id, "You wrote in this letter: somebody else must approve it.",
                    "waiting")  # fmt: skip
    return back(letter_id, "The letter is approved. Nobody can change it now. Send it next.")


@pages.get("/<uuid:letter_id>/withdraw")
@needs(Can.APPROVE_LETTER)
def withdrawing(letter_id: UUID) -> Response:
    return _withdraw_page(the_letter(letter_id), Form())


def _withdraw_page(row: Letter, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/letter_withdraw.html", letter=row, kind=KINDS[row.kind], form=form,
        errors=form.errors,
    )  # fmt: skip
    return make_response(page, status)


@pages.post("/<uuid:letter_id>/withdraw")
@needs(Can.APPROVE_LETTER)
def withdraw(letter_id: UUID) -> Response:
    row, form = the_letter(letter_id), read(WithdrawForm)
    if not form.errors:
        try:
            with transaction(g.session):
                withdraw_letter(g.session, row, by=actor(), because=form.values["because"])
        except ReasonMissing as no:
            form.refuse("because", str(no))
        except LetterMoved:
            return back(letter_id, "A draft is not withdrawn: throw it away.", "waiting")
    if form.errors:
        return _withdraw_page(the_letter(letter_id), form, 422)
    return back(letter_id, "The letter is withdrawn. Its days do not count any more.")


@pages.post("/<uuid:letter_id>/anew")
@needs(Can.WRITE_LETTER)
def anew(letter_id: UUID) -> Response:
    row = the_letter(letter_id)
    read(Nothing)
    try:
        with transaction(g.session):
            new_id = write_anew(g.session, row, KINDS[row.kind], by=actor()).id
    except LetterRefused as no:
        return back(letter_id, str(no), "waiting")
    return back(new_id, "The new letter is begun, with what the other one said. Put it right.")
