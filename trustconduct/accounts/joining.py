"""What a person does behind a mailed link: a password, an authenticator, recovery codes."""

from __future__ import annotations

from enum import Enum

from trustconduct import clock
from trustconduct.accounts.factors import confirm, enrol, factor_of, make_codes, spend_code
from trustconduct.accounts.links import Opened, Purpose
from trustconduct.accounts.mails import tell
from trustconduct.accounts.passwords import hashed, is_right
from trustconduct.accounts.sealing import Sealer
from trustconduct.accounts.throttle import Doing, forget_tries
from trustconduct.accounts.users import words_of
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession


class Step(Enum):
    """Where a person stands behind the link."""

    PASSWORD = 1
    APP = 2
    CODES = 3


def by_link(link: Opened, address: str) -> Actor:
    """The person as their link knows them: nobody has signed in."""
    return Actor("link", link.row.id, link.user.name, address=address)


def step_of_link(session: ScopedSession, link: Opened, *, knows_password: bool) -> Step:
    """What comes next. Read from what is there: who comes back goes on where they were.

    `knows_password` is what the cookie says: behind the link for an authenticator
    the password is asked for, so that the mail box alone opens nothing.
    """
    asked = link.purpose is Purpose.FACTOR and not knows_password
    if link.user.password_hash is None or asked:
        return Step.PASSWORD
    factor = factor_of(session, link.user)
    return Step.CODES if factor is not None and factor.confirmed_at else Step.APP


def give_link_password(
    session: ScopedSession, link: Opened, password: str, *, by: Actor, sealer: Sealer
) -> bool:
    """Take the password behind a link: a new one, or the one that the person has.

    An invited person chooses theirs. Raises PasswordRefused; of two at once the
    second changes nothing. Who is to set up an authenticator anew types theirs;
    False where it is wrong.
    """
    user = link.user
    if link.purpose is Purpose.FACTOR:
        if not is_right(password, user.password_hash):
            return False
        forget_tries(session, sealer, Doing.PASSWORD, str(user.id), by.address)
    elif user.password_hash is None:
        user.password_hash = hashed(password, words_of(session, user))
        record(session, Event.PASSWORD_CHANGED, by=by, about=user)
    enrol(session, user, sealer)
    return True


def confirm_app(
    session: ScopedSession, link: Opened, code: str, *, by: Actor, sealer: Sealer
) -> list[str] | None:
    """Take the authenticator's first code and make ten recovery codes; None for a wrong one."""
    if not confirm(session, link.user, code, by=by, sealer=sealer):
        return None
    return make_codes(session, link.user, by=by, sealer=sealer)


def codes_again(
    session: ScopedSession, link: Opened, code: str, *, by: Actor, sealer: Sealer
) -> list[str] | None:
    """Ten new codes for who left before they had kept theirs; None for a wrong code.

    The app counts already, so one of its codes is asked for: the mail box must not
    show what stands in for it.
    """
    if spend_code(session, link.user, code, sealer) is None:
        return None
    return make_codes(session, link.user, by=by, sealer=sealer)


def finish(session: ScopedSession, link: Opened, *, by: Actor) -> None:
    """The person has everything, and has kept the codes: the link works no more."""
    link.row.used_at = clock.now()
    record(session, Event.USER_JOINED, by=by, about=link.user, behind=link.purpose.value)
    tell(
        session,
        link.user,
        "joined",
        "Your account is ready",
        "You have set up your authenticator app. From now on you sign in with your email"
        " address, your password and a code of the app.",
        "Keep your ten recovery codes in a safe place, away from your phone.",
    )
