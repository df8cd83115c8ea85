"""Taking a roll in: what it would change first, then all of it or nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, tuple_

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


@dataclass(frozen=True)
class Person:
    """A line of the people's list: an adult and whom they care for."""

    id: UUID
    name: str
    email: str
    cares_for: tuple[str, ...]  # "Sam Sample (mother, Year 4)"


def people_page(
    session: ScopedSession, *, without_email: bool = False, after: str = "", most: int = 50
) -> list[Person]:
    """A page of adults by name, in two queries. `after` is the last name and id of the page before.

    Gives one more than `most` where there are more.
    """
    adults = select(Adult.id, Adult.name, Adult.email).order_by(Adult.name, Adult.id)
    if without_email:
        adults = adults.where(Adult.email == "")
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            adults = adults.where(tuple_(Adult.name, Adult.id) > tuple_(name, UUID(id_text)))
    rows = session.execute(adults.limit(most + 1)).all()
    cared: dict[UUID, list[str]] = {row.id: [] for row in rows}
    for care in session.execute(
        select(Care.adult_id, Care.relationship, Pupil.name, Pupil.year_group)
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .where(Care.adult_id.in_(cared))
        .order_by(Pupil.name)
    ):
        words = ", ".join(word for word in (care.relationship, care.year_group) if word)
        cared[care.adult_id].append(f"{care.name} ({words})")
    return [Person(row.id, row.name, row.email, tuple(cared[row.id])) for row in rows]
