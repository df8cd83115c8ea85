"""Who would be told, who would not and why; and a named person's word that the list is right."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.untold import untold
from trustconduct.people.models import ASKED_KINDS, Adult, ListConfirmation
from trustconduct.tenants.sessions import ScopedSession


class Standing(StrEnum):
    """Whether an adult would be told, or why not. The first that applies counts."""

    MARKED = "marked"
    SHARED = "shared"
    APART = "apart"
    LEFT = "left"
    NOT_ASKED = "not_asked"
    NO_EMAIL = "no_email"
    TOLD = "told"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    Standing.MARKED: "Must not be told",
    Standing.SHARED: "Shares an email address with somebody who must not be told",
    Standing.APART: "Shares an email address with somebody they must not learn of",
    Standing.LEFT: "Has left",
    Standing.NOT_ASKED: "Is neither parent nor carer",
    Standing.NO_EMAIL: "Has no email address",
    Standing.TOLD: "Would be told",
}


class ListChanged(ValueError):
    """Somebody changed the list after it was looked at: look again."""


def asked_for() -> ColumnElement[bool]:
    """A condition for adults who are asked at all: parents and carers who are here, once each.

    Who must not be told is another question, and `may_be_told` answers it.
    """
    return and_(Adult.kind.in_(ASKED_KINDS), Adult.left_on.is_(None), Adult.merged_into.is_(None))


def _standing(why: Any) -> Any:
    return case(
        (why.c.because == "marked", "marked"),
        (why.c.because == "shared", "shared"),
        (why.c.because == "apart", "apart"),
        (Adult.left_on.is_not(None), "left"),
        (Adult.kind.not_in(ASKED_KINDS), "not_asked"),
        (Adult.email == "", "no_email"),
        else_="told",
    )


def _everybody(*columns: Any) -> Any:
    """A query over all who are one person each, with their standing."""
    each = untold().alias("untold")
    why = (
        select(each.c.id, func.min(each.c.because).label("because"))
        .group_by(each.c.id)
        .subquery("why")
    )
    return (
        select(*columns, _standing(why).label("standing"))
        .select_from(Adult)
        .outerjoin(why, why.c.id == Adult.id)
        .where(Adult.merged_into.is_(None))
    )


@dataclass(frozen=True)
class TheList:
    """How many stand where, and a mark that another list would not have."""

    counts: dict[Standing, int]
    mark: str
    confirmed: ListConfirmation | None = None

    @property
    def told(self) -> int:
        return self.counts.get(Standing.TOLD, 0)

    @property
    def untold(self) -> int:
        return sum(self.counts.values()) - self.told

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has confirmed this very list."""
        return self.confirmed is not None and self.confirmed.mark == self.mark


def the_list(session: ScopedSession) -> TheList:
    """The list as it stands now, in two queries however long it is."""
    each = _everybody(Adult.id, Adult.email).subquery()
    line = each.c.standing + "|" + cast(each.c.id, Text) + "|" + each.c.email
    row = session.execute(
        select(
            func.coalesce(
                func.md5(func.string_agg(line, aggregate_order_by(literal("\n"), each.c.id))), ""
            ),
            *(func.count().filter(each.c.standing == one.value) for one in Standing),
        ).select_from(each)
    ).one()
    counts = {one: number for one, number in zip(Standing, row[1:], strict=True) if number}
    newest = select(ListConfirmation).order_by(ListConfirmation.id.desc()).limit(1)
    return TheList(counts, row[0], session.scalar(newest))


def is_confirmed(session: ScopedSession) -> bool:
    return the_list(session).is_confirmed


@dataclass(frozen=True)
class Line:
    id: UUID
    name: str
    email: str
    standing: Standing


def list_page(
    session: ScopedSession, *, only: str = "", after: str = "", most: int = 50
) -> list[Line]:
    """A page of the list by name; gives one more than `most` where there are more."""
    each = _everybody(Adult.id, Adult.name, Adult.email).subquery()
    query = select(each).order_by(each.c.name, each.c.id).limit(most + 1)
    if only in list(Standing):
        query = query.where(each.c.standing == only)
    elif only == "left_out":
        query = query.where(each.c.standing != Standing.TOLD.value)
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            query = query.where(tuple_(each.c.name, each.c.id) > tuple_(name, UUID(id_text)))
    return [
        Line(row.id, row.name, row.email, Standing(row.standing)) for row in session.execute(query)
    ]


def confirm_list(session: ScopedSession, *, by: Actor, seen: str) -> bool:
    """Say that the list of who would be told is right: before it, nothing is mailed first.

    `seen` is the mark of the list that the person looked at. False where they have
    confirmed this very list already. Raises ListChanged for another list.
    """
    permit(by, Can.CONFIRM_LIST, session.school_id)
    session.take_turns("campaign")
    now = the_list(session)
    if now.mark != seen:
        raise ListChanged
    if now.is_confirmed:
        return False
    said = ListConfirmation(confirmed_by=by.name, told=now.told, untold=now.untold, mark=now.mark)
    session.add(said)
    session.flush()
    record(
        session,
        Event.LIST_CONFIRMED,
        by=by,
        about=said,
        told=now.told,
        untold=now.untold,
    )
    return True
