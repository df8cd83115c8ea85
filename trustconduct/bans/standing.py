"""Where a ban stands today. Nothing of it is kept: it follows from days and from what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.bans.models import (
    Ban,
    BanMoreTime,
    BanRepresentation,
    Outcome,
    Route,
)
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, LetterWithdrawal
from trustconduct.tenants.sessions import ScopedSession

NOTICE_KINDS = ("intention", "temporary_ban")


class State(StrEnum):
    """What a ban is today, by one word for page, code and letter."""

    PREPARED = "prepared"
    OPEN = "open"
    HEARD = "heard"
    SILENT = "silent"
    LAPSED = "lapsed"
    NOT_CONFIRMED = "not_confirmed"
    TO_COME = "to_come"
    IN_FORCE = "in_force"
    ENDED = "ended"
    LIFTED = "lifted"
    WITHDRAWN = "withdrawn"

    @property
    def word(self) -> str:
        return _WORDS[self][0]

    @property
    def tone(self) -> str:
        return _WORDS[self][1]

    @property
    def is_open(self) -> bool:
        return self in (State.PREPARED, State.OPEN, State.HEARD, State.SILENT)


_WORDS = {
    State.PREPARED: ("Letter not served", "waiting"),
    State.OPEN: ("They can answer", "waiting"),
    State.HEARD: ("They have answered", "waiting"),
    State.SILENT: ("Time to answer is over", "waiting"),
    State.LAPSED: ("Lapsed", "quiet"),
    State.NOT_CONFIRMED: ("Not confirmed", "quiet"),
    State.TO_COME: ("Begins later", "quiet"),
    State.IN_FORCE: ("In force", "attention"),
    State.ENDED: ("Ended", "quiet"),
    State.LIFTED: ("Lifted", "quiet"),
    State.WITHDRAWN: ("Withdrawn, in error", "quiet"),
}


@dataclass(frozen=True)
class Hearing:
    """Whether they were told, and whether they have had their say."""

    letter_id: UUID | None = None
    letter_number: int = 0
    service_id: UUID | None = None
    served_on: date | None = None
    deadline_on: date | None = None
    heard_at: datetime | None = None
    heard_id: UUID | None = None
    said: int = 0

    def is_over(self, today: date) -> bool:
        """Whether it may be decided: they said that it is all, or the time has passed."""
        if self.served_on is None or self.served_on > today:
            return False
        return self.heard_at is not None or (
            self.deadline_on is not None and today > self.deadline_on
        )


def hearing_of(session: ScopedSession, ban: Ban) -> Hearing:
    """What is known of the notice's letter and of their side, in one query.

    A letter that came back or was withdrawn counts for nothing: its days have stopped.
    """
    more = (
        select(func.max(BanMoreTime.until_on)).where(BanMoreTime.ban_id == ban.id).scalar_subquery()
    )
    first_all = (
        select(BanRepresentation.id)
        .where(BanRepresentation.ban_id == ban.id, BanRepresentation.is_all)
        .order_by(BanRepresentation.number)
        .limit(1)
        .scalar_subquery()
    )
    said_at = (
        select(func.min(BanRepresentation.said_at))
        .where(BanRepresentation.ban_id == ban.id, BanRepresentation.is_all)
        .scalar_subquery()
    )
    said = (
        select(func.count())
        .select_from(BanRepresentation)
        .where(BanRepresentation.ban_id == ban.id)
        .scalar_subquery()
    )
    letter = (
        select(
            Letter.id, Letter.number, LetterService.id.label("service_id"),
            LetterService.served_on, LetterService.deadline_on,
        )
        .join(FrozenLetter, FrozenLetter.id == Letter.id)
        .outerjoin(
            LetterService,
            (LetterService.letter_id == Letter.id) & LetterService.ended_on.is_(None),
        )
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == Letter.id)
        .where(
            Letter.record_kind == "ban", Letter.record_id == ban.id,
            Letter.kind.in_(NOTICE_KINDS), LetterWithdrawal.id.is_(None),
        )
        .order_by(Letter.number.desc())
        .limit(1)
        .subquery()
    )  # fmt: skip
    row = session.execute(
        select(more, first_all, said_at, said, letter).select_from(
            select(1).subquery().outerjoin(letter, letter.c.number > 0)
        )
    ).one()
    until, heard_id, heard_at, count, letter_id, number, service_id, served_on, deadline_on = row
    if deadline_on is not None and until is not None:
        deadline_on = max(deadline_on, until)
    return Hearing(
        letter_id=letter_id,
        letter_number=number or 0,
        service_id=service_id,
        served_on=served_on,
        deadline_on=deadline_on,
        heard_at=heard_at,
        heard_id=heard_id,
        said=count,
    )


def state_of(ban: Ban, hearing: Hearing | None = None) -> State:
    """What a ban is at this moment. An open one needs its hearing."""
    now, today = clock.now(), clock.today()
    if ban.withdrawn_at is not None:
        return State.WITHDRAWN
    if ban.outcome == Outcome.NOT_CONFIRMED:
        return State.NOT_CONFIRMED
    if ban.outcome == Outcome.CONFIRMED:
        return _after(ban, now)
    if ban.let_lapse_at is not None or (ban.decide_by is not None and today > ban.decide_by):
        return State.LAPSED
    hearing = hearing or Hearing()
    if hearing.served_on is None:
        return State.PREPARED
    if not hearing.is_over(today):
        return State.OPEN
    return State.HEARD if hearing.heard_at is not None else State.SILENT


def _after(ban: Ban, now: datetime) -> State:
    during = ban.during
    if ban.lifted_at is not None:
        return State.LIFTED
    if during is None or during.isempty or during.upper is None or now >= during.upper:
        return State.ENDED
    if during.lower is not None and now < during.lower:
        return State.TO_COME
    return State.IN_FORCE


def bars_now(ban: Ban) -> bool:
    """Whether the person is barred at this instant, by this ban."""
    during = ban.during
    if during is None or ban.withdrawn_at is not None or during.isempty:
        return False
    return clock.now() in during


def is_temporary(ban: Ban) -> bool:
    """Whether it bars somebody before it was decided."""
    return ban.route == Route.TEMPORARY and ban.outcome == Outcome.OPEN


def representations_of(session: ScopedSession, ban_id: UUID) -> Sequence[BanRepresentation]:
    """All that they said, in order."""
    return session.scalars(
        select(BanRepresentation)
        .where(BanRepresentation.ban_id == ban_id)
        .order_by(BanRepresentation.number)
    ).all()
