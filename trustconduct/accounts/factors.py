"""The second factor: an authenticator app, and ten recovery codes for the day it is lost."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pyotp
from sqlalchemy import delete, func, select, update

from trustconduct import clock
from trustconduct.accounts.endings import end_sign_ins
from trustconduct.accounts.links import Purpose, fresh, kill_links
from trustconduct.accounts.mails import tell
from trustconduct.accounts.models import Factor, RecoveryCode, User
from trustconduct.accounts.permissions import Can, permit
from trustconduct.accounts.sealing import SealBroken, Sealer, is_sealed
from trustconduct.accounts.users import UserRefused, refuse_own
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession

STEP_SECONDS = 30
# A code is taken a step early or late: phones' clocks drift.
DRIFT_STEPS = 1
# From the code of the old authenticator to the first of the new one.
MOVE = timedelta(minutes=15)
CODES = 10
CODE_LENGTH = 12
# Nothing that is read as something else: no i, l, o, u, 0 or 1.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


# -- the authenticator


def make_factor(session: ScopedSession, user: User, sealer: Sealer) -> Factor:
    """A factor with a new secret, which counts for nothing until its first code."""
    factor = Factor(user_id=user.id, secret=sealer.seal(pyotp.random_base32(), user.id))
    session.add(factor)
    return factor


def enrol(session: ScopedSession, user: User, sealer: Sealer) -> Factor:
    """The person's factor, made if there is none. Its secret is shown until the first code."""
    session.take_turns(f"factor:{user.id}")  # of two at once one makes the row
    factor = factor_of(session, user, lock=True)
    if factor is None:
        return make_factor(session, user, sealer)
    if factor.confirmed_at is None and _opened(factor.secret, user, sealer) is None:
        factor.secret = sealer.seal(pyotp.random_base32(), user.id)
    return factor


def factor_of(session: ScopedSession, user: User, *, lock: bool = False) -> Factor | None:
    query = select(Factor).where(Factor.user_id == user.id)
    if lock:  # and read it again: another code may have come first
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def secret_of(factor: Factor, sealer: Sealer) -> str:
    """The secret as the person's app knows it. Raises SealBroken."""
    return sealer.open(factor.secret, factor.user_id)


def _opened(sealed: str | None, user: User, sealer: Sealer) -> str | None:
    """A secret, or None where SECRET_KEY was changed since: its codes are right no more."""
    try:
        return sealer.open(sealed, user.id) if sealed else None
    except SealBroken:
        return None


def spend_code(session: ScopedSession, user: User, code: str, sealer: Sealer) -> Factor | None:
    """Use up a code of the person's authenticator; the factor, or None for a wrong code.

    A code works once, and none works that is older than the last one. The row is
    locked: two at once would both be the first.
    """
    factor = factor_of(session, user, lock=True)
    secret = _opened(factor.secret, user, sealer) if factor else None
    step = step_of(secret, code) if secret else None
    if factor is None or secret is None or step is None or step <= factor.last_step:
        return None
    factor.last_step = step
    if not is_sealed(factor.secret):  # of before secrets were sealed
        factor.secret = sealer.seal(secret, user.id)
    return factor


