"""Inviting the people who are to sign in, and taking an invitation up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select

from trustconduct.accounts.endings import end_sign_ins
from trustconduct.accounts.factors import reset_factor
from trustconduct.accounts.links import Purpose, fresh
from trustconduct.accounts.mails import MISTAKE, roles_in_words, tell
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can, permit
from trustconduct.accounts.sealing import Sealer
from trustconduct.accounts.users import (
    TURNED_ROUND,
    UserRefused,
    checked_name,
    refuse_misplaced,
    refuse_own,
    said_days,
)
from trustconduct.audit.actor import Actor, Grant
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession


def invite(
    session: ScopedSession,
    *,
    by: Actor,
    email: str,
    name: str,
    grants: Iterable[Grant],
    trust_name: str,
    first_on: date | None = None,
    last_on: date | None = None,
) -> User:
    """Ask a person to sign in, with these roles; `first_on` and `last_on` date all of them.

    Who is new, or has not taken up an earlier invitation, gets a link that works
    once within three days. Who signs in already gets the roles and a mail that says
    so. Raises UserRefused for a disabled person, for roles that they have already
    or that do not fit the place, for days turned round, and for one's own roles.
    """
    permit(by, Can.ADD_USER)
    email, grants = email.strip().lower(), list(grants)
    refuse_misplaced(grants)
    if first_on and last_on and last_on < first_on:
        raise UserRefused(TURNED_ROUND)
    session.take_turns(f"invite:{email}")
    user = session.scalar(select(User).where(User.email == email))
    is_new = user is None
    if user is None:
        user = User(email=email, name=checked_name(name), password_hash=None)
        session.add(user)
        session.flush()  # the events need the id that the insert is made with
        record(session, Event.USER_ADDED, by=by, about=user, name=user.name)
    refuse_own(by, user)
    if user.disabled_at is not None:
        raise UserRefused(f"{user.name} may not sign in any more. Let them in again first.")
    added = _add(session, user, grants, by=by, first_on=first_on, last_on=last_on)
    if not added and not is_new:
        raise UserRefused(f"{user.name} has that role already.")
    if user.password_hash is None:
        send_invitation(session, user, by=by, trust_name=trust_name)
        return user
    end_sign_ins(session, user)
    tell(
        session,
        user,
        "role_added",
        "You have a new role",
        f"{by.name} has given you a new role with {trust_name}:",
        _listed(session, added),
        "Sign in as you always do. If you were signed in, you have to do it once more.",
        unless_you=MISTAKE,
    )
    return user


def _add(
    session: ScopedSession,
    user: User,
    grants: Iterable[Grant],
    *,
    by: Actor,
    first_on: date | None,
    last_on: date | None,
) -> Sequence[UserGrant]:
    """Add those of the roles that the person does not have yet."""
    there = {grant.grant() for grant in user.grants}
    added = []
    for one in dict.fromkeys(grants):
        if one in there:
            continue
        row = UserGrant(
            role=one.role.value, at_school_id=one.school_id, first_on=first_on, last_on=last_on
        )
        user.grants.append(row)
        session.flush()  # the event needs the row's id
        record(
            session,
            Event.ROLE_ADDED,
            by=by,
            about=user,
            role=row.role,
            words=roles_in_words(session, [row])[0],
            school=str(one.school_id or ""),
            **said_days(row),
        )
        added.append(row)
    return added


def _listed(session: ScopedSession, grants: Iterable[UserGrant]) -> str:
    return "\n".join(f"- {words}" for words in roles_in_words(session, grants))


def send_invitation(
    session: ScopedSession, user: User, *, by: Actor, trust_name: str, anew: bool = True
) -> None:
    """Send the link by which a person comes in. An earlier one is dead where this is `anew`."""
    link = fresh(session, user, Purpose.INVITE, anew=anew)
    record(session, Event.USER_INVITED, by=by, about=user)
    tell(
        session,
        user,
        "invitation",
        f"Your invitation from {trust_name}",
        f"{trust_name} invites you to its service for the parents’ code of conduct, as:",
        _listed(session, user.grants),
        "Open this link to choose a password and to set up an authenticator app:",
        "{link}",
        "The link works once, and for three days. It is yours alone: please do not pass it on."
        " Have your phone with you. It takes about five minutes.",
        link=link,
        unless_you="Did you not expect this? Without you nothing happens. In doubt, call",
    )


def invite_again(session: ScopedSession, user: User, *, by: Actor, trust_name: str) -> None:
    """Send the invitation of a person who has not taken it up once more, on an officer's word."""
    permit(by, Can.ADD_USER)
    if user.password_hash is not None:
        raise UserRefused(f"{user.name} has come in already, so there is nothing to send.")
    if user.disabled_at is not None:
        raise UserRefused(f"{user.name} may not sign in any more. Let them in again first.")
    send_invitation(session, user, by=by, trust_name=trust_name)


def reset_all(
    session: ScopedSession, user: User, *, by: Actor, sealer: Sealer, trust_name: str
) -> None:
    """Let a person begin anew who has lost authenticator, codes and password."""
    reset_factor(session, user, by=by, sealer=sealer, password_too=True)
    send_invitation(session, user, by=by, trust_name=trust_name)
