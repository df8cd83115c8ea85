"""Personal contact plans: one point of contact for one adult, how often, until a day.

A plan takes the place of the general matrix on that person's own pages and in their
letters, and of nothing else: a child who is ill or in danger is always a reason to ring.
It ends by itself, and nobody has to remember it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.contact_matrix.reach import Kind as ReachKind
from trustconduct.contact_matrix.reach import reach
from trustconduct.db import Base
from trustconduct.languages.spoken import Message
from trustconduct.letters.kinds import Kind
from trustconduct.letters.records import Contact, Record, point_of_contact, record_source
from trustconduct.people.models import Adult, Said
from trustconduct.tenants.models import SchoolOwned, in_school
from trustconduct.tenants.sessions import ScopedSession

LONGEST = timedelta(days=366)
MOST_ANSWER_DAYS = 20  # school days
SOON = timedelta(days=14)  # how long before its last day a plan stands among the tasks
REPLACED = "A new plan took its place."


class Often(StrEnum):
    """How often the person is asked to get in touch, at most."""

    DAILY = "daily"
    TWICE_A_WEEK = "twice_a_week"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"

    @property
    def word(self) -> str:
        return {
            "daily": "Once a school day",
            "twice_a_week": "Twice a week",
            "weekly": "Once a week",
            "fortnightly": "Once every two weeks",
            "monthly": "Once a month",
        }[self.value]

    @property
    def asked(self) -> Message:
        """The sentence that the person reads on their own pages."""
        return {
            "daily": Message("Please get in touch once a school day at most."),
            "twice_a_week": Message("Please get in touch twice a week at most."),
            "weekly": Message("Please get in touch once a week at most."),
            "fortnightly": Message("Please get in touch once every two weeks at most."),
            "monthly": Message("Please get in touch once a month at most."),
        }[self.value]


class ContactPlan(Said, SchoolOwned, Base):
    """One plan. Never changed: a new one takes its place. `because` is told in the letter."""

    __tablename__ = "contact_plan"
    __table_args__ = (
        in_school("adult_id", to="adult"),
        CheckConstraint("because <> ''", name="with_a_reason"),
        CheckConstraint("(ended_at is null) = (ended_because = '')", name="ended_with_a_reason"),
        CheckConstraint("who <> '' and (email <> '' or telephone <> '')", name="reaches_somebody"),
        CheckConstraint(
            "often in ('daily', 'twice_a_week', 'weekly', 'fortnightly', 'monthly')",
            name="often_known",
        ),
        CheckConstraint("answer_days between 1 and 20", name="answer_days"),
        CheckConstraint(
            "until_on >= starts_on and until_on <= starts_on + 366", name="until_a_day"
        ),
        ExcludeConstraint(
            (text("school_id"), "="),
            (text("adult_id"), "="),
            (text("daterange(starts_on, until_on, '[]')"), "&&"),
            name="one_contact_plan",
            using="gist",
            where=text("ended_at is null"),
        ),
        Index(None, "school_id", "adult_id"),
        Index(
            "ix_contact_plan_open",
            "school_id",
            "until_on",
            postgresql_where=text("ended_at is null"),
        ),
    )

    adult_id: Mapped[UUID]
    who: Mapped[str]
    email: Mapped[str]
    telephone: Mapped[str]
    often: Mapped[str]
    answer_days: Mapped[int | None]  # school days until they have an answer
    starts_on: Mapped[date]
    until_on: Mapped[date]

    def stands(self, on: date) -> str:
        """Where it stands on a day: the one word for it everywhere."""
        if self.ended_at is not None:
            return "Ended early"
        if on < self.starts_on:
            return "To come"
        return "In force" if on <= self.until_on else "Over"


class PlanRefused(ValueError):
    """The plan can't be like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PlanMoved(RuntimeError):
    """Somebody else made or ended a plan for this person since the page was opened."""


@dataclass(frozen=True)
class Planned:
    """What somebody asks for. `because` is read by the person, in the letter."""

    who: str
    often: Often
    starts_on: date
    until_on: date
    because: str
    email: str = ""
    telephone: str = ""
    answer_days: int | None = None


