"""How far each school is from the edition that it is to adopt: late, and in words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies.models import ChangeKind, Edition, InForce, LocalChange
from trustconduct.policies.rollouts import RollOut, newest_offered
from trustconduct.tenants.models import Phase, School
from trustconduct.tenants.sessions import ScopedSession

BEHIND, LATE, OWN = "behind", "late", "own"
NO_EDITION = "none"  # of the filter: schools that have published nothing yet
# More than any Trust has: what is printed or taken out is whole.
ALL = 5_000


@dataclass(frozen=True)
class Difference:
    """A clause that reads otherwise at a school, and why, in the school's words."""

    clause: str
    kind: ChangeKind
    reason: str
    changed_on: date


@dataclass(frozen=True)
class Drift:
    """One school. `edition` is the one in force, `asked` the newest that it is to adopt.

    `adopt_by_on` where a day was set for that, and it is still to be adopted.
    """

    school_id: UUID
    slug: str
    name: str
    phase: str
    suspended: bool
    edition: int | None
    asked: int | None
    adopt_by_on: date | None
    differences: tuple[Difference, ...]

    @property
    def behind(self) -> bool:
        return self.asked is not None and (self.edition or 0) < self.asked

    @property
    def days_late(self) -> int:
        """For how many days the day has passed; 0 where it has not, or there is none."""
        late = (clock.today() - self.adopt_by_on).days if self.adopt_by_on else 0
        return max(late, 0)


@dataclass(frozen=True)
class Wanted:
    """Which schools: `only` is "behind", "late", "own" or "" for all; `edition` a number in
    words, "none", or "" for any; `phase` one of `Phase`, or "" for any. What is odd finds none.
    """

    only: str = ""
    edition: str = ""
    phase: str = ""


def drift(
    session: ScopedSession,
    *,
    by: Actor,
    wanted: Wanted | None = None,
    after: str = "",
    most: int,
) -> list[Drift]:
    """A page of the schools by name, in two queries. Gives one more where there are more.

    `after` is the last name and id of the page before.
    """
    permit(by, Can.SEE_CONSOLE)
    return _found(session, wanted or Wanted(), after, most)


def export(session: ScopedSession, *, by: Actor, wanted: Wanted | None = None) -> list[Drift]:
    """All of them, to be taken out of this service; that it was done is in the history."""
    permit(by, Can.EXPORT)
    found = _found(session, wanted or Wanted(), "", ALL)
    record(session, Event.DRIFT_EXPORTED, by=by, about_kind="school", schools=len(found))
    return found


def _found(session: ScopedSession, wanted: Wanted, after: str, most: int) -> list[Drift]:
    rows = session.execute(_query(wanted, after).limit(most + 1)).all()
    differences: dict[UUID, list[Difference]] = {row.id: [] for row in rows}
    for one in session.scalars(
        select(LocalChange)
        .where(LocalChange.school_id.in_(differences))
        .order_by(LocalChange.clause)
    ):
        changed_on = clock.local(one.changed_at).date()
        differences[one.school_id].append(
            Difference(one.clause, ChangeKind(one.kind), one.reason, changed_on)
        )
    return [
        Drift(
            school_id=row.id,
            slug=row.slug,
            name=row.name,
            phase=Phase(row.phase).word if row.phase else "",
            suspended=row.suspended_at is not None,
            edition=row.edition,
            asked=row.asked,
            adopt_by_on=row.adopt_by_on if (row.edition or 0) < (row.asked or 0) else None,
            differences=tuple(differences[row.id]),
        )
        for row in rows
    ]


def _query(wanted: Wanted, after: str) -> Select[Any]:
    """Each school with what is in force there, and the newest edition that it was asked for."""
    in_force = (
        select(InForce.school_id, Edition.number)
        .join(Edition, Edition.id == InForce.edition_id)
        .where(InForce.during.op("@>")(clock.today()))
        .subquery("in_force")
    )
    schools = select(School, newest_offered().label("asked")).subquery("schools")
    asked = (
        select(RollOut.to_school_id, RollOut.adopt_by_on, Edition.number)
        .join(Edition, Edition.id == RollOut.edition_id)
        .subquery("asked")
    )
    edition = func.coalesce(in_force.c.number, 0)
    query = (
        select(
            schools.c.id,
            schools.c.slug,
            schools.c.name,
            schools.c.phase,
            schools.c.suspended_at,
            schools.c.asked,
            in_force.c.number.label("edition"),
            asked.c.adopt_by_on,
        )
        .outerjoin(in_force, in_force.c.school_id == schools.c.id)
        .outerjoin(
            asked, (asked.c.to_school_id == schools.c.id) & (asked.c.number == schools.c.asked)
        )
        .order_by(schools.c.name, schools.c.id)
    )
    if wanted.only in (BEHIND, LATE):
        query = query.where(edition < schools.c.asked)
    if wanted.only == LATE:
        query = query.where(asked.c.adopt_by_on < clock.today(), schools.c.suspended_at.is_(None))
    if wanted.only == OWN:
        query = query.where(schools.c.id.in_(select(LocalChange.school_id)))
    if wanted.edition:
        number = wanted.edition
        known = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else -1
        query = query.where(edition == (0 if number == NO_EDITION else known))
    if wanted.phase:
        query = query.where(schools.c.phase == wanted.phase)
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            query = query.where(tuple_(schools.c.name, schools.c.id) > tuple_(name, UUID(id_text)))
    return query


def editions_in_force(session: ScopedSession, *, by: Actor) -> Sequence[int]:
    """The editions that some school has in force today, the newest first: for the filter."""
    permit(by, Can.SEE_CONSOLE)
    return session.scalars(
        select(Edition.number)
        .join(InForce, InForce.edition_id == Edition.id)
        .where(InForce.during.op("@>")(clock.today()))
        .distinct()
        .order_by(Edition.number.desc())
    ).all()
