"""Asking the adults of a school to acknowledge the version in force, once each.

A campaign goes out on its day, reminds by its plan, and may welcome who joins later;
what it says and whom it asks never changes once it has begun. It can be stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text, update

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.asking import LONG_STATEMENTS, make_requests, write_to_asked
from trustconduct.acknowledgements.audience import Audience, Reach, Way, reach, to_ask
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.acknowledgements.plans import CampaignPlan, CampaignWords, SignReminder
from trustconduct.acknowledgements.words import Words, checked, letters
from trustconduct.audit.actor import CLOCK, Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import withdraw
from trustconduct.people.models import Adult
from trustconduct.people.who_is_told import is_confirmed
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.models import NamedSchool, School
from trustconduct.tenants.sessions import ScopedSession

__all__ = ["Reach", "reach"]
LONGEST_WAIT = 180  # days between planning a campaign and its day
# More than so many are asked by the worker: no page waits for them.
AT_ONCE = 5_000


class NobodyToAsk(ValueError):
    """Everyone whom a message would reach was asked about this version already."""


class ListNotConfirmed(ValueError):
    """It would be the school's first mailing, and nobody has confirmed whom it would reach."""


class PlanRefused(ValueError):
    """The plan will not do. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Reminders:
    """The reminder plan: days after being asked, days between, how many, within how many days."""

    after: int = 5
    every: int = 7
    most: int = 3
    within: int = 30

    def days(self, asked_on: date) -> list[date]:
        """The days on which somebody who never answers is reminded."""
        days = (self.after + n * self.every for n in range(self.most))
        return [asked_on + timedelta(days=each) for each in days if each <= self.within]


@dataclass(frozen=True)
class Plan:
    """What a person chose for a campaign."""

    audience: Audience = Audience.EVERYONE
    years: tuple[str, ...] = ()
    way: Way = Way.MAIL
    goes_on: date | None = None  # today, where none is given
    reminders: Reminders = Reminders()
    welcomes: bool = False
    words: Words = field(default_factory=Words)


def checked_plan(plan: Plan) -> Plan:
    """The plan as it may be started. Raises PlanRefused, and WordsRefused for its words."""
    if plan.audience is Audience.YEARS and not plan.years:
        raise PlanRefused("years", "Choose at least one year group.")
    today = clock.today()
    if plan.goes_on and not today <= plan.goes_on <= today + timedelta(days=LONGEST_WAIT):
        raise PlanRefused("goes_on", "Choose a day from today on, within half a year.")
    if plan.welcomes and plan.audience is Audience.OLDER:
        raise PlanRefused("welcomes", "Who joins later has no older version. Leave this empty.")
    checked(plan.words)
    return plan


def start_campaign(
    session: ScopedSession,
    school: NamedSchool,
    version: SchoolVersion,
    *,
    by: Actor,
    link_days: int,
    telephone: str,
    reply_to: str,
    plan: Plan | None = None,
) -> Campaign:
    """Ask each adult of the audience whom a message reaches and who was not asked yet.

    One request and one message an adult, however many children; at once, or on the
    plan's day. `link_days` is how long each link works. Started twice at once, nobody
    is asked twice. Raises NobodyToAsk where there is nobody left, ListNotConfirmed where
    it would be the first and nobody has said that the list of people is right, and
    PlanRefused or WordsRefused.
    """
    permit(by, Can.START_CAMPAIGN, session.school_id)
    plan = checked_plan(plan or Plan())
    session.take_turns("campaign")
    if session.scalar(select(Campaign.id).limit(1)) is None and not is_confirmed(session):
        raise ListNotConfirmed
    today = clock.today()
    goes_on = plan.goes_on or today
    reaches = reach(session, version, audience=plan.audience, years=plan.years, way=plan.way)
    if not reaches.to_ask or _waits_already(session, version, plan, goes_on):
        raise NobodyToAsk
    campaign = Campaign(
        number=(session.scalar(select(func.max(Campaign.number))) or 0) + 1,
        version_id=version.id,
        started_by=by.name,
        audience=plan.audience.value,
        years=sorted(plan.years) if plan.audience is Audience.YEARS else [],
    )
    session.add(campaign)
    session.flush()  # all else points to it
    reminders, words = plan.reminders, plan.words
    kept = CampaignPlan(
        id=campaign.id,
        goes_on=goes_on,
        way=plan.way.value,
        link_days=link_days,
        remind_after=reminders.after,
        remind_every=reminders.every,
        remind_most=reminders.most,
        remind_within=reminders.within,
        welcomes=plan.welcomes,
    )
    session.add(kept)
    session.add(
        CampaignWords(id=campaign.id, subject=words.subject, body=words.body, text=words.text)
    )
    session.flush()
    number = reaches.to_ask
    if goes_on > today or number > AT_ONCE:
        record(session, Event.CAMPAIGN_PLANNED, by=by, about=campaign,
               version=version.number, day=goes_on.isoformat(), asked=number)  # fmt: skip
    else:
        number = _send(session, school, campaign, kept, telephone=telephone, reply_to=reply_to)
        record(session, Event.CAMPAIGN_STARTED, by=by, about=campaign,
               version=version.number, asked=number)  # fmt: skip
    return campaign


def _waits_already(
    session: ScopedSession, version: SchoolVersion, plan: Plan, goes_on: date
) -> bool:
    """Whether this very campaign waits for its day: the same form was sent twice."""
    same = (
        select(Campaign.id)
        .join(CampaignPlan, CampaignPlan.id == Campaign.id)
        .where(
            Campaign.version_id == version.id,
            Campaign.audience == plan.audience.value,
            Campaign.years == (sorted(plan.years) if plan.audience is Audience.YEARS else []),
            CampaignPlan.goes_on == goes_on,
            CampaignPlan.sent_at.is_(None),
            CampaignPlan.stopped_at.is_(None),
        )
    )
    return session.scalar(same.limit(1)) is not None


def _send(
    session: ScopedSession,
    school: NamedSchool,
    campaign: Campaign,
    plan: CampaignPlan,
    *,
    telephone: str,
    reply_to: str,
    joined_before: datetime | None = None,
) -> int:
    """Ask those of a campaign who were not asked yet; give how many."""
    way, now = Way(plan.way), clock.now()
    who = to_ask(campaign.version_id, Audience(campaign.audience), campaign.years, way)
    if joined_before is not None:
        who.append(Adult.added_at < joined_before)
    made = make_requests(session, campaign, plan, who, now)
    if made:
        said = letters(
            words_of(session, campaign.id), school, telephone=telephone, reply_to=reply_to
        )
        write_to_asked(session, school, campaign.id, said, reply_to=reply_to, way=way, now=now)
    if plan.sent_at is None:
        plan.sent_at = now
    session.flush()
    return made


def words_of(session: ScopedSession, campaign_id: UUID | None) -> Words:
    """What a campaign says; ours where it had no words yet, or none asked."""
    kept = session.get(CampaignWords, (session.school_id, campaign_id)) if campaign_id else None
    return Words(kept.subject, kept.body, kept.text) if kept else Words()


def schools_to_ask(session: ScopedSession) -> list[UUID]:
    """The schools with a campaign whose day has come, or that welcomes who joins: one query.

    In a session of the Trust, over rows without a name. Suspended schools wait.
    """
    return list(
        session.scalars(
            select(CampaignPlan.school_id)
            .join(School, School.id == CampaignPlan.school_id)
            .where(
                CampaignPlan.stopped_at.is_(None),
                or_(CampaignPlan.sent_at.is_(None), CampaignPlan.welcomes),
                CampaignPlan.goes_on <= clock.today(),
                School.suspended_at.is_(None),
            )
            .group_by(CampaignPlan.school_id)
            .order_by(CampaignPlan.school_id)
        )
    )


def carry_on(session: ScopedSession, school: NamedSchool, *, telephone: str, reply_to: str) -> int:
    """Send the school's campaigns whose day has come, and ask who has joined since; give
    how many adults were asked.

    Who joined today is asked tomorrow: so the office has a day to say that they must not
    be told. A campaign about a version that is no longer in force asks nobody any more.
    """
    session.execute(text(LONG_STATEMENTS))
    session.take_turns("campaign")
    in_force = version_in_force(session)
    if in_force is None:
        return 0
    rows = session.execute(
        select(Campaign, CampaignPlan, SchoolVersion.number)
        .join(CampaignPlan, CampaignPlan.id == Campaign.id)
        .join(SchoolVersion, SchoolVersion.id == Campaign.version_id)
        .where(
            CampaignPlan.stopped_at.is_(None),
            or_(CampaignPlan.sent_at.is_(None), CampaignPlan.welcomes),
            CampaignPlan.goes_on <= clock.today(),
        )
        .order_by(Campaign.number)
        .execution_options(populate_existing=True)
    ).all()
    asked = 0
    for campaign, plan, number in rows:
        if number > in_force.number:
            continue
        if number < in_force.number:
            plan.stopped_at = clock.now()
            session.flush()
            record(session, Event.CAMPAIGN_STOPPED, by=CLOCK, about=campaign, taken_back=0)
            continue
        first = plan.sent_at is None
        made = _send(
            session, school, campaign, plan, telephone=telephone, reply_to=reply_to,
            joined_before=None if first else _this_morning(),
        )  # fmt: skip
        if first or made:
            event = Event.CAMPAIGN_STARTED if first else Event.JOINERS_ASKED
            record(session, event, by=CLOCK, about=campaign, asked=made, version=number)
        asked += made
    return asked


def _this_morning() -> datetime:
    """When today began, in London."""
    return clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def stop_campaign(session: ScopedSession, campaign_id: UUID, *, by: Actor) -> bool:
    """Stop a campaign: nothing more of it leaves. Links that went out work on.

    Who was asked may still answer; nobody is reminded, nobody asked any more. False for a
    campaign that is not there; stopping twice has one effect.
    """
    permit(by, Can.START_CAMPAIGN, session.school_id)
    session.take_turns("campaign")
    key = (session.school_id, campaign_id)
    campaign = session.get(Campaign, key)
    plan = session.get(CampaignPlan, key, with_for_update=True)
    if campaign is None or plan is None:
        return False
    if plan.stopped_at is not None:
        return True
    plan.stopped_at = clock.now()
    requests = select(SignRequest.id).where(SignRequest.campaign_id == campaign_id)
    session.execute(
        update(SignRequest)
        .where(SignRequest.campaign_id == campaign_id, SignRequest.remind_on.is_not(None))
        .values(remind_on=None)
        .execution_options(synchronize_session=False)
    )
    taken_back = withdraw(session, "sign", requests)
    record(session, Event.CAMPAIGN_STOPPED, by=by, about=campaign, taken_back=taken_back)
    return True


@dataclass(frozen=True)
class Listed:
    """A campaign as the list of them shows it."""

    id: UUID
    number: int
    version: int
    audience: Audience
    years: tuple[str, ...]
    goes_on: date
    sent_at: datetime | None
    stopped_at: datetime | None
    started_by: str
    welcomes: bool
    asked: int
    reminded: int

    @property
    def word(self) -> str:
        if self.stopped_at:
            return "Stopped"
        return "Asked" if self.sent_at else "Waits for its day"

    @property
    def may_stop(self) -> bool:
        return self.stopped_at is None


MOST_LISTED = 50


def campaigns(session: ScopedSession) -> list[Listed]:
    """The school's newest campaigns with how many each asked and reminded: one query."""
    asked = (
        select(func.count())
        .where(SignRequest.school_id == Campaign.school_id, SignRequest.campaign_id == Campaign.id)
        .correlate(Campaign)
        .scalar_subquery()
    )
    reminded = (
        select(func.count())
        .select_from(SignReminder)
        .join(SignRequest, SignRequest.id == SignReminder.request_id)
        .where(SignRequest.school_id == Campaign.school_id, SignRequest.campaign_id == Campaign.id)
        .correlate(Campaign)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Campaign, CampaignPlan, SchoolVersion.number, asked, reminded)
        .join(CampaignPlan, CampaignPlan.id == Campaign.id)
        .join(SchoolVersion, SchoolVersion.id == Campaign.version_id)
        .order_by(Campaign.number.desc())
        .limit(MOST_LISTED)
    )
    return [
        Listed(
            campaign.id,
            campaign.number,
            number,
            Audience(campaign.audience),
            tuple(campaign.years),
            plan.goes_on,
            plan.sent_at,
            plan.stopped_at,
            campaign.started_by,
            plan.welcomes,
            many,
            chased,
        )
        for campaign, plan, number, many, chased in rows
    ]
