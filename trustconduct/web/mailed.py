"""The pages behind the links that staff get by mail: to come in, or for a new password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request, url_for
from marshmallow import ValidationError, validates_schema

from trustconduct.accounts.asking import Lost, ask_again, of_email
from trustconduct.accounts.factors import shown_secret
from trustconduct.accounts.joining import (
    Step,
    by_link,
    codes_again,
    confirm_app,
    finish,
    give_link_password,
    step_of_link,
)
from trustconduct.accounts.links import Opened, Purpose, of_id, opened
from trustconduct.accounts.new_password import reset_password
from trustconduct.accounts.passwords import SHORTEST, PasswordRefused
from trustconduct.accounts.throttle import Doing
from trustconduct.audit.actor import Actor
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.web.cookies import link_cookie, set_link_cookie
from trustconduct.web.door import SAFE, Form, open_to_all, read, works
from trustconduct.web.fields import Email, Line, Nothing, Plain
from trustconduct.web.tries import (
    account_page,
    address,
    count_try,
    picture,
    sealer,
)

pages = Blueprint("mailed", __name__, url_prefix="/account")
COOKIE = "account-link"
# What a cookie stands for: a link that was opened, and one whose password was typed as well.
OPENED, KNOWN = "-page", "-page-known"
COMING_IN = '/<any("invitation","new-authenticator"):place>/<uuid:link_id>'
RESET = "/new-password/<uuid:link_id>"
PURPOSES = {purpose.place: purpose for purpose in Purpose}
LONGEST_TYPED = 1_000


@pages.before_request
def _session() -> None:
    g.session = works().sessions.accounts(read_only=request.method in SAFE)


class EmailForm(Plain):
    email = Email(longest=254, blank="Type the email address that you sign in with.")


class TwicePassword(Plain):
    """A new password, typed twice: a slip would lock the person out."""

    password = Line(longest=LONGEST_TYPED, blank=f"Choose a password of {SHORTEST} characters.")
    again = Line(longest=LONGEST_TYPED, blank="Type the new password once more.")

    @validates_schema
    def _alike(self, data: dict[str, Any], **more: Any) -> None:
        if request.form.get("password") != request.form.get("again"):
            raise ValidationError("These two are not the same. Type both once more.", "again")


class OldPassword(Plain):
    password = Line(longest=LONGEST_TYPED, blank="Type your password.")


class AppForm(Plain):
    code = Line(longest=20, blank="Type the six digits that your authenticator app shows.")


# -- the link and its cookie


def _set_cookie(response: Response, link: Opened, stage: str) -> None:
    key, row = works().settings.SECRET_KEY, link.row
    set_link_cookie(
        response,
        COOKIE,
        token(key, link.purpose.value + stage, row.id, row.generation),
        f"/account/{link.purpose.place}/{row.id}",
    )


def _swap(purpose: Purpose, link_id: UUID, secret: str) -> Response:
    """Swap the link's secret for a cookie of its path, so that the address loses it."""
    link = opened(g.session, purpose, link_id, secret, key=works().settings.SECRET_KEY)
    if link is None:
        return _closed(purpose, link_id)
    response = make_response(redirect(f"/account/{purpose.place}/{link_id}", 303))
    _set_cookie(response, link, OPENED)
    return response


def _behind_cookie(
    purpose: Purpose, link_id: UUID, *, lock: bool = False
) -> tuple[Opened | None, bool]:
    """The link whose cookie this browser has, and whether its password was typed."""
    given = request.cookies.get(link_cookie(COOKIE), "")
    for stage in (OPENED, KNOWN) if given else ():
        link = opened(
            g.session,
            purpose,
            link_id,
            given,
            key=works().settings.SECRET_KEY,
            stage=stage,
            lock=lock,
        )
        if link is not None:
            return link, stage == KNOWN
    return None, False


def _closed(purpose: Purpose, link_id: UUID) -> Response:
    """One plain page for every link that does not work: it tells nobody anything."""
    return account_page("account/link_closed.html", status=410, purpose=purpose, link_id=link_id)


