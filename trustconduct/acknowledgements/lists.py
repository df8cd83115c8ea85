"""Who was asked and where each stands: listed, filtered, sorted and counted by PostgreSQL.

Each list can be looked at as it stood on a day: an answer counts from the day that it was
given on, in London, and nothing that came later is in it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
)
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.untold import may_be_told
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

# One word for each status, in code, page and API. Signed outweighs what came before it.
WORDS = {
    "signed": "Acknowledged",
    "declined": "Would rather not",
    "talk": "Asked to talk",
    "wrong": "Reached somebody else",
    "none": "No reply yet",
}
MOST_EXPORTED = 100_000
_WEIGHT = (Answer.SIGNED, Answer.DECLINED, Answer.TALK)  # the first that was given counts


@dataclass(frozen=True)
class Wanted:
    """What a list is to show. Blank: all of it; `on`: as it stood at the end of that day."""

    status: str = ""
    year: str = ""
    relationship: str = ""
    on: date | None = None
    newest_first: bool = False  # by the answer; otherwise by name


def end_of(day: date) -> datetime:
    """When a day ends, in London: what was before that instant was on the day, or earlier."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.LONDON)


def _answers(wanted: Wanted) -> LateralFromClause:
    """The answers to one request, as one row beside it: looked at for the rows of a page alone."""
    given = Acknowledgement.answer

    def newest(words: Any) -> Any:
        return func.array_agg(aggregate_order_by(words, Acknowledgement.answered_at.desc()))[1]

    query = (
        select(
            *(
                func.coalesce(func.bool_or(given == each.value), False).label(each.value)
                for each in Answer
            ),
            func.max(Acknowledgement.answered_at).label("answered_at"),
            newest(AcknowledgementWords.typed_name).label("signed_as"),
            newest(
                case((AcknowledgementWords.note != "", AcknowledgementWords.id), else_=None)
            ).label("noted_id"),
        )
        .select_from(Acknowledgement)
        .outerjoin(
            AcknowledgementWords,
            (AcknowledgementWords.school_id == Acknowledgement.school_id)
            & (AcknowledgementWords.id == Acknowledgement.id),
        )
        .where(
            Acknowledgement.school_id == SignRequest.school_id,
            Acknowledgement.request_id == SignRequest.id,
        )
    )
    if wanted.on:
        query = query.where(Acknowledgement.answered_at < end_of(wanted.on))
    return query.lateral("given")


def _status(given: Any, wanted: Wanted) -> Any:
    wrong: ColumnElement[bool] = SignRequest.disowned_at.is_not(None)
    if wanted.on:
        wrong = SignRequest.disowned_at < end_of(wanted.on)
    return case(
        (given.c.signed, "signed"),
        (given.c.declined, "declined"),
        (given.c.talk, "talk"),
        (wrong, "wrong"),
        else_="none",
    )


def _cares(wanted: Wanted) -> ColumnElement[bool]:
    """A condition for adults of this year group and relationship; doubles by their own rows."""
    if not wanted.year and not wanted.relationship:
        return true()
    query = (
        exists()
        .where(Care.school_id == Adult.school_id, Care.adult_id == Adult.id)
        .where(Pupil.school_id == Care.school_id, Pupil.id == Care.pupil_id)
        .where(Care.ended_on.is_(None), Pupil.left_on.is_(None))
    )
    if wanted.year:
        query = query.where(Pupil.year_group == wanted.year)
    if wanted.relationship:
        query = query.where(Care.relationship == wanted.relationship)
    return query


def _chosen(version: SchoolVersion, wanted: Wanted, *columns: Any) -> tuple[Select, Any, Any]:
    """The adults whom a list shows, their answers beside them, and their status."""
    given = _answers(wanted)
    status = _status(given, wanted)
    query = (
        select(*columns, status.label("status"), given)
        .select_from(SignRequest)
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .join(given, true())
        .where(SignRequest.version_id == version.id, _cares(wanted))
    )
    if wanted.on:
        query = query.where(SignRequest.asked_at < end_of(wanted.on))
    if wanted.status in WORDS:
        query = query.where(status == wanted.status)
    return query, given, status


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


def _line(row: Any) -> Line:
    return Line(
        row.request_id, row.generation, row.revoked, row.adult_id, row.name, row.email,
        row.status, row.answered_at, row.signed_as or "", row.noted_id,
    )  # fmt: skip


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
    query, given, _ = _chosen(version, wanted, *_COLUMNS)
    seen, _, id_text = after.rpartition("|")
    if wanted.newest_first:
        query = query.where(given.c.answered_at.is_not(None)).order_by(
            given.c.answered_at.desc(), SignRequest.id
        )
        with suppress(ValueError):  # a mark that somebody made up: the first page
            when, id = (datetime.fromisoformat(seen), UUID(id_text)) if after else (None, None)
            if when is not None and when.tzinfo:
                query = query.where(
                    (given.c.answered_at < when)
                    | and_(given.c.answered_at == when, SignRequest.id > id)
                )
    else:
        query = query.order_by(Adult.name, SignRequest.id)
        with suppress(ValueError):
            if after:
                query = query.where(tuple_(Adult.name, SignRequest.id) > (seen, UUID(id_text)))
    return [_line(row) for row in session.execute(query.limit(most + 1))]


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
    if wanted.on:
        of_it &= Acknowledgement.answered_at < end_of(wanted.on)
        wrong = SignRequest.disowned_at < end_of(wanted.on)
    status = case(
        *((func.bool_or(given == each.value), each.value) for each in _WEIGHT),
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
        query = query.join(Adult, Adult.id == SignRequest.adult_id).where(_cares(wanted))
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
    query, _, _ = _chosen(version, wanted, Adult.name, Adult.email)
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
