"""Signing in by password and then by code, and what ends it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from trustconduct import clock
from trustconduct.accounts.endings import lock_person
from trustconduct.accounts.factors import note_enrolled, spend_code, spend_recovery_code
from trustconduct.accounts.models import Factor, SignIn, User
from trustconduct.accounts.passwords import hashed_anew, is_right
from trustconduct.accounts.sealing import Sealer
from trustconduct.accounts.throttle import Doing, forget_tries
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession

TOKEN_BYTES = 32
# With the password known, a code of six digits must not be guessed at leisure.
MOST_WRONG_CODES = 5
# The time between password and code.
CODE_MINUTES = 10


@dataclass(frozen=True)
class Lifetime:
    """How long a sign-in lasts without a click, and at the most."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True)
class TimeLeft:
    """Seconds until a sign-in ends without a click, and whatever the person does."""

    idle: int
    rest: int


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of(user: User, address: str = "", *, fresh: bool = False) -> Actor:
    """The user as rules know them: frozen, with the grants of this moment and this day."""
    today = clock.today()
    grants = frozenset(grant.grant() for grant in user.grants if grant.holds(today))
    return Actor("user", user.id, user.name, grants, address, fresh)


def give_password(
    session: ScopedSession, email: str, password: str, *, address: str, sealer: Sealer
) -> str | None:
    """Begin a sign-in; give the token of its first half.

    None alike for an unknown address, a disabled person and a wrong password.
    It answers instead of raising: the refusal is recorded, so it must be committed.
    """
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is not None and user.disabled_at is not None:
        user = None
    if not is_right(password, user.password_hash if user else None) or user is None:
        record(
            session,
            Event.USER_REFUSED,
            by=Actor("nobody", None, "", address=address),
            about_kind="account_user",
            about_id=user.id if user else None,
        )
        return None
    if lock_person(session, user.id) != user.password_hash:
        return None  # a new one was chosen in between
    forget_tries(session, sealer, Doing.PASSWORD, email, address)
    _hash_anew(session, user, password)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(SignIn(user_id=user.id, token_sha256=_sha256(token)))
    return token


def _hash_anew(session: ScopedSession, user: User, password: str) -> None:
    """Keep the password by the parameters of today, now that it was typed once more."""
    kept = user.password_hash or ""
    if (anew := hashed_anew(password, kept)) is not None:
        # By a statement of its own: two sign-ins at once are no quarrel about a version.
        session.execute(
            update(User)
            .where(User.id == user.id, User.password_hash == kept)
            .values(password_hash=anew)
        )


def half_signed_in(session: ScopedSession, token: str, *, lock: bool) -> SignIn | None:
    """The sign-in that waits for its code, by its token.

    `lock` it before a code is given: two codes at once would both be the first.
    """
    since = clock.now() - timedelta(minutes=CODE_MINUTES)
    query = (
        select(SignIn)
        .where(
            SignIn.token_sha256 == _sha256(token),
            SignIn.ended_at.is_(None),
            SignIn.confirmed_at.is_(None),
            SignIn.began_at > since,
        )
        .options(joinedload(SignIn.user))
    )
    found = session.scalar(query)
    if found is None or not lock:
        return found
    lock_person(session, found.user_id)
    return session.scalar(
        query.with_for_update(of=SignIn).execution_options(populate_existing=True)
    )


def give_code(
    session: ScopedSession, sign_in: SignIn, code: str, *, address: str, sealer: Sealer
) -> str | None:
    """Finish a sign-in with the code of the person's authenticator; give a new token.

    None for a wrong code; the fifth ends the sign-in, and the person starts again
    with the password.
    """
    user, by = sign_in.user, actor_of(sign_in.user, address)
    factor = spend_code(session, user, code, sealer)
    if factor is not None and factor.confirmed_at is None:
        if user.enrols_at_sign_in:
            note_enrolled(session, user, factor, by=by)
        else:  # it is set up behind a mailed link: the password alone makes no factor
            factor = None
    if factor is None:
        count_wrong(sign_in)
        return None
    return _finished(session, sign_in, by, sealer)