def make_plan(
    session: ScopedSession, adult: Adult, planned: Planned, *, by: Actor, seen: UUID | None
) -> ContactPlan:
    """Make a plan for one adult; one that has not ended yet ends now, and this takes its place.

    `seen` is that one's id, as the page showed it. Raises PlanRefused by field, and PlanMoved.
    """
    permit(by, Can.KEEP_CONTACT_PLAN, session.school_id)
    _check(planned)
    if adult.merged_into:
        raise PlanRefused("who", "This is another person’s double. Make the plan on their page.")
    session.take_turns("contact-plan")
    before = open_plan(session, adult.id)
    if (before.id if before else None) != seen:
        raise PlanMoved
    today = clock.today()
    if before is not None:
        if planned.starts_on != today:
            raise PlanRefused(
                "starts_on", "They have a plan already. Let the new one start today, or end theirs."
            )
        _end(before, by, REPLACED)
        session.flush()
    plan = ContactPlan(
        adult_id=adult.id,
        who=planned.who,
        email=planned.email,
        telephone=planned.telephone,
        often=planned.often.value,
        answer_days=planned.answer_days,
        starts_on=planned.starts_on,
        until_on=planned.until_on,
        because=planned.because,
        said_by=by.name,
    )
    session.add(plan)
    session.flush()
    record(
        session, Event.CONTACT_PLAN_MADE, by=by, about=adult, who=plan.who,
        until_on=plan.until_on.isoformat(), because=plan.because,
    )  # fmt: skip
    return plan


def _check(planned: Planned) -> None:
    today = clock.today()
    if not planned.who.strip():
        raise PlanRefused("who", "Say who their one contact is, by role or name.")
    if not (planned.email or planned.telephone):
        raise PlanRefused("email", "Type an email address or a telephone number, or both.")
    if planned.telephone and reach(planned.telephone).kind is not ReachKind.TELEPHONE:
        raise PlanRefused("telephone", "Type a telephone number, like 020 7946 0123.")
    if planned.starts_on < today:
        raise PlanRefused("starts_on", "This day is past. A plan starts today or later.")
    if planned.until_on < planned.starts_on:
        raise PlanRefused("until_on", "It would end before it starts. Change one of the days.")
    if planned.until_on - planned.starts_on > LONGEST:
        raise PlanRefused("until_on", "A plan lasts a year at most. Type an earlier day.")
    if not planned.because.strip():
        raise PlanRefused("because", "Say why. The person reads this in the letter.")
    if planned.answer_days is not None and not 1 <= planned.answer_days <= MOST_ANSWER_DAYS:
        raise PlanRefused("answer_days", f"Type a number of days from 1 to {MOST_ANSWER_DAYS}.")


def end_plan(session: ScopedSession, plan: ContactPlan, *, by: Actor, because: str) -> None:
    """End a plan before its day. From this commit on the general matrix holds again.

    Raises PlanRefused without a reason, and PlanMoved where it has ended already.
    """
    permit(by, Can.KEEP_CONTACT_PLAN, session.school_id)
    words = " ".join(because.split())
    if not words:
        raise PlanRefused("because", "Say why, in one sentence.")
    session.take_turns("contact-plan")
    session.refresh(plan)
    if plan.ended_at is not None or plan.until_on < clock.today():
        raise PlanMoved
    _end(plan, by, words)
    session.flush()
    record(session, Event.CONTACT_PLAN_ENDED, by=by, about_kind="adult", about_id=plan.adult_id,
           because=words)  # fmt: skip


def _end(plan: ContactPlan, by: Actor, because: str) -> None:
    plan.ended_at, plan.ended_because, plan.ended_by = clock.now(), because, by.name


# -- asking for them


def plans_of(session: ScopedSession, adult_id: UUID) -> list[ContactPlan]:
    """Every plan that a person ever had, their doubles' included, the newest first: one query."""
    return list(session.scalars(_of_person(adult_id).order_by(ContactPlan.id.desc())))


