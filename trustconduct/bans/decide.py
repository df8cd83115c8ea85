"""Deciding on a ban: confirm it, not, or let a temporary one lapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import Range

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.limits import ONE_DAY, lasts_until, midnight_after, midnight_before
from trustconduct.bans.models import Ban, BanDecision, Outcome, Route, Step
from trustconduct.bans.people import ROLE_WORDS, may_decide
from trustconduct.bans.refused import BanMoved, BanRefused
from trustconduct.bans.standing import Hearing, State, hearing_of, state_of
from trustconduct.bans.terms import Terms, day_of, write_terms
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Decision:
    """What a decider says: `weighed` is how each thing that they were told was weighed."""

    weighed: str
    terms: Terms
    review_on: date
    police_told: bool = False


def why_not_yet(ban: Ban, hearing: Hearing) -> str:
    """Why a ban can't be confirmed today, in words; blank where it can."""
    state = state_of(ban, hearing)
    if state is State.LAPSED:
        return "It has lapsed. A new ban needs a new notice."
    if not state.is_open:
        return "It is decided already."
    if state is State.PREPARED:
        return (
            "Nothing is confirmed while their letter is not served. Send it, or note how it was"
            " handed over."
        )
    if state is State.OPEN:
        until = f" until {clock.day(hearing.deadline_on)}" if hearing.deadline_on else ""
        return f"They can still answer{until}. You decide after that, or once they say it is all."
    return ""


def latest_end(session: ScopedSession, ban: Ban, starts: date) -> date:
    """The last day on which a ban may end that starts on a day, by the limits of its row."""
    first = ban.started_on or starts
    return lasts_until(session, first, ban.longest_days, ban.unit)


def check_decision(session: ScopedSession, ban: Ban, decision: Decision) -> date:
    """Give the day from which it would count. Raises BanRefused for days that can't be."""
    if not decision.weighed.strip():
        raise BanRefused("weighed", "Say how you weighed what they told you, or their silence.")
    starts, ends = day_of(decision.terms.starts_on), day_of(decision.terms.ends_on)
    starts = max(starts, clock.today())
    if ban.route == Route.TEMPORARY and ban.started_on:
        starts = ban.started_on
    if ends < max(starts, clock.today()):
        raise BanRefused("ends_on", "It ends before it starts. Change one of the days.")
    last = latest_end(session, ban, starts)
    if ends > last:
        raise BanRefused("ends_on", f"It may last until {clock.day(last)} at the longest.")
    review = decision.review_on
    if not max(starts, clock.today()) <= review <= ends:
        raise BanRefused("review_on", "Type a day between its first and its last day.")
    latest = lasts_until(session, max(starts, clock.today()), ban.review_days, ban.unit)
    if review > latest:
        raise BanRefused("review_on", f"By your settings it is reviewed by {clock.day(latest)}.")
    return starts


