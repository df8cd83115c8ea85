"""Ending sign-ins: whatever changes what a person may do ends all that they had open."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from trustconduct import clock
from trustconduct.accounts.models import SignIn, User
from trustconduct.tenants.sessions import ScopedSession


def end_sign_ins(session: ScopedSession, user: User) -> None:
    """End every sign-in of a person, half or whole: each cookie of theirs is dead from here on.

    A new role, a role ended, a new password, a new authenticator, a person
    disabled: who captured a cookie must not keep what it opened.
    """
    lock_person(session, user.id)
    session.execute(
        update(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def lock_person(session: ScopedSession, user_id: UUID) -> str | None:
    """Let one sign-in, or one ending of them, happen at a time; the password's hash of then.

    Without it a sign-in that is just being finished would slip through: an ending
    cannot see a row that another commit is about to add. Taken before any lock of
    a sign-in, so that two never wait for each other.
    """
    return session.scalar(
        select(User.password_hash).where(User.id == user_id).with_for_update(key_share=True)
    )
