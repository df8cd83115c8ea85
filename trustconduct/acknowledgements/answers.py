"""Where a school stands: who was asked, what they answered, who wants to talk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
    TalkHeld,
)
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.people.models import Adult
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

# One word for each status, in code, page and API. Signed outweighs what came before it.
WORDS = {
    "signed": "Acknowledged",
    "declined": "Would rather not",
    "talk": "Asked to talk",
    "wrong": "Reached somebody else",
    "none": "No reply yet",
}


def status_column():
    """The status of a request out of its answers, for a query grouped by request."""
    return case(
        (func.bool_or(Acknowledgement.answer == Answer.SIGNED.value), "signed"),
        (func.bool_or(Acknowledgement.answer == Answer.DECLINED.value), "declined"),
        (func.bool_or(Acknowledgement.answer == Answer.TALK.value), "talk"),
        (func.bool_or(SignRequest.disowned_at.is_not(None)), "wrong"),
        else_="none",
    )


@dataclass(frozen=True)
class Counts:
    """Adults by status. `asked` is all of them."""

    asked: int = 0
    signed: int = 0
    declined: int = 0
    talk: int = 0
    wrong: int = 0  # whoever opened the link said that they are somebody else

    @property
    def none(self) -> int:
        return self.asked - self.signed - self.declined - self.talk - self.wrong


def counts(session: ScopedSession, version: SchoolVersion) -> Counts:
    """How the adults asked about a version have answered, in one query."""
    each = (
        select(status_column().label("status"))
        .select_from(SignRequest)
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .where(SignRequest.version_id == version.id)
        .group_by(SignRequest.school_id, SignRequest.id)
        .subquery()
    )
    found: dict[str, int] = dict(
        session.execute(select(each.c.status, func.count()).group_by(each.c.status)).all()
    )
    return Counts(
        asked=sum(found.values()),
        signed=found.get("signed", 0),
        declined=found.get("declined", 0),
        talk=found.get("talk", 0),
        wrong=found.get("wrong", 0),
    )


@dataclass(frozen=True)
class Line:
    """An adult who was asked, and where their answer stands."""

    request_id: UUID
    name: str
    email: str
    status: str
    answered_at: datetime | None
    signed_as: str  # the name that they typed
    noted_id: UUID | None  # the answer with which they wrote something; its words ask for a code
    generation: int
    revoked: bool = False  # their link opens nothing

    @property
    def word(self) -> str:
        return WORDS[self.status]


def _newest(words):
    """What was typed with the newest answer of a request, in a query grouped by request."""
    return func.array_agg(aggregate_order_by(words, Acknowledgement.answered_at.desc()))[1]


def lines(
    session: ScopedSession, version: SchoolVersion, *, status: str = "", after: str = "", most: int
) -> list[Line]:
    """A page of the adults asked about a version, by name. Gives one more where there are more."""
    query = (
        select(
            SignRequest.id,
            SignRequest.generation,
            (SignRequest.revoked_at.is_not(None)).label("revoked"),
            Adult.name,
            Adult.email,
            status_column().label("status"),
            func.max(Acknowledgement.answered_at).label("answered_at"),
            _newest(AcknowledgementWords.typed_name).label("signed_as"),
            _newest(
                case((AcknowledgementWords.note != "", AcknowledgementWords.id), else_=None)
            ).label("noted_id"),
        )
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .outerjoin(
            AcknowledgementWords,
            (AcknowledgementWords.school_id == Acknowledgement.school_id)
            & (AcknowledgementWords.id == Acknowledgement.id),
        )
        .where(SignRequest.version_id == version.id)
        .group_by(SignRequest.school_id, SignRequest.id, Adult.name, Adult.email)
        .order_by(Adult.name, SignRequest.id)
        .limit(most + 1)
    )
    if status in WORDS:
        query = query.having(status_column() == status)
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            query = query.where(tuple_(Adult.name, SignRequest.id) > tuple_(name, UUID(id_text)))
    return [
        Line(
            row.id,
            row.name,
            row.email,
            row.status,
            row.answered_at,
            row.signed_as or "",
            row.noted_id,
            row.generation,
            row.revoked,
        )
        for row in session.execute(query)
    ]


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
        .where(Acknowledgement.answer == Answer.TALK.value, TalkHeld.id.is_(None))
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
            Acknowledgement.id == answer_id, Acknowledgement.answer == Answer.TALK.value
        )
    )
    if wish is None:
        return False
    session.take_turns("talk")
    if session.get(TalkHeld, (session.school_id, answer_id)) is None:
        session.add(TalkHeld(id=answer_id, held_by=by.name))
        record(session, Event.TALK_HELD, by=by, about=wish)
    return True
