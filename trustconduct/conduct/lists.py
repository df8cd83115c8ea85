"""Reports and cases as pages show them: each a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from trustconduct.conduct.models import (
    CaseMember,
    CaseStep,
    ConductCase,
    Incident,
    IncidentStaff,
    IncidentWords,
    RiskAnswer,
    StepKind,
)
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

PAGE = 50


@dataclass(frozen=True)
class OwnReport:
    """A report as whoever filed it sees it: with what came of it, and no more."""

    number: int
    happened_on: date
    words: str
    came_of_it: str


def own_reports(session: ScopedSession, user_id: UUID) -> list[OwnReport]:
    """The newest reports that somebody filed. One query."""
    answered = (
        select(func.array_agg(aggregate_order_by(CaseStep.kind, CaseStep.decided_at)))
        .where(CaseStep.case_id == Incident.case_id, CaseStep.withdrawn_at.is_(None))
        .correlate(Incident)
        .scalar_subquery()
    )
    said = (
        select(IncidentWords.words)
        .where(IncidentWords.incident_id == Incident.id)
        .order_by(IncidentWords.id)
        .limit(1)
        .correlate(Incident)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Incident.number, Incident.happened_on, said, Incident.triaged_at, answered)
        .where(Incident.filed_by_id == user_id)
        .order_by(Incident.number.desc())
        .limit(PAGE)
    )
    return [
        OwnReport(number, on, words or "", _came_of_it(triaged, kinds))
        for number, on, words, triaged, kinds in rows
    ]


def _came_of_it(triaged: datetime | None, kinds: Sequence[str] | None) -> str:
    if kinds:
        return ", ".join(dict.fromkeys(StepKind(kind).word for kind in kinds))
    return "In a case, not answered yet" if triaged else "Not looked at yet"


def untriaged(session: ScopedSession, most: int = PAGE) -> list[Incident]:
    """Reports that wait to be looked at, the oldest first. One query."""
    return list(
        session.scalars(
            select(Incident)
            .where(Incident.triaged_at.is_(None))
            .order_by(Incident.filed_at, Incident.id)
            .limit(most)
        )
    )


@dataclass(frozen=True)
class CaseLine:
    """A line of the list of cases."""

    id: UUID
    number: int
    person: str  # blank where nobody is known yet
    reports: int
    newest: date | None
    step: StepKind | None  # the newest that stands
    closed: bool


def cases_page(
    session: ScopedSession,
    *,
    page: int = 0,
    adult_id: UUID | None = None,
    member_id: UUID | None = None,
) -> list[CaseLine]:
    """`member_id`: only those that this user was assigned to.

    A page of cases, open ones first, the newest first; one more than PAGE where there are."""
    reports = (
        select(
            Incident.case_id, func.count().label("n"), func.max(Incident.happened_on).label("at")
        )
        .where(Incident.case_id.is_not(None))
        .group_by(Incident.case_id)
        .subquery()
    )
    step = (
        select(CaseStep.kind)
        .where(CaseStep.case_id == ConductCase.id, CaseStep.withdrawn_at.is_(None))
        .order_by(CaseStep.decided_at.desc())
        .limit(1)
        .correlate(ConductCase)
        .scalar_subquery()
    )
    wanted = (
        select(
            ConductCase.id,
            ConductCase.number,
            func.coalesce(Adult.name, ""),
            func.coalesce(reports.c.n, 0),
            reports.c.at,
            step,
            ConductCase.closed_at,
        )
        .outerjoin(Adult, Adult.id == ConductCase.adult_id)
        .outerjoin(reports, reports.c.case_id == ConductCase.id)
        .where(ConductCase.merged_into.is_(None))
        .order_by(ConductCase.closed_at.is_not(None), ConductCase.number.desc())
        .offset(page * PAGE)
        .limit(PAGE + 1)
    )
    if adult_id:
        wanted = wanted.where(ConductCase.adult_id == adult_id)
    if member_id:
        assigned = select(CaseMember.case_id).where(
            CaseMember.user_id == member_id, CaseMember.ended_at.is_(None)
        )
        wanted = wanted.where(ConductCase.id.in_(assigned))
    return [
        CaseLine(id, number, person, n, at, StepKind(kind) if kind else None, closed is not None)
        for id, number, person, n, at, kind, closed in session.execute(wanted)
    ]


@dataclass(frozen=True)
class Told:
    """An incident with all that is kept of it."""

    incident: Any  # an Incident, or a row of it
    words: tuple[Any, ...]  # rows of IncidentWords
    staff: tuple[Any, ...]  # rows of IncidentStaff
    risk: Any  # a row of RiskAnswer, or None

    @property
    def holds(self) -> bool:
        """Whether letters wait for the safeguarding lead, as `risk.holding` says it."""
        return self.incident.at_risk and self.risk is None


def told_of(session: ScopedSession, incident: Incident) -> Told:
    """Everything that is kept of one incident, in three queries."""
    return _told(session, [incident], [incident.id])[0]


def told_in(session: ScopedSession, case_id: UUID) -> list[Told]:
    """Everything that is kept of the incidents of a case, by their day, in four queries.

    As rows and not as objects, which would take twice the time for 200 of them.
    """
    there = session.execute(
        select(*Incident.__table__.columns)
        .where(Incident.case_id == case_id)
        .order_by(Incident.happened_on, Incident.number)
    ).all()
    return _told(session, there, select(Incident.id).where(Incident.case_id == case_id))


def _told(session: ScopedSession, incidents: Sequence[Any], ids: Any) -> list[Told]:
    words: dict[UUID, list[Any]] = {}
    for said in session.execute(
        select(
            IncidentWords.incident_id,
            IncidentWords.tag,
            IncidentWords.whose,
            IncidentWords.words,
            IncidentWords.written_at,
            IncidentWords.written_by,
        )
        .where(IncidentWords.incident_id.in_(ids))
        .order_by(IncidentWords.written_at, IncidentWords.id)
    ):
        words.setdefault(said.incident_id, []).append(said)
    staff: dict[UUID, list[Any]] = {}
    for one in session.execute(
        select(IncidentStaff.incident_id, IncidentStaff.name, IncidentStaff.involved)
        .where(IncidentStaff.incident_id.in_(ids), IncidentStaff.ended_at.is_(None))
        .order_by(IncidentStaff.id)
    ):
        staff.setdefault(one.incident_id, []).append(one)
    answers = select(RiskAnswer.id, RiskAnswer.because, RiskAnswer.proceed_by)
    risks = {risk.id: risk for risk in session.execute(answers.where(RiskAnswer.id.in_(ids)))}
    return [
        Told(
            one,
            tuple(words.get(one.id, ())),
            tuple(staff.get(one.id, ())),
            risks.get(one.id),
        )
        for one in incidents
    ]


def incidents_of(session: ScopedSession, case_id: UUID) -> list[Incident]:
    """The incidents of a case by their day. One query."""
    return list(
        session.scalars(
            select(Incident)
            .where(Incident.case_id == case_id)
            .order_by(Incident.happened_on, Incident.number)
        )
    )


def members_of(session: ScopedSession, case_id: UUID) -> list[CaseMember]:
    """Who may see a case beside those who keep all of them. One query."""
    return list(
        session.scalars(
            select(CaseMember)
            .where(CaseMember.case_id == case_id, CaseMember.ended_at.is_(None))
            .order_by(CaseMember.since_at, CaseMember.id)
        )
    )


def open_cases_of(session: ScopedSession, adult_id: UUID | None) -> list[ConductCase]:
    """The open cases about a person, and those that wait for their person. One query."""
    nobody = ConductCase.adult_id.is_(None)
    about = or_(nobody, ConductCase.adult_id == adult_id) if adult_id else nobody
    return list(
        session.scalars(
            select(ConductCase)
            .where(about, ConductCase.closed_at.is_(None), ConductCase.merged_into.is_(None))
            .order_by(ConductCase.number.desc())
            .limit(PAGE)
        )
    )
