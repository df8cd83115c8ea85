"""What every page shares: its session, who is there, its guard, and what a form gave."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from marshmallow import Schema, ValidationError
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from config.base import Settings
from trustconduct.accounts.permissions import Can, allowed
from trustconduct.audit.actor import Actor
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions

SAFE = ("GET", "HEAD", "OPTIONS")
Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Works:
    """What the doors of one process work with; `current_app.extensions["trustconduct"]`."""

    settings: Settings
    sessions: Sessions
    directory: Directory


def works() -> Works:
    return current_app.extensions["trustconduct"]


@dataclass(frozen=True)
class SchoolCard:
    """What every page of a school needs of it."""

    id: UUID
    slug: str
    name: str
    suspended: bool = False


class SchoolClosed(HTTPException):
    """The school is suspended, and this page or act is closed for now.

    503 to parents: their page comes back. 409 where its staff would change something.
    """

    def __init__(self, *, for_staff: bool) -> None:
        super().__init__("The school is suspended.")
        self.code = 409 if for_staff else 503
        self.for_staff = for_staff


@dataclass(frozen=True)
class TrustCard:
    """The Trust as pages name it. Blank until an officer has named it."""

    name: str = "Your Trust"
    telephone: str = ""


class Directory:
    """The Trust and its schools by their slugs, from memory, looked up again after a second.

    Without it each page of a parent would cost a second transaction.
    """

    SECONDS = 1.0

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._schools: dict[str, SchoolCard] = {}
        self._trust = TrustCard()
        self._until = 0.0

    def school(self, slug: str) -> SchoolCard | None:
        self._look()
        return self._schools.get(slug)

    def schools(self) -> list[SchoolCard]:
        """Every school by name."""
        self._look()
        return sorted(self._schools.values(), key=lambda school: school.name)

    def trust(self) -> TrustCard:
        self._look()
        return self._trust

    def forget(self) -> None:
        """Look again at the next page: a school was added a moment ago."""
        self._until = 0.0

    def _look(self) -> None:
        if time.monotonic() < self._until:
            return
        with self._sessions.accounts(read_only=True) as session:
            rows = session.execute(
                select(School.id, School.slug, School.name, School.suspended_at)
            ).all()
            trust = session.execute(select(Trust.name, Trust.telephone)).first()
        self._schools = {
            row.slug: SchoolCard(row.id, row.slug, row.name, row.suspended_at is not None)
            for row in rows
        }
        self._trust = TrustCard(trust.name, trust.telephone) if trust else TrustCard()
        self._until = time.monotonic() + self.SECONDS


def enter_school(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the school out of the address and open its session: before anything is looked up.

    The one place that holds a suspended school closed, for every page that is there
    or will be: what is open to all is closed, and what needs a sign-in can be read
    and not written (see docs/adr/0015). Raises SchoolClosed.
    """
    slug = (values or {}).pop("school", None)
    card = works().directory.school(slug) if slug else None
    if card is None:
        abort(404)
    g.school = card
    if card.suspended:
        for_all = getattr(current_app.view_functions[endpoint or ""], "needs", None) is None
        if for_all or request.method not in SAFE:
            raise SchoolClosed(for_staff=not for_all)
    g.session = works().sessions.school(card.id, read_only=request.method in SAFE)


def leave(error: BaseException | None = None) -> None:
    """Close the request's session, whatever happened."""
    session: ScopedSession | None = g.pop("session", None)
    if session is not None:
        session.close()


def needs(what: Can) -> Callable[[View], View]:
    """Guard a page: who is not signed in signs in first, who may not gets 403.

    At a school's pages the permission is asked for that school, elsewhere for
    the Trust. The mark on the function is what the test of all routes reads.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return redirect(url_for("account.sign_in", to=came_from()))
            if what not in mine():
                abort(403)
            return view(*args, **kwargs)

        guarded.needs = what  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def last_seen() -> str:
    """The mark after which a list goes on, out of the address: PostgreSQL takes no NUL."""
    return request.args.get("after", "").replace("\0", "")


def came_from() -> str | None:
    """Where to go on after signing in: a page, never the address that a form was sent to."""
    return request.full_path.rstrip("?") if request.method in SAFE else None


def open_to_all(view: View) -> View:
    """Mark a page that needs no sign-in, on purpose."""
    view.needs = None  # type: ignore[attr-defined]
    return view


def mine() -> frozenset[Can]:
    """All that the signed-in person may do here: at this page's school, or at the Trust."""
    if not current_user.is_authenticated:
        return frozenset()
    school: SchoolCard | None = g.get("school")
    return allowed(current_user.actor.grants, school.id if school else None)


def actor() -> Actor:
    return current_user.actor


def found(row: Row | None) -> Row:
    """The row, or 404: alike for an id of another school and one that never was."""
    if row is None:
        abort(404)
    return row


@dataclass
class Form:
    """What was typed, what it means, and what is wrong with it.

    `typed` is shown again exactly as it came: nobody types a page twice.
    """

    typed: Mapped = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, message: str) -> None:
        self.errors.setdefault(name, []).append(message)


Mapped = Mapping[str, Any]


def read(schema: type[Schema], typed: Mapped | None = None) -> Form:
    """Read a form by its schema. Fields that the schema does not have are refused by name."""
    given = {**(request.form.to_dict() if typed is None else typed)}
    given.pop("csrf_token", None)
    shown = {name: _showable(value) for name, value in given.items()}
    try:
        return Form(shown, _made(schema).load(given))
    except ValidationError as error:
        messages = error.normalized_messages()
        return Form(shown, error.valid_data if isinstance(error.valid_data, dict) else {}, messages)


@lru_cache(maxsize=256)
def _made(schema: type[Schema]) -> Schema:
    """A schema made once: making one copies all its fields."""
    return schema()


_UNSHOWABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def _showable(value: Any) -> Any:
    """What was typed, without the characters that no page can hold."""
    if not isinstance(value, str):
        return value
    return value.translate(_UNSHOWABLE)
