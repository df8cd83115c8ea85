"""Cases for tests: made by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Actor, Role
from trustconduct.conduct.cases import assign, open_case, put_into_case
from trustconduct.conduct.ladder import Decision, decide_step
from trustconduct.conduct.models import (
    CaseStep,
    ConductCase,
    Duty,
    Incident,
    IncidentStaff,
    Involved,
    Place,
    StepKind,
    Tag,
    Who,
)
from trustconduct.conduct.report import Report, add_words, report_incident
from trustconduct.conduct.risk import may_proceed
from trustconduct.db import new_id
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession


def a_teacher(session: ScopedSession) -> Actor:
    return build.an_actor(Role.TEACHER, session.school_id)


def a_lead(session: ScopedSession) -> Actor:
    return build.an_actor(Role.SAFEGUARDING, session.school_id)


def a_report(**more: Any) -> Report:
    default: dict[str, Any] = {
        "what": "They shouted at the gate, in front of children.",
        "happened_on": clock.today() - timedelta(days=1),
        "place": Place.SITE,
        "at_risk": False,
    }
    return Report(**{**default, **more})


def an_incident(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None, **more: Any
) -> Incident:
    if adult:
        more |= {"who": Who.ROLL, "adult_id": adult.id}
    return report_incident(session, a_report(**more), by=by or a_teacher(session))


def a_case(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None, **more: Any
) -> tuple[ConductCase, Incident]:
    """A case of one incident; about `adult`, or about nobody known yet."""
    by = by or build.a_head(session)
    incident = an_incident(session, adult, **more)
    case = open_case(session, by=by, adult=adult)
    put_into_case(session, incident, case, by=by, seen=incident.version)
    return case, incident


def a_step(
    session: ScopedSession,
    case: ConductCase,
    kind: StepKind = StepKind.FORMAL_LETTER,
    *,
    by: Actor | None = None,
    **more: Any,
) -> CaseStep:
    decision = Decision(kind=kind, because=more.pop("because", "It was loud."), **more)
    by = by or build.a_head(session)
    return decide_step(session, case, decision, by=by, seen=case.version)


def of_world(
    session: ScopedSession, word: str, by: Actor, users: Mapping[Role, Any]
) -> dict[str, UUID]:
    """A case of two steps about one adult, a report that waits, and a child at risk.

    Who sees no other case is assigned to this one.
    """
    adult = session.scalars(select(Adult).where(Adult.name == f"Lee {word}")).one()
    teller = Actor("user", new_id(), f"Teller {word}", a_teacher(session).grants)
    case, incident = a_case(
        session, adult, by=by, what=f"They shouted. {word}", at_risk=True, witness=f"I saw. {word}",
        child=f"A child of {word}", place_words=f"Gate {word}", happened_when=f"3pm {word}",
        filed_for=f"Lunch {word}", affected=((None, f"Colleague {word}"),),
    )  # fmt: skip
    add_words(session, incident, by=by, tag=Tag.OWN, words=f"I was upset. {word}", whose=word)
    lead = a_lead(session)
    may_proceed(session, incident, by=lead, because=f"Talked to {word}")
    session.add(
        IncidentStaff(
            incident_id=incident.id, involved=Involved.WITNESS.value, name=f"Once {word}",
            noted_by=word, ended_at=clock.now(), ended_by=word, ended_because=f"Wrong {word}",
        )
    )  # fmt: skip
    assign(session, case, by=by, user_id=new_id(), name=f"Governor {word}", duty=Duty.GOVERNOR)
    for role in (Role.GOVERNOR, Role.PASTORAL, Role.TEACHER):
        assign(
            session, case, by=by, user_id=users[role].id, name=users[role].name, duty=Duty.ASSIGNED
        )  # fmt: skip
    first = a_step(session, case, by=by, because=f"It was loud. {word}", clauses=("behaviour.1",))
    a_step(
        session, case, StepKind.WARNING, by=by, because=f"Again. {word}",
        considered={"custody": f"None of {word}"},
    )  # fmt: skip
    waiting = an_incident(
        session, by=teller, what=f"A visitor shouted. {word}", who=Who.VISITOR,
        who_words=f"A tall visitor of {word}",
    )  # fmt: skip
    return {"case": case.id, "incident": incident.id, "untriaged": waiting.id, "step": first.id}


def day(after: int) -> date:
    return clock.today() + timedelta(days=after)
