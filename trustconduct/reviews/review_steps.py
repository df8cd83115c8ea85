"""The steps of the policy's review as dated tasks, each ticked once it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import load_only

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term
from trustconduct.db import new_id
from trustconduct.policies.models import Edition
from trustconduct.reviews.due_days import ACKNOWLEDGEMENT, ADOPTION, Step, steps
from trustconduct.reviews.models import TrustStep
from trustconduct.tenants.calendars import Calendar
from trustconduct.tenants.sessions import ScopedSession

# What is left of a review once the edition that came of it is published: with its days.
AFTER = {Step.ADOPT: ADOPTION, Step.ACKNOWLEDGE: ACKNOWLEDGEMENT}


@dataclass(frozen=True)
class StepStanding:
    """A step of an edition's review: the last day for it, and by whom and when it was done."""

    edition: Edition
    step: Step
    on: date
    provisional: bool
    done_at: datetime | None = None
    done_by: str = ""

    @property
    def name(self) -> str:
        return self.step.name.lower()

    def is_late(self, today: date) -> bool:
        return self.done_at is None and self.on < today


@dataclass(frozen=True)
class ReviewSteps:
    """The steps of the review to come, and what is left of the one before it."""

    coming: tuple[StepStanding, ...] = ()
    before: tuple[StepStanding, ...] = ()

    @property
    def all(self) -> tuple[StepStanding, ...]:
        return (*self.before, *self.coming)

    @property
    def open(self) -> list[StepStanding]:
        return sorted((one for one in self.all if one.done_at is None), key=lambda one: one.on)

    def is_done(self, step: Step) -> bool:
        return any(one.step is step and one.done_at is not None for one in self.coming)


def edition_before(session: ScopedSession, edition: Edition) -> Edition | None:
    """The edition in force before this one, which was reviewed by it."""
    return session.scalar(
        select(Edition)
        .options(load_only(Edition.number, Edition.review_text))
        .where(
            Edition.number < edition.number,
            Edition.published_at.is_not(None),
            Edition.withdrawn_at.is_(None),
        )
        .order_by(Edition.number.desc())
        .limit(1)
    )


def review_steps(
    session: ScopedSession,
    edition: Edition,
    review: Term | None,
    calendar: Calendar,
    *,
    before: Edition | None,
) -> ReviewSteps:
    """The steps of the newest edition's review, `review`, and of the one that led to it.

    One query. The edition `before` is reviewed by this one, so of its steps two are
    left: that schools adopt and parents acknowledge, counted from the publication
    where that came later than the review date.
    """
    ids = [each.id for each in (edition, before) if each is not None]
    done = {
        (row.edition_id, row.step): row
        for row in session.scalars(select(TrustStep).where(TrustStep.edition_id.in_(ids)))
    }

    def standing(of: Edition, step: Step, on: date, provisional: bool) -> StepStanding:
        found = StepStanding(of, step, on, provisional)
        row = done.get((of.id, found.name))
        return replace(found, done_at=row.done_at, done_by=row.done_by) if row else found

    coming = steps(calendar, review) if review else ()
    left = steps(calendar, before.review) if before is not None and before.review else ()
    published = clock.local(edition.published_at).date() if edition.published_at else date.min
    return ReviewSteps(
        tuple(standing(edition, each.step, each.on, each.provisional) for each in coming),
        tuple(
            standing(before, each.step, max(each.on, published + AFTER[each.step]), False)
            for each in left
            if before is not None and each.step in AFTER
        ),
    )


def tick(session: ScopedSession, edition: Edition, step: Step, *, by: Actor) -> bool:
    """Note that a step of an edition's review is done.

    False where it was noted already, or the edition is a draft, which nobody reviews.
    """
    permit(by, Can.KEEP_REVIEWS)
    if edition.published_at is None:
        return False
    name = step.name.lower()
    added = session.scalar(
        insert(TrustStep)
        .values(id=new_id(), edition_id=edition.id, step=name, done_at=clock.now(), done_by=by.name)
        .on_conflict_do_nothing(index_elements=["edition_id", "step"])
        .returning(TrustStep.id)
    )
    if added is None:
        return False
    record(session, Event.REVIEW_STEP_FINISHED, by=by, about=edition, step=step.value)
    return True


def untick(session: ScopedSession, edition: Edition, step: Step, *, by: Actor) -> bool:
    """Take back that a step is done. False where it was not."""
    permit(by, Can.KEEP_REVIEWS)
    gone = session.scalar(
        delete(TrustStep)
        .where(TrustStep.edition_id == edition.id, TrustStep.step == step.name.lower())
        .returning(TrustStep.id)
    )
    if gone is None:
        return False
    record(session, Event.REVIEW_STEP_REOPENED, by=by, about=edition, step=step.value)
    return True
