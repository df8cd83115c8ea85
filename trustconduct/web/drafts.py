"""What the Trust asks a head about: the draft of the next edition, and the school's comments."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.policies.consultations import Comment, Outcome
from trustconduct.policies.consulting import (
    LONGEST_COMMENT,
    CommentRefused,
    ConsultationOver,
    comment,
    comments_of,
    newest_consultation,
    take_back,
)
from trustconduct.policies.document import Document
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Line, Plain, Words
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("draft", __name__, url_prefix="/draft")

OVER = "The consultation is over, so nothing more can be added. Call the Trust if it matters."
KEPT = "Thank you. Your comment is kept."


class CommentForm(Plain):
    clause = Line(longest=80)
    words = Words(load_default="")
    nothing = fields.String(load_default="")  # the button that says so


def read_comment() -> Form:
    """The form of one comment, refused where it says nothing of the whole."""
    form = read(CommentForm)
    blank = not (form.errors or form.values["words"] or form.values["clause"])
    if blank and form.values["nothing"] != "yes":
        form.refuse("words", "Type what you would like to say, or choose “Nothing to add”.")
    return form


def readable(document: Document) -> Document:
    """The draft with words in place of its merge fields: “[telephone]”."""
    return document.filled({name: f"[{fact.label}]" for name, fact in document.known.items()})


def grouped(comments: list[Comment]) -> dict[str, list[Comment]]:
    """Comments by the clause that they are about."""
    by_clause: dict[str, list[Comment]] = {}
    for one in comments:
        by_clause.setdefault(one.clause, []).append(one)
    return by_clause


def _page(form: Form, status: int = 200) -> Response:
    consultation = found(newest_consultation(g.session))
    page = staff_page(
        "staff/draft.html",
        consultation=consultation,
        document=readable(consultation.document),
        comments=grouped(comments_of(g.session, consultation)),
        form=form,
        errors=form.errors,
        longest=LONGEST_COMMENT,
        Outcome=Outcome,
        day=clock.day,
    )
    return make_response(page, status)


@pages.get("/")
@needs(Can.COMMENT_ON_DRAFT)
def show() -> Response:
    return _page(Form())


def _back(message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("setup.draft.show"), 303))


@pages.post("/")
@needs(Can.COMMENT_ON_DRAFT)
def add() -> Response:
    form = read_comment()
    if form.errors:
        return _page(form, 422)
    consultation = found(newest_consultation(g.session))
    try:
        with transaction(g.session):
            comment(
                g.session,
                consultation,
                by=actor(),
                clause=form.values["clause"],
                words=form.values["words"],
            )
    except CommentRefused as refused:
        form.refuse("words", str(refused))
        return _page(form, 422)
    except ConsultationOver:
        form.refuse("words", OVER)
        return _page(form, 409)
    return _back(KEPT)


@pages.post("/<uuid:comment_id>/taken-back")
@needs(Can.COMMENT_ON_DRAFT)
def back(comment_id: UUID) -> Response:
    row = found(g.session.scalar(select(Comment).where(Comment.id == comment_id)))
    try:
        with transaction(g.session):
            take_back(g.session, row, by=actor())
    except ConsultationOver:
        return _back(OVER, "waiting")
    return _back("Your comment is taken back.")


@tasks(Can.COMMENT_ON_DRAFT, order=8)
def to_comment(session: ScopedSession, here: Here) -> Iterator[Task]:
    """A draft that the head is asked about, until the school has said something. Two queries."""
    there = newest_consultation(session)
    if there is not None and there.is_open and not comments_of(session, there):
        yield Task(
            f"Say what you think of the draft of edition {there.edition_number}",
            school_url("setup.draft.show"),
            f"The Trust asks until {clock.day(there.closes_on)}.",
        )