def give_recovery_code(
    session: ScopedSession, sign_in: SignIn, code: str, *, address: str, sealer: Sealer
) -> str | None:
    """The same with a recovery code, where the phone is not there."""
    user, by = sign_in.user, actor_of(sign_in.user, address)
    if not spend_recovery_code(session, user, code, by=by, sealer=sealer):
        count_wrong(sign_in)
        return None
    return _finished(session, sign_in, by, sealer)


def count_wrong(sign_in: SignIn) -> None:
    """Count what was given and is not right; the fifth ends the sign-in, which must be locked."""
    sign_in.wrong_codes += 1
    if sign_in.wrong_codes >= MOST_WRONG_CODES:
        sign_in.ended_at = clock.now()


def _finished(session: ScopedSession, sign_in: SignIn, by: Actor, sealer: Sealer) -> str:
    """A whole sign-in under a new token.

    The first token dies with it: whoever saw it half-way has nothing.
    """
    forget_tries(session, sealer, Doing.CODE, str(sign_in.user_id), by.address)
    sign_in.ended_at = clock.now()
    token = begin_whole(session, sign_in.user)
    record(session, Event.USER_SIGNED_IN, by=by, about=sign_in.user)
    return token


def take_code(session: ScopedSession, sign_in: SignIn, code: str, sealer: Sealer) -> Factor | None:
    """The person's factor, if the code is its code of now and was not used; used up by this.

    None for a wrong one; the fifth ends the sign-in. The sign-in must be locked.
    The one place that says whether a code is right, at signing in and after it.
    """
    factor = spend_code(session, sign_in.user, code, sealer)
    if factor is None or factor.confirmed_at is None:
        count_wrong(sign_in)
        return None
    return factor


def begin_whole(session: ScopedSession, user: User, *, code_given: bool = True) -> str:
    """Begin a sign-in of a person who has shown both factors; give its token.

    `code_given` says whether a code was given just now: after a new password none
    was, and what asks for a fresh one asks for it.
    """
    token, now = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    session.add(
        SignIn(
            user_id=user.id,
            token_sha256=_sha256(token),
            confirmed_at=now,
            code_given_at=now if code_given else None,
        )
    )
    return token


def signed_in(session: ScopedSession, token: str, lifetime: Lifetime) -> SignIn | None:
    """The whole sign-in behind a token, with its user and grants; None where it has ended."""
    now = clock.now()
    return session.scalar(
        select(SignIn)
        .join(SignIn.user)
        .where(
            SignIn.token_sha256 == _sha256(token),
            SignIn.confirmed_at.is_not(None),
            SignIn.ended_at.is_(None),
            SignIn.seen_at > now - lifetime.idle,
            SignIn.began_at > now - lifetime.longest,
            User.disabled_at.is_(None),
        )
        .options(joinedload(SignIn.user))
    )


def seen(session: ScopedSession, sign_in: SignIn) -> None:
    """Note that the person is there: one of the three things that a GET may write."""
    session.execute(update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=clock.now()))


def time_left(sign_in: SignIn, lifetime: Lifetime, *, seen_at: datetime | None = None) -> TimeLeft:
    """How long a sign-in still lasts; `seen_at` where it was noted a moment ago."""
    now = clock.now()
    idle = (seen_at or sign_in.seen_at) + lifetime.idle - now
    rest = sign_in.began_at + lifetime.longest - now
    return TimeLeft(max(0, int(idle.total_seconds())), max(0, int(rest.total_seconds())))


def sign_out(session: ScopedSession, sign_in_id: UUID, *, by: Actor) -> None:
    """End one sign-in: a copy of its cookie is dead from here on."""
    ended: Any = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    if ended.rowcount:
        record(
            session,
            Event.USER_SIGNED_OUT,
            by=by,
            about_kind="account_sign_in",
            about_id=sign_in_id,
        )
