"""Cases: opened for a person, or for somebody not known yet; incidents gather in them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, may, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.models import CaseMember, ConductCase, Duty, Incident, Who
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession


class CaseRefused(ValueError):
    """The case can't be changed like this; the message says what to do."""


class CaseMoved(RuntimeError):
    """Somebody else changed the case or the incident since it was looked at."""


def open_case(session: ScopedSession, *, by: Actor, adult: Adult | None = None) -> ConductCase:
    """Open a case about a person, or one that waits for its person."""
    permit(by, Can.KEEP_CASES, session.school_id)
    session.take_turns("case-number")
    last = session.scalar(select(func.max(ConductCase.number)))
    case = ConductCase(
        number=(last or 0) + 1, adult_id=adult.id if adult else None, opened_by=by.name
    )
    session.add(case)
    session.flush()
    record(session, Event.CASE_OPENED, by=by, about=case, number=case.number)
    return case


def put_into_case(
    session: ScopedSession, incident: Incident, case: ConductCase, *, by: Actor, seen: int
) -> None:
    """Move an incident into a case, from none or from another. `seen` is its version.

    Raises CaseMoved, and CaseRefused for a closed case or another person's.
    """
    permit(by, Can.KEEP_CASES, session.school_id)
    if incident.version != seen:
        raise CaseMoved
    if case.closed_at or case.merged_into:
        raise CaseRefused("This case is closed. Choose another, or open a new one.")
    if case.adult_id and incident.adult_id and case.adult_id != incident.adult_id:
        raise CaseRefused("This case is about another person. Choose that person’s case.")
    if case.adult_id and incident.adult_id is None:
        incident.who, incident.adult_id = Who.ROLL.value, case.adult_id
    elif incident.adult_id and case.adult_id is None:
        case.adult_id = incident.adult_id
    incident.case_id = case.id
    session.flush()
    record(session, Event.INCIDENT_MOVED, by=by, about=incident, number=incident.number,
           case=case.number)  # fmt: skip


def assign(
    session: ScopedSession, case: ConductCase, *, by: Actor, user_id: UUID, name: str, duty: Duty
) -> None:
    """Let a member of staff, or a governor, see and work on a case. Twice changes nothing."""
    permit(by, Can.DECIDE_STEP, session.school_id)
    if _is_member(session, case.id, user_id, duty):
        return
    member = CaseMember(
        case_id=case.id, user_id=user_id, name=name, duty=duty.value, said_by=by.name
    )
    session.add(member)
    session.flush()
    record(session, Event.CASE_ASSIGNED, by=by, about=case, number=case.number, name=name,
           duty=duty.value)  # fmt: skip


def end_assignment(
    session: ScopedSession, case: ConductCase, member: CaseMember, *, by: Actor
) -> None:
    """Let somebody see a case no longer; that they could stays to be read. Raises CaseRefused."""
    permit(by, Can.DECIDE_STEP, session.school_id)
    if member.ended_at or member.case_id != case.id:
        raise CaseRefused("They do not see this case any more.")
    member.ended_at, member.ended_by = clock.now(), by.name
    session.flush()
    record(session, Event.CASE_UNASSIGNED, by=by, about=case, number=case.number, name=member.name)


def close_case(session: ScopedSession, case: ConductCase, *, by: Actor, because: str) -> None:
    """Close a case, with the reason. Raises CaseRefused."""
    permit(by, Can.DECIDE_STEP, session.school_id)
    if not because.strip():
        raise CaseRefused("Say why the case can be closed.")
    if case.closed_at:
        raise CaseRefused("The case is closed already.")
    case.closed_at, case.closed_by, case.closed_because = clock.now(), by.name, because.strip()
    session.flush()
    record(session, Event.CASE_CLOSED, by=by, about=case, number=case.number)


def may_see(session: ScopedSession, case: ConductCase, by: Actor) -> bool:
    """Whether this person may read a case: who keeps the school's cases, or was assigned."""
    if may(by, Can.SEE_CASES, session.school_id):
        return True
    return by.id is not None and _is_member(session, case.id, by.id)


def _is_member(
    session: ScopedSession, case_id: UUID, user_id: UUID, duty: Duty | None = None
) -> bool:
    found = select(CaseMember.id).where(
        CaseMember.case_id == case_id,
        CaseMember.user_id == user_id,
        CaseMember.ended_at.is_(None),
    )
    if duty:
        found = found.where(CaseMember.duty == duty.value)
    return bool(session.scalar(select(exists(found))))
