"""A person's own contact plan on the pages that are theirs alone.

Each part that has such pages (an answer's link, a letter, a ban) asks here, and shows
`components/contact_plan.html` in the place of the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import g

from trustconduct.conduct.contact_plans import Often, plan_in_force
from trustconduct.languages.spoken import told
from trustconduct.web.speaking import spoken


@dataclass(frozen=True)
class OwnPlan:
    """What the person reads of their plan: never why."""

    who: str
    email: str
    telephone: str
    asked: str
    answer_days: int | None
    answer: str
    until: str


def own_plan(adult_id: UUID) -> OwnPlan | None:
    """The plan that is in force today for whom this page is, or None: one query."""
    plan = plan_in_force(g.session, adult_id)
    if plan is None:
        return None
    language = spoken()
    answer = (
        language.many(
            "You have an answer within %(num)s school day.",
            "You have an answer within %(num)s school days.",
            plan.answer_days,
        )
        if plan.answer_days
        else ""
    )
    return OwnPlan(
        plan.who,
        plan.email,
        plan.telephone,
        told(Often(plan.often).asked, language),
        plan.answer_days,
        answer,
        language.day(plan.until_on),
    )
