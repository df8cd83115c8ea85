"""Rolling an edition out: which schools are to adopt it, and by which day.

Each school is asked by a row of its own, which its session reads and nobody else's.
An edition is offered to the schools that have such a row, and to those that joined
after it was published: they begin with the newest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    UniqueConstraint,
    Uuid,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import Base, new_id
from trustconduct.policies.models import Edition, InForce, State
from trustconduct.tenants.calendars import Calendar, CalendarUnknown
from trustconduct.tenants.models import Edited, Phase, School
from trustconduct.tenants.sessions import ScopedSession

SCHOOL_DAYS = 30  # six school weeks
LONGEST = timedelta(days=400)


class RollOut(Edited, Base):
    """That a school is to adopt an edition by a day. Blank for what was published before
    there were days: it is offered, and nobody is reminded of it.
    """

    __tablename__ = "policy_rollout"
    __table_args__ = (
        # By school first: what it was offered is asked for each page of a school.
        UniqueConstraint("to_school_id", "edition_id"),
        CheckConstraint("(moved_at is null) = (moved_because = '')", name="moved_with_a_reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    to_school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"))
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    adopt_by_on: Mapped[date | None]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    moved_at: Mapped[datetime | None]
    moved_because: Mapped[str] = mapped_column(default="")


class RollOutRefused(ValueError):
    """It can't be rolled out like this; the message says what to do. `field` is the form's."""

    def __init__(self, message: str, field: str = "adopt_by_on") -> None:
        super().__init__(message)
        self.field = field


class RollOutChanged(RuntimeError):
    """Somebody else changed the roll-out since the person looked; nothing was saved."""


def is_offered(school_id: Any, joined_at: Any, edition: Any = Edition) -> ColumnElement[bool]:
    """A condition for a query over editions: those that this school is to adopt."""
    asked = RollOut.__table__.alias()
    there = (
        select(asked.c.id)
        .where(asked.c.edition_id == edition.id, asked.c.to_school_id == school_id)
        .correlate(edition, School)
        .exists()
    )
    return or_(there, joined_at > edition.published_at)


def newest_offered() -> ColumnElement[int | None]:
    """For a query over schools: the number of the newest edition that each is to adopt."""
    found = aliased(Edition)
    return (
        select(func.max(found.number))
        .where(
            found.published_at.is_not(None),
            found.withdrawn_at.is_(None),
            is_offered(School.id, School.joined_at, found),
        )
        .correlate(School)
        .scalar_subquery()
    )


def suggested_day(calendar: Calendar, today: date) -> date:
    """Six school weeks from today; six weeks where the term dates are not known that far."""
    try:
        return calendar.add_school_days(today, SCHOOL_DAYS)
    except CalendarUnknown:
        day = today + timedelta(weeks=6)
        return day - timedelta(days=max(day.weekday() - 4, 0))


def doubt_about(calendar: Calendar, day: date) -> str:
    """What speaks against a day; "" where it is a school day, or nobody knows the term dates."""
    if day.weekday() >= 5:
        return "It is a weekend."
    try:
        in_school = calendar.is_school_day(day)
    except CalendarUnknown:
        return ""
    return "" if in_school else "By the Trust’s term dates it is no school day."


def check_day(day: date) -> None:
    """Refuse a day by which no school could adopt, or that is surely a slip."""
    today = clock.today()
    if day <= today:
        raise RollOutRefused("Choose a day that is still to come: schools need time to adopt it.")
    if day > today + LONGEST:
        raise RollOutRefused("That is more than a year away. Check the day.")


def roll_out(
    session: ScopedSession,
    edition: Edition,
    *,
    by: Actor,
    to: Collection[UUID] | None = None,
    adopt_by_on: date | None,
) -> int:
    """Ask these schools to adopt a published edition, or every school where `to` is None.

    Gives how many were asked; one that was asked before keeps its day. One statement,
    whatever the number. Raises RollOutRefused.
    """
    permit(by, Can.PUBLISH_EDITION)
    if edition.state is not State.PUBLISHED:
        state = edition.state.value
        raise RollOutRefused(f"Edition {edition.number} is {state}: no school adopts it.", "to")
    if adopt_by_on is not None:
        check_day(adopt_by_on)
    session.take_turns(f"rollout:{edition.id}")
    chosen = select(School.id).where(
        ~exists().where(RollOut.to_school_id == School.id, RollOut.edition_id == edition.id)
    )
    if to is not None:
        chosen = chosen.where(School.id.in_(to))
    schools = session.scalars(chosen).all()
    if to is not None and not schools:
        raise RollOutRefused("Choose at least one school that was not asked yet.", "schools")
    if schools:
        session.execute(
            insert(RollOut),
            [
                {
                    "id": new_id(),
                    "to_school_id": school_id,
                    "edition_id": edition.id,
                    "adopt_by_on": adopt_by_on,
                    "asked_at": clock.now(),
                    "moved_because": "",
                    "version": 1,
                }
                for school_id in schools
            ],
        )
    record(
        session,
        Event.ROLLOUT_ASKED,
        by=by,
        about=edition,
        schools=len(schools),
        adopt_by_on=adopt_by_on.isoformat() if adopt_by_on else "",
    )
    return len(schools)


def move_day(
    session: ScopedSession,
    edition: Edition,
    *,
    by: Actor,
    to: Collection[UUID] | None,
    adopt_by_on: date,
    because: str,
    seen: int,
) -> int:
    """Move the day for these schools, or for all that were asked; the reason goes to each.

    Only for those that have not adopted it; gives for how many. `seen` is what
    `changes_of` gave when the person looked: of two officers at once the second is
    told, by RollOutChanged. Raises RollOutRefused.
    """
    permit(by, Can.PUBLISH_EDITION)
    check_day(adopt_by_on)
    if not because:
        raise RollOutRefused("Say why the day is moved. The schools read it.", "because")
    session.take_turns(f"rollout:{edition.id}")
    if changes_of(session, edition) != seen:
        raise RollOutChanged
    moved = (
        update(RollOut)
        .where(
            RollOut.edition_id == edition.id,
            ~has_adopted(RollOut.to_school_id, RollOut.edition_id),
        )
        .values(
            adopt_by_on=adopt_by_on,
            moved_at=clock.now(),
            moved_because=because,
            version=RollOut.version + 1,
        )
        .returning(RollOut.id)
        .execution_options(synchronize_session=False)
    )
    if to is not None:
        moved = moved.where(RollOut.to_school_id.in_(to))
    schools = len(session.scalars(moved).all())
    if not schools:
        raise RollOutRefused("Choose at least one school that has not adopted it.", "schools")
    record(
        session,
        Event.ROLLOUT_MOVED,
        by=by,
        about=edition,
        schools=schools,
        adopt_by_on=adopt_by_on.isoformat(),
        because=because,
    )
    return schools


def has_adopted(school_id: Any, edition_id: Any) -> ColumnElement[bool]:
    """A condition: the school has published a version of that edition, or of a later one."""
    asked, later = aliased(Edition), aliased(Edition)
    return (
        select(InForce.id)
        .join(later, later.id == InForce.edition_id)
        .join(asked, later.number >= asked.number)
        .where(InForce.school_id == school_id, asked.id == edition_id)
        .correlate(RollOut, School)
        .exists()
    )


def changes_of(session: ScopedSession, edition: Edition) -> int:
    """A figure that is another one after every change of an edition's roll-out."""
    return (
        session.scalar(select(func.sum(RollOut.version)).where(RollOut.edition_id == edition.id))
        or 0
    )


