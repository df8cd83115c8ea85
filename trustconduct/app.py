"""Putting the parts together: the only file that knows every one of them."""

from __future__ import annotations

import json
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from redis import Redis
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from config.base import BadSetting, Settings, from_environment
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.admin.console import mount
from trustconduct.jobs.queue import Ringer, connect
from trustconduct.plain_log import without_words
from trustconduct.policies.wording import inline, with_ids
from trustconduct.tenants.sessions import ScopedSession, Sessions
from trustconduct.web import account, answers, door, people, public, setup, sign, staff
from trustconduct.web.memory import Memory
from trustconduct.web.navigation import count
from trustconduct.web.printed import Printed
from trustconduct.web.signed_in import make_login_manager

HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


class Service(Flask):
    """Flask, but for its log: an address may hold a parent's link, an error's text a row."""

    def log_exception(self, exc_info: Any) -> None:
        self.logger.error(
            "Exception on %s %s",
            request.method,
            request.url_rule or "",
            exc_info=without_words(exc_info),
        )


def create_app(settings: Settings | None = None) -> Flask:
    """The service. Raises BadSetting, with one sentence, where it must not start."""
    settings = settings or from_environment()
    app = Service(__name__, static_folder=None, template_folder="web/templates")
    app.config.update(
        SECRET_KEY=settings.SECRET_KEY,
        MAX_CONTENT_LENGTH=settings.MAX_CONTENT_LENGTH,
        MAX_FORM_MEMORY_SIZE=settings.MAX_CONTENT_LENGTH,
        SESSION_COOKIE_NAME="__Host-page" if settings.secure else "page",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_SSL_STRICT=False,  # our pages send no referrer; the token is what counts
        WTF_CSRF_TIME_LIMIT=None,  # a form that was open over lunch still saves
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = Memory(app.wsgi_app)  # type: ignore[assignment,method-assign]
    if settings.secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]

    engine = create_engine(
        settings.DATABASE_URL, pool_size=settings.DATABASE_POOL, hide_parameters=True
    )
    sessions = Sessions(engine)
    app.extensions["trustconduct"] = door.Works(settings, sessions, door.Directory(sessions))
    app.extensions["trustconduct.printed"] = Printed(settings.VAR / "pdf")
    _ring_after_commit(connect(settings.REDIS_URL))

    CSRFProtect(app)
    make_login_manager().init_app(app)
    for part in (public, account, sign, staff, setup, people, answers):
        app.register_blueprint(part.pages)
    app.register_blueprint(public.school_pages)
    mount(app)
    app.teardown_request(door.leave)
    app.after_request(_add_headers)
    _answer_errors(app)
    _fill_templates(app)
    return app


def check_login(settings: Settings) -> None:
    """Refuse to start as a superuser, an owner of tables or a role that sees past its school.

    Row-level security binds none of these: every school would see every other.
    """
    engine = create_engine(settings.DATABASE_URL)
    with engine.connect() as connection:
        strong = connection.execute(
            text(
                "select rolsuper or rolbypassrls, exists (select from pg_class c"
                " where c.relowner = r.oid and c.relkind = 'r')"
                " from pg_roles r where rolname = current_user"
            )
        ).one()
    engine.dispose()
    if any(strong):
        raise BadSetting(
            "DATABASE_URL must name a login that is no superuser, owns no table and has no"
            " BYPASSRLS: see docs/operator.md."
        )


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


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS:
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        # A page of a person is nobody else's, and not the next person's at this computer.
        response.headers["Cache-Control"] = "no-store"
    if door.works().settings.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


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
    app.jinja_env.globals.update(asset=asset, today=clock.today, count=count)

    @app.context_processor
    def _shared() -> dict[str, Any]:
        return {"school": g.get("school")}


def _answer_errors(app: Flask) -> None:
    def page(status: int, **more: Any) -> tuple[str, int]:
        door.leave()
        return render_template("error.html", status=status, **more), status

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return page(error.code)

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> Any:
        return page(400, stale=True)

    @app.errorhandler(NotAllowed)
    def _not_allowed(error: NotAllowed) -> Any:
        return page(403)

    @app.errorhandler(OperationalError)
    def _no_database(error: OperationalError) -> Any:
        app.logger.error("PostgreSQL did not answer: %s", type(error.orig).__name__)
        return page(503)

    @app.errorhandler(Exception)
    def _broken(error: Exception) -> Any:
        app.log_exception(sys.exc_info())
        return page(500)


logging.getLogger("sqlalchemy.pool").setLevel(logging.ERROR)
