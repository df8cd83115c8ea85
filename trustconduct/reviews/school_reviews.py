"""A school's own reviews: its facts, ways to contact it and site bans, and one yearly task.

Each has one open row, the review to come, with its days by the school's calendar. Once
somebody has looked, the row is kept and the next is added: so the rows of the past are
the history, and what is due is found without asking a calendar.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import CLOCK, Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term
from trustconduct.reviews.cycles import CycleRefused, change_cycle, pause, resume, words_of
from trustconduct.reviews.due_days import due, next_day, number_of, term_numbered, term_of
from trustconduct.reviews.models import (
    Outcome,
    Part,
    ReviewCycle,
    SchoolCycle,
    SchoolReview,
    SchoolReviewed,
    Unit,
    outcomes_of,
)
from trustconduct.schools.calendars import mark
from trustconduct.tenants.calendars import Calendar, calendars_of_school
from trustconduct.tenants.sessions import ScopedSession

TERMS_A_YEAR = 3
FOR_EVER = date.max


@dataclass(frozen=True)
class Dates:
    """What a review's days are worked out from: the school's calendar, and the Trust's mark."""

    calendar: Calendar
    trust_mark: str

    @property
    def now(self) -> int:
        """The number of the school's term of today; in the holidays, of the one before."""
        return number_of(term_of(self.calendar, clock.today()))


def dates_of(session: ScopedSession) -> Dates:
    calendar, trust = calendars_of_school(session)
    return Dates(calendar, calendar_mark(trust))


def calendar_mark(trust: Calendar) -> str:
    """A mark of the Trust's whole calendar: a review that has another one is worked out anew."""
    return mark(span for spans in trust.years.values() for span in spans)


def terms_of(cycle: ReviewCycle) -> int:
    """A cycle's length in terms."""
    return cycle.every * (TERMS_A_YEAR if cycle.unit == Unit.YEARS.value else 1)


def term_in(review: SchoolReview) -> Term:
    """The term in which a review is due."""
    return term_numbered(review.term)


def _autumn_after(number: int) -> int:
    """The first autumn term after a term."""
    return next(
        each
        for each in range(number + 1, number + 1 + TERMS_A_YEAR)
        if term_numbered(each).season == "autumn"
    )


def _first_term(part: Part, dates: Dates) -> int:
    """The complaints policy is shared in this autumn term or the next; the others have a year."""
    if part is not Part.COMPLAINTS:
        return dates.now + TERMS_A_YEAR
    number = _autumn_after(dates.now - 1)
    window = dates.calendar.window(term_numbered(number))
    return number if clock.today() <= window.last else _autumn_after(number)


def _next_term(part: Part, review: SchoolReview, cycle: SchoolCycle, dates: Dates) -> int:
    """The term of the review after one that is done today."""
    if part is not Part.COMPLAINTS:
        return dates.now + terms_of(cycle)
    number = _autumn_after(review.term)
    while dates.calendar.window(term_numbered(number)).last < clock.today():
        number = _autumn_after(number)
    return number


def _resolved(review: SchoolReview, dates: Dates) -> None:
    """Give a review the days of its term, and the day on which its next reminder falls due."""
    term, today = term_in(review), clock.today()
    window = dates.calendar.window(term)
    review.begins_on, review.due_on = window.first, window.last
    review.provisional, review.trust_mark = window.provisional, dates.trust_mark
    now = due(dates.calendar, term, today, papers=False)
    review.remind_on = today if now else next_day(dates.calendar, term, today, papers=False)


def _added(
    session: ScopedSession, cycle: SchoolCycle, dates: Dates, *, since: int, term: int
) -> SchoolReview:
    review = SchoolReview(
        cycle_id=cycle.id,
        subject=cycle.subject,
        since_term=since,
        term=term,
        rests_until=_rests_until(cycle),
    )
    _resolved(review, dates)
    session.add(review)
    return review


def _rests_until(cycle: ReviewCycle) -> date | None:
    return (cycle.paused_until or FOR_EVER) if cycle.paused_at else None


def begin_reviews(session: ScopedSession) -> bool:
    """Begin those of the school's reviews that it has not got yet. True where one was begun."""
    session.take_turns("reviews")
    there = set(session.scalars(select(SchoolCycle.subject)))
    missing = [part for part in Part if part.value not in there]
    if not missing:
        return False
    dates = dates_of(session)
    for part in missing:
        cycle = SchoolCycle(subject=part.value, every=1, unit=Unit.YEARS.value)
        session.add(cycle)
        session.flush()  # the review needs the id that the insert is made with
        _added(session, cycle, dates, since=dates.now, term=_first_term(part, dates))
    session.flush()
    record(
        session,
        Event.REVIEWS_BEGUN,
        by=CLOCK,
        about_kind=SchoolReview.__tablename__,
        parts=[part.value for part in missing],
    )
    return True


def open_reviews(session: ScopedSession) -> Sequence[SchoolReview]:
    """The reviews to come, the soonest first."""
    return session.scalars(
        select(SchoolReview)
        .where(SchoolReview.done_on.is_(None))
        .order_by(SchoolReview.due_on, SchoolReview.subject)
    ).all()


def due_now(session: ScopedSession) -> Sequence[SchoolReview]:
    """The reviews whose term has begun and whose reminders do not rest: they are tasks."""
    today = clock.today()
    return session.scalars(
        select(SchoolReview)
        .where(
            SchoolReview.done_on.is_(None),
            SchoolReview.begins_on <= today,
            func.coalesce(SchoolReview.rests_until, date.min) < today,
        )
        .order_by(SchoolReview.due_on, SchoolReview.subject)
    ).all()


@dataclass(frozen=True)
class Reviewed:
    """A review of the past: of which part and term, by whom, when, and what came of it."""

    part: Part
    term: Term
    outcome: Outcome
    note: str
    done_by: str
    on: date


