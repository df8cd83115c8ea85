"""Asking every adult of a school to acknowledge the version in force, once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, func, insert, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements import mails
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.outbox.untold import may_be_told
from trustconduct.outbox.write import write
from trustconduct.people.models import Adult
from trustconduct.people.who_is_told import asked_for, is_confirmed
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.models import NamedSchool
from trustconduct.tenants.sessions import ScopedSession

# Mails are written in parts of this many, so that a large school needs no more memory.
PART = 1_000


@dataclass(frozen=True)
class Reach:
    """Whom a campaign would ask now."""

    to_ask: int
    asked_before: int
    without_email: int
    untold: int = 0  # who must not be told, or shares the address of one who must not
    first: bool = False  # nothing was ever mailed: the list waits to be confirmed


class NobodyToAsk(ValueError):
    """Everyone with an email address was asked about this version already."""


class ListNotConfirmed(ValueError):
    """It would be the school's first mailing, and nobody has confirmed whom it would reach."""


def reach(session: ScopedSession, version: SchoolVersion) -> Reach:
    """Whom a campaign for this version would ask, before it is started."""
    asked = _asked_about(version)
    told = may_be_told(Adult.id)
    row = session.execute(
        select(
            func.count().filter(Adult.email != "", Adult.id.not_in(asked), told).label("to_ask"),
            func.count().filter(Adult.id.in_(asked)).label("asked_before"),
            func.count().filter(Adult.email == "", told).label("without_email"),
            func.count().filter(~told).label("untold"),
            select(~exists().where(Campaign.id.is_not(None))).scalar_subquery().label("first"),
        )
        .select_from(Adult)
        .where(asked_for())
    ).one()
    return Reach(*row)


def _asked_about(version: SchoolVersion) -> Select:
    """Who was asked about a version, their doubles included: one person is asked once."""
    return (
        select(func.coalesce(Adult.merged_into, Adult.id))
        .join(
            SignRequest,
            (SignRequest.school_id == Adult.school_id) & (SignRequest.adult_id == Adult.id),
        )
        .where(SignRequest.version_id == version.id)
    )


def start_campaign(
    session: ScopedSession,
    school: NamedSchool,
    version: SchoolVersion,
    *,
    by: Actor,
    link_days: int,
    telephone: str,
    reply_to: str,
) -> Campaign:
    """Ask each adult who has an email address and was not asked about this version yet.

    One request and one mail an adult, however many children. `link_days` is how
    long each link works. Started twice at once, nobody is asked twice. Raises
    NobodyToAsk where there is nobody left, and ListNotConfirmed where it would be the
    first and nobody has said that the list of people is right.
    """
    permit(by, Can.START_CAMPAIGN, session.school_id)
    session.take_turns("campaign")
    if session.scalar(select(Campaign.id).limit(1)) is None and not is_confirmed(session):
        raise ListNotConfirmed
    adults = session.execute(
        select(Adult.id, Adult.name, Adult.email)
        .where(asked_for(), may_be_told(Adult.id))
        .where(Adult.email != "", Adult.id.not_in(_asked_about(version)))
        .order_by(Adult.name, Adult.id)
    ).all()
    if not adults:
        raise NobodyToAsk
    campaign = Campaign(
        number=(session.scalar(select(func.max(Campaign.number))) or 0) + 1,
        version_id=version.id,
        started_by=by.name,
    )
    session.add(campaign)
    session.flush()  # the requests point to it
    closes_on = clock.today() + timedelta(days=link_days)
    for start in range(0, len(adults), PART):
        part = adults[start : start + PART]
        requests: list[dict[str, Any]] = [
            {
                "school_id": session.school_id,
                "id": new_id(),
                "campaign_id": campaign.id,
                "adult_id": adult.id,
                "version_id": version.id,
                "asked_at": clock.now(),
                "closes_on": closes_on,
                "generation": 1,
            }
            for adult in part
        ]
        session.execute(insert(SignRequest), requests)
        letters = (
            mails.asking(
                school,
                adult_id=adult.id,
                to_name=adult.name,
                to_address=adult.email,
                request_id=request["id"],
                generation=1,
                closes_on=closes_on,
                telephone=telephone,
                reply_to=reply_to,
            )
            for adult, request in zip(part, requests, strict=True)
        )
        write(session, letters)
    record(
        session,
        Event.CAMPAIGN_STARTED,
        by=by,
        about=campaign,
        version=version.number,
        asked=len(adults),
    )
    return campaign
