"""The Trust's editions: the list, one edition, its approval and its publication."""

from __future__ import annotations

from typing import Any

from flask import g
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.approvers import Approving
from trustconduct.admin.consulting import Consulting
from trustconduct.admin.documents import Documents
from trustconduct.admin.edition_edit import Editing
from trustconduct.admin.edition_parts import Parts
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.overview import editions
from trustconduct.admin.rollouts import RollingOut
from trustconduct.admin.standing import CHANGED, back, edition_of
from trustconduct.admin.tasks import TONES, WORDS
from trustconduct.db import transaction
from trustconduct.policies.approvers import approvals, waiting_for
from trustconduct.policies.editions import (
    EditionRefused,
    Union,
    UnionRefused,
    approve,
    withdrawal_of,
)
from trustconduct.policies.models import Edition
from trustconduct.reviews.reminders import reminded
from trustconduct.web.door import Form, actor, needs, read
from trustconduct.web.fields import Line, Plain

ASKED, NOT_APPLICABLE = "asked", "not_applicable"


class ApproveForm(Plain):
    board_on = WrittenDay(blank="Type the day on which the Board approved it.")
    board_minute = Line(longest=80)
    # Not said, what the document itself says of the union stays.
    union = fields.String(
        load_default="",
        validate=validate.OneOf(["", ASKED, NOT_APPLICABLE], error="Choose one of the two."),
    )
    union_on = WrittenDay()
    union_because = Line(longest=300)

    @validates_schema
    def _said_whole(self, data: dict[str, Any], **more: Any) -> None:
        if data["union"] == ASKED and data["union_on"] is None:
            raise ValidationError("Type the day on which the union was asked.", "union_on")
        if data["union"] == NOT_APPLICABLE and not data["union_because"]:
            raise ValidationError("Say why it does not apply.", "union_because")


class EditionsView(Documents, Editing, Parts, RollingOut, Consulting, Approving):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> str:
        return self.render(
            "console/editions.html", editions=editions(g.session), WORDS=WORDS, TONES=TONES
        )

    @expose("/<int:number>/")
    @needs(Can.SEE_CONSOLE)
    def show(self, number: int) -> str:
        edition = edition_of(number)
        document = edition.document
        return self.render(
            "console/edition.html",
            edition=edition,
            document=document,
            facts=[fact for name, fact in document.known.items() if name in document.facts_named()],
            withdrawal=withdrawal_of(g.session, edition) if edition.withdrawn_at else None,
            reminders=reminded(g.session, edition),
            WORDS=WORDS,
            TONES=TONES,
        )

    @expose("/<int:number>/approve")
    @needs(Can.APPROVE_EDITION)
    def approval(self, number: int) -> Response:
        edition = edition_of(number)
        return self._approval_page(
            edition,
            Form(
                {
                    "board_on": clock.day(edition.board_on) if edition.board_on else "",
                    "union": ASKED if edition.union_on else "",
                    "union_on": clock.day(edition.union_on) if edition.union_on else "",
                }
            ),
        )

    def _approval_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/approve.html",
            status,
            edition=edition,
            waiting=waiting_for(edition, approvals(g.session, edition)),
            form=form,
            errors=form.errors,
        )

    @expose("/<int:number>/approve", methods=("POST",))
    @needs(Can.APPROVE_EDITION)
    def approve(self, number: int) -> Response:
        edition = edition_of(number)
        form = read(ApproveForm)
        if form.errors:
            return self._approval_page(edition, form, 422)
        try:
            with transaction(g.session):
                approve(
                    g.session,
                    edition,
                    by=actor(),
                    board_on=form.values["board_on"],
                    board_minute=form.values["board_minute"],
                    union=_union(form),
                )
        except UnionRefused as refused:
            form.refuse("union_on", str(refused))
            return self._approval_page(edition, form, 422)
        except EditionRefused as refused:
            form.refuse("board_on", str(refused))
            return self._approval_page(edition, form, 422)
        except StaleDataError:
            return back(number, CHANGED, "waiting")
        return back(number, f"Edition {number} is approved. You can publish it now.", "good")


def _union(form: Form) -> Union | None:
    """What the form says of consulting the union."""
    if form.values["union"] == ASKED:
        return Union(asked_on=form.values["union_on"])
    if form.values["union"] == NOT_APPLICABLE:
        return Union(because=form.values["union_because"])
    return None
