"""Handing a new school over: its head is invited and its settings begun, each in its own scope.

A Trust session adds the school and may do no more: users belong to the session for
accounts, and a school's settings to the school. So the Trust writes down what it
asks for (SchoolStart), and each of the two carries out its half and marks it as
done in that very commit. Run again, they find nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from trustconduct import clock
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.mails import trust_name
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can, permit
from trustconduct.accounts.users import UserRefused
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.settings import change_settings, settings_of
from trustconduct.tenants.models import TO_HAND_OVER, School, SchoolStart
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Head:
    """Who leads the school, or is told of it: a name and a mail address."""

    name: str
    email: str


def hand_over(
    session: ScopedSession,
    school: School,
    head: Head | None,
    police_force_id: str | None,
    *,
    by: Actor,
) -> SchoolStart:
    """Write down what accounts and the school are to do, in the commit that adds the school.

    Who names a head adds a user, and must be allowed to at this moment: what is
    written down here is carried out later without asking again.
    """
    permit(by, Can.ADD_USER if head else Can.ADD_SCHOOL)
    start = SchoolStart(
        id=school.id,
        head_name=head.name if head else "",
        head_email=head.email if head else "",
        police_force_id=police_force_id,
        asked_by_kind=by.kind,
        asked_by_id=by.id,
        asked_by_name=by.name,
    )
    session.add(start)
    return start


def ask_head(session: ScopedSession, school: School, head: Head, *, by: Actor) -> SchoolStart:
    """Ask that this person be invited as the school's head: another one, or put right."""
    permit(by, Can.ADD_USER)
    start = session.get(SchoolStart, school.id, with_for_update=True)
    if start is None:
        start = hand_over(session, school, head, None, by=by)
    start.head_name, start.head_email = head.name, head.email
    start.asked_by_kind, start.asked_by_id, start.asked_by_name = by.kind, by.id, by.name
    start.asked_at, start.invited_at, start.refused = clock.now(), None, ""
    session.flush()
    record(session, Event.HEAD_ASKED, by=by, about=school, name=head.name)
    return start


def to_hand_over(session: ScopedSession) -> list[UUID]:
    """The schools of which a half is not carried out yet, the longest waiting first."""
    return list(
        session.scalars(
            select(SchoolStart.id).where(text(TO_HAND_OVER)).order_by(SchoolStart.asked_at)
        )
    )


def invite_head(session: ScopedSession, school_id: UUID) -> bool:
    """Invite the head that was asked for; in the session for accounts. True where it was done.

    Who is a user already gets the role as well. Where the person can't be
    invited the reason is kept for the officer, and nothing is tried again before
    the officer has named the head anew.
    """
    start = session.get(SchoolStart, school_id, with_for_update=True)
    if start is None or not start.head_email or start.invited_at or start.refused:
        return False
    by = _asked_by(start)
    permit(by, Can.ADD_USER)
    grant = Grant(Role.HEADTEACHER, school_id)
    try:
        # Who is head there already (invited from the page of people, say) is not an error.
        if not _is_head(session, start.head_email, school_id):
            invite(
                session,
                by=by,
                email=start.head_email,
                name=start.head_name,
                grants=[grant],
                trust_name=trust_name(session),
            )
    except UserRefused as refused:
        start.refused = str(refused)
        return False
    start.invited_at = clock.now()
    return True


def _is_head(session: ScopedSession, email: str, school_id: UUID) -> bool:
    return (
        session.scalar(
            select(UserGrant.id)
            .join(UserGrant.user)
            .where(
                User.email == email,
                User.disabled_at.is_(None),
                UserGrant.role == Role.HEADTEACHER.value,
                UserGrant.at_school_id == school_id,
            )
        )
        is not None
    )


def begin_settings(session: ScopedSession) -> bool:
    """Begin the school's settings with what the officer knew; in the school's own session.

    What the school has chosen itself meanwhile stays. True where something was begun.
    """
    start = session.get(SchoolStart, session.school_id, with_for_update=True)
    if start is None or not start.police_force_id or start.settled_at:
        return False
    by = _asked_by(start)
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    settings = settings_of(session, lock=True)
    begun = not settings.police_force_id
    if begun:
        change_settings(
            session,
            by=by,
            seen_version=settings.version,
            police_force_id=start.police_force_id,
        )
    start.settled_at = clock.now()
    return begun


def _asked_by(start: SchoolStart) -> Actor:
    """Who asked, as they were allowed to when they did: that commit is what is carried out.

    Their code was asked for then (ADD_USER is in FRESH), and counts for this.
    """
    grants = frozenset({Grant(Role.TRUST_OFFICER)})
    return Actor(start.asked_by_kind, start.asked_by_id, start.asked_by_name, grants, fresh=True)
