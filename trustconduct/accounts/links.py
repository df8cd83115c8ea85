"""The links that people who sign in get by mail: one row for each purpose, no token stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update

from trustconduct import clock
from trustconduct.accounts.models import AccountLink, User
from trustconduct.outbox.links import is_token
from trustconduct.outbox.write import Link
from trustconduct.tenants.sessions import ScopedSession

# A link with less than this left is not sent once more: the mail has to be read first.
TO_OPEN = timedelta(minutes=10)


class Purpose(StrEnum):
    """What a link is for."""

    INVITE = "invite"
    RESET = "reset"
    FACTOR = "factor"

    @property
    def lasts(self) -> timedelta:
        """How long the link works. A new password is wanted now; an invitation may wait."""
        return timedelta(hours=1) if self is Purpose.RESET else timedelta(days=3)

    @property
    def place(self) -> str:
        """Where its page is, below /account/."""
        return {"invite": "invitation", "reset": "new-password", "factor": "new-authenticator"}[
            self.value
        ]


@dataclass(frozen=True)
class Opened:
    """A link that works: its row, and the person whom it was sent to."""

    row: AccountLink
    user: User
    purpose: Purpose


def fresh(session: ScopedSession, user: User, purpose: Purpose, *, anew: bool = True) -> Link:
    """A new link for a person; every earlier one for the same purpose is dead from here on.

    Not `anew`, one that still works for a while is sent once more as it is: it is for
    what anyone may ask for, who must not be able to kill the link that the person is
    just about to open, nor to make one that is out already last for ever.
    """
    session.take_turns(f"link:{user.id}:{purpose.value}")  # of two at once one makes the row
    row = session.scalar(
        select(AccountLink)
        .where(AccountLink.user_id == user.id, AccountLink.purpose == purpose.value)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        row = AccountLink(user_id=user.id, purpose=purpose.value, generation=0)
        session.add(row)
    if anew or row.generation == 0 or not works(row, after=TO_OPEN):
        row.generation += 1
        row.sent_at, row.used_at = clock.now(), None
    session.flush()  # the mail needs the row's id
    return Link(f"/account/{purpose.place}/{row.id}/", purpose.value, row.id, row.generation)


def kill_links(session: ScopedSession, user: User) -> None:
    """Make every link of a person worthless: none may lead around what is done now."""
    session.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user.id, AccountLink.used_at.is_(None))
        .values(used_at=clock.now())
    )


def works(row: AccountLink, *, after: timedelta = timedelta()) -> bool:
    """Whether the newest link of a row was not used and has not run out, now or `after` a while."""
    return row.used_at is None and clock.now() + after < row.sent_at + Purpose(row.purpose).lasts


def opened(
    session: ScopedSession,
    purpose: Purpose,
    link_id: UUID,
    secret: str,
    *,
    key: str,
    stage: str = "",
    lock: bool = False,
) -> Opened | None:
    """The link behind an id and its secret, or None: alike for every link that does not work.

    Used, run out, replaced, for a person who is disabled, or made up. `stage` names
    the cookie that stands for the link once it was opened; `lock` it before it is
    used, so that of two at once one finds it used.
    """
    query = select(AccountLink).where(
        AccountLink.id == link_id, AccountLink.purpose == purpose.value
    )
    row = session.scalar(
        (query.with_for_update() if lock else query).execution_options(populate_existing=True)
    )
    if row is None or not is_token(secret, key, purpose.value + stage, row.id, row.generation):
        return None
    if not works(row):
        return None
    # After the lock: what another one changed before it must be seen.
    user = session.get_one(User, row.user_id, populate_existing=True)
    return Opened(row, user, purpose) if user.disabled_at is None else None


def of_id(session: ScopedSession, purpose: Purpose, link_id: UUID) -> User | None:
    """Whom a link was sent to, whether or not it still works: to send a fresh one there."""
    return session.scalar(
        select(User)
        .join(AccountLink, AccountLink.user_id == User.id)
        .where(AccountLink.id == link_id, AccountLink.purpose == purpose.value)
    )
