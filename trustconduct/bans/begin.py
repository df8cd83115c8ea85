"""Beginning a ban: a notice of intention, a temporary ban, an extension, or one from before."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import Range

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.limits import (
    ONE_DAY,
    Limits,
    lasts_until,
    limits_of,
    midnight_after,
)
from trustconduct.bans.models import Ban, BanDecision, Outcome, Route, Step
from trustconduct.bans.people import was_warned
from trustconduct.bans.refused import BanRefused, WrongPerson
from trustconduct.bans.terms import Terms, day_of, standing_exceptions, write_terms
from trustconduct.conduct.deciding import why_not
from trustconduct.conduct.models import ConductCase
from trustconduct.db import new_id
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession


def give_notice(
    session: ScopedSession,
    adult: Adult,
    terms: Terms,
    *,
    by: Actor,
    case_id: UUID | None = None,
    works_here: bool = False,
) -> Ban:
    """Begin a ban by a notice of intention: nobody is barred until it is confirmed (ladder.3).

    It follows a warning; without one `terms.skipped_because` says why, and the headteacher
    gives it (note.1). Raises BanRefused, LimitsMissing.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    limits = _allowed(session, adult, terms, by=by, works_here=works_here, case_id=case_id)
    _check_length(session, terms, limits)
    return _begun(session, adult.id, Route.INTENTION, limits, terms, by=by, case_id=case_id)


