"""A person's calendar feed: an address with a secret in it, which they can make anew or end.

A calendar program can't sign in, so the address is all that it has. Its token is
derived (see outbox/links.py): no backup holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.models import AccountFeed, User
from trustconduct.accounts.signing_in import actor_of
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.links import is_token, token
from trustconduct.tenants.sessions import ScopedSession

PURPOSE = "calendar-feed"


@dataclass(frozen=True)
class FeedAddress:
    """The two parts of a feed's address that are its own."""

    feed_id: UUID
    secret: str


def feed_of(session: ScopedSession, user_id: UUID, key: str) -> FeedAddress | None:
    """The address of a person's feed; None where they have none."""
    row = session.scalar(
        select(AccountFeed).where(AccountFeed.user_id == user_id, AccountFeed.ended_at.is_(None))
    )
    return FeedAddress(row.id, token(key, PURPOSE, row.id, row.generation)) if row else None


def make_feed(session: ScopedSession, user: User, *, by: Actor) -> None:
    """Give a person a feed, or a new address for it: the old one is dead from here on."""
    row = _row(session, user)
    if row is None:
        row = AccountFeed(user_id=user.id, generation=0)
        session.add(row)
    row.generation += 1
    row.made_at, row.ended_at = clock.now(), None
    session.flush()
    record(session, Event.FEED_MADE, by=by, about=user)


def end_feed(session: ScopedSession, user: User, *, by: Actor) -> bool:
    """Make the address of a person's feed worthless. False where there was none."""
    row = _row(session, user)
    if row is None or row.ended_at is not None:
        return False
    row.ended_at = clock.now()
    session.flush()
    record(session, Event.FEED_ENDED, by=by, about=user)
    return True


def _row(session: ScopedSession, user: User) -> AccountFeed | None:
    session.take_turns(f"feed:{user.id}")  # of two at once one makes the row
    return session.scalar(
        select(AccountFeed)
        .where(AccountFeed.user_id == user.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def reader_of(session: ScopedSession, feed_id: UUID, secret: str, key: str) -> Actor | None:
    """Whoever's feed this is, with the roles of today; None for an address that does not work.

    Wrong, ended, made anew since, of a closed account: the answer is the same.
    """
    row = session.scalar(select(AccountFeed).where(AccountFeed.id == feed_id))
    generation = row.generation if row else 0
    genuine = is_token(secret, key, PURPOSE, feed_id, generation)  # as long for either
    if row is None or not genuine or row.ended_at is not None:
        return None
    user = session.get_one(User, row.user_id)
    return None if user.disabled_at is not None else actor_of(user)