# -- coming in: an invitation, or an authenticator anew


@pages.get(f"{COMING_IN}/<secret>")
@open_to_all
def open_link(place: str, link_id: UUID, secret: str) -> Response:
    return _swap(PURPOSES[place], link_id, secret)


@pages.get(COMING_IN)
@open_to_all
def come_in(place: str, link_id: UUID) -> Response:
    link, known = _behind_cookie(PURPOSES[place], link_id)
    if link is None:
        return _closed(PURPOSES[place], link_id)
    step = step_of_link(g.session, link, knows_password=known)
    return _step_page(link, step, Form())


def _step_page(link: Opened, step: Step, form: Form, status: int = 200) -> Response:
    more: dict[str, Any] = {}
    if step is Step.APP:
        more = picture(shown_secret(g.session, link.user, sealer()) or "", link.user.email)
    template = {
        Step.PASSWORD: "account/join_password.html",
        Step.APP: "account/join_app.html",
        Step.CODES: "account/join_codes.html",
    }[step]
    return account_page(
        template,
        status=status,
        form=form,
        errors=form.errors,
        user=link.user,
        purpose=link.purpose,
        here=f"/account/{link.purpose.place}/{link.row.id}",
        shortest=SHORTEST,
        **more,
    )


def _again(link: Opened) -> Response:
    return make_response(redirect(f"/account/{link.purpose.place}/{link.row.id}", 303))


@pages.post(f"{COMING_IN}/password")
@open_to_all
def take_password(place: str, link_id: UUID) -> Response:
    """An invited person chooses a password; one who has one types it."""
    purpose = PURPOSES[place]
    link, known = _behind_cookie(purpose, link_id)
    if link is None:
        return _closed(purpose, link_id)
    if step_of_link(g.session, link, knows_password=known) is not Step.PASSWORD:
        return _again(link)
    form = read(TwicePassword if purpose is Purpose.INVITE else OldPassword)
    if form.errors:
        return _step_page(link, Step.PASSWORD, form, 422)
    count_try(Doing.PASSWORD, str(link.user.id))
    link, _ = _behind_cookie(purpose, link_id, lock=True)
    if link is None:
        return _closed(purpose, link_id)
    try:
        with transaction(g.session):
            right = give_link_password(
                g.session,
                link,
                request.form["password"],
                by=by_link(link, address()),
                sealer=sealer(),
            )
        if not right:
            form.refuse("password", "That is not your password.")
    except PasswordRefused as refused:
        form.refuse("password", str(refused))
    if form.errors:
        return _step_page(link, Step.PASSWORD, form, 422)
    response = _again(link)
    if purpose is Purpose.FACTOR:
        _set_cookie(response, link, KNOWN)
    return response


@pages.post(f"{COMING_IN}/app")
@open_to_all
def take_code(place: str, link_id: UUID) -> Response:
    """Take the app's first code; the answer is the one page that shows the recovery codes."""
    return _show_codes(PURPOSES[place], link_id, Step.APP, confirm_app)


@pages.post(f"{COMING_IN}/codes")
@open_to_all
def codes(place: str, link_id: UUID) -> Response:
    """Show ten new codes to a person who left before they had kept theirs."""
    return _show_codes(PURPOSES[place], link_id, Step.CODES, codes_again)


def _show_codes(purpose: Purpose, link_id: UUID, step: Step, make: Any) -> Response:
    """Take a code of the app at a step, and show once what it is worth: ten recovery codes."""
    link, known = _behind_cookie(purpose, link_id)
    if link is None:
        return _closed(purpose, link_id)
    if step_of_link(g.session, link, knows_password=known) is not step:
        return _again(link)
    form = read(AppForm)
    if form.errors:
        return _step_page(link, step, form, 422)
    count_try(Doing.CODE, str(link.user.id))
    link, _ = _behind_cookie(purpose, link_id, lock=True)
    if link is None:
        return _closed(purpose, link_id)
    by = by_link(link, address())
    with transaction(g.session):
        made = make(g.session, link, form.values["code"], by=by, sealer=sealer())
    if made is None:
        form.refuse("code", "That code is not right. Wait for the next and type that.")
        return _step_page(link, step, form, 422)
    done = f"/account/{purpose.place}/{link.row.id}/done"
    return account_page("account/codes.html", codes=made, user=link.user, done=done, step=True)


