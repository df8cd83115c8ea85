"""Where a school stands: who was asked, what they answered, who wants to talk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
    TalkHeld,
)
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Talk:
    """A parent who wants to talk before they sign."""

    id: UUID
    name: str
    email: str
    note: str
    asked_at: datetime


@dataclass(frozen=True)
class Given:
    """One answer with what was written: `waits` for a wish to talk that is still open."""

    id: UUID
    name: str
    email: str
    answer: Answer
    note: str
    answered_at: datetime
    waits: bool


def answer_given(session: ScopedSession, answer_id: UUID) -> Given | None:
    """An answer by its id, with its words."""
    row = session.execute(
        _with_words(
            Acknowledgement.id,
            Adult.name,
            Adult.email,
            Acknowledgement.answer,
            AcknowledgementWords.note,
            Acknowledgement.answered_at,
            (
                (Acknowledgement.answer == Answer.TALK.value)
                & TalkHeld.id.is_(None)
                & stands()
                & ~_signed_since()
            ).label("waits"),
        ).where(Acknowledgement.id == answer_id)
    ).one_or_none()
    if row is None:
        return None
    return Given(
        row.id, row.name, row.email, Answer(row.answer), row.note, row.answered_at, row.waits
    )


def talks(session: ScopedSession) -> list[Talk]:
    """The parents who want to talk and were not talked with yet, the longest waiting first.

    Who has signed since does not wait any more.
    """
    rows = session.execute(
        _with_words(
            Acknowledgement.id,
            Adult.name,
            Adult.email,
            AcknowledgementWords.note,
            Acknowledgement.answered_at,
        )
        .where(Acknowledgement.answer == Answer.TALK.value, TalkHeld.id.is_(None), stands())
        .where(~_signed_since())
        .order_by(Acknowledgement.answered_at)
        .limit(100)
    )
    return [Talk(*row) for row in rows]


def _signed_since():
    later = aliased(Acknowledgement)
    return (
        select(later.id)
        .where(
            later.school_id == Acknowledgement.school_id,
            later.request_id == Acknowledgement.request_id,
            later.answer == Answer.SIGNED.value,
            stands(later),
        )
        .exists()
    )


def _with_words(*columns):
    """A query for answers with their words, their adult, and the talk if one was held."""
    return (
        select(*columns)
        .select_from(Acknowledgement)
        .join(
            AcknowledgementWords,
            (AcknowledgementWords.school_id == Acknowledgement.school_id)
            & (AcknowledgementWords.id == Acknowledgement.id),
        )
        .join(
            SignRequest,
            (SignRequest.school_id == Acknowledgement.school_id)
            & (SignRequest.id == Acknowledgement.request_id),
        )
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .outerjoin(
            TalkHeld,
            (TalkHeld.school_id == Acknowledgement.school_id) & (TalkHeld.id == Acknowledgement.id),
        )
    )


def hold_talk(session: ScopedSession, answer_id: UUID, *, by: Actor) -> bool:
    """Note that a parent was talked with. False for an id that is no open wish to talk."""
    permit(by, Can.HOLD_TALK, session.school_id)
    wish = session.scalar(
        select(Acknowledgement).where(
            Acknowledgement.id == answer_id, Acknowledgement.answer == Answer.TALK.value, stands()
        )
    )
    if wish is None:
        return False
    session.take_turns("talk")
    if session.get(TalkHeld, (session.school_id, answer_id)) is None:
        session.add(TalkHeld(id=answer_id, held_by=by.name))
        record(session, Event.TALK_HELD, by=by, about=wish)
    return True
