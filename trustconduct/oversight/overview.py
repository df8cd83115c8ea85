"""Where every school stands, for the Trust: counts only, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.lists import Counts
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.struck_models import AnswerStruck
from trustconduct.audit.actor import Actor
from trustconduct.clock import Term
from trustconduct.policies.models import Edition, InForce
from trustconduct.policies.rollouts import newest_offered
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class SchoolStanding:
    """One school: which edition is in force there, and how its adults answered about it."""

    school_id: UUID
    slug: str
    name: str
    joined_at: datetime
    suspended_at: datetime | None
    edition: int | None
    version: int | None
    review: Term | None
    offered: int | None  # the newest edition that it is to adopt
    behind: bool  # and that is not the one in force
    counts: Counts


@dataclass(frozen=True)
class Overview:
    schools: tuple[SchoolStanding, ...]
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
        select(func.max(Edition.number)).where(
            Edition.published_at.is_not(None), Edition.withdrawn_at.is_(None)
        )
    )
    rows = session.execute(
        select(
            School.id,
            School.slug,
            School.name,
            InForce.version_id,
            School.joined_at,
            School.suspended_at,
            InForce.number.label("version"),
            Edition.number.label("edition"),
            Edition.review_text,
            newest_offered().label("offered"),
        )
        .outerjoin(
            InForce,
            (InForce.school_id == School.id) & InForce.during.op("@>")(clock.today()),
        )
        .outerjoin(Edition, Edition.id == InForce.edition_id)
        .order_by(School.name, School.id)
    ).all()
    answered = _answered(session, [row.version_id for row in rows if row.version_id])
    return Overview(
        schools=tuple(
            SchoolStanding(
                school_id=row.id,
                slug=row.slug,
                name=row.name,
                joined_at=row.joined_at,
                suspended_at=row.suspended_at,
                edition=row.edition,
                version=row.version,
                review=Term.parse(row.review_text) if row.review_text else None,
                offered=row.offered,
                behind=row.offered is not None and (row.edition or 0) < row.offered,
                counts=answered.get(row.id, Counts()),
            )
            for row in rows
        ),
        newest=newest,
    )


def _answered(session: ScopedSession, versions: Sequence[UUID]) -> dict[UUID, Counts]:
    """How the adults asked about these versions have answered, by school.

    Signed outweighs declined, and that a wish to talk. Each kind of answer is there
    once a request at the most and standing, so three joins count what else would have to be grouped
    by request: a third of the time at 300 schools. The versions are given by their ids,
    because PostgreSQL guesses a day within a range so badly that it would look up each
    request alone.
    """
    signed, declined, talk = (aliased(Acknowledgement) for _ in range(3))
    query = select(
        SignRequest.school_id,
        func.count(),
        func.count(signed.id),
        func.count(declined.id).filter(signed.id.is_(None)),
        func.count(talk.id).filter(signed.id.is_(None), declined.id.is_(None)),
    )
    for kind, answer in (
        (signed, Answer.SIGNED),
        (declined, Answer.DECLINED),
        (talk, Answer.TALK),
    ):
        query = query.outerjoin(
            kind,
            (kind.school_id == SignRequest.school_id)
            & (kind.request_id == SignRequest.id)
            & (kind.answer == answer.value)
            & kind.id.not_in(select(AnswerStruck.id)),
        )
    query = query.where(SignRequest.version_id.in_(versions)).group_by(SignRequest.school_id)
    return {school_id: Counts(*found) for school_id, *found in session.execute(query)}
