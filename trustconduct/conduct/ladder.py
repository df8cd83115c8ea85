"""The ladder: which step may follow which, and deciding on one.

From the policy's ladder, as data: a formal letter, then a warning, then a ban; the rest
may come at any time. Note 1 of the policy lets a head skip steps in more serious cases,
with a reason (docs/adr/0042). The rows refuse what this file refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm.attributes import flag_modified

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.cases import CaseRefused
from trustconduct.conduct.deciding import refuse_involved
from trustconduct.conduct.models import CaseStep, ConductCase, StepKind
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession

# The step that must have been taken before, and must still be in force.
AFTER: dict[StepKind, StepKind] = {
    StepKind.WARNING: StepKind.FORMAL_LETTER,
    StepKind.BAN: StepKind.WARNING,
}
ABOUT_NOBODY = frozenset({StepKind.NO_ACTION, StepKind.WORD})
A_WARNING_LASTS = relativedelta(years=1)


@dataclass(frozen=True)
class Decision:
    """What was decided. `note_1` is the reason for skipping a step, where one is skipped."""

    kind: StepKind
    because: str
    clauses: tuple[str, ...] = ()
    note_1: str = ""
    considered: dict[str, str] = field(default_factory=dict)
    lapses_on: date | None = None


def steps_about(session: ScopedSession, adult_id: UUID) -> list[CaseStep]:
    """All steps about a person in any case, the oldest first, withdrawn and lapsed ones too."""
    return _steps(session, CaseStep.adult_id == adult_id)


def steps_of(session: ScopedSession, case: ConductCase) -> list[CaseStep]:
    """All steps about a case's person, in other cases too, or of a case about nobody known."""
    if case.adult_id:
        return steps_about(session, case.adult_id)
    return _steps(session, CaseStep.case_id == case.id)


def _steps(session: ScopedSession, about: ColumnElement[bool]) -> list[CaseStep]:
    return list(
        session.scalars(select(CaseStep).where(about).order_by(CaseStep.decided_on, CaseStep.id))
    )


def prior_of(steps: Sequence[CaseStep], kind: StepKind, on: date) -> CaseStep | None:
    """The newest step in force that this kind may follow; None where there is none."""
    wanted = AFTER.get(kind)
    return next(
        (
            step
            for step in reversed(steps)
            if wanted and step.kind == wanted.value and step.in_force(on)
        ),
        None,
    )


def decide_step(
    session: ScopedSession, case: ConductCase, decision: Decision, *, by: Actor, seen: int
) -> CaseStep:
    """Decide on a step of a case. `seen` is the case's version that was looked at.

    Raises CaseRefused for a step out of order without note 1, a case without a person or
    one that is closed, and a clause that was not in the code; MayNotDecide for whom an
    incident has to do with.
    """
    permit(by, Can.DECIDE_STEP, session.school_id)
    refuse_involved(session, case.id, by=by)
    today = clock.today()
    session.refresh(case, with_for_update=True)
    if case.version != seen:
        raise CaseRefused("Somebody else changed this case meanwhile. Look at it again.")
    if case.closed_at or case.merged_into:
        raise CaseRefused("This case is closed.")
    if not decision.because.strip():
        raise CaseRefused("Say why this is the right answer.")
    if case.adult_id is None and decision.kind not in ABOUT_NOBODY:
        raise CaseRefused("Say first whom this case is about.")
    prior = None
    if case.adult_id and decision.kind in AFTER:
        prior = prior_of(steps_of(session, case), decision.kind, today)
        if prior is None and not decision.note_1.strip():
            raise CaseRefused(
                f"There is no {AFTER[decision.kind].word.lower()} in force before this step."
                " Take that step first, or give the reason for skipping it (note 1)."
            )
    # A reason typed for a step that skips nothing is no note 1: the case would say it did.
    skips = prior is None and decision.kind in AFTER
    version = version_in_force(session)
    lapses = None
    if decision.kind is StepKind.WARNING:
        lapses = decision.lapses_on or today + A_WARNING_LASTS
        if lapses <= today:
            raise CaseRefused("A warning lapses on a day to come.")
    step = CaseStep(
        case_id=case.id,
        adult_id=case.adult_id,
        kind=decision.kind.value,
        decided_on=today,
        decided_by=by.name,
        decided_by_id=by.id,
        decided_as=_as(by, session.school_id),
        because=decision.because.strip(),
        clauses=list(decision.clauses),
        version_id=version.id if version else None,
        prior_id=prior.id if prior else None,
        note_1=skips,
        note_1_because=decision.note_1.strip() if skips else "",
        considered=dict(decision.considered),
        lapses_on=lapses,
    )
    session.add(step)
    flag_modified(case, "number")  # its version moves on with each step
    session.flush()
    record(session, Event.STEP_DECIDED, by=by, about=case, number=case.number,
           step=decision.kind.word, note_1=step.note_1)  # fmt: skip
    return step


def withdraw_step(
    session: ScopedSession, case: ConductCase, step: CaseStep, *, by: Actor, because: str
) -> None:
    """Withdraw a step; it stays to be read. Raises CaseRefused, MayNotDecide."""
    permit(by, Can.DECIDE_STEP, session.school_id)
    refuse_involved(session, case.id, by=by)
    if not because.strip():
        raise CaseRefused("Say why this step is withdrawn.")
    if step.withdrawn_at:
        raise CaseRefused("This step is withdrawn already.")
    step.withdrawn_at, step.withdrawn_by = clock.now(), by.name
    step.withdrawn_because = because.strip()
    session.flush()
    record(session, Event.STEP_WITHDRAWN, by=by, about=case, number=case.number,
           step=StepKind(step.kind).word)  # fmt: skip


def _as(by: Actor, school_id: UUID | None) -> str:
    here = [grant.role for grant in by.grants if grant.school_id == school_id]
    if Role.HEADTEACHER in here:
        return Role.HEADTEACHER.value
    return str(here[0]) if here else Role.TRUST_OFFICER.value
