"""The register: every ban with what is due, for head and deputies; counts for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.bans.models import Ban, BanMoreTime, BanRepresentation
from trustconduct.bans.standing import NOTICE_KINDS, Hearing, State, state_of
from trustconduct.letters.models import Letter, LetterService, LetterWithdrawal
from trustconduct.people.models import Adult
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One ban of the register."""

    ban: Ban
    name: str
    hearing: Hearing

    @property
    def state(self) -> State:
        return state_of(self.ban, self.hearing)

    @property
    def until(self) -> date | None:
        return self.ban.ends_on or self.ban.decide_by

    @property
    def due(self) -> tuple[str, date | None]:
        """What is to be done next, and by when."""
        state = self.state
        if state is State.PREPARED:
            return "Send the letter", None
        if state is State.OPEN:
            return "They can answer until", self.hearing.deadline_on
        if state in (State.HEARD, State.SILENT):
            return "Decide", self.ban.decide_by
        if state in (State.IN_FORCE, State.TO_COME):
            return "Review by", self.ban.review_on
        return "", None


def register(
    session: ScopedSession, *, page: int = 0, ban_ids: list[UUID] | None = None
) -> list[Entry]:
    """Bans, the open ones and those in force first: one query. One more than PAGE is given
    where there are more.
    """
    said = (
        select(
            BanRepresentation.ban_id,
            func.count().label("said"),
            func.min(BanRepresentation.said_at).filter(BanRepresentation.is_all).label("heard_at"),
        )
        .group_by(BanRepresentation.ban_id)
        .subquery()
    )
    more = (
        select(BanMoreTime.ban_id, func.max(BanMoreTime.until_on).label("until"))
        .group_by(BanMoreTime.ban_id)
        .subquery()
    )
    served = (
        select(
            Letter.record_id,
            func.max(LetterService.served_on).label("served_on"),
            func.max(LetterService.deadline_on).label("deadline_on"),
        )
        .join(LetterService, LetterService.letter_id == Letter.id)
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == Letter.id)
        .where(
            Letter.record_kind == "ban", Letter.kind.in_(NOTICE_KINDS),
            LetterService.ended_on.is_(None), LetterWithdrawal.id.is_(None),
        )
        .group_by(Letter.record_id)
        .subquery()
    )  # fmt: skip
    now = clock.now()
    alive = (Ban.withdrawn_at.is_(None)) & (
        (func.upper(Ban.during) > now) | ((Ban.outcome == "") & (Ban.during.is_(None)))
    )
    query = (
        select(
            Ban, Adult.name, func.coalesce(said.c.said, 0), said.c.heard_at,
            served.c.served_on, served.c.deadline_on, more.c.until,
        )
        .join(Adult, (Adult.school_id == Ban.school_id) & (Adult.id == Ban.adult_id))
        .outerjoin(said, said.c.ban_id == Ban.id)
        .outerjoin(served, served.c.record_id == Ban.id)
        .outerjoin(more, more.c.ban_id == Ban.id)
        .order_by(func.coalesce(alive, False).desc(), Ban.number.desc())
        .offset(page * PAGE)
        .limit(PAGE + 1)
    )  # fmt: skip
    if ban_ids is not None:
        query = query.where(Ban.id.in_(ban_ids))
    return [
        Entry(
            ban,
            name,
            Hearing(
                served_on=served_on,
                deadline_on=max(deadline_on, until) if deadline_on and until else deadline_on,
                heard_at=heard_at,
                said=count,
            ),
        )
        for ban, name, count, heard_at, served_on, deadline_on, until in session.execute(query)
    ]


@dataclass(frozen=True)
class Figures:
    """Bans of a school, counted: without a name, for governors and the Trust."""

    in_force: int = 0
    temporary: int = 0
    overdue: int = 0
    ended: int = 0
    longest: int = 0  # days since the oldest that is in force began


def figures(session: ScopedSession) -> dict[UUID, Figures]:
    """By school: one grouped query, in the Trust's session or in a school's own."""
    now, today = clock.now(), clock.today()
    bars = Ban.during.contains(now) & Ban.withdrawn_at.is_(None)
    rows = session.execute(
        select(
            Ban.school_id,
            func.count().filter(bars),
            func.count().filter(bars & (Ban.outcome == "")),
            func.count().filter(bars & (Ban.review_on < today)),
            func.count().filter(
                (Ban.outcome == "confirmed") & (func.upper(Ban.during) <= now)
                & Ban.withdrawn_at.is_(None)
            ),
            func.coalesce(func.max(today - Ban.started_on).filter(bars), 0),
        ).group_by(Ban.school_id)
    )  # fmt: skip
    return {row[0]: Figures(*(int(str(number)) for number in row[1:])) for row in rows}


def figures_by_school(session: ScopedSession) -> list[tuple[str, Figures]]:
    """Every school with its figures, by name; in the Trust's session, two queries."""
    found = figures(session)
    names = session.execute(select(School.id, School.name).order_by(School.name))
    return [(row.name, found.get(row.id, Figures())) for row in names]
