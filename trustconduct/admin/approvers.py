"""Who must approve a draft's text: naming them, asking again, and their own answer."""

from __future__ import annotations

from flask import g, request
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import at_trust
from trustconduct.admin.standing import Standings, back, edition_of
from trustconduct.db import transaction
from trustconduct.policies.approvers import Said, Standing, approvals, text_mark, waiting_for
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.models import Edition, State
from trustconduct.policies.signing_off import (
    LONGEST_WORDS,
    Asking,
    AtTrust,
    NotNamed,
    TextMoved,
    ask_again,
    name_approvers,
    sign_off,
)
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Choice, Line, Nothing, Plain, Words
from trustconduct.web.navigation import count

ALL, ANY = "all", "any"
TONES = {
    Standing.APPROVES: "good",
    Standing.ASKS_FOR_CHANGES: "attention",
    Standing.EARLIER_TEXT: "waiting",
    Standing.CHANGED_SINCE: "waiting",
    Standing.SILENT: "quiet",
}


class ApproversForm(Plain):
    people = fields.List(fields.UUID(error_messages={"invalid_uuid": "Choose from the list."}))
    how = Choice((ALL, ANY), blank="Say whether all of them must approve it, or any one.")


class AnswerForm(Plain):
    said = Choice([one.value for one in Said], blank="Say whether you approve it as it stands.")
    words = Words(load_default="")
    seen = Line()


class Approving(Standings):
    """EditionsView has these at /admin/editions/<number>/approvers and …/sign-off."""

    @expose("/<int:number>/approvers")
    @needs(Can.SEE_CONSOLE)
    def approvers(self, number: int) -> Response:
        people = _people()
        edition = edition_of(number)
        chosen = [str(one.approver.user_id) for one in approvals(g.session, edition)]
        form = Form({"people": chosen, "how": ALL if edition.approvers_all else ANY})
        return self._approvers_page(edition, people, form)

    def _approvers_page(
        self, edition: Edition, people: list[AtTrust], form: Form, status: int = 200
    ) -> Response:
        named = approvals(g.session, edition)
        return self.page(
            "console/approvers.html",
            status,
            edition=edition,
            named=named,
            waiting=waiting_for(edition, named),
            mine=any(one.approver.user_id == actor().id for one in named),
            people=people,
            gone={one.approver.user_id for one in named} - {one.id for one in people},
            is_draft=edition.state is State.DRAFT,
            TONES=TONES,
            form=form,
            errors=form.errors,
        )

    @expose("/<int:number>/approvers", methods=("POST",))
    @needs(Can.APPROVE_EDITION)
    def name_approvers(self, number: int) -> Response:
        people = _people()
        edition = edition_of(number)
        form = read(
            ApproversForm, {**request.form.to_dict(), "people": request.form.getlist("people")}
        )
        if form.errors:
            return self._approvers_page(edition, people, form, 422)
        try:
            with transaction(g.session):
                asked = name_approvers(
                    g.session,
                    edition,
                    by=actor(),
                    chosen=form.values["people"],
                    people={one.id: one for one in people},
                    all_of=form.values["how"] == ALL,
                    asking=_asking(number),
                )
        except EditionRefused as refused:
            form.refuse("people", str(refused))
            return self._approvers_page(edition_of(number), people, form, 422)
        told = f" {count(asked, 'person is', 'people are')} written to." if asked else ""
        return back(number, f"Who must approve the text is saved.{told}", "good")

    @expose("/<int:number>/approvers/ask", methods=("POST",))
    @needs(Can.APPROVE_EDITION)
    def ask_approvers(self, number: int) -> Response:
        read(Nothing)
        try:
            with transaction(g.session):
                asked = ask_again(g.session, edition_of(number), by=actor(), asking=_asking(number))
        except EditionRefused as refused:
            return back(number, str(refused), "waiting")
        return back(number, f"{count(asked, 'person is', 'people are')} asked again.", "good")

    @expose("/<int:number>/sign-off")
    @needs(Can.SIGN_OFF_EDITION)
    def signing_off(self, number: int) -> Response:
        return self._sign_off_page(edition_of(number), Form())

    def _sign_off_page(self, edition: Edition, form: Form, status: int = 200) -> Response:
        named = approvals(g.session, edition)
        mine = next((one for one in named if one.approver.user_id == actor().id), None)
        return self.page(
            "console/sign_off.html",
            status,
            edition=edition,
            document=edition.document,
            mine=mine,
            is_draft=edition.state is State.DRAFT,
            seen=text_mark(edition),
            longest=LONGEST_WORDS,
            TONES=TONES,
            form=form,
            errors=form.errors,
        )

    @expose("/<int:number>/sign-off", methods=("POST",))
    @needs(Can.SIGN_OFF_EDITION)
    def sign_off(self, number: int) -> Response:
        edition, form = edition_of(number), read(AnswerForm)
        if form.errors:
            return self._sign_off_page(edition, form, 422)
        said = Said(form.values["said"])
        try:
            with transaction(g.session):
                sign_off(
                    g.session,
                    edition,
                    by=actor(),
                    said=said,
                    words=form.values["words"],
                    seen=form.values["seen"],
                )
        except TextMoved as moved:
            form.refuse("said", str(moved))
            return self._sign_off_page(edition_of(number), form, 409)
        except NotNamed as no:
            return back(number, str(no), "waiting")
        except EditionRefused as refused:
            form.refuse("words", str(refused))
            return self._sign_off_page(edition_of(number), form, 422)
        thanks = "approve the text" if said is Said.APPROVED else "ask for changes"
        return back(number, f"Thank you. It is kept that you {thanks}.", "good")


def _people() -> list[AtTrust]:
    """Who may be named. In a session of its own, closed before the page's begins."""
    with works().sessions.accounts(read_only=True) as session:
        return [AtTrust(one.id, one.name, one.email) for one in at_trust(session)]


def _asking(number: int) -> Asking:
    works_ = works()
    base = works_.settings.BASE_URL.rstrip("/")
    return Asking(works_.directory.trust().name, f"{base}/admin/editions/{number}/sign-off")
