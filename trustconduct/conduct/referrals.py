"""Police, legal advice and take-down requests: a compartment of its own.

Criminal-offence data stands apart from the case (UK GDPR, article 10): its own table, its
own permission, its own last day. The case says that there is something here, never what.
The police are told of a crime; they take no part in any other step (domain.md, "Police").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.models import ConductCase
from trustconduct.db import Base
from trustconduct.tenants.models import PoliceForce, SchoolOwned, in_school
from trustconduct.tenants.sessions import ScopedSession

# Proposed, as for a case (docs/adr/0045): while nothing came of it yet it is kept.
KEPT_FOR = relativedelta(years=6)


class ReferralKind(StrEnum):
    POLICE = "police"
    LEGAL = "legal"
    TAKE_DOWN = "take_down"

    @property
    def word(self) -> str:
        return {
            "police": "Told the police",
            "legal": "Legal action considered",
            "take_down": "Asked to take something down",
        }[self.value]


class Channel(StrEnum):
    """How the police were told."""

    EMERGENCY = "999"
    NON_EMERGENCY = "101"
    ONLINE = "online"
    OFFICER = "officer"
    STATION = "station"

    @property
    def word(self) -> str:
        return {
            "999": "999",
            "101": "101",
            "online": "The force’s online form",
            "officer": "An officer whom we know",
            "station": "At a station",
        }[self.value]


class Ground(StrEnum):
    """On what ground personal data was shared."""

    CRIME = "crime"
    VITAL = "vital"
    DUTY = "duty"
    COURT = "court"

    @property
    def word(self) -> str:
        return {
            "crime": "To prevent or detect a crime",
            "vital": "To protect somebody’s life or safety",
            "duty": "The law requires it",
            "court": "A court order",
        }[self.value]


class Referral(SchoolOwned, Base):
    """One thing that was told or asked outside the school. Only its end is added later.

    `force_name` is the name on that day: forces merge, and what was written stays.
    `whom` is the platform of a take-down request, or who considered legal action.
    """

    __tablename__ = "referral"
    __table_args__ = (
        in_school("case_id", to="conduct_case"),
        CheckConstraint("kind in ('police', 'legal', 'take_down')", name="kind_known"),
        CheckConstraint("words <> ''", name="says_something"),
        CheckConstraint("(kind = 'police') = (force_id is not null)", name="police_by_a_force"),
        CheckConstraint("(kind = 'police') = (force_name <> '')", name="force_as_named"),
        CheckConstraint(
            "kind <> 'police' or (channel in ('999', '101', 'online', 'officer', 'station')"
            " and ground in ('crime', 'vital', 'duty', 'court'))",
            name="shared_on_a_ground",
        ),
        CheckConstraint("kind = 'police' or whom <> ''", name="whom_known"),
        CheckConstraint("kind <> 'take_down' or evidence <> ''", name="with_evidence"),
        CheckConstraint(
            "made_on <= (noted_at at time zone 'Europe/London')::date", name="not_ahead"
        ),
        CheckConstraint(
            "(outcome = '') = (outcome_on is null) and (outcome = '') = (keep_until_on is null)",
            name="ended_somehow",
        ),
        CheckConstraint("keep_until_on > outcome_on", name="kept_a_while"),
        Index(None, "school_id", "case_id"),
    )

    case_id: Mapped[UUID]
    kind: Mapped[str]
    made_on: Mapped[date]
    words: Mapped[str]  # what was shared, considered, or asked to be taken down
    force_id: Mapped[str | None] = mapped_column(ForeignKey("police_force.id"))
    force_name: Mapped[str] = mapped_column(default="")
    channel: Mapped[str] = mapped_column(default="")
    ground: Mapped[str] = mapped_column(default="")
    whom: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    officer: Mapped[str] = mapped_column(default="")
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    noted_by: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    outcome_on: Mapped[date | None]
    keep_until_on: Mapped[date | None]

    @property
    def stands(self) -> str:
        return "Ended" if self.outcome_on else "Open"


class ReferralRefused(ValueError):
    """It can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Told:
    """What was told or asked. Which fields a kind needs, `note_referral` says."""

    kind: ReferralKind
    made_on: date
    words: str
    force_id: str = ""
    channel: str = ""
    ground: str = ""
    whom: str = ""
    evidence: str = ""
    reference: str = ""
    officer: str = ""


