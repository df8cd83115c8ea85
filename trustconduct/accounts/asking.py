"""Asking for a link: by a person who forgot the password, or whose invitation has run out."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select

from trustconduct.accounts.factors import factor_of, send_factor_link
from trustconduct.accounts.invitations import send_invitation
from trustconduct.accounts.links import Purpose, fresh
from trustconduct.accounts.mails import tell, trust_name
from trustconduct.accounts.models import User
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.tenants.sessions import ScopedSession


class Lost(StrEnum):
    """What somebody who asks has lost."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105


def of_email(session: ScopedSession, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def ask_again(session: ScopedSession, user: User | None, *, by: Actor, lost: Lost) -> None:
    """Send what a person needs to come in, to the address on file; anyone may ask.

    For nobody, or somebody who is disabled, the same is done and taken back: page and time
    tell nothing. `lost` is what the person says is missing: a link, or the password.
    """
    known = user is not None and user.disabled_at is None
    record(
        session,
        Event.LINK_ASKED,
        by=by,
        about_kind="account_user",
        about_id=user.id if known and user else None,
        lost=lost.value,
    )
    try:
        with session.begin_nested():
            _send(session, user if known and user else _nobody(session), by=by, lost=lost)
            if not known:
                raise _TakenBack
    except _TakenBack:
        pass


class _TakenBack(Exception):
    """For nobody: what was written is undone."""


def _nobody(session: ScopedSession) -> User:
    """Somebody to write to in vain, at the cost of one who has come in."""
    user = User(
        email=f"{new_id()}@nobody.invalid",
        name="Nobody",
        password_hash="no hash",  # noqa: S106
    )
    session.add(user)
    session.flush()  # as the link needs of a person
    return user


def _send(session: ScopedSession, user: User, *, by: Actor, lost: Lost) -> None:
    if user.password_hash is None:
        send_invitation(session, user, by=by, trust_name=trust_name(session), anew=False)
        return
    factor = factor_of(session, user)
    no_factor = factor is None or factor.confirmed_at is None
    if lost is Lost.PASSWORD and user.enrols_at_sign_in and no_factor:
        tell(
            session,
            user,
            "no_reset",
            "Your password can’t be changed by email",
            "You have not set up an authenticator app yet. Until you have, whoever reads your"
            " mail could take your place, so no email changes your password.",
            unless_you="Have you forgotten it? Call",
        )
    elif no_factor and not user.enrols_at_sign_in:
        # Also for a lost password: mail box and mail box are no two factors.
        send_factor_link(session, user, anew=False)
    elif lost is Lost.PASSWORD:
        _send_reset(session, user)
    else:
        tell(
            session,
            user,
            "nothing_to_set_up",
            "You are set up already",
            "You asked for a fresh link to set up your account. There is nothing left to set"
            " up: sign in with your email address, your password and a code of your app.",
            "Have you forgotten the password? Choose “Forgotten your password?” where you sign in.",
        )


def _send_reset(session: ScopedSession, user: User) -> None:
    link = fresh(session, user, Purpose.RESET, anew=False)
    tell(
        session,
        user,
        "reset",
        "Choose a new password",
        "Somebody, most likely you, said that the password for this address is forgotten."
        " Open this link to choose a new one:",
        "{link}",
        "The link works once, and for one hour. You still need a code of your authenticator"
        " app to sign in. Until you choose a new password, the old one works.",
        link=link,
        unless_you="Did you not ask for it? Then leave the link alone. If it happens again, call",
    )
