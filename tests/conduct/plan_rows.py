"""Contact plans for tests: made by the rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.conduct.contact_plans import (
    ContactPlan,
    Often,
    Planned,
    end_plan,
    make_plan,
    open_plan,
)
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession


def planned(**more: Any) -> Planned:
    default: dict[str, Any] = {
        "who": "The deputy headteacher",
        "email": "deputy@school.example",
        "often": Often.WEEKLY,
        "answer_days": 3,
        "starts_on": clock.today(),
        "until_on": clock.today() + timedelta(days=60),
        "because": "You sent 41 emails to six people since 3 March.",
    }
    return Planned(**{**default, **more})


def a_plan(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None, **more: Any
) -> ContactPlan:
    adult = adult or build.an_adult(session)
    before = open_plan(session, adult.id)
    return make_plan(
        session, adult, planned(**more), by=by or build.a_head(session),
        seen=before.id if before else None,
    )  # fmt: skip


def of_world(session: ScopedSession, word: str, by: Actor) -> dict[str, UUID]:
    """One plan that has ended: the pages of the world's people stay as other tests know them."""
    adult = session.scalars(select(Adult).where(Adult.name == f"Lee {word}")).one()
    plan = a_plan(
        session, adult, by=by, who=f"Deputy {word}", email=f"deputy@{word}.example".lower(),
        telephone="01632 960 111", because=f"For {word}",
    )  # fmt: skip
    end_plan(session, plan, by=by, because=f"For {word}")
    return {"plan": plan.id}
