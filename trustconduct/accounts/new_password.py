"""A new password: by the person who knows the old one, or behind a link that was mailed."""

from __future__ import annotations

from trustconduct import clock
from trustconduct.accounts.endings import end_sign_ins
from trustconduct.accounts.links import Opened, kill_links
from trustconduct.accounts.mails import tell
from trustconduct.accounts.models import User
from trustconduct.accounts.passwords import PasswordRefused, hashed, is_right
from trustconduct.accounts.users import words_of
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession


def reset_password(session: ScopedSession, link: Opened, password: str, *, by: Actor) -> None:
    """Keep a new password, once, and end every sign-in. Raises PasswordRefused.

    It signs nobody in and leaves the authenticator as it is: the mail box alone
    must not open what two factors guard.
    """
    _keep(session, link.user, password, by=by)
    link.row.used_at = clock.now()


def change_password(
    session: ScopedSession, user: User, *, by: Actor, old: str, password: str
) -> None:
    """Keep a new password in place of one that the person knows; every sign-in ends.

    Its door begins a new one for this browser. Raises PasswordRefused.
    """
    if not is_right(old, user.password_hash):
        raise OldPasswordWrong("That is not your current password.")
    if old == password:
        raise PasswordRefused("Choose another password than the current one.")
    _keep(session, user, password, by=by)


class OldPasswordWrong(ValueError):
    """The password of now was not the one that was typed."""


def _keep(session: ScopedSession, user: User, password: str, *, by: Actor) -> None:
    user.password_hash = hashed(password, words_of(session, user))
    kill_links(session, user)
    end_sign_ins(session, user)
    record(session, Event.PASSWORD_CHANGED, by=by, about=user)
    tell(
        session,
        user,
        "password_changed",
        "Your password was changed",
        "Your password was changed just now. You were signed out everywhere.",
    )
