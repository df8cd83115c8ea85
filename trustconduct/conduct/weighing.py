"""What a head should see before a step is decided: doubts, and what was done before.

None of it refuses anything. A step that rests on little, or that forgot a person's needs,
is one that a letter should not be staked on (domain.md: Equality Act 2010, flagged clauses).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from trustconduct import clock
from trustconduct.acknowledgements.notice import OnNotice, was_on_notice
from trustconduct.conduct.models import CaseStep, Incident, StepKind
from trustconduct.people.models import Adult
from trustconduct.policies.document import Clause
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

LOOKS_BACK = relativedelta(months=24)
# What is to be considered before a step is taken, and what staff are asked about it.
CONSIDER = {
    "disability": "A disability, of theirs or of the child",
    "communication": "How they speak, read or understand",
    "custody": "Who has parental responsibility, and any court order",
}


@dataclass(frozen=True)
class Touched:
    """A clause that a case rests on, as it stood on the day, and whether they were told of it."""

    clause: Clause
    incident: int  # the number of the report
    notice: OnNotice | None  # None where nobody knows whom it is about


def touched(
    session: ScopedSession,
    incidents: Sequence[Incident],
    versions: dict[int, SchoolVersion | None],
    adult: Adult | None,
) -> list[Touched]:
    """The clauses of some incidents, with their words of that day. `versions` by number."""
    found = []
    for incident in incidents:
        version = versions[incident.number]
        there = version.document.clauses_by_id if version else {}
        for id in incident.clauses:
            if clause := there.get(id):
                told = was_on_notice(session, adult, id, incident.happened_on) if adult else None
                found.append(Touched(clause, incident.number, told))
    return found


def doubts(found: Sequence[Touched], considered: dict[str, str]) -> list[str]:
    """What speaks against resting a step on this, in words."""
    said = []
    if not found:
        said.append("No clause of the code is named yet. Without one a step rests on nothing.")
    elif all(one.clause.flagged for one in found):
        said.append("Every clause named here is one that the Trust calls risky to rest on alone.")
    told = [one for one in found if one.notice is not None]
    if told and not any(one.notice for one in told):
        said.append("Nothing shows that this person had been told of the code before that day.")
    lacking = [words for key, words in CONSIDER.items() if not considered.get(key, "").strip()]
    if lacking:
        said.append("Not considered yet: " + "; ".join(lacking) + ".")
    return said


def done_before(session: ScopedSession, clauses: Sequence[str]) -> list[tuple[StepKind, int]]:
    """What this school did in 24 months where one of these clauses was named. One query.

    So that like cases are treated alike.
    """
    since = clock.today() - LOOKS_BACK
    rows = session.execute(
        select(CaseStep.kind, func.count())
        .where(
            CaseStep.decided_on >= since,
            CaseStep.withdrawn_at.is_(None),
            CaseStep.clauses.has_any(cast(list(clauses), ARRAY(Text))),
        )
        .group_by(CaseStep.kind)
    ).all()
    counted = dict(rows)
    return [(kind, counted[kind.value]) for kind in StepKind if kind.value in counted]
