"""A sign-in's time: staying, a fresh code, and what was typed when it ended."""

from __future__ import annotations

import re
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from marshmallow import fields

from trustconduct.accounts.fresh import FRESH_FOR, confirm, open_sign_in
from trustconduct.accounts.kept_forms import Kept, forget, kept_forms
from trustconduct.accounts.signing_in import seen, time_left
from trustconduct.db import transaction
from trustconduct.schools.inherited import INHERITED
from trustconduct.web.door import SAFE, Form, actor, open_to_all, own_path, read, works
from trustconduct.web.fields import Line, Plain
from trustconduct.web.signed_in import lasts
from trustconduct.web.tries import ended_by_tries, sealer
from trustconduct.web.typed import owner_here, sent_again

pages = Blueprint("confirm", __name__, url_prefix="/account")

# A longer value is shown by its beginning: it is sent whole.
MOST_SHOWN = 600
# Above this a form goes as parts: in an address-like form base64 would grow by a tenth.
LARGE = 500_000


@pages.before_request
def _session() -> None:
    g.session = works().sessions.accounts(read_only=request.method in SAFE)


class ConfirmForm(Plain):
    code = Line(longest=20, blank="Type the six digits that your authenticator app shows.")
    to = fields.String(load_default="")


def _page(template: str, *, status: int = 200, **more: Any) -> Response:
    return make_response(render_template(template, trust=works().directory.trust(), **more), status)


def _to_sign_in(to: str | None) -> Response:
    return make_response(redirect(url_for("account.sign_in", to=own_path(to)), 303))


def _onward(to: str | None) -> str:
    return own_path(to) or url_for("account.home")


# -- a fresh code


@pages.get("/confirm")
@open_to_all
def ask() -> Response:
    """Ask for a code, unless one was given a short while ago."""
    to = request.args.get("to", "")
    if not current_user.is_authenticated:
        return _to_sign_in(to)
    if actor().fresh:
        return make_response(redirect(_onward(to)))
    return _confirm_page(Form({"to": to}))


def _confirm_page(form: Form, status: int = 200) -> Response:
    return _page(
        "account/confirm.html",
        status=status,
        form=form,
        minutes=int(FRESH_FOR.total_seconds()) // 60,
        typed=form.typed.get("to") == url_for("confirm.kept"),
    )


@pages.post("/confirm")
@open_to_all
def take() -> Response:
    if not current_user.is_authenticated:
        return _to_sign_in(request.form.get("to"))
    form = read(ConfirmForm)
    if actor().fresh:  # a second click: the first has confirmed it
        return make_response(redirect(_onward(form.values.get("to")), 303))
    if form.errors:
        return _confirm_page(form, 422)
    with transaction(g.session):
        sign_in = open_sign_in(g.session, current_user.sign_in_id)
        right = sign_in is not None and confirm(
            g.session, sign_in, form.values["code"], by=actor(), sealer=sealer()
        )
    if sign_in is None or sign_in.ended_at is not None:
        return ended_by_tries(form.values["to"])
    if not right:
        form.refuse("code", "That code is not right, or was used already. Wait for the next.")
        return _confirm_page(form, 422)
    return make_response(redirect(_onward(form.values["to"]), 303))


# -- what was typed


@pages.get("/kept")
@open_to_all
def kept() -> Response:
    """What the person typed and nobody could take: to look at, and to send."""
    if not current_user.is_authenticated:
        return _to_sign_in(url_for("confirm.kept"))
    owner = owner_here(actor().id)  # type: ignore[arg-type]
    key = works().settings.SECRET_KEY
    found = kept_forms(g.session, owner=owner, key=key) if owner else []
    return _page("account/kept.html", forms=[_shown(each) for each in found])


def _shown(each: Kept) -> dict[str, Any]:
    typed = each.typed
    return {
        "id": each.id,
        "kept_at": each.kept_at,
        "until": each.until,
        "path": typed.path,
        "what": " – ".join(filter(None, (typed.what, typed.where))) or "A form",
        "fields": typed.fields,
        "files": typed.files,
        "large": sum(len(value) for _, value in typed.fields) > LARGE,
        "rows": [
            {"key": _words(name), "value": _beginning(value)}
            for name, value in typed.fields
            if value.strip() and not name.startswith("seen_")
        ],
    }


# What the pages call fields whose names say less. Settings have their words in one place.
LABELS = {
    **{key: one.label for key, one in INHERITED.items()},
    "again": "Once more",
    "board_on": "Day on which the Board approved it",
    "first_on": "First day",
    "head_email": "Head’s work email address",
    "head_name": "Head’s name",
    "inset": "INSET days",
    "last_on": "Last day",
    "reason": "Why?",
    "role": "What are they?",
    "school": "At which school?",
    "slug": "Word for its addresses",
    "typed_name": "Your full name",
}


def _words(name: str) -> str:
    """A field as its page calls it: "police_force_id" is "Police force"."""
    if name in LABELS:
        return LABELS[name]
    words = name.replace("-", "_").split("_")
    if len(words) > 1 and words[-1] in ("id", "on"):
        words.pop()
    return " ".join(words).replace("url", "web address").capitalize()


def _beginning(value: str) -> str:
    """A value as it is shown: whole where it is short, and a code of ours as words."""
    if re.fullmatch(r"[a-z]+([_-][a-z]+)+", value):
        return re.sub("[_-]", " ", value).capitalize()
    if len(value) > 200 and not value[:200].count(" "):
        return f"{len(value):,} characters of a file"
    return value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"


@pages.post("/kept")
@open_to_all
def throw_away() -> Response:
    """Delete what was kept: its owner does not want it any more."""
    if not current_user.is_authenticated:
        return _to_sign_in(url_for("confirm.kept"))
    form_id, owner = sent_again(), owner_here(actor().id)  # type: ignore[arg-type]
    if form_id and owner:
        with transaction(g.session):
            forget(g.session, form_id, owner=owner)
        flash("It is deleted. Nothing of it was saved.", "good")
    return make_response(redirect(url_for("confirm.kept"), 303))


# -- the time left


@pages.get("/time-left")
@open_to_all
def left() -> Response:
    """The seconds until this sign-in ends, for the page's script. Asking does not prolong it."""
    return _left(current_user.left if current_user.is_authenticated else None)


@pages.post("/stay")
@open_to_all
def stay() -> Response:
    """The person is still there. It moves the idle end only: after 12 hours all sign in anew."""
    if not current_user.is_authenticated:
        return _left(None)
    with transaction(g.session):
        sign_in = open_sign_in(g.session, current_user.sign_in_id)
        if sign_in is not None:
            seen(g.session, sign_in)
            g.session.refresh(sign_in)
    return _left(time_left(sign_in, lasts()) if sign_in else None)


def _left(time: Any) -> Response:
    return jsonify(idle=time.idle if time else 0, rest=time.rest if time else 0)
