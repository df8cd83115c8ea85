"""Ending sign-ins: whatever changes what a person may do ends all that they had open."""

from __future__ import annotations

from sqlalchemy import update

from trustconduct import clock
from trustconduct.accounts.models import SignIn, User
from trustconduct.tenants.sessions import ScopedSession


def end_sign_ins(session: ScopedSession, user: User) -> None:
    """End every sign-in of a person, half or whole: each cookie of theirs is dead from here on.

    A new role, a role ended, a new password, a new authenticator, a person
    disabled: who captured a cookie must not keep what it opened.
    """
    session.execute(
        update(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
