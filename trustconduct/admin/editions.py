"""The Trust's editions: the list, one edition, its approval and its publication."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.edition_edit import Editing
from trustconduct.admin.forms import WrittenDay
from trustconduct.admin.importing import Importing
from trustconduct.admin.overview import editions
from trustconduct.admin.tasks import TONES, WORDS
from trustconduct.db import transaction
from trustconduct.policies.editions import EditionRefused, approve, publish
from trustconduct.policies.facts import FACTS
from trustconduct.policies.models import Edition
from trustconduct.reviews.reminders import reminded
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Nothing, Plain

CHANGED = "Somebody else changed this edition a moment ago. This is how it stands now."


class ApproveForm(Plain):
    board_on = WrittenDay(blank="Type the day on which the Board approved it.")


class EditionsView(Editing, Importing):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> str:
        return self.render(
            "console/editions.html", editions=editions(g.session), WORDS=WORDS, TONES=TONES
        )

    @expose("/<int:number>/")
    @needs(Can.SEE_CONSOLE)
    def show(self, number: int) -> str:
        edition = _edition(number)
        document = edition.document
        return self.render(
            "console/edition.html",
            edition=edition,
            document=document,
            facts=[fact for name, fact in FACTS.items() if name in document.facts_named()],
            reminders=reminded(g.session, edition),
            WORDS=WORDS,
            TONES=TONES,
        )

    @expose("/<int:number>/approve")
    @needs(Can.APPROVE_EDITION)
    def approval(self, number: int) -> Response:
        edition = _edition(number)
        return self._approval_page(
            edition, Form({"board_on": clock.day(edition.board_on) if edition.board_on else ""})
        )

    def _approval_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/approve.html", status, edition=edition, form=form, errors=form.errors
        )

    @expose("/<int:number>/approve", methods=("POST",))
    @needs(Can.APPROVE_EDITION)
    def approve(self, number: int) -> Response:
        edition = _edition(number)
        form = read(ApproveForm)
        if form.errors:
            return self._approval_page(edition, form, 422)
        try:
            with transaction(g.session):
                approve(g.session, edition, by=actor(), **form.values)
        except EditionRefused as refused:
            form.refuse("board_on", str(refused))
            return self._approval_page(edition, form, 422)
        except StaleDataError:
            return _back(number, CHANGED, "waiting")
        return _back(number, f"Edition {number} is approved. You can publish it now.", "good")

    @expose("/<int:number>/publish")
    @needs(Can.PUBLISH_EDITION)
    def publication(self, number: int) -> Response:
        """Ask once more, in plain words: what is published never changes again."""
        return self.page("console/publish.html", edition=_edition(number))

    @expose("/<int:number>/publish", methods=("POST",))
    @needs(Can.PUBLISH_EDITION)
    def publish(self, number: int) -> Response:
        edition = _edition(number)
        read(Nothing)
        try:
            with transaction(g.session):
                publish(g.session, edition, by=actor())
        except EditionRefused as refused:
            return _back(number, str(refused), "waiting")
        except StaleDataError:
            return _back(number, CHANGED, "waiting")
        return _back(
            number, f"Edition {number} is published. Every school is asked to adopt it.", "good"
        )


def _edition(number: int) -> Edition:
    # A number beyond the column's range is unknown, and no error of PostgreSQL's.
    small = number if number < 2**31 else 0
    return found(g.session.scalar(select(Edition).where(Edition.number == small)))


def _back(number: int, message: str, tone: str) -> Response:
    flash(message, tone)
    return redirect(url_for("editions.show", number=number), 303)  # type: ignore[return-value]
