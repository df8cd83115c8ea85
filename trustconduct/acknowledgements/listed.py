"""The query of who was asked and where each stands: what lists, exports and counts share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from trustconduct import clock
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
)
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.policies.models import SchoolVersion

# One word for each status, in code, page and API. Signed outweighs what came before it.
WORDS = {
    "signed": "Acknowledged",
    "declined": "Would rather not",
    "talk": "Asked to talk",
    "wrong": "Reached somebody else",
    "none": "No reply yet",
}
WEIGHT = (Answer.SIGNED, Answer.DECLINED, Answer.TALK)  # the first that was given counts


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


@dataclass(frozen=True)
class Asks:
    """What a query asks for: values, or places for them in a statement that is kept."""

    version_id: Any
    status: Any = ""
    year: Any = ""
    relationship: Any = ""
    until: Any = None


def asks_of(version: SchoolVersion, wanted: Wanted) -> Asks:
    return Asks(
        version.id,
        wanted.status if wanted.status in WORDS else "",
        wanted.year,
        wanted.relationship,
        end_of(wanted.on) if wanted.on else None,
    )


def _answers(until: Any) -> LateralFromClause:
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
    query = query.where(stands(until=until))
    if until is not None:
        query = query.where(Acknowledgement.answered_at < until)
    return query.lateral("given")


def _status(given: Any, until: Any) -> Any:
    wrong: ColumnElement[bool] = SignRequest.disowned_at.is_not(None)
    if until is not None:
        wrong = SignRequest.disowned_at < until
    return case(
        (given.c.signed, "signed"),
        (given.c.declined, "declined"),
        (given.c.talk, "talk"),
        (wrong, "wrong"),
        else_="none",
    )


def cares_as(asks: Asks) -> ColumnElement[bool]:
    """A condition for adults of this year group and relationship; doubles by their own rows."""
    if _blank(asks.year) and _blank(asks.relationship):
        return true()
    query = (
        exists()
        .where(Care.school_id == Adult.school_id, Care.adult_id == Adult.id)
        .where(Pupil.school_id == Care.school_id, Pupil.id == Care.pupil_id)
        .where(Care.ended_on.is_(None), Pupil.left_on.is_(None))
    )
    if not _blank(asks.year):
        query = query.where(Pupil.year_group == asks.year)
    if not _blank(asks.relationship):
        query = query.where(Care.relationship == asks.relationship)
    return query


def _blank(asked: Any) -> bool:
    return isinstance(asked, str) and not asked


def chosen(asks: Asks, *columns: Any) -> tuple[Select, Any, Any]:
    """The adults whom a list shows, their answers beside them, and their status."""
    given = _answers(asks.until)
    status = _status(given, asks.until)
    query = (
        select(*columns, status.label("status"), given)
        .select_from(SignRequest)
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .join(given, true())
        .where(SignRequest.version_id == asks.version_id, cares_as(asks))
    )
    if asks.until is not None:
        query = query.where(SignRequest.asked_at < asks.until)
    if not _blank(asks.status):
        query = query.where(status == asks.status)
    return query, given, status
