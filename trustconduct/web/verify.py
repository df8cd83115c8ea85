"""Checking a receipt by its code: yes or no, and nothing about anybody."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, render_template, request

from trustconduct.accounts.throttle import Doing
from trustconduct.acknowledgements.receipt_code import LONGEST, is_on_record, read_code
from trustconduct.db import transaction
from trustconduct.languages.spoken import Message
from trustconduct.web.door import SAFE, Form, leave, open_to_all, read, works
from trustconduct.web.fields import Plain, Words
from trustconduct.web.speaking import speak
from trustconduct.web.tries import slow_down

pages = Blueprint("verify", __name__)


class CodeForm(Plain):
    code = Words(load_default="")


@pages.before_request
def _begin() -> None:
    speak()
    g.session = works().sessions.accounts(read_only=request.method in SAFE)


@pages.get("/verify")
@open_to_all
def ask() -> Response:
    """The code may come with the address, off a receipt; nothing is looked up before the button."""
    return _page(Form({"code": request.args.get("code", "")[:LONGEST]}))


@pages.post("/verify")
@open_to_all
def check() -> Response:
    """Yes, or no: what is not on record, is another school's or was struck out is all one no."""
    form = read(CodeForm)
    code = read_code(form.values.get("code") or "")
    if form.errors or code is None:
        form.errors.clear()
        form.refuse(
            "code",
            Message("That is no code of a receipt. Copy all of it from the receipt, to its end."),
        )
        return _page(form, 422)
    slow_down(Doing.RECEIPT)
    school = works().directory.school(code.slug)
    holds = False
    if school is not None:
        leave()  # a request never holds two connections
        g.session = works().sessions.school(school.id)
        with transaction(g.session):
            holds = is_on_record(g.session, code)
    return _page(form, holds=holds)


def _page(form: Form, status: int = 200, *, holds: bool | None = None) -> Response:
    page = render_template(
        "public/verify.html",
        trust=works().directory.trust(),
        form=form,
        errors=form.errors,
        holds=holds,
    )
    return make_response(page, status)
