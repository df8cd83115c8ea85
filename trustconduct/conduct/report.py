"""Reporting what happened: anyone who works at the school, in two minutes.

Facts first, and nothing that can wait: clauses and evidence come at triage. A report is
never changed; what is learnt later is added beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.mails import child_at_risk
from trustconduct.conduct.models import (
    Incident,
    IncidentStaff,
    IncidentWords,
    Involved,
    Place,
    Tag,
    Who,
)
from trustconduct.outbox.write import write
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 20_000  # characters of one text


class ReportRefused(ValueError):
    """It can't be filed like this: by field, what to do."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True)
class Report:
    """What was typed. `affected` are names of staff with their user's id where they have one."""

    what: str
    happened_on: date
    place: Place
    at_risk: bool
    happened_when: str = ""
    place_words: str = ""
    who: Who = Who.UNKNOWN
    adult_id: UUID | None = None
    who_words: str = ""
    filed_for: str = ""
    child: str = ""
    witness: str = ""
    affected: tuple[tuple[UUID | None, str], ...] = ()


def report_incident(
    session: ScopedSession,
    report: Report,
    *,
    by: Actor,
    leads: Sequence[tuple[str, str]] = (),
    school_name: str = "",
    page: str = "",
) -> Incident:
    """File a report. It has its number from now on.

    Who files it is noted as reporting, and so never decides on it. Where a child may be at
    risk, each of `leads` (name and address) is mailed in the same commit; `page` is where
    they read it. Raises ReportRefused.
    """
    permit(by, Can.REPORT_INCIDENT, session.school_id)
    _check(session, report)
    session.take_turns("incident-number")
    last = session.scalar(select(func.max(Incident.number)))
    version = version_in_force(session, report.happened_on)
    incident = Incident(
        number=(last or 0) + 1,
        happened_on=report.happened_on,
        happened_when=report.happened_when.strip(),
        place=report.place.value,
        place_words=report.place_words.strip(),
        who=report.who.value,
        adult_id=report.adult_id,
        who_words=report.who_words.strip(),
        at_risk=report.at_risk,
        filed_by=by.name,
        filed_by_id=by.id,
        filed_for=report.filed_for.strip(),
        version_id=version.id if version else None,
    )
    session.add(incident)
    session.flush()
    for tag, whose, words in (
        (Tag.ACCOUNT, report.filed_for or by.name, report.what),
        (Tag.WITNESS, "", report.witness),
        (Tag.CHILD, "", report.child),
    ):
        if words.strip():
            session.add(
                IncidentWords(
                    incident_id=incident.id, tag=tag.value, whose=whose.strip(),
                    words=words.strip(), written_by=by.name,
                )
            )  # fmt: skip
    involved = [(Involved.REPORTING, by.id, by.name)]
    involved += [(Involved.AFFECTED, user_id, name) for user_id, name in report.affected]
    for what, user_id, name in involved:
        session.add(
            IncidentStaff(
                incident_id=incident.id, involved=what.value, user_id=user_id, name=name,
                noted_by=by.name,
            )
        )  # fmt: skip
    session.flush()
    record(session, Event.INCIDENT_REPORTED, by=by, about=incident, number=incident.number)
    if report.at_risk:
        for name, address in leads:
            mail = child_at_risk(
                to_name=name, to_address=address, school_name=school_name,
                number=incident.number, page=page,
            )  # fmt: skip
            write(session, [mail])
    return incident


def add_words(
    session: ScopedSession, incident: Incident, *, by: Actor, tag: Tag, words: str, whose: str = ""
) -> IncidentWords:
    """Put a text beside what stands there already. Raises ReportRefused."""
    permit(by, Can.KEEP_CASES, session.school_id)
    if not (said := words.strip()):
        raise ReportRefused("words", "Write what is to be added.")
    _not_too_long("words", said)
    added = IncidentWords(
        incident_id=incident.id, tag=tag.value, whose=whose.strip(), words=said,
        written_by=by.name,
    )  # fmt: skip
    session.add(added)
    session.flush()
    record(session, Event.INCIDENT_ADDED_TO, by=by, about=incident, number=incident.number,
           what=tag.word)  # fmt: skip
    return added


def _check(session: ScopedSession, report: Report) -> None:
    if not report.what.strip():
        raise ReportRefused("what", "Write what happened.")
    for field in ("what", "child", "witness"):
        _not_too_long(field, getattr(report, field))
    if report.happened_on > clock.today():
        raise ReportRefused("happened_on", "This day is still to come. Check the date.")
    if (report.who is Who.ROLL) != (report.adult_id is not None):
        raise ReportRefused("who", "Choose the person, or say that you do not know yet.")
    if report.adult_id and not session.get(Adult, (session.school_id, report.adult_id)):
        raise ReportRefused("who", "This person is not on the list any more. Choose again.")


def _not_too_long(field: str, said: str) -> None:
    if len(said) > LONGEST:
        raise ReportRefused(field, f"This is longer than {LONGEST:,} characters. Shorten it.")
