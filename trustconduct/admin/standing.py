"""Marking an edition's change, whom it will ask again, and withdrawing it."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from trustconduct.accounts.permissions import Can
from trustconduct.admin.importing import Importing
from trustconduct.db import transaction
from trustconduct.oversight.impact import impact
from trustconduct.policies.editions import EditionRefused, mark_change, withdraw
from trustconduct.policies.models import Edition
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Line, Plain

CHANGED = "Somebody else changed this edition a moment ago. This is how it stands now."
MATERIAL, MINOR = "material", "minor"
LONGEST = 300


class MarkForm(Plain):
    mark = Choice((MATERIAL, MINOR), blank="Say whether the change is material or minor.")
    because = Line(longest=LONGEST, blank="Say in a sentence what changed.")


class WithdrawForm(Plain):
    because = Line(longest=LONGEST, blank="Say why it is withdrawn.")


def edition_of(number: int) -> Edition:
    # A number beyond the column's range is unknown, and no error of PostgreSQL's.
    small = number if number < 2**31 else 0
    return found(g.session.scalar(select(Edition).where(Edition.number == small)))


def back(number: int, message: str, tone: str) -> Response:
    flash(message, tone)
    return redirect(url_for("editions.show", number=number), 303)  # type: ignore[return-value]


class Standings(Importing):
    """The pages beside approving and publishing; EditionsView has them."""

    @expose("/<int:number>/impact")
    @needs(Can.PUBLISH_EDITION)
    def impact(self, number: int) -> Response:
        edition = edition_of(number)
        marked = {True: MATERIAL, False: MINOR, None: ""}[edition.material]
        typed = {"mark": marked, "because": edition.change_because}
        return self._impact_page(edition, Form(typed))

    def _impact_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/impact.html",
            status,
            edition=edition,
            impact=impact(g.session, edition, by=actor()),
            form=form,
            errors=form.errors,
        )

    @expose("/<int:number>/impact", methods=("POST",))
    @needs(Can.PUBLISH_EDITION)
    def mark(self, number: int) -> Response:
        edition = edition_of(number)
        form = read(MarkForm)
        if form.errors:
            return self._impact_page(edition, form, 422)
        try:
            with transaction(g.session):
                mark_change(
                    g.session,
                    edition,
                    by=actor(),
                    material=form.values["mark"] == MATERIAL,
                    because=form.values["because"],
                )
        except EditionRefused as refused:
            form.refuse("mark", str(refused))
            return self._impact_page(edition, form, 422)
        except StaleDataError:
            return back(number, CHANGED, "waiting")
        flash(f"The change is marked as {form.values['mark']}.", "good")
        return redirect(  # type: ignore[return-value]
            url_for("editions.impact", number=number), 303
        )

    @expose("/<int:number>/withdraw")
    @needs(Can.WITHDRAW_EDITION)
    def withdrawing(self, number: int) -> Response:
        return self._withdraw_page(edition_of(number), Form())

    def _withdraw_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        return self.page(
            "console/withdraw.html", status, edition=edition, form=form, errors=form.errors
        )

    @expose("/<int:number>/withdraw", methods=("POST",))
    @needs(Can.WITHDRAW_EDITION)
    def withdraw(self, number: int) -> Response:
        edition = edition_of(number)
        form = read(WithdrawForm)
        if form.errors:
            return self._withdraw_page(edition, form, 422)
        try:
            with transaction(g.session):
                withdraw(g.session, edition, by=actor(), because=form.values["because"])
        except EditionRefused as refused:
            form.refuse("because", str(refused))
            return self._withdraw_page(edition, form, 422)
        return back(number, f"Edition {number} is withdrawn. It can still be read.", "good")
