"""Whom a campaign asks, and how many that is before it asks anybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from trustconduct.acknowledgements.models import Acknowledgement, Answer, Campaign, SignRequest
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.outbox.untold import may_be_texted, may_be_told
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.who_is_told import asked_for
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession


class Audience(StrEnum):
    """Who is asked. Whoever was asked about the version already is in none of them."""

    EVERYONE = "everyone"
    YEARS = "years"
    NEW = "new"
    OLDER = "older"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    Audience.EVERYONE: "Everyone",
    Audience.YEARS: "Some year groups",
    Audience.NEW: "New joiners",
    Audience.OLDER: "Those who acknowledged an older version",
}


class Way(StrEnum):
    """How a campaign reaches people: one message each, whichever way."""

    MAIL = "mail"
    MAIL_OR_TEXT = "mail_or_text"

    @property
    def word(self) -> str:
        return {
            Way.MAIL: "By email alone",
            Way.MAIL_OR_TEXT: "By email, or by text message to who has no email address",
        }[self]


def mobile() -> ColumnElement[str]:
    """An adult's number as +447…, blank where it is no UK mobile number."""
    return func.tc_uk_mobile(Adult.telephone)


def reachable(way: Way) -> ColumnElement[bool]:
    """A condition for adults whom a message of this way finds."""
    if way is Way.MAIL:
        return Adult.email != ""
    return or_(Adult.email != "", and_(mobile() != "", may_be_texted(mobile())))


def belongs(audience: Audience, years: Collection[str], version_id: UUID) -> ColumnElement[bool]:
    """A condition for the adults whom an audience names. Doubles count for their person."""
    person = aliased(Adult)
    who = func.coalesce(person.merged_into, person.id)
    if audience is Audience.YEARS:
        return Adult.id.in_(
            select(who)
            .join(Care, and_(Care.school_id == person.school_id, Care.adult_id == person.id))
            .join(Pupil, and_(Pupil.school_id == Care.school_id, Pupil.id == Care.pupil_id))
            .where(Care.ended_on.is_(None), Pupil.left_on.is_(None))
            .where(Pupil.year_group.in_(years) if years else false())
        )
    asked = select(who).join(
        SignRequest,
        and_(SignRequest.school_id == person.school_id, SignRequest.adult_id == person.id),
    )
    if audience is Audience.NEW:
        return Adult.id.not_in(asked)
    if audience is Audience.OLDER:
        return Adult.id.in_(
            asked.join(
                Acknowledgement,
                and_(
                    Acknowledgement.school_id == SignRequest.school_id,
                    Acknowledgement.request_id == SignRequest.id,
                ),
            ).where(
                Acknowledgement.answer == Answer.SIGNED.value,
                stands(),
                SignRequest.version_id != version_id,
            )
        )
    return true()


def asked_about(version_id: UUID) -> Select:
    """Who was asked about a version, their doubles included: one person is asked once."""
    return (
        select(func.coalesce(Adult.merged_into, Adult.id))
        .join(
            SignRequest,
            (SignRequest.school_id == Adult.school_id) & (SignRequest.adult_id == Adult.id),
        )
        .where(SignRequest.version_id == version_id)
    )


def _asked(version_id: UUID) -> ColumnElement[bool]:
    """The same as a condition: an anti-join, however many they are."""
    person = aliased(Adult)
    return (
        exists()
        .where(
            SignRequest.school_id == person.school_id,
            SignRequest.adult_id == person.id,
            SignRequest.version_id == version_id,
        )
        .where(func.coalesce(person.merged_into, person.id) == Adult.id)
    )


def to_ask(
    version_id: UUID, audience: Audience, years: Collection[str], way: Way
) -> list[ColumnElement[bool]]:
    """The conditions for the adults whom a campaign would ask now."""
    return [
        asked_for(),
        may_be_told(Adult.id),
        reachable(way),
        ~_asked(version_id),
        belongs(audience, years, version_id),
    ]


@dataclass(frozen=True)
class Reach:
    """Whom a campaign would ask now, and whom it would leave out."""

    by_mail: int
    by_text: int
    asked_before: int
    without_email: int  # of whom no message would reach: paper is left
    untold: int = 0  # who must not be told, or shares the address of one who must not
    first: bool = False  # nothing was ever mailed: the list waits to be confirmed

    @property
    def to_ask(self) -> int:
        return self.by_mail + self.by_text


def reach(
    session: ScopedSession,
    version: SchoolVersion,
    *,
    audience: Audience = Audience.EVERYONE,
    years: Collection[str] = (),
    way: Way = Way.MAIL,
) -> Reach:
    """Whom a campaign for this version would ask, before it is started: one query."""
    told, found = may_be_told(Adult.id), reachable(way)
    # Joined, and not `in`: PostgreSQL would look through all of them for each adult where
    # they do not fit into its working memory.
    before = asked_about(version.id).distinct().subquery()
    who = before.c[0]
    asked = who.is_not(None)

    def many(*conditions: Any) -> Any:
        return func.count().filter(*conditions)

    row = session.execute(
        select(
            many(Adult.email != "", ~asked, told),
            many(Adult.email == "", found, ~asked, told),
            many(asked),
            many(~found, ~asked, told),
            many(~told),
            select(~exists().where(Campaign.id.is_not(None))).scalar_subquery(),
        )
        .select_from(Adult)
        .outerjoin(before, who == Adult.id)
        .where(asked_for(), belongs(audience, years, version.id))
    ).one()
    return Reach(*row)


def year_groups(session: ScopedSession) -> list[str]:
    """The year groups of the pupils who are here, as the roll names them."""
    return list(
        session.scalars(
            select(Pupil.year_group)
            .where(Pupil.left_on.is_(None), Pupil.year_group != "")
            .group_by(Pupil.year_group)
            .order_by(func.length(Pupil.year_group), Pupil.year_group)
            .limit(60)
        )
    )
