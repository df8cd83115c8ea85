"""What the pages of an account share: the seal, the count of tries, the authenticator's picture."""

from __future__ import annotations

from typing import Any

import pyotp
import segno
from flask import Response, flash, g, make_response, redirect, render_template, request, url_for

from trustconduct.accounts.sealing import Sealer, sealer_of
from trustconduct.accounts.throttle import Doing, try_from, try_once
from trustconduct.db import transaction
from trustconduct.web.cookies import drop_cookie
from trustconduct.web.door import own_path, works


def sealer() -> Sealer:
    return sealer_of(works().settings.SECRET_KEY)


def address() -> str:
    """Where the request comes from, as far as we know."""
    return request.remote_addr or ""


def count_try(what: Doing, who: str) -> None:
    """Count a try before it is made, in a commit of its own: one that fails counts as well.

    Raises TooManyTries, for which `errors.py` has the page.
    """
    with transaction(g.session):
        try_once(g.session, sealer(), what, who, address())


def slow_down(what: Doing) -> None:
    """Count a try of somebody who gives no name. Raises TooManyTries."""
    with transaction(g.session):
        try_from(g.session, sealer(), what, address())


def ended_by_tries(to: str | None = None) -> Response:
    """To the start, once the fifth wrong code or password has ended the sign-in."""
    flash("That was wrong five times. Please start again with your password.", "waiting")
    response = make_response(redirect(url_for("account.sign_in", to=own_path(to)), 303))
    drop_cookie(response, "signed-in")
    return response


def account_page(template: str, *, status: int = 200, **more: Any) -> Response:
    page = render_template(template, trust=works().directory.trust(), **more)
    return make_response(page, status)


def picture(secret: str, email: str) -> dict[str, str]:
    """An authenticator's secret as a picture to scan, and in fours to type."""
    told = pyotp.TOTP(secret).provisioning_uri(
        name=email, issuer_name=works().directory.trust().name
    )
    return {
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "qr": segno.make(told, error="m").svg_data_uri(scale=5, border=2),
    }
