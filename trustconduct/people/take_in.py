"""Taking a roll in: what it would change first, then all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.csv_lists import key
from trustconduct.db import new_id
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.roll import Line, Roll
from trustconduct.tenants.sessions import ScopedSession


class RollRefused(ValueError):
    """The roll has faults; nothing of it was saved."""


@dataclass
class Changes:
    """What a roll would add. Who is there already stays as they are."""

    adults: list[dict[str, Any]] = field(default_factory=list)
    pupils: list[dict[str, Any]] = field(default_factory=list)
    cares: list[dict[str, Any]] = field(default_factory=list)
    without_email: int = 0
    known: int = 0

    @property
    def any(self) -> bool:
        return bool(self.adults or self.pupils or self.cares)


def changes(session: ScopedSession, roll: Roll) -> Changes:
    """Compare a roll with who is there: three queries, whatever its length. Saves nothing."""
    found = Changes()
    adults: dict[tuple[str, str], UUID] = {
        (row.name_key, row.email): row.id
        for row in session.execute(select(Adult.id, Adult.name_key, Adult.email))
    }
    pupils: dict[tuple[str, str], UUID] = {
        (row.name_key, row.year_group): row.id
        for row in session.execute(select(Pupil.id, Pupil.name_key, Pupil.year_group))
    }
    cares = {
        (row.adult_id, row.pupil_id)
        for row in session.execute(select(Care.adult_id, Care.pupil_id))
    }
    for line in roll.lines:
        adult_id = _adult(session, line, adults, found)
        pupil_id = _pupil(session, line, pupils, found)
        if (adult_id, pupil_id) in cares:
            found.known += 1
            continue
        cares.add((adult_id, pupil_id))
        found.cares.append(
            {
                "school_id": session.school_id,
                "id": new_id(),
                "adult_id": adult_id,
                "pupil_id": pupil_id,
                "relationship": line.relationship,
            }
        )
    return found


def _adult(
    session: ScopedSession, line: Line, there: dict[tuple[str, str], UUID], found: Changes
) -> UUID:
    place = (key(line.adult), line.email)
    if place not in there:
        there[place] = new_id()
        found.without_email += not line.email
        found.adults.append(
            {
                "school_id": session.school_id,
                "id": there[place],
                "name": line.adult,
                "name_key": place[0],
                "email": line.email,
                "added_at": clock.now(),
                "version": 1,
            }
        )
    return there[place]


def _pupil(
    session: ScopedSession, line: Line, there: dict[tuple[str, str], UUID], found: Changes
) -> UUID:
    place = (key(line.pupil), line.year)
    if place not in there:
        there[place] = new_id()
        found.pupils.append(
            {
                "school_id": session.school_id,
                "id": there[place],
                "name": line.pupil,
                "name_key": place[0],
                "year_group": line.year,
                "added_at": clock.now(),
            }
        )
    return there[place]


def take_in(session: ScopedSession, roll: Roll, *, by: Actor) -> Changes:
    """Add everyone on the roll who is not there yet. Taken in twice, it changes nothing.

    Raises RollRefused for a roll with any fault: half a roll would leave parents
    unasked without anyone noticing.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    if roll.faults:
        raise RollRefused(f"{len(roll.faults)} faults; nothing was saved.")
    session.take_turns("roll")
    found = changes(session, roll)
    for table, rows in ((Adult, found.adults), (Pupil, found.pupils), (Care, found.cares)):
        if rows:
            session.execute(insert(table), rows)
    if found.any:
        record(
            session,
            Event.ROLL_TAKEN_IN,
            by=by,
            about_kind="roll",
            adults=len(found.adults),
            pupils=len(found.pupils),
            cares=len(found.cares),
        )
    return found
