"""The gate: who is barred at this moment and what is allowed. No reasons, and nobody else.

One query gives the list. Names are found in it by letters that they share, so that a
spelling or a missed letter finds them: a list of fifty needs no index, and row-level
security would not let a trigram index be used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.models import Ban, BanException, BanSighting, BanTerms, GateDevice
from trustconduct.bans.refused import BanRefused
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

MOST = 500
LIKE_ENOUGH = 0.6
ONE_SIGHTING = timedelta(minutes=15)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays")


@dataclass(frozen=True)
class Allowed:
    """An exception, as reception reads it."""

    id: UUID
    code: str
    words: str
    weekdays: str = ""
    on_day: date | None = None
    from_time: time | None = None
    to_time: time | None = None
    by_appointment: bool = False

    @property
    def when(self) -> str:
        times = ""
        if self.from_time and self.to_time:
            times = f", {self.from_time:%H:%M} to {self.to_time:%H:%M}"
        if self.on_day:
            return f"On {clock.day(self.on_day)}{times}"
        if self.weekdays == "12345":
            return f"On every school day{times}"
        if self.weekdays:
            names = [WEEKDAYS[int(mark) - 1] for mark in self.weekdays]
            return f"On {' and '.join(names)}{times}"
        return "By appointment" if self.by_appointment else ""

    def covers(self, at: datetime) -> bool:
        """Whether it may be so at this moment. What has no time, reception has to ask about."""
        there = clock.local(at)
        if self.on_day is not None and there.date() != self.on_day:
            return False
        if self.weekdays and str(there.isoweekday()) not in self.weekdays:
            return False
        if self.from_time and self.to_time:
            return self.from_time <= there.time().replace(tzinfo=None) <= self.to_time
        return True


@dataclass(frozen=True)
class Barred:
    """One person on the list: the least that reception needs."""

    ban_id: UUID
    number: int
    name: str
    telephone: str
    address: str
    until: date
    decided: bool
    sites: str
    hours: str
    contact: str
    allowed: tuple[Allowed, ...]

    @property
    def check(self) -> str:
        """What to compare before anybody is stopped: two people may share a name."""
        figures = [mark for mark in self.telephone if mark.isdigit()]
        ways = []
        if len(figures) >= 6:
            ways.append(f"Their telephone number ends in {''.join(figures[-3:])}")
        if self.address:
            ways.append(f"Their address begins “{self.address.split(',')[0]}”")
        return ". ".join(ways)

    @property
    def now(self) -> tuple[Allowed, ...]:
        """What may allow them to be here at this moment."""
        return tuple(one for one in self.allowed if one.covers(clock.now()))


def barred_now(session: ScopedSession, *, at: datetime | None = None) -> list[Barred]:
    """Who is barred at this moment, by name, with what is allowed: one query."""
    at = at or clock.now()
    newest = (
        select(BanTerms.body)
        .where(BanTerms.ban_id == Ban.id)
        .order_by(BanTerms.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    one = func.jsonb_build_object(
        "id", BanException.id, "code", BanException.code, "words", BanException.words,
        "weekdays", BanException.weekdays, "on_day", BanException.on_day,
        "from_time", BanException.from_time, "to_time", BanException.to_time,
        "by_appointment", BanException.by_appointment,
    )  # fmt: skip
    exceptions = (
        select(func.jsonb_agg(aggregate_order_by(one, BanException.code, BanException.id)))
        .where(BanException.ban_id == Ban.id, BanException.struck_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Ban.id, Ban.number, Adult.name, Adult.telephone, Adult.address, Ban.ends_on,
            Ban.decide_by, Ban.outcome, newest.label("body"),
            func.coalesce(exceptions, cast([], JSONB)).label("exceptions"),
        )
        .join(Adult, (Adult.school_id == Ban.school_id) & (Adult.id == Ban.adult_id))
        .where(Ban.during.contains(at), Ban.withdrawn_at.is_(None))
        .order_by(Adult.name, Ban.number)
        .limit(MOST)
    ).all()  # fmt: skip
    return [_barred(row) for row in rows]


def _barred(row: Any) -> Barred:
    body = row.body or {}
    until = row.ends_on or row.decide_by
    if until is None:
        raise ValueError("a ban in force has an end")
    return Barred(
        ban_id=row.id,
        number=row.number,
        name=row.name,
        telephone=row.telephone,
        address=row.address,
        until=until,
        decided=row.outcome == "confirmed",
        sites=body.get("sites", ""),
        hours=body.get("hours", ""),
        contact=body.get("contact", ""),
        allowed=tuple(_allowed(one) for one in row.exceptions),
    )


def _allowed(one: dict[str, Any]) -> Allowed:
    def at(text: str | None) -> time | None:
        return time.fromisoformat(text) if text else None

    return Allowed(
        id=UUID(one["id"]),
        code=one["code"],
        words=one["words"],
        weekdays=one["weekdays"],
        on_day=date.fromisoformat(one["on_day"]) if one["on_day"] else None,
        from_time=at(one["from_time"]),
        to_time=at(one["to_time"]),
        by_appointment=one["by_appointment"],
    )


def named_like(barred: Sequence[Barred], typed: str) -> list[Barred]:
    """Those whose names are like what was typed, the likest first; spelling may differ."""
    wanted = _folded(typed)
    if not wanted:
        return list(barred)
    marks = _marks(wanted)
    words = set(wanted.split())
    found = []
    for one in barred:
        name = _folded(one.name)
        theirs = _marks(name)
        # Of what was typed, how much stands in the name: a first name alone finds somebody.
        likeness = len(marks & theirs) / min(len(marks), len(theirs))
        if words & set(name.split()) or wanted in name:
            likeness = max(likeness, 0.9)
        if likeness >= LIKE_ENOUGH:
            found.append((-likeness, one.name, one.number, one))
    return [one for *_, one in sorted(found, key=lambda each: each[:3])]


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(mark if mark.isalnum() else " " for mark in plain if not _accent(mark))
    return " ".join(kept.split())


def _accent(mark: str) -> bool:
    return unicodedata.category(mark) == "Mn"


def _marks(name: str) -> set[str]:
    """The pairs of letters of each word, its first and last letter marked."""
    return {
        padded[at : at + 2]
        for word in name.split()
        for padded in (f" {word} ",)
        for at in range(len(padded) - 1)
    }


def seen_on_site(
    session: ScopedSession,
    ban: Ban,
    *,
    by: Actor,
    exception: BanException | None = None,
    device: GateDevice | None = None,
) -> BanSighting:
    """Note that somebody who is barred was seen: within an exception, or as a breach.

    Twice within a quarter of an hour has one effect. Raises BanRefused.
    """
    if device is None:
        permit(by, Can.SEE_GATE, session.school_id)
    elif device.revoked_at is not None or by.id != device.id:
        raise BanRefused("", "This device is no longer the gate’s. Ask the office.")
    session.refresh(ban, with_for_update=True)
    now = clock.now()
    if ban.during is None or ban.withdrawn_at is not None or now not in ban.during:
        raise BanRefused("", "The ban is not in force any more. They may be here.")
    if exception is not None and (exception.ban_id != ban.id or exception.struck_at is not None):
        raise BanRefused("", "This exception is not of this ban any more.")
    if exception is not None and not as_allowed(exception).covers(now):
        raise BanRefused("", "It is not the time of this exception. Ring the office.")
    earlier = session.scalar(
        select(BanSighting)
        .where(
            BanSighting.ban_id == ban.id,
            BanSighting.seen_at > now - ONE_SIGHTING,
            BanSighting.exception_id.is_not_distinct_from(exception.id if exception else None),
        )
        .limit(1)
    )
    if earlier is not None:
        return earlier
    row = BanSighting(
        ban_id=ban.id, exception_id=exception.id if exception else None,
        breach=exception is None, noted_by=by.name, device_id=device.id if device else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, Event.BAN_SEEN, by=by, about=ban, number=ban.number,
           how="breach" if row.breach else "allowed")  # fmt: skip
    return row


def as_allowed(row: BanException) -> Allowed:
    return Allowed(
        row.id, row.code, row.words, row.weekdays, row.on_day, row.from_time, row.to_time,
        row.by_appointment,
    )  # fmt: skip


def sightings_of(session: ScopedSession, ban_id: UUID) -> Sequence[BanSighting]:
    return session.scalars(
        select(BanSighting)
        .where(BanSighting.ban_id == ban_id)
        .order_by(BanSighting.seen_at.desc())
        .limit(50)
    ).all()


def enrol_device(session: ScopedSession, *, by: Actor, name: str) -> GateDevice:
    """Make a device of reception the gate's. Raises BanRefused."""
    permit(by, Can.KEEP_GATE, session.school_id)
    name = " ".join(name.split())[:60]
    if not name:
        raise BanRefused("name_of_device", "Say which device it is, like Front desk.")
    device = GateDevice(name=name, enrolled_by=by.name)
    session.add(device)
    session.flush()
    record(session, Event.GATE_ENROLLED, by=by, about=device, name=name)
    return device


def revoke_device(session: ScopedSession, device: GateDevice, *, by: Actor) -> bool:
    """Take the gate away from a device, at once. False where it is gone already."""
    permit(by, Can.KEEP_GATE, session.school_id)
    session.refresh(device, with_for_update=True)
    if device.revoked_at is not None:
        return False
    device.revoked_at, device.revoked_by = clock.now(), by.name
    session.flush()
    record(session, Event.GATE_REVOKED, by=by, about=device, name=device.name)
    return True


def devices(session: ScopedSession) -> Sequence[GateDevice]:
    return session.scalars(
        select(GateDevice).where(GateDevice.revoked_at.is_(None)).order_by(GateDevice.enrolled_at)
    ).all()


def gate_is_open(at: datetime) -> bool:
    """Whether an enrolled device shows the gate: from 7am to 7pm, Monday to Friday, in London."""
    there = clock.local(at)
    return there.weekday() < 5 and time(7) <= there.time() < time(19)