@pages.post(f"{COMING_IN}/done")
@open_to_all
def done(place: str, link_id: UUID) -> Response:
    link, known = _behind_cookie(PURPOSES[place], link_id, lock=True)
    if link is None:
        return _closed(PURPOSES[place], link_id)
    if step_of_link(g.session, link, knows_password=known) is not Step.CODES:
        return _again(link)
    with transaction(g.session):
        finish(g.session, link, by=by_link(link, address()))
    response = make_response(redirect(url_for("account.sign_in"), 303))
    response.delete_cookie(link_cookie(COOKIE), path=f"/account/{link.purpose.place}/{link.row.id}")
    flash("You are set up. Sign in with your password and a code of your app.", "good")
    return response


@pages.post(f"{COMING_IN}/again")
@open_to_all
def again(place: str, link_id: UUID) -> Response:
    """Send a fresh link to the address on file. It answers alike for every link."""
    count_try(Doing.INVITATION, str(link_id))
    user = of_id(g.session, PURPOSES[place], link_id)
    read(Nothing)
    with transaction(g.session):
        ask_again(g.session, user, by=_somebody(), lost=Lost.LINK)
    return account_page("account/asked.html", lost=Lost.LINK.value)


def _somebody() -> Actor:
    return Actor("nobody", None, "", address=address())


# -- a forgotten password


@pages.get("/forgotten")
@open_to_all
def forgotten() -> Response:
    return account_page("account/forgotten.html", form=Form())


@pages.post("/forgotten")
@open_to_all
def ask() -> Response:
    """Send a link for a new password. It answers alike for every address."""
    form = read(EmailForm)
    if form.errors:
        return account_page("account/forgotten.html", form=form, errors=form.errors, status=422)
    count_try(Doing.RESET, form.values["email"])
    user = of_email(g.session, form.values["email"])
    with transaction(g.session):
        ask_again(g.session, user, by=_somebody(), lost=Lost.PASSWORD)
    return account_page("account/asked.html", lost=Lost.PASSWORD.value)


@pages.get(f"{RESET}/<secret>")
@open_to_all
def open_reset(link_id: UUID, secret: str) -> Response:
    return _swap(Purpose.RESET, link_id, secret)


@pages.get(RESET)
@open_to_all
def new_password(link_id: UUID) -> Response:
    link, _ = _behind_cookie(Purpose.RESET, link_id)
    if link is None:
        return _closed(Purpose.RESET, link_id)
    return _reset_page(link, Form())


def _reset_page(link: Opened, form: Form, status: int = 200) -> Response:
    return account_page(
        "account/new_password.html",
        status=status,
        form=form,
        errors=form.errors,
        user=link.user,
        here=f"/account/{Purpose.RESET.place}/{link.row.id}",
        shortest=SHORTEST,
    )


@pages.post(RESET)
@open_to_all
def keep_password(link_id: UUID) -> Response:
    count_try(Doing.RESET, str(link_id))
    link, _ = _behind_cookie(Purpose.RESET, link_id, lock=True)
    if link is None:
        return _closed(Purpose.RESET, link_id)
    form = read(TwicePassword)
    if not form.errors:
        try:
            with transaction(g.session):
                reset_password(
                    g.session, link, request.form["password"], by=by_link(link, address())
                )
        except PasswordRefused as refused:
            form.refuse("password", str(refused))
    if form.errors:
        return _reset_page(link, form, 422)
    response = make_response(redirect(url_for("account.sign_in"), 303))
    response.delete_cookie(
        link_cookie(COOKIE), path=f"/account/{Purpose.RESET.place}/{link.row.id}"
    )
    flash("Your new password is kept. Sign in with it, and with a code of your app.", "good")
    return response
