"""Mediation: offered, answered by somebody, and what came of it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.meeting_models import Mediation
from trustconduct.conduct.models import ConductCase
from trustconduct.tenants.sessions import ScopedSession


class MediationRefused(ValueError):
    """It can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def offer_mediation(
    session: ScopedSession, case: ConductCase, *, by: Actor, mediator: str, on: date
) -> Mediation:
    """Note that mediation was offered, and who would lead it: nobody of the case's people."""
    permit(by, Can.KEEP_CASES, session.school_id)
    if case.closed_at or case.merged_into:
        raise MediationRefused("mediator", "This case is closed.")
    if case.adult_id is None:
        raise MediationRefused("mediator", "Say first whom this case is about.")
    if not mediator.strip():
        raise MediationRefused("mediator", "Say who leads it.")
    if on > clock.today():
        raise MediationRefused("offered_on", "This day has not come yet. Note it afterwards.")
    session.take_turns("mediation")
    if any(
        one.answer != "declined" and not one.ended_on for one in mediations_of(session, case.id)
    ):
        raise MediationRefused("mediator", "An offer is open already. Note first what came of it.")
    offered = Mediation(
        case_id=case.id, adult_id=case.adult_id, mediator=mediator.strip(), offered_on=on,
        offered_by=by.name,
    )  # fmt: skip
    session.add(offered)
    session.flush()
    record(session, Event.MEDIATION_OFFERED, by=by, about=case, number=case.number)
    return offered


def note_answer(
    session: ScopedSession,
    case: ConductCase,
    mediation: Mediation,
    *,
    by: Actor,
    accepted: bool,
    answered_by: str,
    on: date,
) -> None:
    """Note who accepted or declined, and on which day. To decline counts against nobody."""
    permit(by, Can.KEEP_CASES, session.school_id)
    session.take_turns("mediation")
    session.refresh(mediation)
    if mediation.answer:
        raise MediationRefused("answered_by", "It was answered already.")
    if not answered_by.strip():
        raise MediationRefused("answered_by", "Say who gave the answer.")
    if not mediation.offered_on <= on <= clock.today():
        raise MediationRefused("answered_on", "Type a day from the offer until today.")
    mediation.answer = "accepted" if accepted else "declined"
    mediation.answered_on, mediation.answered_by = on, answered_by.strip()
    mediation.noted_by = by.name
    session.flush()
    record(session, Event.MEDIATION_ANSWERED, by=by, about=case, number=case.number,
           answer=mediation.answer)  # fmt: skip


def note_outcome(
    session: ScopedSession,
    case: ConductCase,
    mediation: Mediation,
    *,
    by: Actor,
    outcome: str,
    on: date,
) -> None:
    """Note what came of a mediation that was accepted."""
    permit(by, Can.KEEP_CASES, session.school_id)
    session.take_turns("mediation")
    session.refresh(mediation)
    if mediation.answer != "accepted" or mediation.answered_on is None or mediation.ended_on:
        raise MediationRefused("outcome", "This mediation has ended, or was never accepted.")
    if not outcome.strip():
        raise MediationRefused("outcome", "Say what came of it.")
    if not mediation.answered_on <= on <= clock.today():
        raise MediationRefused("ended_on", "Type a day from the answer until today.")
    mediation.outcome, mediation.ended_on = outcome.strip(), on
    session.flush()
    record(session, Event.MEDIATION_ENDED, by=by, about=case, number=case.number)


def mediations_of(session: ScopedSession, case_id: UUID) -> list[Mediation]:
    """A case's offers of mediation, the newest first."""
    return list(
        session.scalars(
            select(Mediation).where(Mediation.case_id == case_id).order_by(Mediation.id.desc())
        )
    )
