"""Who was asked and where each stands: listed, filtered, sorted and counted by PostgreSQL.

Each list can be looked at as it stood on a day: an answer counts from the day that it was
given on, in London, and nothing that came later is in it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
)

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.listed import WEIGHT, Asks, asks_of, cares_as, chosen
from trustconduct.acknowledgements.listed import WORDS as WORDS
from trustconduct.acknowledgements.listed import Wanted as Wanted
from trustconduct.acknowledgements.listed import end_of as end_of
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    SignRequest,
)
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import kept, straight
from trustconduct.outbox.untold import may_be_told
from trustconduct.people.models import Adult, Care
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

MOST_EXPORTED = 100_000


@dataclass(frozen=True)
class Line:
    """An adult who was asked, and where their answer stands."""

    request_id: UUID
    generation: int
    revoked: bool  # their link opens nothing
    adult_id: UUID
    name: str
    email: str
    status: str
    answered_at: datetime | None
    signed_as: str  # the name that they typed
    noted_id: UUID | None  # the answer with which they wrote something; its words ask for a code

    @property
    def word(self) -> str:
        return WORDS[self.status]

    @property
    def mark(self) -> str:
        """Where a page ended, for the address of the next one."""
        return f"{self.name}|{self.request_id}"

    @property
    def mark_newest(self) -> str:
        return f"{self.answered_at.isoformat() if self.answered_at else ''}|{self.request_id}"


_COLUMNS = (
    SignRequest.id.label("request_id"),
    SignRequest.generation,
    SignRequest.revoked_at.is_not(None).label("revoked"),
    Adult.id.label("adult_id"),
    Adult.name,
    Adult.email,
)


# What a page asks for besides its version, and the type of each: the places in its statement.
_PLACES: dict[str, Any] = {
    "status": Text, "year": Text, "relationship": Text, "until": DateTime(timezone=True)
}  # fmt: skip


@cache
def _page(shape: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """The SQL of a page that asks for these things, made once, and the values fixed in it.

    Making it anew costs several times what PostgreSQL needs for a page of 100,000 people.
    """
    places = {name: bindparam(name, type_=of) for name, of in _PLACES.items() if name in shape}
    query, given, status = chosen(Asks(bindparam("version", type_=Uuid), **places))
    query = query.with_only_columns(
        *_COLUMNS, status, given.c.answered_at, given.c.signed_as, given.c.noted_id
    )
    seen_id = bindparam("seen_id", type_=Uuid)
    if "newest" in shape:
        when = bindparam("seen", type_=DateTime(timezone=True))
        query = query.where(given.c.answered_at.is_not(None)).order_by(
            given.c.answered_at.desc(), SignRequest.id
        )
        if "after" in shape:
            query = query.where(
                (given.c.answered_at < when)
                | and_(given.c.answered_at == when, SignRequest.id > seen_id)
            )
    else:
        query = query.order_by(Adult.name, SignRequest.id)
        if "after" in shape:
            name = bindparam("seen", type_=Text)
            query = query.where(tuple_(Adult.name, SignRequest.id) > tuple_(name, seen_id))
    return kept(query.limit(bindparam("most", type_=Integer)))


def _after(mark: str, *, newest_first: bool) -> dict[str, Any]:
    """Where a page begins; a mark that somebody made up begins at the first."""
    seen, _, id_text = mark.rpartition("|")
    with suppress(ValueError):
        id = UUID(id_text)
        if not newest_first:
            return {"seen": seen, "seen_id": id}
        when = datetime.fromisoformat(seen)
        if when.tzinfo:
            return {"seen": when, "seen_id": id}
    return {}


def lines(
    session: ScopedSession,
    version: SchoolVersion,
    *,
    status: str = "",
    wanted: Wanted | None = None,
    after: str = "",
    most: int,
) -> list[Line]:
    """A page of the adults asked about a version. Gives one more where there are more.

    `after` is the mark of the last one before: by name, or by the newest answer.
    """
    wanted = wanted or Wanted(status=status)
    asks = asks_of(version, wanted)
    given = {name: value for name in _PLACES if (value := getattr(asks, name))}
    begins = _after(after, newest_first=wanted.newest_first) if after else {}
    flags = [("newest", wanted.newest_first), ("after", bool(begins))]
    sql, fixed = _page(frozenset([*given, *(name for name, is_so in flags if is_so)]))
    values = {**fixed, "version": version.id, "most": most + 1, **given, **begins}
    return [
        Line(*row[:8], row[8] or "", row[9])  # type: ignore[call-arg]
        for row in straight(session.connection(), sql, values).fetchall()
    ]


@dataclass(frozen=True)
class Counts:
    """Adults by status. `asked` is all of them."""

    asked: int = 0
    signed: int = 0
    declined: int = 0
    talk: int = 0
    wrong: int = 0  # whoever opened the link said that they are somebody else

    @property
    def none(self) -> int:
        return self.asked - self.signed - self.declined - self.talk - self.wrong


def counts(session: ScopedSession, version: SchoolVersion, wanted: Wanted | None = None) -> Counts:
    """How the adults asked about a version have answered, in one query."""
    wanted = wanted or Wanted()
    given = Acknowledgement.answer
    wrong: ColumnElement[bool] = SignRequest.disowned_at.is_not(None)
    of_it = (Acknowledgement.school_id == SignRequest.school_id) & (
        Acknowledgement.request_id == SignRequest.id
    )
    of_it &= stands(until=end_of(wanted.on) if wanted.on else None)
    if wanted.on:
        of_it &= Acknowledgement.answered_at < end_of(wanted.on)
        wrong = SignRequest.disowned_at < end_of(wanted.on)
    status = case(
        *((func.bool_or(given == each.value), each.value) for each in WEIGHT),
        (func.bool_or(wrong), "wrong"),
        else_="none",
    )
    # All answers are read once and grouped: beside each request would cost twice as much.
    query = (
        select(status.label("status"))
        .select_from(SignRequest)
        .outerjoin(Acknowledgement, of_it)
        .where(SignRequest.version_id == version.id)
        .group_by(SignRequest.school_id, SignRequest.id)
    )
    if wanted.on:
        query = query.where(SignRequest.asked_at < end_of(wanted.on))
    if wanted.year or wanted.relationship:
        cares = cares_as(asks_of(version, wanted))
        query = query.join(Adult, Adult.id == SignRequest.adult_id).where(cares)
    if wanted.status in WORDS:
        query = query.having(status == wanted.status)
    each = query.subquery()
    found: dict[str, int] = dict(
        session.execute(select(each.c.status, func.count()).group_by(each.c.status)).all()
    )
    each_status = (found.get(one, 0) for one in ("signed", "declined", "talk", "wrong"))
    return Counts(sum(found.values()), *each_status)


def relationships(session: ScopedSession) -> list[str]:
    """What adults are to the pupils who are here, as the roll says it."""
    return list(
        session.scalars(
            select(Care.relationship)
            .where(Care.ended_on.is_(None), Care.relationship != "")
            .group_by(Care.relationship)
            .order_by(func.count().desc(), Care.relationship)
            .limit(30)
        )
    )


@dataclass(frozen=True)
class Exported:
    """A line of an exported list: no reason that anybody wrote is in it."""

    name: str
    email: str
    status: str
    answered_at: datetime | None
    signed_as: str


def export(
    session: ScopedSession, version: SchoolVersion, wanted: Wanted, *, by: Actor
) -> list[Exported]:
    """The list to be taken out of this service; who must not be told is not in it.

    It is noted who took it out, what it showed, and how many people are in it.
    """
    permit(by, Can.EXPORT, session.school_id)
    query, _, _ = chosen(asks_of(version, wanted), Adult.name, Adult.email)
    rows = session.execute(
        query.where(may_be_told(SignRequest.adult_id))
        .order_by(Adult.name, SignRequest.id)
        .limit(MOST_EXPORTED)
    ).all()
    record(
        session,
        Event.ANSWERS_EXPORTED,
        by=by,
        about=version,
        version=version.number,
        people=len(rows),
        shown=", ".join(
            each
            for each in (WORDS.get(wanted.status, ""), wanted.year, wanted.relationship)
            if each
        ),
        day=(wanted.on or clock.today()).isoformat(),
    )
    return [
        Exported(row.name, row.email, WORDS[row.status], row.answered_at, row.signed_as or "")
        for row in rows
    ]
