"""Triage: whom a report is about, which clauses it touches, and which case it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.cases import CaseMoved, CaseRefused, open_case, put_into_case
from trustconduct.conduct.models import ConductCase, Incident, Who
from trustconduct.people.models import Adult
from trustconduct.policies.document import Section
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession

# The lists of the code that a report can touch (domain.md, "The source policy").
CITED = ("behaviour", "online")


def code_of_day(session: ScopedSession, incident: Incident) -> SchoolVersion | None:
    """The school's code as it stood on the day of an incident."""
    return version_in_force(session, incident.happened_on)


def sections_of(version: SchoolVersion | None) -> list[Section]:
    """What a report can be said to touch; all of the code where it has none of these lists."""
    sections = version.document.sections if version else ()
    return [one for one in sections if one.id in CITED] or list(sections)


def triage(
    session: ScopedSession,
    incident: Incident,
    *,
    by: Actor,
    adult_id: UUID | None,
    clauses: Sequence[str],
    case: ConductCase | None,
    seen: int,
) -> ConductCase:
    """Say whom a report is about and what it touches, and put it into a case, or a new one.

    `seen` is the report's version. Raises CaseMoved, and CaseRefused for a clause that was
    not in the code of that day, a person who is gone, and a case about somebody else.
    """
    permit(by, Can.KEEP_CASES, session.school_id)
    if incident.version != seen:
        raise CaseMoved
    if incident.triaged_at:
        raise CaseRefused("This report was looked at already.")
    version = code_of_day(session, incident)
    there = version.document.clauses_by_id if version else {}
    if gone := [one for one in clauses if one not in there]:
        raise CaseRefused(f"The code of that day has no clause {', '.join(gone)}. Choose again.")
    adult = session.get(Adult, (session.school_id, adult_id)) if adult_id else None
    if adult_id and adult is None:
        raise CaseRefused("This person is not on the list any more. Choose again.")
    if adult:
        incident.who, incident.adult_id = Who.ROLL.value, adult.id
    into = case or open_case(session, by=by, adult=adult)
    incident.version_id = version.id if version else None
    incident.clauses = list(dict.fromkeys(clauses))
    session.flush()
    put_into_case(session, incident, into, by=by, seen=incident.version)
    incident.triaged_at, incident.triaged_by = clock.now(), by.name
    session.flush()
    record(session, Event.INCIDENT_TRIAGED, by=by, about=incident, number=incident.number,
           case=into.number)  # fmt: skip
    return into