def step_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to, or None where it is no code of now."""
    digits = "".join(code.split())
    now = int(clock.now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def confirm(session: ScopedSession, user: User, code: str, *, by: Actor, sealer: Sealer) -> bool:
    """Make an authenticator count, by its first code; whether the code was right."""
    factor = spend_code(session, user, code, sealer)
    if factor is None:
        return False
    if factor.confirmed_at is None:
        note_enrolled(session, user, factor, by=by)
    return True


def note_enrolled(session: ScopedSession, user: User, factor: Factor, *, by: Actor) -> None:
    factor.confirmed_at = clock.now()
    user.enrols_at_sign_in = False
    record(session, Event.FACTOR_ENROLLED, by=by, about=factor)


# -- moving to another one


def begin_move(session: ScopedSession, user: User, *, sealer: Sealer) -> None:
    """Make the secret of the authenticator that the person moves to; the old one still counts.

    Its door has asked for a code of the old one, or for a recovery code.
    """
    factor = factor_of(session, user, lock=True)
    if factor is not None:
        factor.next_secret = sealer.seal(pyotp.random_base32(), user.id)
        factor.next_at = clock.now()


def shown_secret(session: ScopedSession, user: User, sealer: Sealer) -> str | None:
    """The secret of an authenticator that is still to show its first code, or None."""
    factor = factor_of(session, user)
    if factor is None or factor.confirmed_at is not None:
        return None
    return _opened(factor.secret, user, sealer)


def next_secret_of(
    session: ScopedSession, user: User, sealer: Sealer, *, lock: bool = False
) -> str | None:
    """The secret of the authenticator that the person moves to, or None.

    Only for a while after the old code was given: a cookie that is captured later
    must not finish what was left lying.
    """
    factor = factor_of(session, user, lock=lock)
    if factor is None or factor.next_at is None or factor.next_at + MOVE <= clock.now():
        return None
    return _opened(factor.next_secret, user, sealer)


def finish_move(
    session: ScopedSession, user: User, code: str, *, by: Actor, sealer: Sealer
) -> bool:
    """Let the new authenticator take the old one's place, by its first code.

    All sign-ins end: the old phone may be in somebody's hands.
    """
    secret = next_secret_of(session, user, sealer, lock=True)
    step = step_of(secret, code) if secret else None
    factor = factor_of(session, user)
    if factor is None or step is None:
        return False
    factor.secret, factor.next_secret, factor.next_at = factor.next_secret or "", None, None
    factor.last_step, factor.confirmed_at = step, clock.now()
    kill_links(session, user)
    end_sign_ins(session, user)
    record(session, Event.FACTOR_REPLACED, by=by, about=factor)
    tell(
        session,
        user,
        "factor_replaced",
        "Your authenticator was changed",
        "From now on you sign in with the codes of your new authenticator app. The old one"
        " does not work any more.",
    )
    return True


def reset_factor(
    session: ScopedSession, user: User, *, by: Actor, sealer: Sealer, password_too: bool = False
) -> None:
    """Take away a person's authenticator and codes, once both are lost; an officer's act.

    They set up a new one behind a link that is mailed to them, and there they are
    asked for their password, which no mail can change in the meantime (asking.py):
    the mail box alone must not open an account. Who has lost the password as well
    begins anew with an invitation (`password_too`), on the word of the officer who
    has spoken to them (`reset_all` in invitations.py). Until then they can't sign in at all.
    """
    permit(by, Can.CHANGE_USER)
    refuse_own(by, user)
    if user.password_hash is None:
        raise UserRefused(f"{user.name} has not come in yet. Send the invitation again.")
    kill_links(session, user)
    factor = factor_of(session, user, lock=True)
    if factor is not None:
        factor.secret = sealer.seal(pyotp.random_base32(), user.id)
        factor.next_secret = factor.next_at = factor.confirmed_at = None
    user.enrols_at_sign_in = False
    if password_too:
        user.password_hash = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    end_sign_ins(session, user)
    record(session, Event.FACTOR_RESET, by=by, about=user, password_too=password_too)
    if not password_too:
        send_factor_link(session, user)


def send_factor_link(session: ScopedSession, user: User, *, anew: bool = True) -> None:
    """Mail the link behind which a person with a password sets up an authenticator."""
    link = fresh(session, user, Purpose.FACTOR, anew=anew)
    tell(
        session,
        user,
        "factor_link",
        "Set up your authenticator app",
        "You need an authenticator app to sign in, and there is none for you at the moment."
        " Open this link to set one up. Have your password and your phone with you:",
        "{link}",
        "The link works once, and for three days. Please do not pass it on. Have you"
        " forgotten the password as well? Then call us: it can’t be changed by email now.",
        link=link,
    )


# -- recovery codes


def make_codes(session: ScopedSession, user: User, *, by: Actor, sealer: Sealer) -> list[str]:
    """Ten new recovery codes, to be shown once; the ones before are worthless from here on."""
    session.take_turns(f"codes:{user.id}")  # two at once would leave twenty
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    session.add_all(
        RecoveryCode(user_id=user.id, code_hmac=_hmac(sealer, user, code)) for code in codes
    )
    record(session, Event.RECOVERY_CODES_MADE, by=by, about=user)
    return ["-".join((code[:4], code[4:8], code[8:])) for code in codes]


def codes_left(session: ScopedSession, user: User) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def spend_recovery_code(
    session: ScopedSession, user: User, typed: str, *, by: Actor, sealer: Sealer
) -> bool:
    """Use up a recovery code, and tell the person by mail; whether it was one of theirs."""
    spent: Any = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hmac == _hmac(sealer, user, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    if not spent.rowcount:
        return False
    left = codes_left(session, user)
    record(session, Event.RECOVERY_CODE_USED, by=by, about=user, left=left)
    tell(
        session,
        user,
        "recovery_code_used",
        "A recovery code of yours was used",
        "A recovery code was just used in place of a code of your authenticator app."
        f" You have {left} left.",
        "Is your phone gone? Sign in, open “Your account”, and move to a new authenticator.",
    )
    return True


def prove(session: ScopedSession, user: User, typed: str, *, by: Actor, sealer: Sealer) -> bool:
    """Whether what was typed is a code of the authenticator or a recovery code; it is used up."""
    if len("".join(typed.split())) == 6:  # the digits of an app
        factor = spend_code(session, user, typed, sealer)
        return factor is not None and factor.confirmed_at is not None
    return spend_recovery_code(session, user, typed, by=by, sealer=sealer)


def _hmac(sealer: Sealer, user: User, code: str) -> str:
    """Typed in capitals, with blanks or without hyphens, it is the same code."""
    plain = "".join(mark for mark in code.lower() if mark.isalnum())
    return sealer.mark("recovery", str(user.id), plain)
