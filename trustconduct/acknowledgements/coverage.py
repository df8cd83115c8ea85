"""How far a version has come: by pupils, by year group, and week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, and_, cast, exists, func, or_, select

from trustconduct import clock
from trustconduct.acknowledgements.lists import end_of
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

MOST_POINTS = 26  # weeks that the picture shows at most: half a year


@dataclass(frozen=True)
class Year:
    """The pupils of one year group by what the adults of each have acknowledged."""

    name: str
    pupils: int
    one: int  # with one adult at least who has
    all: int  # whose adults have all done so

    @property
    def share(self) -> float:
        return self.one / self.pupils if self.pupils else 0.0


def by_year(session: ScopedSession, version: SchoolVersion, on: date | None = None) -> list[Year]:
    """Pupils here on that day of whom an adult was asked, by year group: one query.

    An adult counts for each of their children; a double counts for the person.
    """
    until = end_of(on or clock.today())
    day = on or clock.today()
    signed = exists().where(
        Acknowledgement.school_id == SignRequest.school_id,
        Acknowledgement.request_id == SignRequest.id,
        Acknowledgement.answer == Answer.SIGNED.value,
        Acknowledgement.answered_at < until,
        stands(until=until),
    )
    each = (
        select(
            Pupil.year_group,
            func.bool_or(signed).label("one"),
            func.bool_and(signed).label("all"),
        )
        .select_from(Pupil)
        .join(Care, and_(Care.school_id == Pupil.school_id, Care.pupil_id == Pupil.id))
        .join(Adult, and_(Adult.school_id == Care.school_id, Adult.id == Care.adult_id))
        .join(
            SignRequest,
            and_(
                SignRequest.school_id == Adult.school_id,
                SignRequest.adult_id == func.coalesce(Adult.merged_into, Adult.id),
            ),
        )
        .where(
            SignRequest.version_id == version.id,
            SignRequest.asked_at < until,
            Pupil.added_at < until,
            or_(Pupil.left_on.is_(None), Pupil.left_on > day),
            or_(Care.ended_on.is_(None), Care.ended_on > day),
        )
        .group_by(Pupil.school_id, Pupil.id, Pupil.year_group)
        .subquery()
    )
    rows = session.execute(
        select(
            each.c.year_group,
            func.count(),
            func.count().filter(each.c.one),
            func.count().filter(each.c.all),
        )
        .group_by(each.c.year_group)
        # Nursery and Reception come before Year 1, and Year 10 after Year 9.
        .order_by(
            each.c.year_group.regexp_match("[0-9]"),
            func.length(each.c.year_group),
            each.c.year_group,
        )
    )
    return [Year(*row) for row in rows]


@dataclass(frozen=True)
class Point:
    """How many adults were asked and had acknowledged at the end of a day."""

    on: date
    asked: int
    signed: int


def over_time(
    session: ScopedSession, version: SchoolVersion, on: date | None = None
) -> list[Point]:
    """Week by week from the day of the first question to that day, today if None: one query."""
    last = on or clock.today()

    def local(moment: Any) -> Any:
        return cast(func.timezone("Europe/London", moment), Date)

    first_signed = (
        select(func.min(Acknowledgement.answered_at))
        .where(
            Acknowledgement.school_id == SignRequest.school_id,
            Acknowledgement.request_id == SignRequest.id,
            Acknowledgement.answer == Answer.SIGNED.value,
            stands(until=end_of(last)),
        )
        .scalar_subquery()
    )
    each = (
        select(local(SignRequest.asked_at).label("asked"), local(first_signed).label("signed"))
        .where(SignRequest.version_id == version.id)
        .subquery()
    )
    rows = session.execute(
        select(each.c.asked, each.c.signed, func.count()).group_by(each.c.asked, each.c.signed)
    ).all()
    rows = [row for row in rows if row[0] <= last]
    if not rows:
        return []
    first = min(row[0] for row in rows)
    weeks = max(1, -(-(last - first).days // 7))
    step = 7 * -(-weeks // MOST_POINTS)
    days = [*(first + timedelta(days=n) for n in range(0, (last - first).days, step)), last]
    return [
        Point(
            day,
            sum(n for asked, _, n in rows if asked <= day),
            sum(n for _, signed, n in rows if signed and signed <= day),
        )
        for day in days
    ]
