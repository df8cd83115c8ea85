"""What every page shares: its session, who is there, its guard, and what a form gave."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache, wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import abort, current_app, flash, g, redirect, request, url_for
from flask import session as page_session
from flask_login import current_user
from marshmallow import Schema, ValidationError
from sqlalchemy import select
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from config.base import Settings
from trustconduct.accounts.permissions import FRESH, Can, allowed
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.reading import record_reading
from trustconduct.db import transaction
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions
from trustconduct.web.typed import KEPT_FORM, forget_when_taken, keep_typed, showable

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
    email: str = ""
    privacy_contact: str = ""
    ico_number: str = ""
    accessibility_gaps: str = ""


_CARD = tuple(getattr(Trust, one.name) for one in fields(TrustCard))


class Directory:
    """The Trust and its schools by their slugs, from memory, looked up again after a second.

    Without it each page of a parent would cost a second transaction.
    """

    SECONDS = 1.0

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._schools: dict[str, SchoolCard] = {}
        self._trust = TrustCard()
        self._telephones: dict[UUID, str] = {}
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

    def last_known(self, slug: str) -> tuple[SchoolCard | None, TrustCard]:
        """A school and the Trust as they were last seen: for a page when the database is away."""
        return self._schools.get(slug), self._trust

    def learn(self, school_id: UUID, telephone: str) -> None:
        """Keep a school's number for the pages that say what went wrong."""
        if telephone:
            self._telephones[school_id] = telephone

    def telephone(self, school_id: UUID) -> str:
        """A school's number as it was last seen, blank if it never was."""
        return self._telephones.get(school_id, "")

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
            trust = session.execute(select(*_CARD)).first()
        self._schools = {
            row.slug: SchoolCard(row.id, row.slug, row.name, row.suspended_at is not None)
            for row in rows
        }
        self._trust = TrustCard(*trust) if trust else TrustCard()
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


def note_reading(event: Event, about_kind: str, about_id: UUID | None = None) -> None:
    """Write down that a sensitive record was looked at: one of the three things a GET may write.

    Called when the page is made and before it leaves: a reading that can't be
    written is not shown. The request's own session, which may only read, is
    given back first, so that no request ever holds two connections.
    """
    leave()
    school: SchoolCard | None = g.get("school")
    sessions = works().sessions
    with (
        sessions.school(school.id) if school else sessions.trust() as session,
        transaction(session),
    ):
        record_reading(session, event, by=actor(), about_kind=about_kind, about_id=about_id)


def needs(what: Can) -> Callable[[View], View]:
    """Guard a page: who is not signed in signs in first, who may not gets 403.

    At a school's pages the permission is asked for that school, elsewhere for
    the Trust. What `permissions.FRESH` lists asks for a code that is less than
    15 minutes old. The mark on the function is what the test of all routes reads.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return sign_in_first()
            if what not in mine():
                abort(403)
            if what in FRESH and not current_user.actor.fresh:
                return confirm_first()
            if request.method not in SAFE:
                forget_when_taken(works().sessions, current_user.actor.id)
            return view(*args, **kwargs)

        guarded.needs = what  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def sign_in_first() -> Response:
    """Send who is not signed in to do so, and then back; what they sent is kept meanwhile.

    It is kept only for the person who was signed in here last: nobody else may
    fill our tables, and nobody else will see it.
    """
    if request.method in SAFE:
        return redirect(url_for("account.sign_in", to=came_from()))
    person = last_here()
    if person is None:
        return redirect(url_for("account.sign_in"), 303)
    _keep_for(person)
    flash(
        "You were signed out before this was saved. What you typed is kept for an hour:"
        " sign in, and you can send it.",
        "waiting",
    )
    return redirect(url_for("account.sign_in", to=url_for("confirm.kept")), 303)


def confirm_first() -> Response:
    """Ask a signed-in person for a fresh code, and send them back; what they sent is kept."""
    if request.method in SAFE:
        return redirect(url_for("confirm.ask", to=came_from()))
    _keep_for(current_user.actor.id)
    return redirect(url_for("confirm.ask", to=url_for("confirm.kept")), 303)


# What a person was about to do, where the permission's own name says it badly.
IN_WORDS = {
    Can.ADD_USER: "Invite a person, or give a role",
    Can.CHANGE_USER: "Change a person’s role or account",
}


def _keep_for(person: UUID) -> None:
    needed = getattr(current_app.view_functions.get(request.endpoint or ""), "needs", None)
    school: SchoolCard | None = g.get("school")
    keep_typed(
        works().sessions,
        works().settings.SECRET_KEY,
        person,
        what=IN_WORDS.get(needed, needed.name.replace("_", " ").capitalize()) if needed else "",
        where=school.name if school else "",
    )


def note_who(person: UUID) -> None:
    """Remember, in the page's own cookie, who is signed in: for when the sign-in has ended.

    Where somebody else was here before, their open forms die: a form that one
    person filled in must not be sent by another.
    """
    before = page_session.get("who")
    if before != str(person):
        if before:
            page_session.pop("csrf_token", None)
        page_session["who"] = str(person)


def last_here() -> UUID | None:
    """Who was signed in at this browser last, if anybody was."""
    who = page_session.get("who")
    return UUID(who) if who else None


def own_path(to: str | None) -> str | None:
    """Where to go on, if it is a path of this service: nobody is sent to another site."""
    safe = to and len(to) <= 2_000 and re.fullmatch(r"/(?![/\\])[^\\\x00-\x20]*", to)
    return to if safe else None


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
    given.pop(KEPT_FORM, None)
    shown = {
        name: showable(value) if isinstance(value, str) else value for name, value in given.items()
    }
    try:
        return Form(shown, _made(schema).load(given))
    except ValidationError as error:
        messages = error.normalized_messages()
        return Form(shown, error.valid_data if isinstance(error.valid_data, dict) else {}, messages)


@lru_cache(maxsize=256)
def _made(schema: type[Schema]) -> Schema:
    """A schema made once: making one copies all its fields."""
    return schema()
