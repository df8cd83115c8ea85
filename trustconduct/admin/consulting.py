"""Consulting on a draft, in the console: asking, guests, what was said, and the answers."""

from __future__ import annotations

from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from sqlalchemy import select

from trustconduct.accounts.permissions import Can
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.standing import Standings, edition_of
from trustconduct.db import transaction
from trustconduct.policies.consultations import Comment, Consultation, Guest, GuestKind, Outcome
from trustconduct.policies.consulting import (
    CommentRefused,
    ConsultationOver,
    answer_comment,
    close_consultation,
    end_guest,
    invite_guest,
    latest_consultation,
    open_consultation,
)
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.heard import heard
from trustconduct.policies.models import Edition
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.fields import Choice, Email, Line, Nothing, Plain, Words

MOST_PAGES = 1_000


class OpenForm(Plain):
    closes_on = WrittenDay(blank="Type the last day on which comments are taken.")
    words = Words(load_default="")


class CloseForm(Plain):
    because = Line(longest=300, blank="Say why it ends before its day.")


class GuestForm(Plain):
    kind = Choice([one.value for one in GuestKind], blank="Say who it is.")
    guest_name = Line(longest=120, blank="Type the person’s name.")
    email = Email(longest=254, blank="Type the person’s email address.")
    of = Line(longest=120)


class AnswerForm(Plain):
    outcome = Choice([one.value for one in Outcome], blank="Say what became of it.")
    answer = Words(load_default="")


class Consulting(Standings):
    """EditionsView has these at /admin/editions/<number>/consultation."""

    @expose("/<int:number>/consultation")
    @needs(Can.SEE_CONSOLE)
    def consultation(self, number: int) -> Response:
        return self._consultation_page(edition_of(number), Form())

    def _consultation_page(
        self, edition: Edition, form: Form, status: int = 200, *, which: str = "open"
    ) -> Response:
        there = latest_consultation(g.session, edition)
        page = min(max(request.args.get("page", 0, type=int), 0), MOST_PAGES)
        return self.page(
            "console/consultation.html",
            status,
            edition=edition,
            consultation=there,
            heard=heard(g.session, there, page=page) if there else None,
            page=page,
            which=which,
            form=form,
            errors=form.errors,
            kinds=[{"value": one.value, "text": one.word} for one in GuestKind],
            GuestKind=GuestKind,
        )

    @expose("/<int:number>/consultation", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def consult(self, number: int) -> Response:
        edition, form = edition_of(number), read(OpenForm)
        if form.errors:
            return self._consultation_page(edition, form, 422)
        try:
            with transaction(g.session):
                open_consultation(g.session, edition, by=actor(), **form.values)
        except EditionRefused as refused:
            form.refuse("closes_on", str(refused))
            return self._consultation_page(edition, form, 422)
        return _to(number, "The consultation is open. Every head is written to within minutes.")

    @expose("/<int:number>/consultation/end", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def end_consultation(self, number: int) -> Response:
        edition, form = edition_of(number), read(CloseForm)
        if form.errors:
            return self._consultation_page(edition, form, 422, which="end")
        try:
            with transaction(g.session):
                close_consultation(g.session, edition, by=actor(), because=form.values["because"])
        except EditionRefused as refused:
            return _to(number, str(refused), "waiting")
        return _to(number, "The consultation is over. The draft can be edited again.")

    @expose("/<int:number>/consultation/guests", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def ask_guest(self, number: int) -> Response:
        edition, form = edition_of(number), read(GuestForm)
        there = found(latest_consultation(g.session, edition))
        if form.errors:
            return self._consultation_page(edition, form, 422, which="guest")
        try:
            with transaction(g.session):
                invite_guest(
                    g.session,
                    there,
                    by=actor(),
                    name=form.values["guest_name"],
                    email=form.values["email"],
                    kind=GuestKind(form.values["kind"]),
                    of=form.values["of"],
                    trust=works().directory.trust().name,
                )
        except ConsultationOver:
            return _to(number, "The consultation is over, so nobody more can be asked.", "waiting")
        return _to(number, f"A link is on its way to {form.values['guest_name']}.")

    @expose("/<int:number>/consultation/guests/<uuid:guest_id>/end", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def end_guest(self, number: int, guest_id: UUID) -> Response:
        read(Nothing)
        guest = found(
            g.session.scalar(
                select(Guest)
                .join(Consultation, Consultation.id == Guest.consultation_id)
                .where(Guest.id == guest_id, Consultation.edition_number == number)
            )
        )
        with transaction(g.session):
            end_guest(g.session, guest, by=actor())
        return _to(number, f"The link of {guest.name} does not work any more.")

    @expose("/<int:number>/consultation/comments/<uuid:comment_id>")
    @needs(Can.EDIT_EDITION)
    def comment(self, number: int, comment_id: UUID) -> Response:
        one = _comment(number, comment_id)
        return self._comment_page(number, one, Form({"outcome": one.outcome, "answer": one.answer}))

    def _comment_page(self, number: int, one: Comment, form: Form, status: int = 200) -> Response:
        there = g.session.get_one(Consultation, one.consultation_id)
        return self.page(
            "console/comment.html",
            status,
            number=number,
            comment=one,
            clause=there.document.clause(one.clause),
            outcomes=[{"value": each.value, "text": each.word} for each in Outcome],
            form=form,
            errors=form.errors,
        )

    @expose("/<int:number>/consultation/comments/<uuid:comment_id>", methods=("POST",))
    @needs(Can.EDIT_EDITION)
    def answer_comment(self, number: int, comment_id: UUID) -> Response:
        one, form = _comment(number, comment_id), read(AnswerForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    answer_comment(
                        g.session,
                        one,
                        by=actor(),
                        outcome=Outcome(form.values["outcome"]),
                        answer=form.values["answer"],
                    )
            except CommentRefused as refused:
                form.refuse("answer", str(refused))
        if form.errors:
            return self._comment_page(number, one, form, 422)
        return _to(number, "The answer is kept. Whoever gave the comment can read it.")


def _comment(number: int, comment_id: UUID) -> Comment:
    return found(
        g.session.scalar(
            select(Comment)
            .join(Consultation, Consultation.id == Comment.consultation_id)
            .where(Comment.id == comment_id, Consultation.edition_number == number)
        )
    )


def _to(number: int, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return redirect(  # type: ignore[return-value]
        url_for("editions.consultation", number=number), 303
    )
