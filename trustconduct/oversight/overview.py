"""Where every school stands, for the Trust: counts only, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.answers import Counts, status_column
from trustconduct.acknowledgements.models import Acknowledgement, SignRequest
from trustconduct.audit.actor import Actor
from trustconduct.clock import Term
from trustconduct.policies.models import Edition, InForce
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Standing:
    """One school: which edition is in force there, and how its adults answered about it."""

    school_id: UUID
    slug: str
    name: str
    joined_at: datetime
    suspended_at: datetime | None
    edition: int | None
    version: int | None
    review: Term | None
    behind: bool  # an edition newer than the one in force is published
    counts: Counts


@dataclass(frozen=True)
class Overview:
    schools: tuple[Standing, ...]
    newest: int | None  # the newest published edition

    @property
    def total(self) -> Counts:
        return Counts(
            *(
                sum(getattr(school.counts, name) for school in self.schools)
                for name in ("asked", "signed", "declined", "talk")
            )
        )


def overview(session: ScopedSession, *, by: Actor) -> Overview:
    """Every school by name. Three queries for three schools or three hundred."""
    permit(by, Can.SEE_CONSOLE)
    newest = session.scalar(
        select(func.max(Edition.number)).where(Edition.published_at.is_not(None))
    )
    each = (
        select(
            SignRequest.school_id,
            SignRequest.version_id,
            status_column().label("status"),
        )
        .join(
            InForce,
            (InForce.school_id == SignRequest.school_id)
            & (InForce.version_id == SignRequest.version_id)
            & InForce.during.op("@>")(clock.today()),
        )
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .group_by(SignRequest.school_id, SignRequest.id)
        .subquery()
    )
    answered: dict[UUID, dict[str, int]] = {}
    for school_id, status, count in session.execute(
        select(each.c.school_id, each.c.status, func.count()).group_by(
            each.c.school_id, each.c.status
        )
    ):
        answered.setdefault(school_id, {})[status] = count
    rows = session.execute(
        select(
            School.id,
            School.slug,
            School.name,
            School.joined_at,
            School.suspended_at,
            InForce.number.label("version"),
            Edition.number.label("edition"),
            Edition.review_text,
        )
        .outerjoin(
            InForce,
            (InForce.school_id == School.id) & InForce.during.op("@>")(clock.today()),
        )
        .outerjoin(Edition, Edition.id == InForce.edition_id)
        .order_by(School.name, School.id)
    )
    return Overview(
        schools=tuple(
            Standing(
                school_id=row.id,
                slug=row.slug,
                name=row.name,
                joined_at=row.joined_at,
                suspended_at=row.suspended_at,
                edition=row.edition,
                version=row.version,
                review=Term.parse(row.review_text) if row.review_text else None,
                behind=newest is not None and row.edition != newest,
                counts=_counts(answered.get(row.id, {})),
            )
            for row in rows
        ),
        newest=newest,
    )


def _counts(found: dict[str, int]) -> Counts:
    return Counts(
        asked=sum(found.values()),
        signed=found.get("signed", 0),
        declined=found.get("declined", 0),
        talk=found.get("talk", 0),
    )
