"""Who is signed in: from the cookie, by the sign-ins in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Request
from flask_login import LoginManager, UserMixin

from trustconduct import clock
from trustconduct.accounts.fresh import is_fresh
from trustconduct.accounts.kept_forms import is_waiting
from trustconduct.accounts.signing_in import (
    Lifetime,
    TimeLeft,
    actor_of,
    seen,
    signed_in,
    time_left,
)
from trustconduct.audit.actor import Actor
from trustconduct.db import transaction
from trustconduct.web.cookies import cookie_name
from trustconduct.web.door import note_who, works
from trustconduct.web.typed import owner_here

# "Last seen" is written at most this often: one of the three things that a GET may write.
SEEN_EVERY = timedelta(minutes=1)
# Asking how much time is left must not make it more.
QUIET = {"confirm.left"}


@dataclass(frozen=True)
class Person(UserMixin):
    """The signed-in person: frozen, no row, so that nothing of it can reach another request."""

    sign_in_id: UUID
    email: str
    actor: Actor
    left: TimeLeft
    kept: bool = False  # something that they typed waits to be sent

    @property
    def name(self) -> str:
        return self.actor.name

    def get_id(self) -> str:
        return str(self.sign_in_id)


def load(request: Request) -> Person | None:
    """Flask-Login asks here for every request that wants to know who is there.

    Nothing is believed from the cookie but a token whose hash stands in an open
    sign-in: so a captured cookie is dead once the person has signed out.
    """
    token = request.cookies.get(cookie_name("signed-in"))
    if not token:
        return None
    lifetime = lasts()
    with works().sessions.accounts(read_only=True) as session:
        found = signed_in(session, token, lifetime)
        if found is None:
            return None
        note_who(found.user_id)
        seen_at = found.seen_at
        every = min(SEEN_EVERY, lifetime.idle / 4)
        due = clock.now() - seen_at > every and request.endpoint not in QUIET
        if due:
            seen_at = clock.now()
        owner = owner_here(found.user_id)
        person = Person(
            sign_in_id=found.id,
            email=found.user.email,
            actor=actor_of(found.user, request.remote_addr or "", fresh=is_fresh(found)),
            left=time_left(found, lifetime, seen_at=seen_at),
            kept=owner is not None and is_waiting(session, owner=owner),
        )
    if due:
        with works().sessions.accounts() as session, transaction(session):
            seen(session, found)
    return person


def lasts() -> Lifetime:
    """How long a sign-in lasts, by the settings."""
    settings = works().settings
    return Lifetime(
        timedelta(minutes=settings.IDLE_MINUTES), timedelta(hours=settings.SIGNED_IN_HOURS)
    )


def make_login_manager() -> LoginManager:
    manager = LoginManager()
    manager.session_protection = None  # the sign-in's own row says all

    @manager.request_loader
    def _load(request: Request) -> Any:
        return load(request)

    return manager
