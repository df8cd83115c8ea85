"""How far each school is from the Trust's newest edition: behind it, and in words of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, tuple_

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.policies.models import ChangeKind, Edition, InForce, LocalChange
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

BEHIND, OWN = "behind", "own"


@dataclass(frozen=True)
class Difference:
    """A clause that reads otherwise at a school, and why, in the school's words."""

    clause: str
    kind: ChangeKind
    reason: str
    changed_on: date


@dataclass(frozen=True)
class Drift:
    """One school. `edition` is the one in force; `days_behind` since a newer one was published."""

    school_id: UUID
    slug: str
    name: str
    suspended: bool
    edition: int | None
    days_behind: int | None
    differences: tuple[Difference, ...]


def drift(
    session: ScopedSession, *, by: Actor, only: str = "", after: str = "", most: int
) -> list[Drift]:
    """A page of the schools by name, in two queries. Gives one more where there are more.

    `only` is "behind", "own" or "" for all. `after` is the last name and id of the
    page before. Days count from the day on which the first edition that is newer
    than the school's was published.
    """
    permit(by, Can.SEE_CONSOLE)
    newer = (
        select(func.min(Edition.published_at))
        .where(
            Edition.published_at.is_not(None),
            Edition.withdrawn_at.is_(None),
            Edition.number > func.coalesce(_IN_FORCE, 0),
        )
        .scalar_subquery()
        .correlate(_EDITION)
    )
    query = (
        select(
            School.id,
            School.slug,
            School.name,
            School.suspended_at,
            _IN_FORCE.label("edition"),
            newer.label("newer_at"),
        )
        .outerjoin(
            InForce, (InForce.school_id == School.id) & InForce.during.op("@>")(clock.today())
        )
        .outerjoin(_EDITION, _EDITION.c.id == InForce.edition_id)
        .order_by(School.name, School.id)
        .limit(most + 1)
    )
    if only == BEHIND:
        query = query.where(newer.is_not(None))
    if only == OWN:
        query = query.where(School.id.in_(select(LocalChange.school_id)))
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            query = query.where(tuple_(School.name, School.id) > tuple_(name, UUID(id_text)))
    rows = session.execute(query).all()
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
            suspended=row.suspended_at is not None,
            edition=row.edition,
            days_behind=(clock.today() - clock.local(row.newer_at).date()).days
            if row.newer_at
            else None,
            differences=tuple(differences[row.id]),
        )
        for row in rows
    ]


_EDITION = select(Edition.id, Edition.number).subquery("in_force_edition")
_IN_FORCE = _EDITION.c.number
