"""Two rows for one person: suggested, merged by a person, and taken apart again.

Nothing is deleted and nothing is moved: one row points to the other, and everything
that shows a person shows both.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, or_, select, tuple_
from sqlalchemy.orm import aliased

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import withdraw_untold
from trustconduct.people.models import Adult, Care, KeptApart
from trustconduct.people.untold import open_parting
from trustconduct.tenants.sessions import ScopedSession


class CannotMerge(ValueError):
    """These two can't be made one; the message says why, and what to do."""


@dataclass(frozen=True)
class Double:
    """Two adults who may be one, and what speaks for it."""

    one: UUID
    other: UUID
    name: str
    email: str
    other_email: str
    why: str

    @property
    def mark(self) -> str:
        return f"{self.one}|{self.other}"


WHY = {"email": "Same name and email", "address": "Same name and address", "child": "Same child"}


def doubles(session: ScopedSession, *, after: str = "", most: int = 50) -> list[Double]:
    """A page of pairs of one name with one email, address or child: one query.

    Gives one more than `most` where there are more. Who must not learn of each other are
    two people, and not suggested.
    """
    one, other = aliased(Adult), aliased(Adult)
    mine, theirs = aliased(Care), aliased(Care)
    same_child = (
        select(mine.id)
        .join(theirs, (theirs.school_id == mine.school_id) & (theirs.pupil_id == mine.pupil_id))
        .where(mine.adult_id == one.id, theirs.adult_id == other.id)
        .exists()
    )
    apart = (
        select(KeptApart.id)
        .where(
            KeptApart.ended_at.is_(None),
            KeptApart.adult_id == one.id,
            KeptApart.other_id == other.id,
        )
        .exists()
    )
    same_email = (one.email != "") & (one.email == other.email)
    same_address = (one.address != "") & (one.address == other.address)
    query = (
        select(
            one.id,
            other.id,
            one.name,
            one.email,
            other.email,
            case((same_email, "email"), (same_address, "address"), else_="child"),
        )
        .join(
            other,
            (other.school_id == one.school_id)
            & (other.name_key == one.name_key)
            & (other.id > one.id),
        )
        .where(one.merged_into.is_(None), other.merged_into.is_(None))
        .where(or_(same_email, same_address, same_child), ~apart)
        .order_by(one.id, other.id)
        .limit(most + 1)
    )
    first, _, second = after.partition("|")
    with suppress(ValueError):  # a mark that somebody made up: the first page
        if after:
            mark = (UUID(first), UUID(second))
            query = query.where(tuple_(one.id, other.id) > tuple_(*mark))
    return [Double(*row) for row in session.execute(query)]


def merge(session: ScopedSession, double: Adult, into: Adult, *, by: Actor) -> bool:
    """Say that two rows are one person; the second stands for both from now on.

    They are asked once, and the page of the second shows the answers of both. Where
    either must not be told, neither is. False where it was said before. Raises
    CannotMerge.
    """
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    session.take_turns("campaign")
    if double.merged_into == into.id and double.id != into.id:
        return False
    if double.id == into.id or double.merged_into or into.merged_into:
        raise CannotMerge("One of them was merged already. Undo that first.")
    if open_parting(session, double.id, into.id) is not None:
        raise CannotMerge("These two must not learn of each other, so they are two people.")
    under = select(Adult.id).where(Adult.merged_into == double.id).limit(1)
    if session.scalar(under) is not None:
        raise CannotMerge(f"{double.name} stands for others already. Keep that one instead.")
    double.merged_into = into.id
    session.flush()
    withdraw_untold(session)
    record(session, Event.ADULTS_MERGED, by=by, about=into, other=double.name)
    return True


def separate(session: ScopedSession, double: Adult, *, by: Actor) -> bool:
    """Say that a merged row is a person of their own after all: all is as it was before."""
    permit(by, Can.CHANGE_PEOPLE, session.school_id)
    if double.merged_into is None:
        return False
    into = session.get_one(Adult, (session.school_id, double.merged_into))
    double.merged_into = None
    session.flush()
    record(session, Event.ADULTS_SEPARATED, by=by, about=into, other=double.name)
    return True
