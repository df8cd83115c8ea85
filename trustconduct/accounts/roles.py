"""What people are, from when to when, and whether they may sign in: an officer's to change.

Each change is recorded, ends the person's sign-ins at once, and is told to them.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select

from trustconduct import clock
from trustconduct.accounts.endings import end_sign_ins
from trustconduct.accounts.feeds import end_feed
from trustconduct.accounts.links import kill_links
from trustconduct.accounts.mails import MISTAKE, roles_in_words, tell
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can, permit
from trustconduct.accounts.users import TURNED_ROUND, UserRefused, refuse_own, said_days
from trustconduct.audit.actor import Actor, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession

LAST_OFFICER = (
    "This is the last officer of the Trust who may sign in for good."
    " Invite another officer first, and wait until they have come in."
)

GONE = "Somebody has ended that role a moment ago."


def date_role(
    session: ScopedSession,
    grant: UserGrant,
    *,
    by: Actor,
    first_on: date | None,
    last_on: date | None,
) -> bool:
    """Say from which day to which a person has a role, both included; blank is open.

    Days that are the same as before end no sign-in, and nobody is told: False.
    """
    _permit(session, grant.user, by)
    if _is_gone(session, grant):
        raise UserRefused(GONE)
    if first_on and last_on and last_on < first_on:
        raise UserRefused(TURNED_ROUND)
    if (grant.first_on, grant.last_on) == (first_on, last_on):
        return False
    grant.first_on, grant.last_on = first_on, last_on
    session.flush()
    if grant.role == Role.TRUST_OFFICER:
        _keep_an_officer(session)
    words = roles_in_words(session, [grant])[0]
    record(
        session,
        Event.ROLE_DATED,
        by=by,
        about=grant.user,
        role=grant.role,
        words=words,
        school=str(grant.at_school_id or ""),
        **said_days(grant),
    )
    end_sign_ins(session, grant.user)
    tell(
        session,
        grant.user,
        "role_dated",
        "The days of your role have changed",
        f"{by.name} has changed the days of your role. It is now:",
        f"- {words}",
        unless_you=MISTAKE,
    )
    return True


def end_role(session: ScopedSession, grant: UserGrant, *, by: Actor) -> None:
    """Take a role away, now. What the person did in it stays as it is."""
    user = grant.user
    _permit(session, user, by)
    if _is_gone(session, grant):
        return
    words = roles_in_words(session, [grant])[0]
    user.grants.remove(grant)
    session.delete(grant)
    session.flush()
    if grant.role == Role.TRUST_OFFICER:
        _keep_an_officer(session)
    record(
        session,
        Event.ROLE_ENDED,
        by=by,
        about=user,
        role=grant.role,
        words=words,
        school=str(grant.at_school_id or ""),
    )
    end_sign_ins(session, user)
    tell(
        session,
        user,
        "role_ended",
        "A role of yours has ended",
        f"{by.name} has ended your role:",
        f"- {words}",
        unless_you=MISTAKE,
    )


def disable(session: ScopedSession, user: User, *, by: Actor) -> None:
    """Let a person sign in no more; their roles stay, for the day they come back."""
    _permit(session, user, by)
    if user.disabled_at is not None:
        return
    user.disabled_at = clock.now()
    session.flush()
    if any(grant.role == Role.TRUST_OFFICER for grant in user.grants):
        _keep_an_officer(session)
    kill_links(session, user)
    end_feed(session, user, by=by)  # it would show again on the day they come back
    end_sign_ins(session, user)
    record(session, Event.USER_DISABLED, by=by, about=user)
    tell(
        session,
        user,
        "disabled",
        "You can no longer sign in",
        f"{by.name} has closed your account. You were signed out everywhere.",
        unless_you=MISTAKE,
    )


def enable(session: ScopedSession, user: User, *, by: Actor) -> None:
    """Let a person sign in again, with the password and the authenticator that they had."""
    _permit(session, user, by)
    if user.disabled_at is None:
        return
    user.disabled_at = None
    end_sign_ins(session, user)
    record(session, Event.USER_ENABLED, by=by, about=user)
    tell(
        session,
        user,
        "enabled",
        "You can sign in again",
        f"{by.name} has opened your account again. Sign in as you did before.",
        unless_you=MISTAKE,
    )


def _permit(session: ScopedSession, user: User, by: Actor) -> None:
    permit(by, Can.CHANGE_USER)
    refuse_own(by, user)
    # Two officers who close each other's account at once must not both succeed.
    session.take_turns("officers")
    session.refresh(user)  # as the one before has left it


def _is_gone(session: ScopedSession, grant: UserGrant) -> bool:
    """Whether somebody took the role away while this one waited."""
    return session.scalar(select(UserGrant.id).where(UserGrant.id == grant.id)) is None


def _keep_an_officer(session: ScopedSession) -> None:
    """Refuse what would leave the Trust without an officer, today or on some later day."""
    today = clock.today()
    left = session.scalar(
        select(func.count())
        .select_from(UserGrant)
        .join(UserGrant.user)
        .where(
            UserGrant.role == Role.TRUST_OFFICER.value,
            or_(UserGrant.first_on.is_(None), UserGrant.first_on <= today),
            UserGrant.last_on.is_(None),
            User.disabled_at.is_(None),
            User.password_hash.is_not(None),
        )
    )
    if not left:
        raise UserRefused(LAST_OFFICER)
