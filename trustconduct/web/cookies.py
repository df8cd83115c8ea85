"""Cookies of people who sign in: bound to this host, out of reach of scripts."""

from __future__ import annotations

from flask import Flask, Request, Response, current_app
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class PageCookie(SecureCookieSessionInterface):
    """Flask's own cookie, without the work of signing where there is nothing in it.

    Parents have none: on the evening when all of them answer, that is a
    twentieth of what an answer costs.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session or session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")


def _secure() -> bool:
    """Whether cookies may only travel by https: as the one of Flask's own."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def cookie_name(kind: str) -> str:
    """`__Host-` binds a cookie to this very host; a browser refuses it over plain http."""
    return f"__Host-{kind}" if _secure() else kind


def set_cookie(response: Response, kind: str, token: str, *, seconds: int | None = None) -> None:
    """Set it until the browser closes, or for so many seconds."""
    response.set_cookie(
        cookie_name(kind),
        token,
        max_age=seconds,
        httponly=True,
        secure=_secure(),
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response, kind: str) -> None:
    response.delete_cookie(
        cookie_name(kind), path="/", secure=_secure(), httponly=True, samesite="Lax"
    )


LINK_SECONDS = 24 * 3600


def link_cookie(kind: str) -> str:
    """The name of a cookie that stands for a link that was opened, at that link's path alone."""
    return f"__Secure-{kind}" if _secure() else kind


def set_link_cookie(response: Response, kind: str, token: str, path: str) -> None:
    """Let a browser come back to a link's page, for a day, without the link's secret."""
    response.set_cookie(
        link_cookie(kind),
        token,
        path=path,
        httponly=True,
        secure=_secure(),
        samesite="Lax",
        max_age=LINK_SECONDS,
    )
