"""A review's cycle: who looks after it, how often it comes round, and pausing its reminders."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term, TermRefused
from trustconduct.policies.models import Edition
from trustconduct.reviews.due_days import number_of, term_numbered, term_of
from trustconduct.reviews.models import MOST_TERMS, MOST_YEARS, Part, ReviewCycle, TrustCycle, Unit
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession

POLICY = "policy"
# No law sets how often; cycles of one to four years are met.
USUAL = (3, Unit.YEARS)
LONGEST_PAUSE = relativedelta(years=1)


class CycleRefused(ValueError):
    """The cycle can't be so. `errors`: field to what to do about it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class CycleChanged(RuntimeError):
    """Somebody else changed the cycle since the person looked; nothing was saved."""


def cycle_of(session: ScopedSession, *, lock: bool = False) -> TrustCycle:
    """The cycle of the Trust's policy; a usual one, not added, where nobody has chosen yet.

    `lock` it to change it: of two who choose the first one, the second finds it there.
    """
    if lock:
        session.take_turns("review-cycle")
    query = select(TrustCycle).where(TrustCycle.subject == POLICY)
    every, unit = USUAL
    return session.scalar(query.with_for_update() if lock else query) or TrustCycle(
        subject=POLICY,
        every=every,
        unit=unit.value,
        paused_because="",
        moved_text="",
        moved_because="",
    )


def following(calendar: Calendar, review: Term, cycle: ReviewCycle) -> Term:
    """When the review after this one is, by the cycle's length.

    Counted in terms it is a term; counted in years it keeps the form it was written in.
    """
    if cycle.unit == Unit.TERMS.value:
        own = review if review.season else term_of(calendar, calendar.window(review).first)
        return term_numbered(number_of(own) + cycle.every)
    if review.season:
        return term_numbered(number_of(review) + 3 * cycle.every)
    if review.number:
        return Term.parse(f"Term {review.number} {review.year + cycle.every}")
    first, last = review.first, review.last
    assert first is not None
    assert last is not None
    whole = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    if whole and (first.year, first.month) == (last.year, last.month):
        return Term.parse(f"{first:%B} {first.year + cycle.every}")
    return Term.parse(clock.day(last + relativedelta(years=cycle.every)))


def review_of(edition: Edition, cycle: TrustCycle, calendar: Calendar) -> Term | None:
    """When an edition is to be reviewed: as somebody has set, as it says itself, or by the cycle.

    The cycle counts from the Board's day, once somebody has chosen one.
    """
    if cycle.moves(edition.id):
        return Term.parse(cycle.moved_text)
    if edition.review is not None:
        return edition.review
    if cycle.version is None or edition.board_on is None:
        return None
    return following(calendar, Term.parse(clock.day(edition.board_on)), cycle)


def change_cycle(
    session: ScopedSession,
    cycle: ReviewCycle,
    *,
    by: Actor,
    seen: int | None,
    every: int,
    unit: str,
    owner_id: UUID | None,
    upward_id: UUID | None,
    people: Collection[UUID],
) -> None:
    """Say who looks after a review and how often it comes round.

    `people` are those who may be named. `seen` is the version that the person looked
    at, None where there was none. Raises CycleRefused and CycleChanged.
    """
    permit(by, Can.KEEP_REVIEWS, session.scope.school_id)
    if cycle.version != seen:
        raise CycleChanged
    errors = {}
    most = MOST_YEARS if unit == Unit.YEARS.value else MOST_TERMS
    if not 1 <= every <= most:
        errors["every"] = f"Type a whole number from 1 to {most}."
    for name, person in (("owner_id", owner_id), ("upward_id", upward_id)):
        if person is not None and person not in people:
            errors[name] = "This person has no role here today. Choose another."
    if upward_id is not None and upward_id == owner_id:
        errors["upward_id"] = "The next person up can’t be who looks after it. Choose another."
    if errors:
        raise CycleRefused(errors)
    cycle.every, cycle.unit = every, unit
    cycle.owner_id, cycle.upward_id = owner_id, upward_id
    session.add(cycle)
    session.flush()
    record(
        session,
        Event.REVIEW_CHANGED,
        by=by,
        about=cycle,
        what=words_of(cycle.subject),
        cycle=cycle.in_words,
        owner=str(owner_id or ""),
        upward=str(upward_id or ""),
    )


def move_review(
    session: ScopedSession,
    cycle: TrustCycle,
    edition: Edition,
    *,
    by: Actor,
    seen: int | None,
    to: str,
    because: str,
) -> None:
    """Set another date for the review of one edition; blank goes back to what it says itself.

    A later edition has its own date again. Raises CycleRefused for what is no date, for
    one that is over, and without a reason; CycleChanged where somebody was quicker.
    """
    permit(by, Can.KEEP_REVIEWS, session.scope.school_id)
    if cycle.version != seen:
        raise CycleChanged
    errors = {}
    if to:
        try:
            last = calendar_of(session).window(Term.parse(to)).last
        except TermRefused as refused:
            errors["to"] = str(refused)
        else:
            if last < clock.today():
                errors["to"] = "That is over already. Type a term or a day that is still to come."
        if not because:
            errors["because"] = "Say why the date is another. It stays with the review."
    if errors:
        raise CycleRefused(errors)
    cycle.moved_edition_id = edition.id if to else None
    cycle.moved_text, cycle.moved_because = to, because if to else ""
    session.add(cycle)
    session.flush()
    record(
        session,
        Event.REVIEW_MOVED if to else Event.REVIEW_MOVED_BACK,
        by=by,
        about=cycle,
        what=f"edition {edition.number}",
        to=to,
        because=because,
    )


def pause(
    session: ScopedSession,
    cycle: ReviewCycle,
    *,
    by: Actor,
    seen: int | None,
    because: str,
    until: date | None,
) -> None:
    """Let a review's reminders rest, until a day or until somebody resumes them.

    What fell due meanwhile collapses into the newest. Raises CycleRefused, and
    CycleChanged where somebody else was quicker.
    """
    permit(by, Can.KEEP_REVIEWS, session.scope.school_id)
    if cycle.version != seen:
        raise CycleChanged
    today = clock.today()
    errors = {}
    if not because:
        errors["because"] = "Say why the reminders are paused."
    if until is not None and not today <= until <= today + LONGEST_PAUSE:
        errors["until"] = "Type a day from today on, a year ahead at the most."
    if errors:
        raise CycleRefused(errors)
    cycle.paused_at, cycle.paused_until, cycle.paused_because = clock.now(), until, because
    session.add(cycle)
    session.flush()
    record(
        session,
        Event.REVIEW_PAUSED,
        by=by,
        about=cycle,
        what=words_of(cycle.subject),
        because=because,
        until=until.isoformat() if until else "",
    )


def resume(session: ScopedSession, cycle: ReviewCycle, *, by: Actor) -> bool:
    """Let the reminders go again. False where they were not paused."""
    permit(by, Can.KEEP_REVIEWS, session.scope.school_id)
    if cycle.paused_at is None:
        return False
    cycle.paused_at, cycle.paused_until, cycle.paused_because = None, None, ""
    session.flush()
    record(session, Event.REVIEW_RESUMED, by=by, about=cycle, what=words_of(cycle.subject))
    return True


_WORDS = {
    POLICY: "the code of conduct",
    Part.FACTS: "the school’s facts",
    Part.MATRIX: "the ways to contact school",
    Part.BANS: "the settings for site bans",
    Part.COMPLAINTS: "sharing the complaints policy",
}


def words_of(subject: str) -> str:
    """What is reviewed, in words, inside a sentence."""
    return _WORDS[subject]
