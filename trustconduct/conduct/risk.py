"""A child who may be at risk comes first: letters wait until the safeguarding lead says so.

An immediate ban does not wait (domain.md). The concern itself belongs in the school's
safeguarding system; here stands only that letters may go out.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.cases import CaseRefused
from trustconduct.conduct.models import Incident, RiskAnswer
from trustconduct.tenants.sessions import ScopedSession


def holding(session: ScopedSession, case_id: UUID) -> list[Incident]:
    """The incidents of a case that hold its letters, the oldest first. One query."""
    return list(
        session.scalars(
            select(Incident)
            .outerjoin(RiskAnswer, RiskAnswer.id == Incident.id)
            .where(Incident.case_id == case_id, Incident.at_risk, RiskAnswer.id.is_(None))
            .order_by(Incident.number)
        )
    )


def may_proceed(session: ScopedSession, incident: Incident, *, by: Actor, because: str) -> None:
    """Record that letters about an incident may go out. Raises CaseRefused."""
    permit(by, Can.ANSWER_RISK, session.school_id)
    if not incident.at_risk:
        raise CaseRefused("This report does not hold any letters.")
    if not because.strip():
        raise CaseRefused("Say in a few words why letters may go out.")
    if session.get(RiskAnswer, (session.school_id, incident.id)):
        raise CaseRefused("Letters may go out already.")
    session.add(RiskAnswer(id=incident.id, because=because.strip(), proceed_by=by.name))
    session.flush()
    record(session, Event.RISK_ANSWERED, by=by, about=incident, number=incident.number)
