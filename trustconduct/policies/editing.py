"""Editing a draft edition: every change a row, so that any of them can be put back.

Drafts only: what the Board approved is what is published, word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term, TermRefused
from trustconduct.policies.document import Document, canonical, sha256
from trustconduct.policies.edition_changes import EditionChange
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.edits import (
    HEADER,
    Edit,
    EditRefused,
    Overtaken,
)
from trustconduct.policies.models import Edition, State
from trustconduct.policies.snapshots import restored, snapshot, taken_out
from trustconduct.tenants.calendars import calendar_of
from trustconduct.tenants.sessions import ScopedSession

# What one person types in one clause within this time is one change, however often it is saved.
ONE_CHANGE = timedelta(minutes=10)
PAGE = 50


@dataclass(frozen=True)
class HeaderFields:
    """The lines at the top of an edition. `union_not_applicable` excludes `union_on`."""

    title: str
    scope: str
    board_on: date | None
    review_text: str
    union_on: date | None
    union_not_applicable: bool
    statutory: bool
    author: str
    author_role: str
    local_bodies: bool = False

    def to_json(self) -> dict[str, Any]:
        days = {"board_on": _iso(self.board_on), "union_on": _iso(self.union_on)}
        return {**vars(self), **days}

    @property
    def mark(self) -> str:
        return sha256(canonical(self.to_json()))[:20]

    @classmethod
    def of(cls, edition: Edition) -> HeaderFields:
        own = {name: getattr(edition, name) for name in cls.__annotations__ if name != "title"}
        return cls(title=edition.body["title"], **own)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> HeaderFields:
        days = {name: _day(value[name]) for name in ("board_on", "union_on")}
        return cls(**{**value, **days})


def begin_next(session: ScopedSession, base: Edition, *, by: Actor) -> Edition:
    """A new draft with the text of a published edition, ids and all.

    The Board's day, the union's and the review date are left blank: they were the
    last edition's. A draft that was begun so and not touched yet is given again.
    """
    permit(by, Can.EDIT_EDITION)
    if base.state is not State.PUBLISHED:
        raise EditionRefused("Begin the next edition from one that is published.")
    session.take_turns("edition")
    source = f"edition {base.number}"
    same = session.scalar(
        select(Edition).where(
            Edition.approved_at.is_(None),
            Edition.withdrawn_at.is_(None),
            Edition.source_name == source,
            Edition.body == base.body,
        )
    )
    if same is not None:
        return same  # the same button pressed twice
    edition = Edition(
        number=(session.scalar(select(func.max(Edition.number))) or 0) + 1,
        scope=base.scope,
        review_text="",
        union_not_applicable=False,
        statutory=base.statutory,
        author=base.author,
        author_role=base.author_role,
        local_bodies=base.local_bodies,
        body=base.body,
        source_name=source,
    )
    session.add(edition)
    session.flush()  # the event needs the row's id
    record(session, Event.EDITION_BEGUN, by=by, about=edition, base=base.number)
    return edition


def edit(session: ScopedSession, edition: Edition, change: Edit, *, by: Actor) -> str:
    """Change one clause or section of a draft; gives the id of what was changed.

    Raises EditionRefused where it is no draft, EditRefused where the text can't be
    changed so, Overtaken where somebody else changed the same thing meanwhile.
    """
    permit(by, Can.EDIT_EDITION)
    _hold(session, edition)
    document = edition.document
    made = change.apply(document, ever_used(session))
    before = snapshot(document, made.kind, made.about)
    after = snapshot(made.document, made.kind, made.about)
    if before != after:
        edition.body = made.document.to_json()
        _note(session, edition, made.kind, made.about, made.what, before, after, by)
    return made.about


def change_header(
    session: ScopedSession, edition: Edition, fields: HeaderFields, *, by: Actor, seen: str
) -> None:
    """Change the lines at the top. Raises EditRefused by field, Overtaken with how they stand."""
    permit(by, Can.EDIT_EDITION)
    _hold(session, edition)
    now = HeaderFields.of(edition)
    if now == fields:
        return
    _check_review(session, fields)
    if now.mark != seen:
        raise Overtaken(now)
    _put_header(edition, fields)
    what = "changed the title, dates or author"
    _note(session, edition, HEADER, "", what, now.to_json(), fields.to_json(), by)


def put_back(session: ScopedSession, edition: Edition, change: EditionChange, *, by: Actor) -> None:
    """Put one thing back to how it was before a change; what was changed since stays in the list.

    What the change added is taken out again. Raises EditRefused where that can't stand,
    such as a clause whose section is gone.
    """
    permit(by, Can.EDIT_EDITION)
    _hold(session, edition)
    if change.edition_id != edition.id:
        raise EditRefused("This change is one of another edition.")
    thing = change.about or "the title, dates or author"
    what = f"put {thing} back to how it was before {_when(change)}"
    if change.kind == HEADER:
        now, was = HeaderFields.of(edition), HeaderFields.from_json(change.before or {})
        if now != was:
            _put_header(edition, was)
            _note(session, edition, HEADER, "", what, now.to_json(), was.to_json(), by)
        return
    document = edition.document
    if change.before is None:
        made = taken_out(document, change.kind, change.about)
        what = f"took {thing} out again"
    else:
        made = restored(document, change.kind, change.about, change.before, change.after)
    before = snapshot(document, change.kind, change.about)
    after = snapshot(made, change.kind, change.about)
    if before != after:
        edition.body = made.to_json()
        _note(session, edition, change.kind, change.about, what, before, after, by)


def changes(
    session: ScopedSession, edition: Edition, *, page: int = 0
) -> tuple[Sequence[EditionChange], bool]:
    """A page of what was changed, the newest first, and whether there is more."""
    rows = session.scalars(
        select(EditionChange)
        .where(EditionChange.edition_id == edition.id)
        .order_by(EditionChange.id.desc())
        .offset(page * PAGE)
        .limit(PAGE + 1)
    ).all()
    return rows[:PAGE], len(rows) > PAGE


def last_change(session: ScopedSession, edition: Edition, about: str) -> EditionChange | None:
    """The newest change of one clause or section: who to ask about it."""
    return session.scalar(
        select(EditionChange)
        .where(EditionChange.edition_id == edition.id, EditionChange.about == about)
        .order_by(EditionChange.id.desc())
        .limit(1)
    )


def _hold(session: ScopedSession, edition: Edition) -> None:
    """Take the edition for this transaction, as it stands now; two edits never lose each other."""
    session.take_turns("edition")
    session.refresh(edition, with_for_update=True)
    if edition.state is State.CONSULTED:
        raise EditionRefused(
            "People are reading this draft and commenting on it, so its words stand still."
            " End the consultation first, or wait for its last day."
        )
    if edition.state is not State.DRAFT:
        raise EditionRefused(
            f"Edition {edition.number} is {edition.state.value}, and only a draft can be edited."
        )


_EVER = text(
    "select stood #>> '{}' from policy_edition,"
    " jsonb_path_query(body, '$.sections[*].**.id') as stood"
    " union select about from policy_edition_change"
)


def ever_used(session: ScopedSession) -> set[str]:
    """Every id that ever stood in any edition, the retired ones of drafts too."""
    return set(session.scalars(_EVER))


def _check_review(session: ScopedSession, fields: HeaderFields) -> None:
    if not fields.review_text:
        return
    try:
        review = Term.parse(fields.review_text)
    except TermRefused as refused:
        raise EditRefused(str(refused), "review_text") from None
    if fields.board_on and calendar_of(session).window(review).last < fields.board_on:
        board = f"{fields.board_on.day} {fields.board_on:%B %Y}"
        raise EditRefused(
            f"The review, {review.text}, would be over before the Board sees the text on {board}."
            " Type a later review.",
            "review_text",
        )


def _put_header(edition: Edition, fields: HeaderFields) -> None:
    for name in HeaderFields.__annotations__:
        if name != "title":
            setattr(edition, name, getattr(fields, name))
    body = {**edition.body, "title": fields.title}
    try:
        Document.from_json(body)
    except ValueError as refused:
        raise EditRefused(str(refused), "title") from None
    edition.body = body


def _note(
    session: ScopedSession,
    edition: Edition,
    kind: str,
    about: str,
    what: str,
    before: dict | None,
    after: dict | None,
    by: Actor,
) -> None:
    newest = last_change(session, edition, about)
    if (
        newest is not None
        and newest.kind == kind
        and newest.by_id == by.id
        and newest.before is not None
        and newest.after == before
        and newest.what == what
        and what.startswith(("reworded", "marked", "changed"))
        and clock.now() - newest.at < ONE_CHANGE
    ):
        newest.after, newest.at = after, clock.now()
        return
    session.add(
        EditionChange(
            edition_id=edition.id,
            kind=kind,
            about=about,
            what=what,
            before=before,
            after=after,
            by_id=by.id,
            by_name=by.name,
        )
    )
    session.flush()  # in the order in which it happened
    record(session, Event.EDITION_EDITED, by=by, about=edition, what=what)


def _when(change: EditionChange) -> str:
    at = clock.local(change.at)
    return f"{at.day} {at:%B, %H:%M}"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
