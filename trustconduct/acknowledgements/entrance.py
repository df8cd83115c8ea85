"""The notice at the entrance: where it hangs, from which day to which. It tells visitors.

A visitor has no link and signs nothing. That the notice hung where they came in, on the
day they came, is what the school can say of what they were told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import Base
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.models import SchoolOwned
from trustconduct.tenants.sessions import ScopedSession

LONGEST_PLACE = 80  # characters
PAGE = 50


class NoticeRefused(ValueError):
    """The notice can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class EntranceNotice(SchoolOwned, Base):
    """A notice hung at one place, both days included. One at a time hangs at a place."""

    __tablename__ = "entrance_notice"
    __table_args__ = (
        CheckConstraint("taken_down_on >= hung_on", name="days_in_order"),
        CheckConstraint("(taken_down_on is null) = (taken_down_by = '')", name="down_by_somebody"),
        Index(
            "one_notice_at_a_place",
            "school_id",
            text("lower(place)"),
            unique=True,
            postgresql_where=text("taken_down_on is null"),
        ),
        Index(None, "school_id", "hung_on"),
    )

    place: Mapped[str]
    hung_on: Mapped[date]
    hung_by: Mapped[str]
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    taken_down_on: Mapped[date | None]
    taken_down_by: Mapped[str] = mapped_column(default="")


def hang_notice(session: ScopedSession, *, by: Actor, place: str, hung_on: date) -> EntranceNotice:
    """Note that the notice hangs at a place since a day, today or before. Raises NoticeRefused."""
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    session.take_turns("entrance")
    if not place:
        raise NoticeRefused("place", "Type where it hangs, such as Main entrance.")
    if len(place) > LONGEST_PLACE:
        raise NoticeRefused("place", f"Say it in at most {LONGEST_PLACE} letters.")
    if hung_on > clock.today():
        raise NoticeRefused("hung_on", "Type a day up to today: note it once it hangs.")
    there = session.scalar(
        select(EntranceNotice).where(
            func.lower(EntranceNotice.place) == place.lower(),
            or_(EntranceNotice.taken_down_on.is_(None), EntranceNotice.taken_down_on >= hung_on),
        )
    )
    if there is not None:
        since = clock.day(there.hung_on)
        raise NoticeRefused("place", f"One hangs there already on that day, since {since}.")
    notice = EntranceNotice(place=place, hung_on=hung_on, hung_by=by.name)
    session.add(notice)
    session.flush()
    record(
        session,
        Event.ENTRANCE_NOTICE_HUNG,
        by=by,
        about=notice,
        place=place,
        hung_on=hung_on.isoformat(),
    )
    return notice


def take_down_notice(
    session: ScopedSession, notice: EntranceNotice, *, by: Actor, on: date
) -> None:
    """Note the last day on which a notice hung. Raises NoticeRefused."""
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    session.take_turns("entrance")
    session.refresh(notice)
    if notice.taken_down_on is not None:
        raise NoticeRefused("on", "That it was taken down is noted already.")
    if not notice.hung_on <= on <= clock.today():
        since = clock.day(notice.hung_on)
        raise NoticeRefused("on", f"Type a day from {since} up to today.")
    notice.taken_down_on, notice.taken_down_by = on, by.name
    session.flush()
    record(
        session,
        Event.ENTRANCE_NOTICE_TAKEN_DOWN,
        by=by,
        about=notice,
        place=notice.place,
        taken_down_on=on.isoformat(),
    )


def hangs_outdated(session: ScopedSession, version: SchoolVersion) -> Sequence[EntranceNotice]:
    """The notices that still show an earlier version: hung before this one was in force."""
    return session.scalars(
        select(EntranceNotice)
        .where(
            EntranceNotice.taken_down_on.is_(None),
            EntranceNotice.hung_on < version.in_force_on,
        )
        .order_by(EntranceNotice.place)
    ).all()


def notices(session: ScopedSession, *, page: int = 0) -> Sequence[EntranceNotice]:
    """One page of the notices, those that hang first, then the newest; one more where there are
    more.
    """
    return session.scalars(
        select(EntranceNotice)
        .order_by(
            EntranceNotice.taken_down_on.is_not(None),
            EntranceNotice.hung_on.desc(),
            EntranceNotice.id.desc(),
        )
        .offset(page * PAGE)
        .limit(PAGE + 1)
    ).all()


def hung_on_day(session: ScopedSession, day: date) -> Sequence[EntranceNotice]:
    """The notices that hung on a day: what a visitor of that day passed."""
    return session.scalars(
        select(EntranceNotice)
        .where(
            EntranceNotice.hung_on <= day,
            func.coalesce(EntranceNotice.taken_down_on, day) >= day,
        )
        .order_by(EntranceNotice.place)
    ).all()
