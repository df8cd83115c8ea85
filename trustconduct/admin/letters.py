"""The Trust's words for letters: drafted kind by kind, approved, and when one counts as served."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.letters.kinds import KINDS, NEVER_OPEN, Kind
from trustconduct.letters.models import LetterWording
from trustconduct.letters.shipped import WARNING, shipped
from trustconduct.letters.wordings import (
    LONGEST_ADVICE,
    WordingMoved,
    WordingRefused,
    approve_wording,
    change_letter_rules,
    of_kind,
    save_wording,
    take_up_shipped,
    wordings,
)
from trustconduct.tenants.models import Trust
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Line, Nothing, Number, Plain, Words
from trustconduct.web.navigation import count

MOVED = "Somebody else saved these words meanwhile. What you typed is below: save it again."


class RulesForm(Plain):
    post_days = Number(1, 10, blank="Type how many working days.")
    advice = Words(load_default="")


class ApproveForm(Plain):
    solicitor = Line(longest=200)
    seen = Number(0, 1_000_000, blank="Open the page again, and approve it there.")


@cache
def _wording_form(kind_id: str) -> type[Schema]:
    """The fields of a kind's words: one for each part, and whether schools may adapt it."""
    typed: dict[str, Any] = {"seen": fields.Integer(load_default=0)}
    for part in KINDS[kind_id].worded_by_trust:
        typed[f"words-{part.id}"] = Words(load_default="")
        if part.id not in NEVER_OPEN:
            typed[f"open-{part.id}"] = fields.String(load_default="")
    return Plain.from_dict(typed, name=f"WordingForm_{kind_id}")


class LetterWordsView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> Response:
        trust = g.session.scalar(select(Trust))
        typed = (
            {"post_days": trust.letter_post_days, "advice": trust.letter_advice} if trust else {}
        )
        return self._index(Form(typed))

    def _index(self, form: Form, status: int = 200) -> Response:
        there = wordings(g.session)
        return self.page(
            "console/letters.html",
            status,
            kinds=list(KINDS.values()),
            there=there,
            used={name: next((one for one in ones if one.approved_at), None)
                  for name, ones in there.items()},
            drafts={name: next((one for one in ones if not one.approved_at), None)
                    for name, ones in there.items()},
            without=sum(not ones for ones in there.values()),
            WARNING=WARNING,
            longest=LONGEST_ADVICE,
            form=form,
            errors=form.errors,
        )  # fmt: skip

    @expose("/begin", methods=("POST",))
    @needs(Can.WORD_LETTERS)
    def begin(self) -> Response:
        read(Nothing)
        with transaction(g.session):
            many = take_up_shipped(g.session, by=actor())
        return _back(f"{count(many, 'draft is', 'drafts are')} there. A solicitor must approve"
                     " each before you do.")  # fmt: skip

    @expose("/rules", methods=("POST",))
    @needs(Can.WORD_LETTERS)
    def rules(self) -> Response:
        form = read(RulesForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    change_letter_rules(g.session, by=actor(), **form.values)
            except WordingRefused as no:
                form.refuse(no.field, str(no))
        if form.errors:
            return self._index(form, 422)
        return _back("Saved.")

    @expose("/<kind_id>/")
    @needs(Can.SEE_CONSOLE)
    def kind(self, kind_id: str) -> Response:
        kind = found(KINDS.get(kind_id))
        ones = of_kind(g.session, kind)
        newest = ones[0] if ones else None
        body = newest.body if newest else shipped(kind_id)
        draft = newest if newest and newest.approved_at is None else None
        typed: dict[str, Any] = {"seen": draft.version if draft else 0}
        for part in kind.worded_by_trust:
            typed[f"words-{part.id}"] = body["words"].get(part.id, "")
            typed[f"open-{part.id}"] = "yes" if part.id in body["open"] else ""
        return self._kind_page(kind, Form(typed))

    def _kind_page(self, kind: Kind, form: Form, status: int = 200) -> Response:
        ones = of_kind(g.session, kind)
        draft = ones[0] if ones and ones[0].approved_at is None else None
        return self.page(
            "console/letter_words.html",
            status,
            kind=kind,
            ones=ones,
            draft=draft,
            NEVER_OPEN=NEVER_OPEN,
            known=sorted(kind.fields),
            WARNING=WARNING,
            form=form,
            errors=form.errors,
            local_day=lambda at: clock.day(clock.local(at).date()),
        )

    @expose("/<kind_id>/", methods=("POST",))
    @needs(Can.WORD_LETTERS)
    def save(self, kind_id: str) -> Response:
        kind = found(KINDS.get(kind_id))
        form = read(_wording_form(kind_id))
        if form.errors:
            return self._kind_page(kind, form, 422)
        said = form.values
        try:
            with transaction(g.session):
                save_wording(
                    g.session, kind, by=actor(), seen=said["seen"],
                    words={part.id: said[f"words-{part.id}"] for part in kind.worded_by_trust},
                    open_parts=[
                        part.id for part in kind.worded_by_trust if said.get(f"open-{part.id}")
                    ],
                )  # fmt: skip
        except WordingRefused as no:
            form.refuse(f"words-{no.field}", str(no))
            return self._kind_page(kind, form, 422)
        except (WordingMoved, StaleDataError):
            return self._moved(kind, form)
        return _back("The draft is saved.", kind_id)

    def _moved(self, kind: Kind, form: Form) -> Response:
        ones = of_kind(g.session, kind)
        draft = ones[0] if ones and ones[0].approved_at is None else None
        form.typed = {**form.typed, "seen": draft.version if draft else 0}
        form.refuse("", MOVED)
        return self._kind_page(kind, form, 409)

    @expose("/<kind_id>/approve", methods=("POST",))
    @needs(Can.WORD_LETTERS)
    def approve(self, kind_id: str) -> Response:
        kind = found(KINDS.get(kind_id))
        draft = found(
            g.session.scalar(
                select(LetterWording).where(
                    LetterWording.kind == kind.id, LetterWording.approved_at.is_(None)
                )
            )
        )
        form = read(ApproveForm)
        if form.errors:
            return _back("Open the page again, and approve it there.", kind_id, "waiting")
        try:
            with transaction(g.session):
                approve_wording(g.session, draft, by=actor(), **form.values)
        except WordingRefused as no:
            return _back(str(no), kind_id, "waiting")
        except (WordingMoved, StaleDataError):
            return _back("Somebody changed it meanwhile. Read it again.", kind_id, "waiting")
        return _back("Approved. Letters use these words from now on.", kind_id)


def _back(message: str, kind_id: str = "", tone: str = "good") -> Response:
    flash(message, tone)
    to = url_for("letter_words.kind", kind_id=kind_id) if kind_id else url_for("letter_words.index")
    return redirect(to, 303)  # type: ignore[return-value]