def confirm(
    session: ScopedSession, ban: Ban, decision: Decision, *, by: Actor, seen: int
) -> BanDecision:
    """Confirm a ban: only once they were heard, or their time has passed since service.

    `seen` is the version of the ban looked at. Raises BanMoved, WrongPerson, BanRefused.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    hearing = _open(session, ban, by=by, seen=seen)
    if why_not := why_not_yet(ban, hearing):
        raise BanRefused("", why_not)
    starts = check_decision(session, ban, decision)
    now, ends = clock.now(), day_of(decision.terms.ends_on)
    longest = latest_end(session, ban, starts)
    if ban.route == Route.TEMPORARY and ban.during:
        from_at = ban.during.lower
    else:
        from_at = max(midnight_before(starts), now)
    write_terms(session, ban.id, decision.terms.but(starts_on=starts.isoformat()), by=by)
    row = _decided(session, ban, Step.CONFIRMED, decision.weighed, by=by,
                   police_told=decision.police_told)  # fmt: skip
    ban.outcome = Outcome.CONFIRMED.value
    ban.served_on, ban.deadline_on = hearing.served_on, hearing.deadline_on
    ban.heard_at, ban.heard_id = hearing.heard_at, hearing.heard_id
    ban.started_on, ban.ends_on = starts, ends
    ban.longest_on, ban.review_on = longest, decision.review_on
    ban.during = Range(from_at, midnight_after(ends))
    session.flush()
    record(session, Event.BAN_CONFIRMED, by=by, about=ban, number=ban.number,
           ends_on=ends.isoformat(), review_on=decision.review_on.isoformat())  # fmt: skip
    return row


def not_confirm(
    session: ScopedSession, ban: Ban, *, by: Actor, seen: int, weighed: str
) -> BanDecision:
    """Decide that there is no ban. A temporary one ends at this moment.

    In the person's favour it may be decided at any time. Raises BanMoved, WrongPerson,
    BanRefused.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    hearing = _open(session, ban, by=by, seen=seen)
    if not state_of(ban, hearing).is_open:
        raise BanRefused("", why_not_yet(ban, hearing))
    if not weighed.strip():
        raise BanRefused("weighed", "Say how you weighed what they told you, or their silence.")
    row = _decided(session, ban, Step.NOT_CONFIRMED, weighed, by=by)
    ban.outcome = Outcome.NOT_CONFIRMED.value
    ban.served_on, ban.deadline_on = hearing.served_on, hearing.deadline_on
    ban.heard_at, ban.heard_id = hearing.heard_at, hearing.heard_id
    end_now(ban, row.decided_at)
    session.flush()
    record(session, Event.BAN_REFUSED, by=by, about=ban, number=ban.number)
    return row


def let_lapse(session: ScopedSession, ban: Ban, *, by: Actor, seen: int, because: str) -> None:
    """Choose that a temporary ban lapses on its day, undecided. The reminders stop.

    Raises BanMoved, WrongPerson, BanRefused.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    hearing = _open(session, ban, by=by, seen=seen)
    if ban.route != Route.TEMPORARY or not state_of(ban, hearing).is_open:
        raise BanRefused("", "Only a temporary ban that is not decided lapses.")
    if not because.strip():
        raise BanRefused("because", "Say why it is to lapse, in one sentence.")
    session.add(
        BanDecision(
            ban_id=ban.id, step=Step.LET_LAPSE.value, words=because.strip(),
            decided_by_id=by.id, decided_by=by.name, role=ROLE_WORDS[ban.decider_role],
        )
    )  # fmt: skip
    ban.let_lapse_at = clock.now()
    session.flush()
    record(session, Event.BAN_LET_LAPSE, by=by, about=ban, number=ban.number)


def _open(session: ScopedSession, ban: Ban, *, by: Actor, seen: int) -> Hearing:
    session.refresh(ban, with_for_update=True)
    if ban.version != seen:
        raise BanMoved
    may_decide(session, ban, by)
    return hearing_of(session, ban)


def _decided(
    session: ScopedSession,
    ban: Ban,
    step: Step,
    words: str,
    *,
    by: Actor,
    police_told: bool = False,
) -> BanDecision:
    now = clock.now()
    row = BanDecision(
        ban_id=ban.id, step=step.value, words=words.strip(), police_told=police_told,
        decided_at=now, decided_by_id=by.id, decided_by=by.name,
        role=ROLE_WORDS[ban.decider_role],
    )  # fmt: skip
    session.add(row)
    session.flush()
    ban.decided_at, ban.decided_on = now, clock.local(now).date()
    ban.decided_by_id, ban.decision_id = by.id, row.id
    return row


def end_now(ban: Ban, now: datetime) -> None:
    """Shorten a ban's range to this moment; one that never began becomes empty."""
    during = ban.during
    if during is None or during.isempty or during.lower is None or during.upper is None:
        return
    if during.lower >= now:
        ban.during = Range(empty=True)
    elif during.upper > now:
        ban.during = Range(during.lower, now)


def next_review_from(session: ScopedSession, ban: Ban) -> date:
    """The last day of review that a decision of today may name."""
    return lasts_until(session, clock.today(), ban.review_days, ban.unit)


def next_review(session: ScopedSession, ban: Ban) -> date:
    """The day by which a ban in force is looked at again, its end at the latest."""
    assert ban.ends_on
    return min(
        lasts_until(session, clock.today() + ONE_DAY, ban.review_days, ban.unit), ban.ends_on
    )