def reviewed(session: ScopedSession, *, most: int) -> list[Reviewed]:
    """The reviews that were held, the newest first."""
    rows = session.execute(
        select(SchoolReview, SchoolReviewed)
        .join(
            SchoolReviewed,
            (SchoolReviewed.school_id == SchoolReview.school_id)
            & (SchoolReviewed.id == SchoolReview.id),
        )
        .order_by(SchoolReviewed.done_at.desc(), SchoolReview.id)
        .limit(most)
    )
    return [
        Reviewed(
            Part(review.subject),
            term_in(review),
            Outcome(done.outcome),
            done.note,
            done.done_by,
            clock.local(done.done_at).date(),
        )
        for review, done in rows
    ]


def resolve_days(session: ScopedSession, *, by: Actor) -> bool:
    """Work out the days of the reviews to come anew, after term dates changed.

    The event keeps each day before and after. True where one moved.
    """
    dates = dates_of(session)
    moved = []
    for review in session.scalars(
        select(SchoolReview)
        .where(SchoolReview.done_on.is_(None))
        .order_by(SchoolReview.subject)
        .with_for_update()
    ):
        window = dates.calendar.window(term_in(review))
        before = (review.begins_on, review.due_on, review.provisional)
        if review.trust_mark == dates.trust_mark and before == (
            window.first,
            window.last,
            window.provisional,
        ):
            continue
        due_on = review.due_on
        _resolved(review, dates)
        if before != (review.begins_on, review.due_on, review.provisional):
            moved.append(
                f"{words_of(review.subject)}, {clock.day(due_on)} to {clock.day(review.due_on)}"
            )
    session.flush()
    if moved:
        record(
            session,
            Event.REVIEW_DAYS_MOVED,
            by=by,
            about_kind=SchoolReview.__tablename__,
            moved=moved,
        )
    return bool(moved)


def mark_reviewed(
    session: ScopedSession, review_id: UUID, *, by: Actor, outcome: Outcome, note: str
) -> bool:
    """Note that somebody has looked at a part, and begin the review after it.

    False where the review is not open any more: somebody else was quicker.
    """
    permit(by, Can.KEEP_REVIEWS, session.school_id)
    review = session.scalar(
        select(SchoolReview)
        .where(SchoolReview.id == review_id, SchoolReview.done_on.is_(None))
        .with_for_update()
    )
    if review is None:
        return False
    dates, part = dates_of(session), Part(review.subject)
    if outcome not in outcomes_of(part):
        raise ValueError(f"{outcome} is no outcome of {part}")
    cycle = session.scalars(select(SchoolCycle).where(SchoolCycle.subject == part.value)).one()
    review.done_on = clock.today()
    session.add(SchoolReviewed(id=review.id, outcome=outcome.value, note=note, done_by=by.name))
    session.flush()  # one review of a part is open, never two
    _added(session, cycle, dates, since=dates.now, term=_next_term(part, review, cycle, dates))
    session.flush()
    record(
        session,
        Event.REVIEW_HELD,
        by=by,
        about=review,
        what=words_of(part),
        outcome=outcome.word,
        note=note,
    )
    return True


def cycle_of_part(session: ScopedSession, part: Part, *, lock: bool = False) -> SchoolCycle | None:
    """How often the school looks at a part; None where its reviews have not begun."""
    query = select(SchoolCycle).where(SchoolCycle.subject == part.value)
    return session.scalar(query.with_for_update() if lock else query)


def cycles(session: ScopedSession) -> dict[Part, SchoolCycle]:
    return {Part(row.subject): row for row in session.scalars(select(SchoolCycle))}


def change_part(
    session: ScopedSession,
    cycle: SchoolCycle,
    *,
    by: Actor,
    seen: int | None,
    people: Collection[UUID],
    **values: Any,
) -> None:
    """Say who looks after a part and how often; the review to come moves with it.

    It counts from the term in which somebody last looked, and never falls into the
    past. Raises CycleRefused and CycleChanged.
    """
    permit(by, Can.KEEP_REVIEWS, session.school_id)
    part = Part(cycle.subject)
    yearly = (values["every"], values["unit"]) == (1, Unit.YEARS.value)
    if part is Part.COMPLAINTS and not yearly:
        raise CycleRefused({"every": "It is shared every year, in the autumn term."})
    before = terms_of(cycle)
    change_cycle(session, cycle, by=by, seen=seen, people=people, **values)
    if terms_of(cycle) == before:
        return
    dates = dates_of(session)
    for review in _open(session, cycle):
        review.term = max(review.since_term + terms_of(cycle), dates.now)
        _resolved(review, dates)
    session.flush()


def pause_part(
    session: ScopedSession,
    cycle: SchoolCycle,
    *,
    by: Actor,
    seen: int | None,
    because: str,
    until: date | None,
) -> None:
    """Let the reminders of a part rest. Raises CycleRefused and CycleChanged."""
    pause(session, cycle, by=by, seen=seen, because=because, until=until)
    for review in _open(session, cycle):
        review.rests_until = _rests_until(cycle)
    session.flush()


def resume_part(session: ScopedSession, cycle: SchoolCycle, *, by: Actor) -> bool:
    """Let the reminders of a part go again. False where they were not paused."""
    resumed = resume(session, cycle, by=by)
    for review in _open(session, cycle):
        review.rests_until = None
    session.flush()
    return resumed


def _open(session: ScopedSession, cycle: SchoolCycle) -> Iterable[SchoolReview]:
    return session.scalars(
        select(SchoolReview)
        .where(SchoolReview.cycle_id == cycle.id, SchoolReview.done_on.is_(None))
        .with_for_update()
    )
