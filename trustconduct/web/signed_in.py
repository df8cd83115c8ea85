"""Who is signed in: from the cookie, by the sign-ins in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Request, Response
from flask_login import LoginManager, UserMixin

from trustconduct import clock
from trustconduct.accounts.signing_in import Lifetime, actor_of, seen, signed_in
from trustconduct.audit.actor import Actor
from trustconduct.db import transaction
from trustconduct.web.door import works

# "Last seen" is written at most this often: one of the three things that a GET may write.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Person(UserMixin):
    """The signed-in person: frozen, no row, so that nothing of it can reach another request."""

    sign_in_id: UUID
    email: str
    actor: Actor

    @property
    def name(self) -> str:
        return self.actor.name

    def get_id(self) -> str:
        return str(self.sign_in_id)


def cookie_name(kind: str) -> str:
    """`__Host-` binds a cookie to this very host; a browser refuses it over plain http."""
    return f"__Host-{kind}" if works().settings.secure else kind


def load(request: Request) -> Person | None:
    """Flask-Login asks here for every request that wants to know who is there.

    Nothing is believed from the cookie but a token whose hash stands in an open
    sign-in: so a captured cookie is dead once the person has signed out.
    """
    token = request.cookies.get(cookie_name("signed-in"))
    if not token:
        return None
    with_ = works()
    lifetime = Lifetime(
        timedelta(minutes=with_.settings.IDLE_MINUTES),
        timedelta(hours=with_.settings.SIGNED_IN_HOURS),
    )
    with with_.sessions.accounts() as session:
        found = signed_in(session, token, lifetime)
        if found is None:
            return None
        if clock.now() - found.seen_at > SEEN_EVERY:
            with transaction(session):
                seen(session, found)
        address = request.remote_addr or ""
        return Person(found.id, found.user.email, actor_of(found.user, address))


def set_cookie(response: Response, kind: str, token: str) -> None:
    response.set_cookie(
        cookie_name(kind),
        token,
        httponly=True,
        secure=works().settings.secure,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response, kind: str) -> None:
    response.delete_cookie(
        cookie_name(kind), path="/", secure=works().settings.secure, httponly=True, samesite="Lax"
    )


def make_login_manager() -> LoginManager:
    manager = LoginManager()
    manager.session_protection = None  # the sign-in's own row says all

    @manager.request_loader
    def _load(request: Request) -> Any:
        return load(request)

    return manager
