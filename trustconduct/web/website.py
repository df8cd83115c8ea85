"""Which websites may show a school's ways to reach it, and what to put there."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, g, make_response, redirect, url_for
from marshmallow import ValidationError, fields

from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.schools.settings import ChangedMeanwhile, change_settings, settings_of
from trustconduct.web.door import Form, actor, needs, read
from trustconduct.web.fields import Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("website", __name__, url_prefix="/contact/website")

WEBSITE = "https://www.school.example"
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Websites(fields.Field):
    """The addresses of websites, one a line, each as `https://host`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> list[str]:
        found_: dict[str, None] = {}
        for line in str(value).split():
            parts = urlsplit(line if "://" in line else f"https://{line}")
            host = parts.hostname or ""
            if parts.scheme != "https" or not _HOST.fullmatch(host):
                raise ValidationError(f"“{line[:60]}” is not a website. Write it like {WEBSITE}.")
            found_[f"https://{host}{f':{parts.port}' if parts.port else ''}"] = None
        if len(found_) > 10:
            raise ValidationError("Name ten websites at most.")
        return list(found_)


class BlockForm(Plain):
    framed_by = Websites(load_default=list)
    seen_version = fields.String(load_default="")


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def show() -> Response:
    settings = settings_of(g.session)
    typed = {
        "framed_by": "\n".join(settings.framed_by),
        "seen_version": settings.version or "",
    }
    return _website_page(Form(typed))


def _website_page(form: Form, status: int = 200) -> Response:
    address = url_for("finder.block", school=g.school.slug, _external=True)
    page = staff_page("staff/website.html", form=form, errors=form.errors, address=address)
    return make_response(page, status)


@pages.post("/")
@needs(Can.CHANGE_SETTINGS)
def save() -> Response:
    form = read(BlockForm)
    if form.errors:
        return _website_page(form, 422)
    seen = form.values["seen_version"]
    try:
        with transaction(g.session):
            change_settings(
                g.session,
                by=actor(),
                seen_version=int(seen) if seen.isascii() and seen.isdigit() else None,
                framed_by=form.values["framed_by"],
            )
    except ChangedMeanwhile:
        form.refuse("framed_by", "Somebody else saved the settings a moment ago. Save again.")
        form.typed = {**form.typed, "seen_version": settings_of(g.session).version}
        return _website_page(form, 409)
    flash("The websites are saved.", "good")
    return make_response(redirect(school_url("setup.contact"), 303))
