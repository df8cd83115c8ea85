"""A school's badge: what is shown at the head of the printed code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields, pre_load

from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.files.models import FileKind
from trustconduct.files.take_in import (
    MOST_BYTES,
    PICTURES,
    FileNotRead,
    FileRefused,
    Looked,
    content_of,
    look_at,
    stored_file,
)
from trustconduct.schools.badge import badge_of, set_badge
from trustconduct.schools.settings import ChangedMeanwhile
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.downloads import as_attachment
from trustconduct.web.fields import Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("badge", __name__, url_prefix="/badge")
LONGEST_SIDE = 600  # points: sharp at the size that it is printed in, and a small PDF
SMALL_SIDE = 112  # points: twice the height that parents' pages show it at
SMALL_BYTES = 15_000  # of the 50 kB that a parent's first page may have


class BadgeForm(Plain):
    seen = fields.UUID(load_default=None, allow_none=True)

    @pre_load
    def _none_is_blank(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "seen": data.get("seen") or None}


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def show() -> Response:
    return _page(Form())


def _page(form: Form, status: int = 200) -> Response:
    """The form with the badge as it is now: what was sent before may be out of date."""
    return make_response(
        staff_page("staff/badge.html", form=form, badge=badge_of(g.session)), status
    )


@pages.post("/")
@needs(Can.CHANGE_SETTINGS)
def save() -> Response:
    form = read(BadgeForm)
    upload = request.files.get("badge")
    if upload is None or not upload.filename:
        form.refuse("badge", "Choose the picture of your badge.")
        return _page(form, 422)
    content = upload.stream.read(MOST_BYTES + 1)
    try:
        looked = look_at(
            upload.filename, content, allowed=PICTURES, longest=LONGEST_SIDE, for_pages=True
        )
        small = look_at(f"small {upload.filename}", content, allowed=PICTURES, longest=SMALL_SIDE)
        if len(small.content) > SMALL_BYTES:
            small = look_at(
                f"small {upload.filename}", content, allowed=PICTURES, longest=SMALL_SIDE // 2
            )
    except FileRefused as no:
        form.refuse("badge", str(no))
        return _page(form, 422)
    except FileNotRead:
        form.refuse("badge", "Many files came at once, so yours was not read. Choose it once more.")
        return _page(form, 503)
    return _set(
        form,
        looked,
        "Your badge is saved. It stands on your pages and on the PDF of your code.",
        small,
    )


@pages.post("/remove")
@needs(Can.CHANGE_SETTINGS)
def remove() -> Response:
    return _set(read(BadgeForm), None, "Your badge is taken off.")


def _set(form: Form, looked: Looked | None, message: str, small: Looked | None = None) -> Response:
    if form.errors:
        return _page(form, 422)
    try:
        with transaction(g.session):
            set_badge(g.session, looked, by=actor(), seen=form.values["seen"], small=small)
    except ChangedMeanwhile:
        form.refuse("badge", "Somebody else has just changed the badge. Look, then do it again.")
        return _page(form, 409)
    flash(message)
    return make_response(redirect(school_url("setup.badge.show"), 303))


@pages.get("/<uuid:file_id>")
@needs(Can.CHANGE_SETTINGS)
def picture(file_id: UUID) -> Response:
    stored = found(stored_file(g.session, file_id, kind=FileKind.BADGE))
    return as_attachment(stored, content_of(g.session, stored))
