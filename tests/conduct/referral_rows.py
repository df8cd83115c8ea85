"""What was told to the police, for tests: made by the rule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests import build
from tests.conduct.meeting_rows import about_somebody
from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.conduct.models import ConductCase
from trustconduct.conduct.referrals import (
    Channel,
    Ground,
    Referral,
    ReferralKind,
    Told,
    end_referral,
    forces_on,
    note_referral,
)
from trustconduct.tenants.sessions import ScopedSession


def told(session: ScopedSession, **more: Any) -> Told:
    default: dict[str, Any] = {
        "kind": ReferralKind.POLICE,
        "made_on": clock.today(),
        "words": "That they threatened a member of staff.",
        "force_id": forces_on(session, clock.today())[0].id,
        "channel": Channel.NON_EMERGENCY.value,
        "ground": Ground.CRIME.value,
    }
    return Told(**{**default, **more})


def a_referral(session: ScopedSession, **more: Any) -> tuple[ConductCase, Referral]:
    case = about_somebody(session)
    return case, note_referral(session, case, told(session, **more), by=build.a_head(session))


def of_world(session: ScopedSession, word: str, by: Actor, case_id: UUID) -> dict[str, UUID]:
    case = session.get_one(ConductCase, (session.school_id, case_id))
    note_referral(
        session, case, by=by,
        told=told(
            session, kind=ReferralKind.TAKE_DOWN, whom=f"Platform {word}",
            evidence=f"A copy of {word}", words=f"A picture of {word}",
        ),
    )  # fmt: skip
    row = note_referral(
        session, case, told(session, words=f"Shared {word}", evidence=f"Camera {word}"), by=by
    )
    end_referral(session, case, row, by=by, outcome=f"No charge {word}", on=clock.today(),
                 reference=f"42/{word}", officer=f"PC {word}")  # fmt: skip
    return {"referral": row.id}
