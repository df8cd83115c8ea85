"""Every school's reviews to come, for the Trust: of which part and when, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.clock import Term
from trustconduct.reviews.due_days import number_of, term_numbered, term_of
from trustconduct.reviews.models import Part, SchoolReview
from trustconduct.tenants.calendars import Calendar
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


class When(StrEnum):
    """Where a review stands against the Trust's terms; overdue is by the school's own days."""

    OVERDUE = "overdue"
    THIS = "this"
    NEXT = "next"
    LATER = "later"

    @property
    def word(self) -> str:
        return {"overdue": "Overdue", "this": "This term", "next": "Next term", "later": "Later"}[
            self.value
        ]


@dataclass(frozen=True)
class Line:
    """One review to come."""

    id: UUID
    school_id: UUID
    school: str
    part: Part
    term: Term
    due_on: date
    provisional: bool
    when: When
    rests: bool

    @property
    def mark(self) -> str:
        """What a page remembers of its last line."""
        return f"{self.due_on.isoformat()}|{self.id}|{self.school}"


@dataclass(frozen=True)
class SchoolLine:
    """How many reviews of each kind a school has."""

    school_id: UUID
    school: str
    counts: Mapping[When, int]

    @property
    def mark(self) -> str:
        return f"{self.school_id}|{self.school}"


def _when(calendar: Calendar) -> ColumnElement[str]:
    today = clock.today()
    now = number_of(term_of(calendar, today))
    return case(
        (SchoolReview.due_on < today, When.OVERDUE.value),
        (SchoolReview.term <= now, When.THIS.value),
        (SchoolReview.term == now + 1, When.NEXT.value),
        else_=When.LATER.value,
    )


def _of(query: Select, part: Part | None, school_id: UUID | None) -> Select:
    """The open reviews at schools that are not suspended, narrowed down."""
    query = query.join(School, School.id == SchoolReview.school_id).where(
        SchoolReview.done_on.is_(None), School.suspended_at.is_(None)
    )
    if part is not None:
        query = query.where(SchoolReview.subject == part.value)
    if school_id is not None:
        query = query.where(SchoolReview.school_id == school_id)
    return query


def board_counts(
    session: ScopedSession,
    calendar: Calendar,
    *,
    by: Actor,
    part: Part | None = None,
    school_id: UUID | None = None,
) -> dict[When, int]:
    """How many reviews are overdue, due this term, next term and later: one grouped query."""
    permit(by, Can.SEE_CONSOLE)
    when = _when(calendar).label("w")
    query = _of(select(when, func.count()).select_from(SchoolReview), part, school_id)
    found = {When(each): number for each, number in session.execute(query.group_by(when))}
    return {each: found.get(each, 0) for each in When}


def overdue_reviews(session: ScopedSession, *, by: Actor) -> int:
    """How many reviews are overdue at schools that let their reminders go."""
    permit(by, Can.SEE_CONSOLE)
    today = clock.today()
    query = _of(select(func.count()).select_from(SchoolReview), None, None).where(
        SchoolReview.due_on < today,
        func.coalesce(SchoolReview.rests_until, date.min) < today,
    )
    return session.scalar(query) or 0


def review_board(
    session: ScopedSession,
    calendar: Calendar,
    *,
    by: Actor,
    when: When | None = None,
    part: Part | None = None,
    school_id: UUID | None = None,
    after: str = "",
    most: int,
) -> list[Line]:
    """A page of the reviews to come, the soonest first, in one query for any number of schools.

    `after` is the mark of the last line of the page before. Gives one more than `most`
    where there are more.
    """
    permit(by, Can.SEE_CONSOLE)
    standing = _when(calendar)
    query = _of(
        select(
            SchoolReview.id,
            SchoolReview.school_id,
            School.name,
            SchoolReview.subject,
            SchoolReview.term,
            SchoolReview.due_on,
            SchoolReview.provisional,
            SchoolReview.rests_until,
            standing.label("standing"),
        ).select_from(SchoolReview),
        part,
        school_id,
    )
    if when is not None:
        query = query.where(standing == when.value)
    order = (SchoolReview.due_on, School.name, SchoolReview.id)
    with suppress(ValueError):  # a mark that somebody made up: the first page
        due_on, _, rest = after.partition("|")
        review_id, _, name = rest.partition("|")
        query = query.where(
            tuple_(*order) > tuple_(date.fromisoformat(due_on), name, UUID(review_id))
        )
    today = clock.today()
    return [
        Line(
            id=row.id,
            school_id=row.school_id,
            school=row.name,
            part=Part(row.subject),
            term=term_numbered(row.term),
            due_on=row.due_on,
            provisional=row.provisional,
            when=When(row.standing),
            rests=row.rests_until is not None and row.rests_until >= today,
        )
        for row in session.execute(query.order_by(*order).limit(most + 1))
    ]


def board_by_school(
    session: ScopedSession,
    calendar: Calendar,
    *,
    by: Actor,
    part: Part | None = None,
    after: str = "",
    most: int,
) -> list[SchoolLine]:
    """A page of the schools by name, each with how many reviews it has: one grouped query."""
    permit(by, Can.SEE_CONSOLE)
    when = _when(calendar)
    query = _of(
        select(
            School.id,
            School.name,
            *(func.count().filter(when == each.value).label(each.value) for each in When),
        ).select_from(SchoolReview),
        part,
        None,
    )
    with suppress(ValueError):
        school_id, _, name = after.partition("|")
        query = query.where(tuple_(School.name, School.id) > tuple_(name, UUID(school_id)))
    rows = session.execute(
        query.group_by(School.id, School.name).order_by(School.name, School.id).limit(most + 1)
    )
    return [
        SchoolLine(row.id, row.name, {each: getattr(row, each.value) for each in When})
        for row in rows
    ]
