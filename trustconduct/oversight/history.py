"""What happened, in words: for a school's head, and for the Trust's officer.

A school's events stay with the school. The Trust sees its own, sign-ins among
them, and of the schools' none: an id of a member of staff and the name of an
act would be enough to follow that person through their day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, cast, literal, or_, select, union_all

from trustconduct.accounts.models import Factor, SignIn, User, UserGrant
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import Acknowledgement, SignRequest
from trustconduct.audit.actor import Actor
from trustconduct.audit.history import Happened, Wanted, happened
from trustconduct.audit.kinds import NAMELESS
from trustconduct.audit.sentences import sentence_of
from trustconduct.people.models import Adult, Pupil
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

Names = Mapping[UUID, str]
# What stands for whoever did it, where their name is not kept, or there never was one.
SOMEONE = {
    "user": "A person whose name is no longer kept",
    "link": "A parent or carer",
    "clock": "The service",
    "command": "Somebody at the server",
    "nobody": "Somebody who was not signed in",
}


def look_back(
    session: ScopedSession, wanted: Wanted, *, by: Actor, most: int
) -> tuple[list[Happened], Names]:
    """A page of what happened, and the names of what it happened to: two queries.

    Gives one event more than `most` where there are more.
    """
    in_school = session.scope.role == SCHOOL
    permit(by, Can.SEE_HISTORY, session.school_id if in_school else None)
    events = happened(session, wanted, most=most)
    things = {one.thing_id for one in events if one.thing_id} | wanted.things
    named = _named_in_school if in_school else _named_at_trust
    names = session.execute(union_all(*named(things))).all() if things else ()
    return events, {row[0]: row[1] for row in names}


def _named_in_school(ids: Collection[UUID]) -> list:
    answered = (Acknowledgement.school_id == SignRequest.school_id) & (
        Acknowledgement.request_id == SignRequest.id
    )
    asked = (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
    version = literal("version ") + cast(SchoolVersion.number, String)
    return [
        select(Adult.id, Adult.name).where(Adult.id.in_(ids)),
        select(Pupil.id, Pupil.name).where(Pupil.id.in_(ids)),
        select(SignRequest.id, Adult.name).join(Adult, asked).where(SignRequest.id.in_(ids)),
        select(Acknowledgement.id, Adult.name)
        .join(SignRequest, answered)
        .join(Adult, asked)
        .where(Acknowledgement.id.in_(ids)),
        select(SchoolVersion.id, version).where(SchoolVersion.id.in_(ids)),
        select(School.id, School.name).where(School.id.in_(ids)),
    ]


def _named_at_trust(ids: Collection[UUID]) -> list:
    edition = literal("edition ") + cast(Edition.number, String)
    return [
        select(Edition.id, edition).where(Edition.id.in_(ids)),
        select(School.id, School.name).where(School.id.in_(ids)),
        select(Trust.id, Trust.name).where(Trust.id.in_(ids)),
    ]


@dataclass(frozen=True)
class About:
    """Every id under which a thing stands in the history; `adult` where it is a person's."""

    ids: frozenset[UUID]
    adult: UUID | None = None


def all_about(session: ScopedSession, thing: UUID) -> About:
    """A parent or carer by any of their ids: their own, a request's, an answer's. One query.

    Another thing of a school stands under its own id alone.
    """
    answered = (Acknowledgement.school_id == SignRequest.school_id) & (
        Acknowledgement.request_id == SignRequest.id
    )
    known = union_all(
        select(Adult.id).where(Adult.id == thing),
        select(SignRequest.adult_id).where(SignRequest.id == thing),
        select(SignRequest.adult_id)
        .join(Acknowledgement, answered)
        .where(Acknowledgement.id == thing),
    ).subquery()
    adult = select(known.c.id).limit(1).scalar_subquery()
    rows = session.execute(
        union_all(
            select(Adult.id, literal(True)).where(Adult.id == adult),
            select(SignRequest.id, literal(False)).where(SignRequest.adult_id == adult),
            select(Acknowledgement.id, literal(False))
            .join(SignRequest, answered)
            .where(SignRequest.adult_id == adult),
        )
    ).all()
    return About(
        frozenset({thing, *(row[0] for row in rows)}),
        next((row[0] for row in rows if row[1]), None),
    )


@dataclass(frozen=True)
class People:
    """Who may stand in a history: `names` by every id, and whom the page offers to choose."""

    names: Names
    staff: tuple[tuple[UUID, str], ...]


def people_of(session: ScopedSession, ids: Iterable[UUID], *, school_id: UUID | None) -> People:
    """The names behind these ids of users, sign-ins and authenticators, and all who may be chosen.

    Takes a session for accounts; one query. At a school those with a role there
    can be chosen, at the Trust everyone.
    """
    wanted = set(ids)
    at_school = select(UserGrant.user_id).where(UserGrant.at_school_id == school_id)
    offered = User.id.in_(at_school) if school_id else User.id.is_not(None)
    rows = session.execute(
        union_all(
            select(User.id, User.name, offered.label("offered")).where(
                or_(offered, User.id.in_(wanted))
            ),
            select(SignIn.id, User.name, literal(False))
            .join(User, User.id == SignIn.user_id)
            .where(SignIn.id.in_(wanted)),
            select(Factor.id, User.name, literal(False))
            .join(User, User.id == Factor.user_id)
            .where(Factor.id.in_(wanted)),
        )
    ).all()
    staff = sorted(((row[0], row[1]) for row in rows if row[2]), key=lambda one: one[1].lower())
    return People({row[0]: row[1] for row in rows}, tuple(staff))


@dataclass(frozen=True)
class Piece:
    """A part of a sentence; `person` or `thing` where it names one, for a link."""

    text: str
    person: UUID | None = None
    thing: UUID | None = None


@dataclass(frozen=True)
class Told:
    """One event in words."""

    at: datetime
    pieces: tuple[Piece, ...]
    address: str
    whole: bool  # whether its details are still kept


def told(event: Happened, names: Names) -> Told:
    """An event in words: "Mrs Sample (Headteacher) published version 3 of the code of conduct"."""
    details = event.details or {}
    who = details.get("by") or (names.get(event.actor_id) if event.actor_id else "") or ""
    if event.actor_kind in ("clock", "command", "nobody") or not who:
        who = SOMEONE.get(event.actor_kind, SOMEONE["user"])
    role = f" ({details['by_role']})" if details.get("by_role") and event.actor_id else ""
    thing = names.get(event.thing_id) if event.thing_id else None
    name = thing or NAMELESS.get(event.thing_kind, "something that is no longer kept")
    before, is_named, after = sentence_of(event.event).told(details)
    is_link = event.actor_kind == "link"
    pieces = [
        Piece(who, thing=event.actor_id) if is_link else Piece(who, person=event.actor_id),
        Piece(f"{role} {before}"),
        *([Piece(name, thing=event.thing_id if thing else None)] if is_named else []),
        Piece(after),
    ]
    # A quoted reason ends as its writer ended it.
    if not "".join(piece.text for piece in pieces).rstrip("”").endswith((".", "!", "?", "…")):
        pieces.append(Piece("."))
    return Told(
        event.at,
        tuple(piece for piece in pieces if piece.text),
        str(details.get("address", "")),
        event.details is not None,
    )
