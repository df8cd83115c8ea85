"""Signing in: the password, then the code; and signing out."""

from __future__ import annotations

from typing import Any

import pyotp
import segno
from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from marshmallow import fields
from sqlalchemy import select

from trustconduct.accounts.models import Factor, SignIn
from trustconduct.accounts.permissions import Can, allowed
from trustconduct.accounts.signing_in import (
    enrol,
    give_code,
    give_password,
    half_signed_in,
    sign_out,
)
from trustconduct.db import transaction
from trustconduct.web.cookies import cookie_name, drop_cookie, set_cookie
from trustconduct.web.door import SAFE, Form, actor, open_to_all, own_path, read, works
from trustconduct.web.fields import Line, Plain

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


def _page(template: str, *, status: int = 200, **more: Any) -> Response:
    return make_response(render_template(template, trust=works().directory.trust(), **more), status)


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
        with transaction(g.session):
            # The password as typed: a space at its end is part of it.
            token = give_password(
                g.session,
                form.values["email"],
                request.form["password"],
                address=request.remote_addr or "",
            )
        if token is None:
            form.refuse("email", "That email address and password do not go together.")
    if token is None:
        return _page("account/sign_in.html", form=form, status=422)
    response = make_response(redirect(url_for("account.code", to=form.values["to"] or None), 303))
    set_cookie(response, "half-signed-in", token)
    return response


def _half() -> SignIn | None:
    token = request.cookies.get(cookie_name("half-signed-in"))
    lock = request.method not in SAFE
    return half_signed_in(g.session, token, lock=lock) if token else None


@pages.get("/code")
@open_to_all
def code() -> Response:
    # For a person's first sign-in there is no authenticator yet: the page offers to make one.
    if (half := _half()) is None:
        return make_response(redirect(url_for("account.sign_in", to=request.args.get("to"))))
    form = Form({"to": request.args.get("to", "")})
    return _page("account/code.html", form=form, **_enrolment(half))


@pages.post("/authenticator")
@open_to_all
def authenticator() -> Response:
    """Make the secret of a person who has no authenticator yet, shown until the first code."""
    if (half := _half()) is None:
        return make_response(redirect(url_for("account.sign_in"), 303))
    with transaction(g.session):
        enrol(g.session, half.user)
    return make_response(redirect(url_for("account.code", to=request.form.get("to")), 303))


def _enrolment(half: SignIn) -> dict[str, Any]:
    """What the code's page needs of the person's authenticator: a QR code until it is confirmed."""
    factor = g.session.scalar(select(Factor).where(Factor.user_id == half.user_id))
    if factor is None:
        return {"enrol": "ask", "secret": "", "qr": ""}
    if factor.confirmed_at is not None:
        return {"enrol": "", "secret": "", "qr": ""}
    address = pyotp.TOTP(factor.secret).provisioning_uri(
        name=half.user.email, issuer_name=works().directory.trust().name
    )
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2)
    return {
        "enrol": "show",
        "secret": " ".join(factor.secret[i : i + 4] for i in range(0, len(factor.secret), 4)),
        "qr": picture,
    }


@pages.post("/code")
@open_to_all
def take_code() -> Response:
    half = _half()
    if half is None:
        flash("Please start again with your password.", "waiting")
        return make_response(redirect(url_for("account.sign_in"), 303))
    form = read(CodeForm)
    token = None
    if not form.errors:
        with transaction(g.session):
            token = give_code(
                g.session, half, form.values["code"], address=request.remote_addr or ""
            )
        if half.ended_at is not None and token is None:
            flash("That was wrong five times. Please start again with your password.", "waiting")
            return make_response(redirect(url_for("account.sign_in"), 303))
        if token is None:
            form.refuse("code", "That code is not right, or was used already. Wait for the next.")
    if token is None:
        return _page("account/code.html", form=form, status=422, **_enrolment(half))
    response = make_response(redirect(_onward(form.values["to"]), 303))
    set_cookie(response, "signed-in", token)
    drop_cookie(response, "half-signed-in")
    return response


@pages.get("/")
@open_to_all
def home() -> Response:
    """Where a signed-in person belongs: the console, their school, or a choice of schools."""
    if not current_user.is_authenticated:
        return make_response(redirect(url_for("account.sign_in")))
    grants = actor().grants
    if Can.SEE_CONSOLE in allowed(grants, None):
        return make_response(redirect(url_for("console.index")))
    schools = [
        school
        for school in works().directory.schools()
        if any(grant.school_id == school.id for grant in grants)
    ]
    if len(schools) == 1:
        return make_response(redirect(url_for("staff.home", school=schools[0].slug)))
    return _page("account/choose.html", schools=schools)


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
