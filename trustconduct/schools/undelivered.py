"""Messages that have not left: what waits, what was given up, and what people do about it.

In a school's session these are the school's messages, in the Trust's the Trust's
own. It stands above accounts and not in outbox, which accounts writes to.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.models import Channel, Outcome, SchoolMessage, models_of
from trustconduct.outbox.untold import may_be_told
from trustconduct.tenants.sessions import SCHOOL, ScopedSession


@dataclass(frozen=True)
class Unsent:
    """A message that has not left. Without its words where it stands in a list."""

    id: UUID
    channel: Channel
    to_name: str
    to_address: str
    subject: str
    written_at: datetime
    due_at: datetime
    tries: int
    outcome: Outcome | None
    last_error: str
    parked_at: datetime | None
    settled_at: datetime | None = None
    body: str = ""
    letter: str = ""
    has_link: bool = False

    @property
    def to_see_to(self) -> bool:
        """Given up, and nobody has seen to it another way yet."""
        return self.parked_at is not None and self.settled_at is None


@dataclass(frozen=True)
class HowMany:
    parked: int
    waiting: int


def _models(session: ScopedSession) -> tuple[Any, Any]:
    return models_of(in_school=session.scope.role == SCHOOL)


def _waiting(model: Any) -> ColumnElement[bool]:
    return and_(model.sent_at.is_(None), model.parked_at.is_(None))


def _parked(model: Any) -> ColumnElement[bool]:
    return and_(model.parked_at.is_not(None), model.settled_at.is_(None))


def _has_not_arrived(model: Any) -> ColumnElement[bool]:
    """It never left, or it left and came back."""
    return or_(model.sent_at.is_(None), model.bounced_at.is_not(None))


def how_many(session: ScopedSession, *, by: Actor) -> HowMany:
    """How many were given up, and how many wait."""
    permit(by, Can.SEE_MAIL, session.scope.school_id)
    model, _ = _models(session)
    row = session.execute(
        select(
            select(func.count()).select_from(model).where(_parked(model)).scalar_subquery(),
            select(func.count()).select_from(model).where(_waiting(model)).scalar_subquery(),
        )
    ).one()
    return HowMany(*row)


def unsent(
    session: ScopedSession, *, by: Actor, parked: bool, after: str = "", most: int
) -> list[Unsent]:
    """A page of what was given up, or of what waits; the oldest first.

    Gives one more where there are more. `after` is `mark_of` the last one before.
    """
    permit(by, Can.SEE_MAIL, session.scope.school_id)
    model, content = _models(session)
    by_time = model.parked_at if parked else model.written_at
    query = (
        _columns(model, content)
        .where(_parked(model) if parked else _waiting(model))
        .order_by(by_time, model.id)
        .limit(most + 1)
    )
    when, _, id_text = after.rpartition("|")
    with suppress(ValueError):  # a mark that somebody made up: the first page
        mark = (datetime.fromisoformat(when), UUID(id_text)) if after else None
        if mark and mark[0].tzinfo:
            query = query.where(tuple_(by_time, model.id) > tuple_(*mark))
    return [_unsent(row) for row in session.execute(query)]


def first_given_up(session: ScopedSession, *, by: Actor, most: int) -> tuple[list[Unsent], int]:
    """The first few that were given up, and how many there are in all: by one query."""
    permit(by, Can.SEE_MAIL, session.scope.school_id)
    model, content = _models(session)
    rows = session.execute(
        _columns(model, content)
        .add_columns(func.count().over().label("of"))
        .where(_parked(model))
        .order_by(model.parked_at, model.id)
        .limit(most)
    ).all()
    return [_unsent(row) for row in rows], rows[0].of if rows else 0


def mark_of(message: Unsent) -> str:
    """Where a page ended, for the address of the next one."""
    return f"{(message.parked_at or message.written_at).isoformat()}|{message.id}"


def one_unsent(session: ScopedSession, message_id: UUID, *, by: Actor) -> Unsent | None:
    """One message with its words; None for one that has left or never was."""
    permit(by, Can.SEE_MAIL, session.scope.school_id)
    model, content = _models(session)
    row = session.execute(
        _columns(model, content)
        .add_columns(model.settled_at, content.body, content.letter, content.link)
        .where(model.id == message_id, _has_not_arrived(model))
    ).one_or_none()
    return _unsent(row) if row else None


def _columns(model: Any, content: Any) -> Any:
    columns = select(
        model.id,
        model.channel,
        content.to_name,
        content.to_address,
        content.subject,
        model.written_at,
        model.due_at,
        model.tries,
        model.outcome,
        model.last_error,
        model.parked_at,
    ).join(content, content.id == model.id)
    # A message may be printed as a letter: not for somebody who must not be told.
    return columns.where(may_be_told(model.adult_id)) if model is SchoolMessage else columns


def _unsent(row: Any) -> Unsent:
    given = dict(row._mapping)
    given.pop("of", None)
    given["channel"] = Channel(given["channel"])
    given["outcome"] = Outcome(given["outcome"]) if given["outcome"] else None
    if "link" in given:
        given["has_link"] = given.pop("link") is not None
    return Unsent(**given)


def try_again(session: ScopedSession, message_id: UUID, *, by: Actor) -> bool:
    """Send a message again, from now on as if it were new; its reference stays the same.

    False for one that has left, was seen to, or never was. One that a worker is
    sending at this moment is left to it.
    """
    permit(by, Can.SEE_TO_MAIL, session.scope.school_id)
    model, _ = _models(session)
    there = session.scalar(
        select(model.id).where(
            model.id == message_id, model.sent_at.is_(None), model.settled_at.is_(None)
        )
    )
    if there is None:
        return False
    message = session.scalar(
        select(model)
        .where(model.id == message_id, model.sent_at.is_(None), model.settled_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    if message is None:
        return True
    for name, value in _anew().items():
        setattr(message, name, value)
    session.info["rings"] = True
    record(session, Event.MESSAGE_TRIED_AGAIN, by=by, about=message)
    return True


def try_all_again(session: ScopedSession, *, by: Actor) -> int:
    """Send again all that was given up: after a day without a mail server. Gives how many."""
    permit(by, Can.SEE_TO_MAIL, session.scope.school_id)
    model, _ = _models(session)
    ids = session.scalars(
        update(model)
        .where(_parked(model), model.bounced_at.is_(None))
        .values(**_anew())
        .returning(model.id)
    ).all()
    if ids:
        session.info["rings"] = True
        about = {"about_kind": model.__tablename__, "about_id": None}
        record(session, Event.MESSAGE_TRIED_AGAIN, by=by, **about, messages=len(ids))
    return len(ids)


def _anew() -> dict[str, Any]:
    return {"parked_at": None, "due_at": clock.now(), "tries": 0, "broken": 0, "outcome": ""}


def settle(session: ScopedSession, message_id: UUID, *, by: Actor) -> bool:
    """Note that a message was given by hand, or told in another way: it is no task any more.

    False for one that was not given up; twice has one effect.
    """
    permit(by, Can.SEE_TO_MAIL, session.scope.school_id)
    model, _ = _models(session)
    message = session.scalar(
        select(model).where(model.id == message_id, model.parked_at.is_not(None)).with_for_update()
    )
    if message is None:
        return False
    if message.settled_at is None:
        message.settled_at = clock.now()
        record(session, Event.MESSAGE_SETTLED, by=by, about=message)
    return True


@dataclass(frozen=True)
class SchoolMail:
    """A school's messages as the Trust may see them: numbers and times, and no names."""

    school_id: UUID
    parked: int
    waiting: int
    oldest_at: datetime | None  # since when the longest waiting one waits


def standings(session: ScopedSession, *, by: Actor) -> list[SchoolMail]:
    """Every school that has something waiting or given up, by one query."""
    permit(by, Can.SEE_MAIL)
    model = SchoolMessage
    rows = session.execute(
        select(
            model.school_id,
            func.count().filter(_parked(model)),
            func.count().filter(_waiting(model)),
            func.min(model.written_at).filter(_waiting(model)),
        )
        .where(_has_not_arrived(model), model.settled_at.is_(None))
        .group_by(model.school_id)
    )
    return [SchoolMail(*row) for row in rows]