def _of_person(adult_id: UUID) -> Any:
    kept = (
        select(func.coalesce(Adult.merged_into, Adult.id))
        .where(Adult.id == adult_id)
        .scalar_subquery()
    )
    return (
        select(ContactPlan)
        .join(
            Adult,
            (Adult.school_id == ContactPlan.school_id) & (Adult.id == ContactPlan.adult_id),
        )
        .where(func.coalesce(Adult.merged_into, Adult.id) == kept)
    )


def open_plan(session: ScopedSession, adult_id: UUID) -> ContactPlan | None:
    """The plan that is in force or to come."""
    found: ContactPlan | None = session.scalar(
        _of_person(adult_id)
        .where(ContactPlan.ended_at.is_(None), ContactPlan.until_on >= clock.today())
        .order_by(ContactPlan.starts_on)
        .limit(1)
    )
    return found


def plan_in_force(session: ScopedSession, adult_id: UUID) -> ContactPlan | None:
    """The plan that takes the place of the matrix for this person today: one query."""
    today = clock.today()
    found: ContactPlan | None = session.scalar(
        _of_person(adult_id)
        .where(
            ContactPlan.ended_at.is_(None),
            ContactPlan.starts_on <= today,
            ContactPlan.until_on >= today,
        )
        .order_by(ContactPlan.id.desc())
        .limit(1)
    )
    return found


def ending_soon(session: ScopedSession) -> list[tuple[ContactPlan, Adult]]:
    """Plans in force whose last day is near, the nearest first: to go on with, or to let go."""
    today = clock.today()
    rows = session.execute(
        select(ContactPlan, Adult)
        .join(
            Adult,
            (Adult.school_id == ContactPlan.school_id) & (Adult.id == ContactPlan.adult_id),
        )
        .where(
            ContactPlan.ended_at.is_(None),
            ContactPlan.starts_on <= today,
            ContactPlan.until_on.between(today, today + SOON),
            Adult.left_on.is_(None),
        )
        .order_by(ContactPlan.until_on, ContactPlan.id)
    )
    return [(plan, adult) for plan, adult in rows]


# -- in letters


def in_words(plan: ContactPlan) -> str:
    """What a letter says of the plan, a sentence a line."""
    ways = " or ".join(one for one in (plan.email, plan.telephone) if one)
    answer = (
        f" You have an answer within {plan.answer_days} school"
        f" {'day' if plan.answer_days == 1 else 'days'}."
        if plan.answer_days
        else ""
    )
    return (
        f"Your one contact at school is {plan.who}: {ways}.\n"
        f"{Often(plan.often).asked}{answer}\n"
        "Is your child ill, away or in danger? Then call the school at once, at any time.\n"
        f"This holds until {clock.day(plan.until_on)}."
    )


@point_of_contact
def contact_by_plan(session: ScopedSession, adult_id: UUID) -> Contact | None:
    """Whom any letter to this person names for a reply."""
    plan = plan_in_force(session, adult_id)
    if plan is None:
        return None
    return Contact(plan.who, plan.email, plan.telephone, in_words(plan))


@record_source("plan")
def of_plan(session: ScopedSession, plan_id: UUID, kind: Kind) -> Record | None:
    """The letter that tells somebody of their plan says what the plan says.

    None for one that has ended: a letter about it must not go out any more.
    """
    plan = session.get(ContactPlan, (session.school_id, plan_id))
    if plan is None or plan.ended_at is not None or plan.until_on < clock.today():
        return None
    ways = " or ".join(one for one in (plan.email, plan.telephone) if one)
    parts = {
        "reasons": plan.because,
        "plan": in_words(plan),
        "review_on": plan.until_on.isoformat(),
        "contact": f"{plan.who}: {ways}",
    }
    if plan.starts_on >= clock.today():  # a letter names no day ahead that is past
        parts["starts_on"] = plan.starts_on.isoformat()
    return Record(parts, mark=str(plan.id))
