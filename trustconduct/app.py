"""Putting the parts together: the only file that knows every one of them."""

from __future__ import annotations

import json
import logging
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Request, g, request
from flask_wtf import CSRFProtect
from redis import Redis
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from config.base import Settings, from_environment
from trustconduct import clock
from trustconduct.admin.console import mount
from trustconduct.jobs.queue import Ringer, connect
from trustconduct.plain_log import log
from trustconduct.policies.wording import inline, with_ids
from trustconduct.tenants.engine import make_engine
from trustconduct.tenants.sessions import ScopedSession, Sessions
from trustconduct.web import (
    account,
    answers,
    assigned,
    bans,
    calendar,
    cases,
    confirm,
    door,
    errors,
    feed,
    finder,
    gate,
    guests,
    health,
    history,
    letter_page,
    letter_posting,
    letters,
    mail,
    mailed,
    own_reviews,
    people,
    public,
    reports,
    setup,
    sign,
    speaking,
    staff,
    verify,
    watch,
    you,
)
from trustconduct.web.cookies import PageCookie
from trustconduct.web.measures import Measures
from trustconduct.web.memory import Memory
from trustconduct.web.navigation import count
from trustconduct.web.printed import Printed
from trustconduct.web.signed_in import make_login_manager

# On every answer that does not say otherwise itself.
HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
IF_SECURE = ("Strict-Transport-Security", "max-age=31536000")
# A page of a person is nobody else's, and not the next person's at this computer.
NOT_TO_KEEP = ("Cache-Control", "no-store")


# The parts with pages outside the console.
PARTS = (
    account,
    answers,
    assigned,
    bans,
    calendar,
    cases,
    confirm,
    finder,
    feed,
    gate,
    guests,
    health,
    history,
    letter_page,
    letter_posting,
    letters,
    mail,
    mailed,
    own_reviews,
    people,
    public,
    reports,
    setup,
    sign,
    staff,
    verify,
    you,
)


class Service(Flask):
    """Flask, but for its log and for whose host it answers.

    An address may hold a parent's link and an error's text a row, so its log
    says neither. A host that is not ours is answered 400: a link or a kept page
    must never follow a name that a request made up.
    """

    hosts: tuple[str, ...] = ()

    def log_exception(self, exc_info: Any) -> None:
        log.error(
            "A page broke.",
            method=request.method,
            route=str(request.url_rule or "none"),
            exc_info=exc_info,
        )

    def create_url_adapter(self, request: Request | None) -> Any:
        if request is not None and request.path not in health.PATHS:
            request.trusted_hosts = list(self.hosts)
        return super().create_url_adapter(request)


# Bytes of what is typed into one form; only a file may be larger.
LARGEST_FORM = 12 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The service. Raises BadSetting, with one sentence, where it must not start."""
    settings = settings or from_environment()
    app = Service(__name__, static_folder=None, template_folder="web/templates")
    app.hosts = settings.hosts
    app.config.update(
        SECRET_KEY=settings.SECRET_KEY,
        MAX_CONTENT_LENGTH=settings.MAX_CONTENT_LENGTH,
        MAX_FORM_MEMORY_SIZE=min(settings.MAX_CONTENT_LENGTH, LARGEST_FORM),
        SESSION_COOKIE_NAME="__Host-page" if settings.secure else "page",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_SSL_STRICT=False,  # our pages send no referrer; the token is what counts
        WTF_CSRF_TIME_LIMIT=None,  # a form that was open over lunch still saves
    )
    app.session_interface = PageCookie()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = Memory(app.wsgi_app)  # type: ignore[assignment,method-assign]
    if settings.secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    measures = app.extensions["trustconduct.measures"] = Measures()
    app.wsgi_app = watch.Watched(  # type: ignore[assignment,method-assign]
        app.wsgi_app,
        measures,
        headers=(*HEADERS, NOT_TO_KEEP, IF_SECURE) if settings.secure else (*HEADERS, NOT_TO_KEEP),
        behind_proxy=settings.secure,
    )

    sessions = Sessions(make_engine(settings.DATABASE_URL, pool_size=settings.DATABASE_POOL))
    app.extensions["trustconduct"] = door.Works(settings, sessions, door.Directory(sessions))
    app.extensions["trustconduct.printed"] = Printed(settings.VAR / "pdf")
    _ring_after_commit(connect(settings.REDIS_URL))

    CSRFProtect(app).exempt(sign.pages)  # its form has a mark of its own
    make_login_manager().init_app(app)
    for part in PARTS:
        app.register_blueprint(part.pages)
    app.register_blueprint(gate.device_pages)
    app.register_blueprint(public.school_pages)
    mount(app)
    app.teardown_request(door.leave)
    app.after_request(watch.tell)
    errors.answer(app)
    _fill_templates(app)
    return app


def _ring_after_commit(redis: Redis) -> None:
    """Ring the worker's bell once a commit has put something into the outbox."""
    ringer = Ringer(redis)

    def after_commit(session: Session) -> None:
        if session.info.pop("rings", False):
            ringer.ring()

    # One listener a process, however many apps a test makes: the newest one rings.
    for earlier in _listening:
        event.remove(ScopedSession, "after_commit", earlier)
    _listening[:] = [after_commit]
    event.listen(ScopedSession, "after_commit", after_commit)


_listening: list[Any] = []


@cache
def _built() -> dict[str, str]:
    """The built files' content hashes: they change an asset's address when it changes."""
    manifest = Path(__file__).parent / "web/static/build/manifest.json"
    return json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}


def asset(name: str) -> str:
    """The address of a built file: exactly as the stylesheet names it, or it loads twice."""
    return f"/static/build/{name}?v={_built().get(name, '0')}"


def _fill_templates(app: Flask) -> None:
    app.jinja_env.filters["inline"] = inline
    app.jinja_env.filters["with_ids"] = with_ids
    app.jinja_env.filters["local"] = clock.local
    app.jinja_env.filters["as_day"] = date.fromisoformat
    speaking.fill_templates(app)
    app.jinja_env.globals.update(asset=asset, today=clock.today, count=count)

    @app.context_processor
    def _shared() -> dict[str, Any]:
        return {"school": g.get("school")}


logging.getLogger("sqlalchemy.pool").setLevel(logging.ERROR)
