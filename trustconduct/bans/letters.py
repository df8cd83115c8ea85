"""What a ban gives to its letters: nothing that its record says is typed again."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct.bans.gate import as_allowed
from trustconduct.bans.models import Ban, BanDecision, BanException, Outcome, Route, Step
from trustconduct.bans.people import ROLE_WORDS
from trustconduct.bans.terms import Terms, terms_of
from trustconduct.conduct.risk import holding
from trustconduct.letters.kinds import Kind
from trustconduct.letters.records import Record, record_source
from trustconduct.tenants.sessions import ScopedSession

BAN = "ban"
# Which letter a ban may be answered with, as it stands.
_FITS = {
    "intention": lambda ban: ban.outcome == Outcome.OPEN and ban.route != Route.TEMPORARY,
    "temporary_ban": lambda ban: ban.outcome == Outcome.OPEN and ban.route == Route.TEMPORARY,
    "confirmed": lambda ban: ban.outcome == Outcome.CONFIRMED and ban.route != Route.EXTENSION,
    "extended": lambda ban: ban.outcome == Outcome.CONFIRMED and ban.route == Route.EXTENSION,
    "not_confirmed": lambda ban: ban.outcome == Outcome.NOT_CONFIRMED,
    "lifted": lambda ban: ban.lifted_at is not None,
    "varied": lambda ban: ban.outcome == Outcome.CONFIRMED and ban.lifted_at is None,
    "breach": lambda ban: ban.during is not None,
    "reception_notice": lambda ban: ban.during is not None,
}


def kinds_for(ban: Ban) -> list[str]:
    """The letters that fit a ban today, in the order of their kinds."""
    if ban.withdrawn_at is not None:
        return []
    return [kind for kind, fits in _FITS.items() if fits(ban)]


@record_source(BAN)
def of_ban(session: ScopedSession, ban_id: UUID, kind: Kind) -> Record | None:
    """What a ban says of each part of a letter. None where it is gone or does not fit."""
    ban = session.get(Ban, (session.school_id, ban_id))
    if ban is None or kind.id not in kinds_for(ban):
        return None
    terms = terms_of(session, ban_id)
    decision = _decision(session, ban, kind)
    parts = _parts(ban, terms, decision, kind)
    said = _exceptions(session, ban_id)
    if said and "scope" in parts:
        parts["scope"] = f"{parts['scope']}\n\nYou may still come:\n\n{said}"
    mark = json.dumps([parts, ban.outcome, str(ban.decision_id)], sort_keys=True, default=str)
    known = {part.id for part in kind.parts}
    return Record(
        parts={name: value for name, value in parts.items() if name in known and value},
        mark=hashlib.sha256(mark.encode()).hexdigest(),
        held=_held(session, ban),
    )


def _held(session: ScopedSession, ban: Ban) -> str:
    """Why the letter waits: a child may be at risk, and the lead has not answered yet."""
    waiting = holding(session, ban.case_id) if ban.case_id else []
    if not waiting:
        return ""
    numbers = ", ".join(str(one.number) for one in waiting)
    return f"The safeguarding lead has not yet said that letters may go out (report {numbers})."


def _parts(ban: Ban, terms: Terms, decision: BanDecision | None, kind: Kind) -> dict[str, Any]:
    words = decision.words if decision else ""
    ends = ban.ends_on.isoformat() if ban.ends_on else terms.ends_on
    if kind.id == "lifted" and ban.lifted_at is not None:
        ends = ban.lifted_at.date().isoformat()
    return {
        "incident_on": terms.incident_on,
        "reasons": words if kind.id in ("lifted", "varied") else terms.reasons,
        "clauses": list(terms.clauses),
        "why_now": terms.why_now,
        "scope": terms.scope,
        "starts_on": terms.starts_on if kind.id != "reception_notice" else "",
        "ends_on": ends,
        "review_on": ban.review_on.isoformat() if ban.review_on else "",
        "decide_by": ban.decide_by.isoformat() if ban.decide_by else "",
        "answer": {"days": ban.answer_days, "unit": ban.unit},
        "weighed": words if kind.id in ("confirmed", "not_confirmed") else "",
        "decided_by": ROLE_WORDS[ban.decider_role] if decision else "",
        "bringing": terms.bringing,
        "contact": terms.contact,
        "changes": words if kind.id == "varied" else "",
    }


def _decision(session: ScopedSession, ban: Ban, kind: Kind) -> BanDecision | None:
    steps = {"lifted": Step.LIFTED, "varied": Step.VARIED}
    if kind.id in steps:
        return session.scalar(
            select(BanDecision)
            .where(BanDecision.ban_id == ban.id, BanDecision.step == steps[kind.id].value)
            .order_by(BanDecision.decided_at.desc())
            .limit(1)
        )
    if ban.decision_id is None:
        return None
    return session.get(BanDecision, (ban.school_id, ban.decision_id))


def _exceptions(session: ScopedSession, ban_id: UUID) -> str:
    """The ban's own exceptions; the standing ones stand in the Trust's words already."""
    from_rows = session.scalars(
        select(BanException)
        .where(
            BanException.ban_id == ban_id,
            BanException.struck_at.is_(None),
            BanException.code == "",
        )
        .order_by(BanException.added_at)
    ).all()
    return "\n\n".join(f"{_when(one)}{one.words}" for one in from_rows)


def _when(row: BanException) -> str:
    when = as_allowed(row).when
    return f"{when}: " if when else ""
