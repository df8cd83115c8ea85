"""The page behind a governor's or union's link: the draft and their comments, nothing else."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from sqlalchemy import select

from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.policies.consultations import Comment, Consultation, Guest, Outcome
from trustconduct.policies.consulting import (
    LONGEST_COMMENT,
    CommentRefused,
    ConsultationOver,
    comment_as_guest,
    comments_of,
    guest_behind,
    take_back_as_guest,
)
from trustconduct.web.cookies import link_cookie, set_link_cookie
from trustconduct.web.door import SAFE, Form, found, open_to_all, works
from trustconduct.web.drafts import KEPT, OVER, grouped, read_comment, readable

pages = Blueprint("guests", __name__, url_prefix="/consultation")
COOKIE = "guest"
PAGE_PURPOSE = "consultation-page"


@pages.before_request
def _session() -> None:
    g.session = works().sessions.trust(read_only=request.method in SAFE)


def _path(guest_id: UUID) -> str:
    return f"/consultation/{guest_id}"


@pages.get("/<uuid:guest_id>/<secret>")
@open_to_all
def open_link(guest_id: UUID, secret: str) -> Response:
    """Swap the link's secret for a cookie of this path, so that the address loses it."""
    key = works().settings.SECRET_KEY
    guest = guest_behind(g.session, guest_id, secret, key)
    if guest is None:
        return _closed()
    response = make_response(redirect(_path(guest_id), 303))
    set_link_cookie(
        response,
        COOKIE,
        token(key, PAGE_PURPOSE, guest.id, guest.generation),
        _path(guest_id),
    )
    return response


def _behind_cookie(guest_id: UUID) -> tuple[Guest, Consultation] | None:
    given = request.cookies.get(link_cookie(COOKIE), "")
    key = works().settings.SECRET_KEY
    guest = guest_behind(g.session, guest_id, given, key, PAGE_PURPOSE) if given else None
    return (guest, g.session.get_one(Consultation, guest.consultation_id)) if guest else None


@pages.get("/<uuid:guest_id>")
@open_to_all
def show(guest_id: UUID) -> Response:
    there = _behind_cookie(guest_id)
    return _page(*there, Form()) if there else _closed()


def _page(guest: Guest, consultation: Consultation, form: Form, status: int = 200) -> Response:
    page = render_template(
        "account/draft.html",
        guest=guest,
        consultation=consultation,
        document=readable(consultation.document),
        comments=grouped(comments_of(g.session, consultation, guest=guest)),
        form=form,
        errors=form.errors,
        longest=LONGEST_COMMENT,
        trust=works().directory.trust(),
        day=clock.day,
        Outcome=Outcome,
    )
    return make_response(page, status)


@pages.post("/<uuid:guest_id>")
@open_to_all
def add(guest_id: UUID) -> Response:
    there = _behind_cookie(guest_id)
    if there is None:
        return _closed()
    guest, consultation = there
    form = read_comment()
    if form.errors:
        return _page(guest, consultation, form, 422)
    try:
        with transaction(g.session):
            comment_as_guest(
                g.session,
                consultation,
                guest,
                clause=form.values["clause"],
                words=form.values["words"],
            )
    except CommentRefused as refused:
        form.refuse("words", str(refused))
        return _page(guest, consultation, form, 422)
    except ConsultationOver:
        form.refuse("words", OVER)
        return _page(guest, consultation, form, 409)
    return _back(guest_id, KEPT)


@pages.post("/<uuid:guest_id>/<uuid:comment_id>/taken-back")
@open_to_all
def back(guest_id: UUID, comment_id: UUID) -> Response:
    there = _behind_cookie(guest_id)
    if there is None:
        return _closed()
    mine = select(Comment).where(Comment.id == comment_id, Comment.guest_id == guest_id)
    row = found(g.session.scalar(mine))
    try:
        with transaction(g.session):
            take_back_as_guest(g.session, row, there[0])
    except ConsultationOver:
        return _back(guest_id, OVER, "waiting")
    return _back(guest_id, "Your comment is taken back.")


def _back(guest_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(_path(guest_id), 303))


def _closed() -> Response:
    """One plain page for every link that does not work."""
    page = render_template("account/draft_closed.html", trust=works().directory.trust())
    return make_response(page, 410)
