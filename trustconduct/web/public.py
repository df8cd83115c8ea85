"""What anyone may read: the Trust's front page, and each school's code and ways to reach it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    render_template,
    request,
    send_from_directory,
)
from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.policies.facts import fill
from trustconduct.policies.models import InForce
from trustconduct.policies.versions import history, version_in_force, version_numbered
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.models import SchoolSettings
from trustconduct.web.door import enter_school, found, open_to_all, works
from trustconduct.web.memory import keep

BUILD = Path(__file__).parent / "static" / "build"

pages = Blueprint("public", __name__)
school_pages = Blueprint("school", __name__, url_prefix="/<school>")
school_pages.url_value_preprocessor(enter_school)


@pages.get("/")
@open_to_all
def front() -> str:
    directory = works().directory
    return render_template(
        "public/front.html", trust=directory.trust(), schools=directory.schools()
    )


@pages.get("/static/build/<path:name>")
@open_to_all
def asset(name: str) -> Response:
    """A built file, compressed where the browser takes it: its address changes when it does."""
    if len(name) > 100:  # longer than any of ours, and than a file system takes
        abort(404)
    path, more = name, {}
    for ending, word in ((".br", "br"), (".gz", "gzip")):
        if word in request.accept_encodings and (BUILD / (name + ending)).is_file():
            path, more = name + ending, {"Content-Encoding": word}
            break
    response = send_from_directory(BUILD, path, mimetype=_mime(name), max_age=31_536_000)
    response.headers.update(more)
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.immutable = True
    response.cache_control.public = True
    return response


def _mime(name: str) -> str | None:
    endings = {
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
    return endings.get(Path(name).suffix)


@dataclass
class _Kept:
    """A page in memory, and what it was made from."""

    stamp: tuple
    body: bytes
    etag: str
    until: float


class Pages:
    """Parents' pages in memory, looked at again once a second.

    A whole school reads its code on the day it is published: each page would
    otherwise be made anew a thousand times. What a page is made from is one
    short query; the page itself is made again only when that has changed, or at
    midnight, when another version may come into force.
    """

    SECONDS = 1.0
    MOST = 2_000

    def __init__(self) -> None:
        self._kept: dict[tuple[UUID, str], _Kept] = {}

    def page(self, name: str, make: Callable[[], str]) -> Response:
        key = (g.school.id, name)
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is None or now >= kept.until:
            stamp = self._stamp()
            if kept is None or kept.stamp != stamp:
                body = make().encode()
                kept = _Kept(stamp, body, hashlib.sha256(body).hexdigest()[:32], 0.0)
                if len(self._kept) >= self.MOST:
                    self._kept.clear()
                self._kept[key] = kept
            kept.until = now + self.SECONDS
        keep(request.environ, kept.until)
        # Asked again each time, so that a new version shows at once; answered by 304
        # where nothing has changed.
        headers = {"ETag": f'"{kept.etag}"', "Cache-Control": "public, no-cache"}
        if kept.etag in request.if_none_match:
            return Response(status=304, headers=headers)
        return Response(kept.body, headers=headers, content_type="text/html; charset=utf-8")

    def _stamp(self) -> tuple:
        row = g.session.execute(
            select(
                select(InForce.version_id)
                .where(InForce.during.op("@>")(clock.today()))
                .scalar_subquery(),
                select(func.count()).select_from(InForce).scalar_subquery(),
                select(func.max(SchoolMatrix.number)).scalar_subquery(),
                select(SchoolSettings.version).scalar_subquery(),
            )
        ).one()
        return (*row, clock.today(), g.school, works().directory.trust())


def _kept() -> Pages:
    """The pages in the memory of this app."""
    return current_app.extensions.setdefault("trustconduct.pages", Pages())


def _school_page(template: str, **more) -> str:
    """A page of the school; a `matrix` is shown with the school's facts in it."""
    facts = facts_of(g.session, g.school, settings_of(g.session))
    if more.get("matrix"):
        more["matrix"] = more["matrix"].matrix.reworded(lambda text: fill(text, facts))
    return render_template(
        template, facts=facts, trust=works().directory.trust(), cached=True, **more
    )


@school_pages.get("/")
@open_to_all
def home() -> Response:
    return _kept().page(
        "home",
        lambda: _school_page("public/home.html", version=version_in_force(g.session)),
    )


@school_pages.get("/policy")
@open_to_all
def policy() -> Response:
    def make() -> str:
        version = version_in_force(g.session)
        matrix = current_matrix(g.session)
        return _school_page(
            "public/policy.html",
            here="policy",
            version=version,
            current=True,
            matrix=matrix,
            versions=history(g.session),
        )

    return _kept().page("policy", make)


@school_pages.get("/policy/<int:number>")
@open_to_all
def policy_version(number: int) -> Response:
    version = found(version_numbered(g.session, number) if number < 2**31 else None)
    if version.in_force_on > clock.today():
        abort(404)  # published ahead: not for parents before its day

    def make() -> str:
        now = version_in_force(g.session)
        return _school_page(
            "public/policy.html",
            here="policy",
            version=version,
            current=now is not None and now.number == number,
            matrix=None,
            versions=history(g.session),
        )

    return _kept().page(f"policy/{number}", make)


@school_pages.get("/contact")
@open_to_all
def contact() -> Response:
    def make() -> str:
        matrix = current_matrix(g.session)
        return _school_page("public/contact.html", here="contact", matrix=matrix)

    return _kept().page("contact", make)


@school_pages.get("/accessibility")
@open_to_all
def accessibility() -> Response:
    return _kept().page("accessibility", lambda: _school_page("public/accessibility.html"))


@school_pages.get("/emails")
@open_to_all
def emails() -> Response:
    """How to tell whether an email is ours. Every email of ours names this address."""

    def make() -> str:
        settings = works().settings
        site = settings.BASE_URL.rstrip("/").partition("://")[2]
        return _school_page("public/emails.html", mail_from=settings.MAIL_FROM, site=site)

    return _kept().page("emails", make)


@school_pages.get("/privacy")
@open_to_all
def privacy() -> Response:
    return _kept().page("privacy", lambda: _school_page("public/privacy.html"))
