"""What one adult was asked, what reached them and what they answered: for the person's page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.outbox.models import SchoolMessage
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

MOST = 100


@dataclass(frozen=True)
class Given:
    id: UUID
    answer: Answer
    at: datetime
    struck: bool = False


@dataclass(frozen=True)
class AskedOf:
    """One version that they were asked about, with the answers that they gave."""

    request_id: UUID
    number: int
    asked_at: datetime
    closes_on: date
    answers: tuple[Given, ...]


def asked_of(session: ScopedSession, adult_ids: Collection[UUID]) -> list[AskedOf]:
    """All that these rows of one person were asked, the newest first: one query."""
    rows = session.execute(
        select(SignRequest, SchoolVersion.number, Acknowledgement, ~stands())
        .join(
            SchoolVersion,
            (SchoolVersion.school_id == SignRequest.school_id)
            & (SchoolVersion.id == SignRequest.version_id),
        )
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .where(SignRequest.adult_id.in_(adult_ids))
        .order_by(SignRequest.asked_at.desc(), SignRequest.id, Acknowledgement.answered_at)
        .limit(MOST)
    )
    found: dict[UUID, tuple[SignRequest, int, list[Given]]] = {}
    for request, number, given, struck in rows:
        answers = found.setdefault(request.id, (request, number, []))[2]
        if given is not None:
            answers.append(Given(given.id, Answer(given.answer), given.answered_at, struck))
    return [
        AskedOf(request.id, number, request.asked_at, request.closes_on, tuple(answers))
        for request, number, answers in found.values()
    ]


@dataclass(frozen=True)
class MessageTo:
    """A message that was written for them, and what became of it. Without its words."""

    id: UUID
    kind: str
    channel: str
    written_at: datetime
    sent_at: datetime | None
    parked_at: datetime | None
    settled_at: datetime | None
    bounced_at: datetime | None = None

    @property
    def word(self) -> str:
        """What became of it: that it left is no proof that anybody read it."""
        if self.bounced_at:
            return "Came back: it did not arrive"
        if self.sent_at:
            return "Left us"
        if self.settled_at:
            return "Taken back, or given in another way"
        return "Could not be sent" if self.parked_at else "Waits to be sent"


def messages_to(session: ScopedSession, adult_ids: Collection[UUID]) -> list[MessageTo]:
    """The messages to these rows of one person, the newest first: one query."""
    model = SchoolMessage
    rows = session.execute(
        select(
            model.id,
            model.kind,
            model.channel,
            model.written_at,
            model.sent_at,
            model.parked_at,
            model.settled_at,
            model.bounced_at,
        )
        .where(model.adult_id.in_(adult_ids))
        .order_by(model.written_at.desc(), model.id)
        .limit(MOST)
    )
    return [MessageTo(*row) for row in rows]
