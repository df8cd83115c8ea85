"""The days of a ban on which somebody must be told: each once, however often the clock looks.

A temporary ban never rolls over: three days before, one day before and that morning the
head, the deputies and the Trust are told until one of them chooses. Undecided, it lapses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.models import Ban, BanNotice, Route
from trustconduct.bans.register import Entry, register
from trustconduct.bans.standing import State
from trustconduct.db import new_id
from trustconduct.outbox.write import Mail, write
from trustconduct.tenants.models import School, is_open
from trustconduct.tenants.sessions import ScopedSession

DAY = timedelta(days=1)


class Tick(StrEnum):
    """What a day of a ban is."""

    LAPSES_IN_3 = "lapses_in_3"
    LAPSES_TOMORROW = "lapses_tomorrow"
    LAPSES_TODAY = "lapses_today"
    LAPSED = "lapsed"
    DECIDE = "decide"
    REVIEW = "review"
    REVIEW_OVERDUE = "review_overdue"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"

    @property
    def words(self) -> str:
        return {
            "lapses_in_3": "The temporary ban lapses in three days unless it is decided",
            "lapses_tomorrow": "The temporary ban lapses tomorrow unless it is decided",
            "lapses_today": "The temporary ban lapses at midnight unless it is decided",
            "lapsed": "The temporary ban has lapsed, undecided",
            "decide": "The time to answer is over: the ban can be decided",
            "review": "The ban is due to be reviewed",
            "review_overdue": "The review of the ban is overdue",
            "ends_soon": "The ban ends in a week",
            "ended": "The ban has ended",
        }[self.value]

    @property
    def goes_up(self) -> bool:
        """Whether the Trust is told as well."""
        return self.value.startswith("lapse") or self is Tick.REVIEW_OVERDUE


@dataclass(frozen=True)
class Told:
    """Somebody who is told. `officer`: of the Trust, who is given no name."""

    name: str
    email: str
    officer: bool = False


def schools_with_ticks(session: ScopedSession) -> list[UUID]:
    """The schools that have a ban with a day near: one query of the Trust's, without names."""
    today = clock.today()
    near = or_(
        Ban.decide_by.between(today - DAY, today + 3 * DAY),
        Ban.review_on.between(today - 60 * DAY, today),
        Ban.ends_on.between(today - DAY, today + 7 * DAY),
        (Ban.outcome == "") & Ban.let_lapse_at.is_(None),
    )
    return list(
        session.scalars(
            select(Ban.school_id)
            .where(Ban.withdrawn_at.is_(None), near, is_open(Ban.school_id))
            .distinct()
            .order_by(Ban.school_id)
        )
    )


def ticks(entry: Entry, today: date) -> Iterator[tuple[Tick, date]]:
    """What today is to a ban, with the day that it is of."""
    ban, state = entry.ban, entry.state
    if state is State.LAPSED and ban.let_lapse_at is None and ban.decide_by == today - DAY:
        yield Tick.LAPSED, ban.decide_by
    if state.is_open:
        if ban.route == Route.TEMPORARY and ban.decide_by:
            ahead = (ban.decide_by - today).days
            kinds = {3: Tick.LAPSES_IN_3, 1: Tick.LAPSES_TOMORROW, 0: Tick.LAPSES_TODAY}
            if ahead in kinds:
                yield kinds[ahead], ban.decide_by
        if state is State.SILENT and entry.hearing.deadline_on:
            yield Tick.DECIDE, entry.hearing.deadline_on
    if state is State.IN_FORCE and ban.review_on and ban.ends_on:
        if today == ban.review_on:
            yield Tick.REVIEW, ban.review_on
        elif (today - ban.review_on).days == 7:
            yield Tick.REVIEW_OVERDUE, ban.review_on
        if (ban.ends_on - today).days == 7:
            yield Tick.ENDS_SOON, ban.ends_on
    if state is State.ENDED and ban.ends_on == today - DAY:
        yield Tick.ENDED, ban.ends_on


def tell_of_bans(session: ScopedSession, people: Sequence[Told], *, base_url: str) -> int:
    """Write the mails of today's ticks of one school; give how many ticks were new.

    The row of each is what makes it happen once: two clocks at once write one.
    """
    today = clock.today()
    entries = register(session, ban_ids=_near(session, today))
    school = session.get_one(School, session.school_id)
    told = 0
    for entry in entries:
        for tick, on in ticks(entry, today):
            if not people or not _first(session, entry.ban.id, tick, on):
                continue
            told += 1
            write(session, _mails(school, entry, tick, people, base_url))
            record(session, Event.BAN_TOLD, by=CLOCK, about=entry.ban, number=entry.ban.number,
                   words=tick.words)  # fmt: skip
    return told


def _near(session: ScopedSession, today: date) -> list[UUID]:
    return list(
        session.scalars(
            select(Ban.id).where(
                Ban.withdrawn_at.is_(None),
                or_(
                    (Ban.outcome == "") & Ban.let_lapse_at.is_(None)
                    & (func.coalesce(Ban.decide_by, today) >= today - DAY),
                    Ban.ends_on >= today - DAY,
                ),
            ).limit(50)
        )
    )  # fmt: skip


def _first(session: ScopedSession, ban_id: UUID, tick: Tick, on: date) -> bool:
    made = session.execute(
        insert(BanNotice)
        .values(
            school_id=session.school_id, id=new_id(), ban_id=ban_id, kind=tick.value, for_on=on,
            told_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(BanNotice.id)
    )  # fmt: skip
    return made.first() is not None


def _mails(
    school: School, entry: Entry, tick: Tick, people: Sequence[Told], base_url: str
) -> list[Mail]:
    address = f"{base_url.rstrip('/')}/{school.slug}/staff/bans/{entry.ban.id}/"
    found = []
    for who in people:
        if who.officer and not tick.goes_up:
            continue
        where = "" if who.officer else f"\nOpen it here:\n\n{address}\n"
        found.append(
            Mail(
                kind="ban_day",
                to_name=who.name,
                to_address=who.email,
                from_name=school.name,
                subject=f"Ban {entry.ban.number}: {tick.words.lower()}",
                body=f"""Dear {who.name},

{tick.words}. It is ban {entry.ban.number} of {school.name}.
{where}
trustconduct
""",
            )
        )
    return found