def forces_on(session: ScopedSession, on: date) -> list[PoliceForce]:
    """The forces that there were on a day, by name."""
    return [
        force
        for force in session.scalars(select(PoliceForce).order_by(PoliceForce.name))
        if (force.valid_from is None or force.valid_from <= on)
        and (force.valid_to is None or on <= force.valid_to)
    ]


def note_referral(session: ScopedSession, case: ConductCase, told: Told, *, by: Actor) -> Referral:
    """Note what was told to the police, considered in law, or asked to be taken down.

    A case that is closed or without a person takes one too: a crime is a crime. Raises
    ReferralRefused by field.
    """
    permit(by, Can.KEEP_REFERRALS, session.school_id)
    force = _checked(session, told)
    row = Referral(
        case_id=case.id,
        kind=told.kind.value,
        made_on=told.made_on,
        words=told.words.strip(),
        force_id=force.id if force else None,
        force_name=force.name if force else "",
        channel=told.channel if force else "",
        ground=told.ground if force else "",
        whom="" if force else told.whom.strip(),
        evidence=told.evidence.strip(),
        reference=told.reference.strip(),
        officer=told.officer.strip(),
        noted_by=by.name,
    )
    session.add(row)
    session.flush()
    record(session, Event.REFERRAL_NOTED, by=by, about=case, number=case.number,
           kind=told.kind.word)  # fmt: skip
    return row


def _checked(session: ScopedSession, told: Told) -> PoliceForce | None:
    if told.made_on > clock.today():
        raise ReferralRefused("made_on", "This day has not come yet. Note it afterwards.")
    if not told.words.strip():
        raise ReferralRefused("words", "Say what was shared, considered or asked.")
    if told.kind is not ReferralKind.POLICE:
        if not told.whom.strip():
            whom = (
                "Name the platform."
                if told.kind is ReferralKind.TAKE_DOWN
                else "Say who considered it."
            )
            raise ReferralRefused("whom", whom)
        if told.kind is ReferralKind.TAKE_DOWN and not told.evidence.strip():
            raise ReferralRefused(
                "evidence", "Give the address of what should go, and where your copy is kept."
            )
        return None
    force = next((one for one in forces_on(session, told.made_on) if one.id == told.force_id), None)
    if force is None:
        raise ReferralRefused("force_id", "Choose a force that there was on that day.")
    if told.channel not in list(Channel):
        raise ReferralRefused("channel", "Say how the police were told.")
    if told.ground not in list(Ground):
        raise ReferralRefused("ground", "Say on what ground it was shared.")
    return force


def end_referral(
    session: ScopedSession,
    case: ConductCase,
    row: Referral,
    *,
    by: Actor,
    outcome: str,
    on: date,
    reference: str = "",
    officer: str = "",
) -> None:
    """Note what came of it. From then its own time of keeping runs, whatever the case does."""
    permit(by, Can.KEEP_REFERRALS, session.school_id)
    session.refresh(row, with_for_update=True)
    if row.outcome_on:
        raise ReferralRefused("outcome", "Its outcome was noted already.")
    if not outcome.strip():
        raise ReferralRefused("outcome", "Say what came of it.")
    if not row.made_on <= on <= clock.today():
        raise ReferralRefused("outcome_on", "Type a day since it was made, until today.")
    row.outcome, row.outcome_on, row.keep_until_on = outcome.strip(), on, on + KEPT_FOR
    row.reference = reference.strip() or row.reference
    row.officer = officer.strip() or row.officer
    session.flush()
    record(session, Event.REFERRAL_ENDED, by=by, about=case, number=case.number,
           kind=ReferralKind(row.kind).word)  # fmt: skip


def referrals_of(session: ScopedSession, case_id: UUID, *, by: Actor) -> list[Referral]:
    """All of a case, the newest first; for nobody but who may see the compartment."""
    permit(by, Can.SEE_REFERRALS, session.school_id)
    return list(
        session.scalars(
            select(Referral).where(Referral.case_id == case_id).order_by(Referral.id.desc())
        )
    )
