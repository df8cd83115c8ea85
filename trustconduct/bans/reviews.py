"""Reviewing a ban: by somebody who did not decide it, and who first says what binds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.begin import ask_longer
from trustconduct.bans.change import ALIVE, lift_now
from trustconduct.bans.decide import next_review
from trustconduct.bans.models import Ban, BanReview, Found
from trustconduct.bans.people import may_review
from trustconduct.bans.refused import BanRefused
from trustconduct.bans.standing import state_of
from trustconduct.bans.terms import terms_of
from trustconduct.tenants.sessions import ScopedSession


def open_review(
    session: ScopedSession, ban: Ban, *, by: Actor, interests: str = ""
) -> BanReview | None:
    """Begin a review: the reviewer declares interests, and only then the papers open.

    None where they declared one: it is kept, and somebody else reviews. Their own open
    review is given again. Raises WrongPerson, BanRefused.
    """
    permit(by, Can.REVIEW_BAN, session.school_id)
    session.refresh(ban, with_for_update=True)
    may_review(session, ban, by)
    if state_of(ban) not in ALIVE:
        raise BanRefused("", "It is not in force. There is nothing to review.")
    assert ban.review_on
    assert by.id
    there = open_reviews(session, ban.id)
    if there and there[0].reviewer_id != by.id:
        raise BanRefused("", f"{there[0].reviewer} is reviewing it already.")
    declared = session.scalar(
        select(BanReview.id)
        .where(
            BanReview.ban_id == ban.id, BanReview.reviewer_id == by.id, BanReview.interests != ""
        )
        .limit(1)
    )
    if declared:
        raise BanRefused("interests", "You declared an interest. Somebody else has to review it.")
    if there:
        return there[0]
    review = BanReview(
        ban_id=ban.id, decider_id=ban.decided_by_id, due_on=ban.review_on, reviewer_id=by.id,
        reviewer=by.name, interests=" ".join(interests.split())[:500],
    )  # fmt: skip
    session.add(review)
    session.flush()
    record(session, Event.BAN_REVIEW_BEGUN, by=by, about=ban, number=ban.number)
    return None if review.interests else review


def open_reviews(session: ScopedSession, ban_id: UUID) -> Sequence[BanReview]:
    return session.scalars(
        select(BanReview).where(
            BanReview.ban_id == ban_id, BanReview.done_at.is_(None), BanReview.interests == ""
        )
    ).all()


def reviews_of(session: ScopedSession, ban_id: UUID) -> Sequence[BanReview]:
    return session.scalars(
        select(BanReview).where(BanReview.ban_id == ban_id).order_by(BanReview.opened_at)
    ).all()


def finish_review(
    session: ScopedSession,
    ban: Ban,
    review: BanReview,
    *,
    by: Actor,
    found: Found,
    words: str,
    longer_until: date | None = None,
) -> Ban | None:
    """Say what came of a review. Longer is asked for only: they are heard on it first.

    Gives the extension that was begun, if one was. Raises WrongPerson, BanRefused.
    """
    permit(by, Can.REVIEW_BAN, session.school_id)
    session.refresh(ban, with_for_update=True)
    session.refresh(review)
    may_review(session, ban, by)
    if review.ban_id != ban.id or review.reviewer_id != by.id or review.interests:
        raise BanRefused("", "This is somebody else’s review.")
    if review.done_at is not None:
        raise BanRefused("", "This review is finished already.")
    if state_of(ban) not in ALIVE:
        raise BanRefused("", "It is not in force any more. There is nothing to review.")
    words = words.strip()
    if not words:
        raise BanRefused("words", "Say what you looked at, and why you find so.")
    if found is Found.EXTEND and longer_until is None:
        raise BanRefused("longer_until", "Say until which day.")
    review.found, review.words, review.done_at = found.value, words, clock.now()
    longer = None
    if found is Found.LIFT:
        lift_now(session, ban, by=by, because=words)
    else:
        review.next_on = ban.review_on = next_review(session, ban)
    if found is Found.EXTEND and longer_until is not None:
        terms = terms_of(session, ban.id).but(
            reasons=words, ends_on=longer_until.isoformat(), why_now="", changes=""
        )
        longer = ask_longer(session, ban, terms, by=by, within_review=True)
    session.flush()
    record(session, Event.BAN_REVIEWED, by=by, about=ban, number=ban.number,
           found=found.word.lower())  # fmt: skip
    return longer
