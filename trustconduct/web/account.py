"""Signing in: the password, then the code; and signing out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, request, url_for
from flask_login import current_user
from marshmallow import fields

from trustconduct.accounts.factors import enrol, factor_of, send_factor_link, shown_secret
from trustconduct.accounts.models import SignIn
from trustconduct.accounts.signing_in import (
    give_code,
    give_password,
    give_recovery_code,
    half_signed_in,
    sign_out,
)
from trustconduct.accounts.throttle import Doing
from trustconduct.db import transaction
from trustconduct.web.cookies import cookie_name, drop_cookie, set_cookie
from trustconduct.web.door import SAFE, Form, actor, open_to_all, own_path, read, works
from trustconduct.web.fields import Line, Plain
from trustconduct.web.navigation import places_of
from trustconduct.web.tries import account_page as _page
from trustconduct.web.tries import address, count_try, picture, sealer

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.before_request
def _session() -> None:
    g.session = works().sessions.accounts(read_only=request.method in SAFE)


class PasswordForm(Plain):
    email = Line(longest=254, blank="Type the email address that you sign in with.")
    password = Line(longest=1_000, blank="Type your password.")
    to = fields.String(load_default="")


class CodeForm(Plain):
    code = Line(longest=20, blank="Type the six digits that your authenticator app shows.")
    to = fields.String(load_default="")


class RecoveryForm(Plain):
    code = Line(longest=100, blank="Type one of your recovery codes.")
    to = fields.String(load_default="")


def _onward(to: str | None) -> str:
    """Where the person wanted to go: only ever a path of this service."""
    return own_path(to) or url_for("account.home")


@pages.get("/sign-in")
@open_to_all
def sign_in() -> Response:
    return _page("account/sign_in.html", form=Form({"to": request.args.get("to", "")}))


@pages.post("/sign-in")
@open_to_all
def take_password() -> Response:
    form = read(PasswordForm)
    token = None
    if not form.errors:
        count_try(Doing.PASSWORD, form.values["email"])
        with transaction(g.session):
            # The password as typed: a space at its end is part of it.
            token = give_password(
                g.session,
                form.values["email"],
                request.form["password"],
                address=address(),
                sealer=sealer(),
            )
        if token is None:
            form.refuse("email", "That email address and password do not go together.")
    if token is None:
        return _page("account/sign_in.html", form=form, status=422)
    response = make_response(redirect(url_for("account.code", to=form.values["to"] or None), 303))
    set_cookie(response, "half-signed-in", token)
    return response


def _half(*, lock: bool = False) -> SignIn | None:
    token = request.cookies.get(cookie_name("half-signed-in"))
    return half_signed_in(g.session, token, lock=lock) if token else None


@pages.get("/code")
@open_to_all
def code() -> Response:
    # For an officer's first sign-in there is no authenticator yet: the page offers to make one.
    if (half := _half()) is None:
        return make_response(redirect(url_for("account.sign_in", to=request.args.get("to"))))
    form = Form({"to": request.args.get("to", "")})
    return _page("account/code.html", form=form, **_enrolment(half))


@pages.post("/authenticator")
@open_to_all
def authenticator() -> Response:
    """Help a person who has no authenticator yet to one.

    An officer of the command line gets its secret, shown until the first code;
    everyone else gets a link by mail.
    """
    if (half := _half()) is None:
        return make_response(redirect(url_for("account.sign_in"), 303))
    if half.user.enrols_at_sign_in:
        with transaction(g.session):
            enrol(g.session, half.user, sealer())
    elif _enrolment(half)["enrol"] == "mail":
        count_try(Doing.INVITATION, str(half.user_id))
        with transaction(g.session):
            send_factor_link(g.session, half.user, anew=False)
        flash("The email is on its way. Open the link in it.", "good")
    return make_response(redirect(url_for("account.code", to=request.form.get("to")), 303))


def _enrolment(half: SignIn) -> dict[str, Any]:
    """What the code's page needs of the person's authenticator: a QR code until it is confirmed."""
    user, factor = half.user, factor_of(g.session, half.user)
    nothing = {"enrol": "", "secret": "", "qr": ""}
    if factor is not None and factor.confirmed_at is not None:
        return nothing
    if not user.enrols_at_sign_in:
        return {**nothing, "enrol": "mail"}
    secret = shown_secret(g.session, user, sealer())
    if secret is None:
        return {**nothing, "enrol": "ask"}
    return {"enrol": "show", **picture(secret, user.email)}


@pages.post("/code")
@open_to_all
def take_code() -> Response:
    form = read(CodeForm)
    wrong = "That code is not right, or was used already. Wait for the next."
    return _second_half("account/code.html", form, give_code, wrong)


@pages.get("/recovery-code")
@open_to_all
def recovery_code() -> Response:
    if _half() is None:
        return make_response(redirect(url_for("account.sign_in", to=request.args.get("to"))))
    return _page("account/recovery_code.html", form=Form({"to": request.args.get("to", "")}))


@pages.post("/recovery-code")
@open_to_all
def take_recovery_code() -> Response:
    form = read(RecoveryForm)
    wrong = "That is none of your recovery codes, or it was used already. Try another."
    return _second_half("account/recovery_code.html", form, give_recovery_code, wrong)


def _second_half(template: str, form: Form, give: Any, wrong: str) -> Response:
    """Take a code of either kind; both are counted together."""
    half, token = _half(), None
    if half is not None and not form.errors:
        count_try(Doing.CODE, str(half.user_id))
        half = _half(lock=True)
    if half is None:
        return _from_the_start("Please start again with your password.")
    if not form.errors:
        with transaction(g.session):
            token = give(g.session, half, form.values["code"], address=address(), sealer=sealer())
        if half.ended_at is not None and token is None:
            return _from_the_start(
                "That was wrong five times. Please start again with your password."
            )
        if token is None:
            form.refuse("code", wrong)
    if token is None:
        return _page(template, form=form, errors=form.errors, status=422, **_enrolment(half))
    response = make_response(redirect(_onward(form.values["to"]), 303))
    set_cookie(response, "signed-in", token)
    drop_cookie(response, "half-signed-in")
    return response


def _from_the_start(why: str) -> Response:
    flash(why, "waiting")
    return make_response(redirect(url_for("account.sign_in"), 303))


@pages.get("/")
@open_to_all
def home() -> Response:
    """Where a signed-in person belongs: the console, their school, or a choice of these."""
    if not current_user.is_authenticated:
        return make_response(redirect(url_for("account.sign_in")))
    places = places_of(actor())
    if len(places) == 1:
        return make_response(redirect(places[0].href))
    return _page("account/choose.html", places=places)


@pages.post("/sign-out")
@open_to_all
def leave() -> Response:
    if current_user.is_authenticated:
        with transaction(g.session):
            sign_out(g.session, current_user.sign_in_id, by=actor())
    response = make_response(redirect(url_for("account.sign_in"), 303))
    drop_cookie(response, "signed-in")
    drop_cookie(response, "half-signed-in")
    flash("You are signed out.", "good")
    return response


@pages.get("/accessibility")
@open_to_all
def accessibility() -> Response:
    return _page("account/accessibility.html")


@pages.get("/privacy")
@open_to_all
def privacy() -> Response:
    return _page("account/privacy.html")
