"""A school's badge: a picture that stands at the head of what the school prints."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.files.models import FileKind, StoredFile
from trustconduct.files.take_in import Looked, take_in_file
from trustconduct.schools.models import SchoolBadge
from trustconduct.schools.settings import ChangedMeanwhile
from trustconduct.tenants.sessions import ScopedSession


def badge_of(session: ScopedSession) -> StoredFile | None:
    return session.scalar(
        select(StoredFile).join(
            SchoolBadge,
            (SchoolBadge.school_id == StoredFile.school_id)
            & (SchoolBadge.file_id == StoredFile.id),
        )
    )


def small_badge(session: ScopedSession, file_id: UUID) -> StoredFile | None:
    """The picture at the head of parents' pages, if it is that file: anyone may see it."""
    return session.scalar(
        select(StoredFile)
        .join(
            SchoolBadge,
            (SchoolBadge.school_id == StoredFile.school_id)
            & (SchoolBadge.small_file_id == StoredFile.id),
        )
        .where(StoredFile.id == file_id)
    )


def set_badge(
    session: ScopedSession,
    looked: Looked | None,
    *,
    by: Actor,
    seen: UUID | None,
    small: Looked | None = None,
) -> StoredFile | None:
    """Show this picture as the school's badge, or none. `small` is the same picture as
    parents' pages show it: a telephone should not load one made for print.

    `seen` is the badge that the person looked at. Raises ChangedMeanwhile where it
    is another one by now. The badge before stays among the files: it is on what was
    printed.
    """
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    session.take_turns("badge")
    now = badge_of(session)
    if (now.id if now else None) != seen:
        raise ChangedMeanwhile
    if now is None and looked is None:
        return None
    stored = None
    session.execute(delete(SchoolBadge))
    if looked:
        stored = take_in_file(
            session, looked, kind=FileKind.BADGE, needs=Can.CHANGE_SETTINGS, by=by
        )
        little = (
            take_in_file(session, small, kind=FileKind.BADGE, needs=Can.CHANGE_SETTINGS, by=by)
            if small
            else None
        )
        session.add(SchoolBadge(file_id=stored.id, small_file_id=little.id if little else None))
        session.flush()
    about_id = stored.id if stored else seen
    record(
        session,
        Event.BADGE_CHANGED,
        by=by,
        about_kind=StoredFile.__tablename__,
        about_id=about_id,
        shown=stored is not None,
    )
    return stored
