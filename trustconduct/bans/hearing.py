"""What the person says to a ban, each with its receipt, and more time for it.

A representation after the deadline is taken and marked as late. Only "that is all" closes
their side before the deadline: a first message never opens the decision early.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.bans.limits import lasts_until, midnight_after
from trustconduct.bans.models import Ban, BanMoreTime, BanRepresentation, Means, Outcome, Route
from trustconduct.bans.refused import BanRefused
from trustconduct.bans.standing import Hearing, hearing_of, state_of
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 10_000
MOST_RECEIPTS = 60  # a ban: nobody writes more, and no script may fill our tables


def say(
    session: ScopedSession,
    ban: Ban,
    hearing: Hearing,
    *,
    by: Actor,
    words: str,
    is_all: bool,
    file_id: UUID | None = None,
) -> BanRepresentation:
    """Keep what the addressee wrote on their letter's page; give it with its receipt's number.

    The door has asked for the link and its code. Raises BanRefused.
    """
    if hearing.service_id != by.id or by.kind != "link":
        raise BanRefused("words", "This page is no longer where you answer. Ask the office.")
    return _said(
        session, ban, hearing, by=by, means=Means.ONLINE, words=words, is_all=is_all,
        file_id=file_id, noted_by="",
    )  # fmt: skip


def note_said(
    session: ScopedSession,
    ban: Ban,
    *,
    by: Actor,
    means: Means,
    words: str,
    is_all: bool,
    with_whom: str = "",
    file_id: UUID | None = None,
) -> BanRepresentation:
    """Keep what somebody told staff, or sent on paper. Raises BanRefused."""
    permit(by, Can.HEAR_BAN, session.school_id)
    if means is Means.ONLINE:
        raise BanRefused("means", "Only they themselves write on their letter’s page.")
    return _said(
        session, ban, hearing_of(session, ban), by=by, means=means, words=words, is_all=is_all,
        file_id=file_id, noted_by=by.name, with_whom=with_whom,
    )  # fmt: skip


def _said(
    session: ScopedSession,
    ban: Ban,
    hearing: Hearing,
    *,
    by: Actor,
    means: Means,
    words: str,
    is_all: bool,
    noted_by: str,
    file_id: UUID | None = None,
    with_whom: str = "",
) -> BanRepresentation:
    words = words.strip()
    if not words and not is_all and file_id is None:
        raise BanRefused("words", "Write something, add a file, or say that this is all.")
    if len(words) > LONGEST:
        raise BanRefused("words", f"Use at most {LONGEST:,} characters. You can write again.")
    session.refresh(ban, with_for_update=True)
    if ban.withdrawn_at is not None:
        raise BanRefused("words", "This ban was withdrawn. There is nothing left to answer.")
    last = session.scalar(
        select(func.max(BanRepresentation.number)).where(BanRepresentation.ban_id == ban.id)
    )
    number = (last or 0) + 1
    if number > MOST_RECEIPTS:
        raise BanRefused("words", "There are very many answers here already. Ring the office.")
    late = ban.outcome != Outcome.OPEN or (
        hearing.deadline_on is not None and clock.today() > hearing.deadline_on
    )
    row = BanRepresentation(
        ban_id=ban.id, number=number, means=means.value, words=words, is_all=is_all, late=late,
        noted_by=noted_by, with_whom=with_whom.strip()[:200], file_id=file_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, Event.BAN_ANSWERED, by=by, about=ban, number=ban.number, receipt=number,
           means=means.word.lower(), all=is_all, late=late)  # fmt: skip
    return row


def give_more_time(
    session: ScopedSession, ban: Ban, *, by: Actor, until_on: date, because: str
) -> None:
    """Give them until a later day. A temporary ban's day of decision moves with it.

    Never past the longest a ban may last. Raises BanRefused.
    """
    permit(by, Can.HEAR_BAN, session.school_id)
    session.refresh(ban, with_for_update=True)
    because = " ".join(because.split())[:500]
    if not because:
        raise BanRefused("because", "Say why they asked for more time.")
    hearing = hearing_of(session, ban)
    if not state_of(ban, hearing).is_open:
        raise BanRefused("until_on", "It is decided. There is no deadline any more.")
    if hearing.deadline_on is None:
        raise BanRefused("until_on", "Their time has not begun: the letter is not served yet.")
    if until_on <= max(hearing.deadline_on, clock.today()):
        raise BanRefused("until_on", f"Type a day after {clock.day(hearing.deadline_on)}.")
    latest = lasts_until(session, hearing.deadline_on, ban.longest_days, ban.unit)
    if ban.route == Route.TEMPORARY:
        assert ban.decide_by
        assert ban.longest_on
        moved = max(ban.decide_by, ban.decide_by + (until_on - hearing.deadline_on))
        if moved > ban.longest_on:
            raise BanRefused(
                "until_on",
                "The temporary ban would last longer than the longest that is allowed."
                " Type an earlier day, or let it lapse and give notice instead.",
            )
        _move_decide_by(ban, moved)
    elif until_on > latest:
        raise BanRefused("until_on", f"Type a day up to {clock.day(latest)}.")
    session.add(BanMoreTime(ban_id=ban.id, until_on=until_on, because=because, given_by=by.name))
    session.flush()
    record(session, Event.BAN_TIME_GIVEN, by=by, about=ban, number=ban.number,
           until_on=until_on.isoformat())  # fmt: skip


def _move_decide_by(ban: Ban, on: date) -> None:
    from_at = ban.during.lower if ban.during else None
    ban.decide_by = on
    ban.during = Range(from_at, midnight_after(on))
