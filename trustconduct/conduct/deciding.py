"""Who may decide on a case: nobody whom one of its incidents has to do with.

Who was affected, reported, saw it or is related decides nothing, and reviews nothing
(domain.md, "Site bans"). A head of whom that is true is replaced by an acting head, and
where there is none by the Trust.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct.audit.actor import Actor
from trustconduct.conduct.models import Incident, IncidentStaff, Involved
from trustconduct.tenants.sessions import ScopedSession


class MayNotDecide(PermissionError):
    """This person may not decide on this case; the message says why, and who may."""


@dataclass(frozen=True)
class Conflict:
    """Why somebody does not decide: what they have to do with which incident."""

    user_id: UUID | None
    name: str
    involved: Involved
    incident: int  # its number

    @property
    def words(self) -> str:
        return f"{self.name} {self.involved.word} (report {self.incident})."


def conflicts(session: ScopedSession, case_id: UUID) -> list[Conflict]:
    """Everyone whom the incidents of a case have to do with. One query."""
    return [
        Conflict(user_id, name, Involved(involved), number)
        for user_id, name, involved, number in session.execute(
            select(
                IncidentStaff.user_id,
                IncidentStaff.name,
                IncidentStaff.involved,
                Incident.number,
            )
            .join(Incident, Incident.id == IncidentStaff.incident_id)
            .where(Incident.case_id == case_id, IncidentStaff.ended_at.is_(None))
            .order_by(Incident.number, IncidentStaff.id)
        )
    ]


def why_not(session: ScopedSession, case_id: UUID, user_id: UUID | None) -> str:
    """Why a person may not decide on a case, in words; empty where they may."""
    mine = [each for each in conflicts(session, case_id) if user_id and each.user_id == user_id]
    return mine[0].words if mine else ""


def refuse_involved(session: ScopedSession, case_id: UUID, *, by: Actor) -> None:
    """Refuse, with MayNotDecide, whom an incident of the case has to do with."""
    if reason := why_not(session, case_id, by.id):
        raise MayNotDecide(f"{reason} Somebody else must decide.")


def who_may_decide(
    session: ScopedSession, case_id: UUID, people: Iterable[tuple[UUID, str]]
) -> list[tuple[UUID, str]]:
    """Of these people (id and name), those who may decide on a case, in their order."""
    barred = {each.user_id for each in conflicts(session, case_id)}
    return [one for one in people if one[0] not in barred]