def ban_for_now(
    session: ScopedSession,
    adult: Adult,
    terms: Terms,
    *,
    by: Actor,
    case_id: UUID | None = None,
    works_here: bool = False,
) -> Ban:
    """Bar somebody at once, until they have put their side (note.1): with the reason why.

    It ends by itself on the day by which it must be decided. Raises BanRefused,
    LimitsMissing.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    if not terms.why_now.strip():
        raise BanRefused("why_now", "Say why it can’t wait until they have answered.")
    terms = terms.but(starts_on=clock.today().isoformat())
    limits = _allowed(session, adult, terms, by=by, works_here=works_here, case_id=case_id)
    first = clock.today()
    longest = lasts_until(session, first, limits.longest_days, limits.unit)
    decide_by = min(lasts_until(session, first, limits.temporary_days, limits.unit), longest)
    terms = terms.but(ends_on=decide_by.isoformat())
    return _begun(
        session, adult.id, Route.TEMPORARY, limits, terms, by=by, case_id=case_id,
        started_on=first, decide_by=decide_by, longest_on=longest,
        during=Range(clock.now(), midnight_after(decide_by)),
    )  # fmt: skip


def ask_longer(
    session: ScopedSession, ban: Ban, terms: Terms, *, by: Actor, within_review: bool = False
) -> Ban:
    """Begin the extension of a ban: a new intention, with new reasons and a new hearing.

    It would go on from the day after the ban's end. Raises BanRefused, LimitsMissing.
    """
    permit(by, Can.REVIEW_BAN if within_review else Can.ISSUE_BAN, session.school_id)
    if ban.outcome != Outcome.CONFIRMED or ban.ends_on is None or ban.lifted_at is not None:
        raise BanRefused("", "Only a ban that was confirmed can be extended.")
    if ban.withdrawn_at is not None or clock.today() > ban.ends_on:
        raise BanRefused("", "It has ended. A new ban needs a new notice.")
    limits = limits_of(session)
    _one_at_a_time(session, ban.adult_id, but=ban.id)
    terms = terms.but(starts_on=(ban.ends_on + ONE_DAY).isoformat())
    _check_length(session, terms, limits, ahead=True)
    return _begun(
        session, ban.adult_id, Route.EXTENSION, limits, terms, by=by, case_id=ban.case_id,
        extends_id=ban.id,
    )  # fmt: skip


def take_in_ban(
    session: ScopedSession, adult: Adult, terms: Terms, *, by: Actor, review_on: date, words: str
) -> Ban:
    """Take in a ban that was issued before this service: with its days, and a day of review.

    Raises BanRefused, LimitsMissing.
    """
    permit(by, Can.ISSUE_BAN, session.school_id)
    if not words.strip():
        raise BanRefused("words", "Say where its papers are, and who decided it.")
    limits = limits_of(session)
    starts, ends = day_of(terms.starts_on), day_of(terms.ends_on)
    today = clock.today()
    if starts > today:
        raise BanRefused("starts_on", "It has not begun yet. Give notice of it here instead.")
    if ends < today:
        raise BanRefused("ends_on", "It has ended already. Nobody needs to know of it at the gate.")
    longest = lasts_until(session, today, limits.longest_days, limits.unit)
    if ends > longest:
        words_ = f"It ends by {clock.day(longest)} at the latest here. Type an earlier day."
        raise BanRefused("ends_on", words_)
    if not today <= review_on <= ends:
        raise BanRefused("review_on", "Type a day from today to its last day.")
    _one_at_a_time(session, adult.id)
    ban = _begun(
        session, adult.id, Route.BEFORE, limits, terms, by=by, started_on=today,
        longest_on=longest, during=Range(clock.now(), midnight_after(ends)), ends_on=ends,
        review_on=review_on, outcome=Outcome.CONFIRMED, decided=words,
    )  # fmt: skip
    record(session, Event.BAN_TAKEN_IN, by=by, about=ban, number=ban.number)
    return ban


def _allowed(
    session: ScopedSession,
    adult: Adult,
    terms: Terms,
    *,
    by: Actor,
    works_here: bool,
    case_id: UUID | None,
) -> Limits:
    if case_id is not None:
        case = session.get(ConductCase, (session.school_id, case_id))
        if case is None or case.adult_id != adult.id or case.closed_at or case.merged_into:
            raise BanRefused("", "That case is closed, or about somebody else. Look at it again.")
        if why := why_not(session, case_id, by.id):
            raise WrongPerson(f"{why} Somebody else has to do this.")
    if adult.merged_into is not None:
        raise BanRefused("", "This is another person’s double. Open the one it was merged into.")
    if works_here:
        raise BanRefused(
            "",
            "This person works at the school as well. What they do as staff belongs to the staff"
            " code, and a site ban would bar them from their work. Ask the Trust first.",
        )
    if not was_warned(session, adult.id, case_id):
        if not terms.skipped_because.strip():
            raise BanRefused(
                "skipped_because",
                "No warning that reached them stands. Say why a ban comes without one.",
            )
        if not any(
            grant.role is Role.HEADTEACHER and grant.school_id == session.school_id
            for grant in by.grants
        ):
            raise BanRefused(
                "skipped_because", "Without a warning only the headteacher begins a ban (note 1)."
            )
    limits = limits_of(session)
    if day_of(terms.incident_on) > clock.today():
        raise BanRefused("incident_on", "That day is still to come. Type the day of the incident.")
    _one_at_a_time(session, adult.id)
    return limits


def _one_at_a_time(session: ScopedSession, adult_id: UUID, but: UUID | None = None) -> None:
    session.take_turns(f"ban:{adult_id}")
    now, today = clock.now(), clock.today()
    there = session.scalar(
        select(Ban.number)
        .where(
            Ban.adult_id == adult_id,
            Ban.withdrawn_at.is_(None),
            Ban.id != (but or new_id()),
            or_(
                func.upper(Ban.during) > now,  # one that is to lapse bars until it does
                Ban.let_lapse_at.is_(None)
                & (Ban.outcome == "")
                & ((Ban.route != Route.TEMPORARY.value) | (Ban.decide_by >= today)),
            ),
        )
        .limit(1)
    )
    if there is not None:
        raise BanRefused("", f"Ban {there} of the same person is open. There is one at a time.")


def _check_length(
    session: ScopedSession, terms: Terms, limits: Limits, *, ahead: bool = False
) -> None:
    starts, ends = day_of(terms.starts_on), day_of(terms.ends_on)
    if starts < clock.today():
        raise BanRefused("starts_on", "It can’t start on a day that has passed.")
    if ends < starts:
        raise BanRefused("ends_on", "It ends before it starts. Change one of the days.")
    days = limits.longest_days if ahead else limits.first_days
    last = lasts_until(session, starts, days, limits.unit)
    if ends > last:
        which = "A ban" if ahead else "A first ban"
        raise BanRefused("ends_on", f"{which} from that day may last until {clock.day(last)}.")


def _begun(
    session: ScopedSession,
    adult_id: UUID,
    route: Route,
    limits: Limits,
    terms: Terms,
    *,
    by: Actor,
    case_id: UUID | None = None,
    extends_id: UUID | None = None,
    started_on: date | None = None,
    decide_by: date | None = None,
    longest_on: date | None = None,
    during: Range | None = None,
    ends_on: date | None = None,
    review_on: date | None = None,
    outcome: Outcome = Outcome.OPEN,
    decided: str = "",
) -> Ban:
    session.take_turns("ban-number")
    last = session.scalar(select(func.max(Ban.number)))
    ban = Ban(
        number=(last or 0) + 1, adult_id=adult_id, case_id=case_id, route=route.value,
        extends_id=extends_id, begun_by_id=by.id, unit=limits.unit,
        temporary_days=limits.temporary_days, longest_days=limits.longest_days,
        review_days=limits.review_days, answer_days=limits.answer_days,
        decider_role=limits.decider_role, reviewer_role=limits.reviewer_role,
        started_on=started_on, during=during, decide_by=decide_by, longest_on=longest_on,
        ends_on=ends_on, review_on=review_on,
    )  # fmt: skip
    session.add(ban)
    if outcome is Outcome.CONFIRMED:
        # Its row is only right with its decision, so the two are made together.
        now = clock.now()
        ban.during = None
        ban.route = Route.INTENTION.value
        session.flush()
        decision = BanDecision(
            ban_id=ban.id, step=Step.CONFIRMED.value, words=decided, decided_at=now,
            decided_by_id=None, decided_by=by.name,
        )  # fmt: skip
        session.add(decision)
        session.flush()
        ban.route, ban.during, ban.outcome = route.value, during, outcome.value
        ban.decided_at, ban.decided_on = now, clock.local(now).date()
        ban.decision_id = decision.id
    session.flush()
    write_terms(session, ban.id, terms, by=by)
    standing_exceptions(session, ban.id, by=by)
    record(session, Event.BAN_BEGUN, by=by, about=ban, number=ban.number, route=route.word)
    return ban
