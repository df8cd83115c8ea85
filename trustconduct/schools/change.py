"""Changing what the Trust knows of a school, and suspending and resuming it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.csv_lists import key
from trustconduct.outbox.write import Mail, write
from trustconduct.schools.add import SchoolRefused, name_error
from trustconduct.schools.notices import record_for_both
from trustconduct.schools.settings import ChangedMeanwhile
from trustconduct.schools.start import Head
from trustconduct.tenants.models import Phase, School, Trust
from trustconduct.tenants.sessions import ScopedSession

FIELDS = ("name", "phase", "address")


def change_school(
    session: ScopedSession,
    school: School,
    *,
    by: Actor,
    seen_version: int,
    name: str,
    phase: Phase | None,
    address: str,
) -> School:
    """Save a school's name, phase and address.

    Its word for addresses never changes: it stands in every mail and letter that
    went out. Raises ChangedMeanwhile where somebody saved since `seen_version`,
    SchoolRefused by field.
    """
    permit(by, Can.CHANGE_SCHOOL)
    session.take_turns("school")
    session.refresh(school, with_for_update=True)
    if school.version != seen_version:
        raise ChangedMeanwhile
    others = session.scalars(select(School.name).where(School.id != school.id))
    if wrong := name_error(name, {key(other) for other in others}):
        raise SchoolRefused({"name": wrong})
    new = {"name": name, "phase": phase, "address": address}
    changed = {field: value for field, value in new.items() if value != getattr(school, field)}
    if changed:
        for field, value in changed.items():
            setattr(school, field, value)
        session.flush()
        record(session, Event.SCHOOL_CHANGED, by=by, about=school, changed=changed)
    return school


def suspend(
    session: ScopedSession, school: School, *, by: Actor, reason: str, heads: Iterable[Head]
) -> bool:
    """Suspend a school: nothing of it is deleted, and nothing goes out any more.

    Its heads are told by mail, with the reason: the Trust's mail, since the
    school's own waits from now on. False where it is suspended already.
    """
    permit(by, Can.SUSPEND_SCHOOL)
    session.refresh(school, with_for_update=True)
    if school.suspended_at is not None:
        return False
    if not reason:
        raise SchoolRefused({"reason": "Say why. The head is told, and it is kept."})
    school.suspended_at, school.suspended_because = clock.now(), reason
    session.flush()
    record_for_both(session, Event.SCHOOL_SUSPENDED, school, by=by, reason=reason)
    _tell(
        session,
        heads,
        "school_suspended",
        f"{school.name} is suspended on our service",
        f"{by.name} has suspended {school.name} on the service for the parents’ code of conduct.",
        f"The reason: {reason}",
        "From now on parents find a page that says that the school’s pages are closed for now."
        " You and your staff can still read everything. Nothing can be changed, and no mail"
        " leaves for your parents: what was waiting, waits.",
        "Nothing is deleted. Once the Trust resumes your school, all is as it was.",
    )
    return True


def resume(session: ScopedSession, school: School, *, by: Actor, heads: Iterable[Head]) -> bool:
    """Resume a suspended school: its pages open, and the mail that waited goes.

    False where it is not suspended.
    """
    permit(by, Can.SUSPEND_SCHOOL)
    session.refresh(school, with_for_update=True)
    if school.suspended_at is None:
        return False
    since = clock.local(school.suspended_at).date()
    school.suspended_at, school.suspended_because = None, ""
    session.flush()
    record_for_both(session, Event.SCHOOL_RESUMED, school, by=by, since=since.isoformat())
    session.info["rings"] = True  # mail of the school may be waiting
    _tell(
        session,
        heads,
        "school_resumed",
        f"{school.name} is open again on our service",
        f"{by.name} has resumed {school.name} on the service for the parents’ code of conduct.",
        "Its pages are open to parents again, you and your staff can change things, and the"
        " mail that waited is on its way.",
    )
    return True


def _tell(
    session: ScopedSession, heads: Iterable[Head], kind: str, subject: str, *said: str
) -> None:
    trust = session.scalar(select(Trust)) or Trust(name="Your Trust", telephone="", email="")
    ask = f"Questions? Call the Trust on {trust.telephone}." if trust.telephone else ""
    more: dict[str, Any] = {"reply_to": trust.email} if trust.email else {}
    paragraphs = [*said, *([ask] if ask else []), f"trustconduct, for {trust.name}", ""]
    write(
        session,
        [
            Mail(
                kind=kind,
                to_name=head.name,
                to_address=head.email,
                from_name=trust.name,
                subject=subject,
                body="\n\n".join([f"Dear {head.name},", *paragraphs]),
                **more,
            )
            for head in heads
        ],
    )
