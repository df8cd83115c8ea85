"""What a letter is filled from where it follows a step of a case.

The day of the incident, the clauses and the day on which a warning lapses are the step's:
nobody types them again. Where the case is closed or has moved on the mark is another, so that
the letter is looked at again before it is approved. Where a child may be at risk it is held
until the safeguarding lead has answered.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct.conduct.models import CaseStep, ConductCase, Incident, StepKind
from trustconduct.conduct.risk import holding
from trustconduct.letters.kinds import Kind
from trustconduct.letters.records import Record, record_source
from trustconduct.tenants.sessions import ScopedSession

STEP = "step"
# The kind of letter that a step is answered with.
LETTER_OF = {
    StepKind.FORMAL_LETTER: "invitation",
    StepKind.WARNING: "warning",
    StepKind.MEDIATION: "mediation",
}


@record_source(STEP)
def of_step(session: ScopedSession, step_id: UUID, kind: Kind) -> Record | None:
    """What a step says of a letter's parts; None where the step is gone."""
    step = session.get(CaseStep, (session.school_id, step_id))
    if step is None or step.withdrawn_at:
        return None
    case = session.get_one(ConductCase, (session.school_id, step.case_id))
    newest = session.scalars(
        select(Incident)
        .where(Incident.case_id == case.id, Incident.happened_on <= step.decided_on)
        .order_by(Incident.happened_on.desc(), Incident.number.desc())
        .limit(1)
    ).first()
    parts: dict[str, Any] = {}
    if newest is not None:
        parts["incident_on"] = newest.happened_on.isoformat()
    if step.clauses:
        parts["clauses"] = list(step.clauses)
    if step.lapses_on:
        parts["lapses_on"] = step.lapses_on.isoformat()
    held = ""
    if waiting := holding(session, case.id):
        numbers = ", ".join(str(one.number) for one in waiting)
        held = f"The safeguarding lead has not yet said that letters may go out (report {numbers})."
    fitting = {name: value for name, value in parts.items() if kind.part(name)}
    mark = f"{case.version}{' closed' if case.closed_at else ''}"
    return Record(parts=fitting, mark=mark, held=held)
