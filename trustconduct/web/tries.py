"""What the pages of an account share: the seal, the count of tries, the authenticator's picture."""

from __future__ import annotations

from typing import Any

import pyotp
import segno
from flask import Response, g, make_response, render_template, request

from trustconduct.accounts.sealing import Sealer, sealer_of
from trustconduct.accounts.throttle import Doing, try_once
from trustconduct.db import transaction
from trustconduct.web.door import works


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
