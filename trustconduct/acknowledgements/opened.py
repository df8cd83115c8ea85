"""That a link was fetched, and that a person said they have opened the text: two things apart."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.notice_models import LinkFetch, TextOpened
from trustconduct.acknowledgements.signing import AnswerRefused, Asked, LinkClosed, checked_name
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.languages.spoken import Message
from trustconduct.tenants.sessions import ScopedSession


def note_fetch(session: ScopedSession, request_id: UUID) -> None:
    """Note that a link was fetched today, once a day: by a person or by a mail scanner."""
    session.execute(
        insert(LinkFetch)
        .values(
            school_id=session.school_id,
            id=new_id(),
            request_id=request_id,
            local_day=clock.today(),
            fetched_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["school_id", "request_id", "local_day"])
    )


def note_opened(
    session: ScopedSession, request: Asked, *, by: Actor, typed_name: str, shown_sha256: str
) -> bool:
    """Note that whoever has the link said, with their name, that they have opened the text.

    It is no answer: they can still give one. The name is asked for since a scanner may
    press every button that it finds, and types nothing. False where it is noted already.
    Raises AnswerRefused and LinkClosed.
    """
    name = checked_name(typed_name)
    if not request.open:
        raise LinkClosed
    if shown_sha256 != request.sha256:
        raise AnswerRefused(
            "text", Message("The text on your screen is not the one that you were sent.")
        )
    noted = session.scalar(
        insert(TextOpened)
        .values(
            school_id=session.school_id,
            id=new_id(),
            request_id=request.id,
            sha256=shown_sha256,
            typed_name=name,
            opened_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["school_id", "request_id"])
        .returning(TextOpened.id)
    )
    if noted is None:
        return False
    record(session, Event.TEXT_OPENED, by=by, about_kind=SignRequest.__tablename__,
           about_id=request.id, version=request.number, sha256=shown_sha256)  # fmt: skip
    return True


def is_opened(session: ScopedSession, request_id: UUID) -> bool:
    return (
        session.scalar(select(TextOpened.id).where(TextOpened.request_id == request_id)) is not None
    )