@dataclass(frozen=True)
class Asked:
    """A school as the pages of a roll-out list it. `adopt_by_on` where it was asked."""

    id: UUID
    name: str
    phase: str
    suspended: bool
    asked: bool
    adopt_by_on: date | None
    adopted: bool


def asked_of(session: ScopedSession, edition: Edition) -> list[Asked]:
    """Every school by phase and name, and whether it was asked and has adopted. One query."""
    edition_id = literal(edition.id, Uuid)
    rows = session.execute(
        select(
            School.id,
            School.name,
            School.phase,
            School.suspended_at,
            RollOut.id.label("rollout_id"),
            RollOut.adopt_by_on,
            has_adopted(School.id, edition_id).label("adopted"),
        )
        .outerjoin(
            RollOut, (RollOut.to_school_id == School.id) & (RollOut.edition_id == edition.id)
        )
        .order_by(School.name, School.id)
    )
    found = [
        Asked(
            row.id,
            row.name,
            row.phase or "",
            row.suspended_at is not None,
            row.rollout_id is not None,
            row.adopt_by_on,
            row.adopted,
        )
        for row in rows
    ]
    order = [phase.value for phase in Phase]
    return sorted(found, key=lambda one: order.index(one.phase) if one.phase else len(order))


def by_phase(schools: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    """The same in groups, each with the phase in words."""
    groups: dict[str, list[Asked]] = {}
    for one in schools:
        word = Phase(one.phase).word if one.phase else "Phase not noted"
        groups.setdefault(word, []).append(one)
    return list(groups.items())


def rollout_here(session: ScopedSession, edition: Edition) -> RollOut | None:
    """What the session's school was asked; None where it joined after the edition came out."""
    return session.scalar(
        select(RollOut).where(
            RollOut.to_school_id == session.school_id, RollOut.edition_id == edition.id
        )
    )


@dataclass(frozen=True)
class Waiting:
    """An open school that was asked to adopt its newest edition by a day, and has not yet."""

    rollout_id: UUID
    school_id: UUID
    slug: str
    name: str
    edition_id: UUID
    edition: int
    change_because: str
    adopt_by_on: date
    moved_because: str
    asked_on: date
    moved_on: date | None

    def days_late(self, today: date) -> int:
        """How many days the day has passed; 0 where it has not."""
        return max((today - self.adopt_by_on).days, 0)


def waiting_schools(session: ScopedSession) -> list[Waiting]:
    """The schools that still have to adopt, by name: one query of the Trust. Suspended ones wait.

    Only their newest edition counts: what was asked before it is over.
    """
    rows = session.execute(
        select(
            RollOut.id,
            School.id,
            School.slug,
            School.name,
            Edition.id,
            Edition.number,
            Edition.change_because,
            RollOut.adopt_by_on,
            RollOut.moved_because,
            RollOut.asked_at,
            RollOut.moved_at,
        )
        .select_from(RollOut)
        .join(School, School.id == RollOut.to_school_id)
        .join(Edition, Edition.id == RollOut.edition_id)
        .where(
            RollOut.adopt_by_on.is_not(None),
            School.suspended_at.is_(None),
            Edition.number == newest_offered(),
            ~has_adopted(School.id, RollOut.edition_id),
        )
        .order_by(School.name, School.id)
    )
    return [
        Waiting(
            *row[:9],  # type: ignore[arg-type]
            clock.local(row.asked_at).date(),
            clock.local(row.moved_at).date() if row.moved_at else None,
        )
        for row in rows
    ]
