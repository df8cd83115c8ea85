"""A ban as its own person sees it, on the page of a letter: where it stands, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.bans.gate import as_allowed
from trustconduct.bans.letters import BAN
from trustconduct.bans.models import Ban, BanException, BanRepresentation
from trustconduct.bans.standing import (
    NOTICE_KINDS,
    Hearing,
    State,
    bars_now,
    hearing_of,
    representations_of,
    state_of,
)
from trustconduct.letters.models import Letter
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Side:
    """What the page of a ban's letter shows beside the letter."""

    ban: Ban
    hearing: Hearing
    words: str
    allowed: tuple[str, ...]
    said: tuple[BanRepresentation, ...]
    may_answer: bool


def their_side(session: ScopedSession, letter_id: UUID) -> Side | None:
    """The ban that a letter is about; None for a letter about something else."""
    row = session.execute(
        select(Letter.kind, Ban)
        .join(Ban, Ban.id == Letter.record_id)
        .where(Letter.id == letter_id, Letter.record_kind == BAN)
    ).one_or_none()
    if row is None:
        return None
    kind, ban = row
    hearing = hearing_of(session, ban)
    state = state_of(ban, hearing)
    exceptions = session.scalars(
        select(BanException)
        .where(BanException.ban_id == ban.id, BanException.struck_at.is_(None))
        .order_by(BanException.added_at)
    ).all()
    allowed = []
    for one in exceptions:
        when = as_allowed(one).when
        allowed.append(f"{when}: {one.words}" if when else one.words)
    return Side(
        ban=ban,
        hearing=hearing,
        words=_words(ban, hearing, state),
        allowed=tuple(allowed) if bars_now(ban) else (),
        said=tuple(representations_of(session, ban.id)),
        may_answer=kind in NOTICE_KINDS
        and hearing.letter_id == letter_id
        and state is not State.WITHDRAWN,
    )


def _words(ban: Ban, hearing: Hearing, state: State) -> str:
    until = clock.day(hearing.deadline_on) if hearing.deadline_on else ""
    if state.is_open:
        now = "You may not come onto our premises for now." if bars_now(ban) else "There is no ban."
        if state is State.OPEN and until:
            return f"{now} Nothing is decided. You can answer until {until}."
        return f"{now} Nothing is decided yet."
    if state in (State.IN_FORCE, State.TO_COME):
        assert ban.ends_on
        review = (
            f" Somebody who did not decide it looks at it by {clock.day(ban.review_on)}."
            if (ban.review_on)
            else ""
        )
        return (
            f"You may not come onto our premises until the end of {clock.day(ban.ends_on)}."
            f"{review} You can ask for that earlier: write or ring the school."
        )
    return "There is no ban any more. You may come as any parent may."
