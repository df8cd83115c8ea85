"""Striking out an answer that was noted for the wrong person. It stays, and counts no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, text

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements import noted_mail
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.paper_models import AnswerHow
from trustconduct.acknowledgements.signing import AnswerRefused
from trustconduct.acknowledgements.struck_models import AnswerStruck, AnswerStruckWords
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 500

# Who was not asked to the end is reminded again from tomorrow on, as far as the plan goes; where
# another answer stands, or the link is closed, the next look takes the day away again.
_REMIND = text("""
update sign_request r set remind_on = :tomorrow
from campaign_plan p
where r.school_id = :school and r.id = :request
  and p.school_id = r.school_id and p.id = r.campaign_id and p.stopped_at is null
  and p.remind_most > (select count(*) from sign_reminder n
    where n.school_id = r.school_id and n.request_id = r.id)
""")


def strike_out(session: ScopedSession, answer_id: UUID, because: str, *, by: Actor) -> bool:
    """Strike out an answer that was keyed, or came by a sheet, for the wrong person.

    Nothing is overwritten: a row of its own says by whom and why, and lists, counts,
    notice and proof leave the answer out or say so. The person can answer anew. An answer
    by the adult's own mailed link can't be struck out: it is theirs. False for an id that
    is no answer of the kind; twice has one effect. Raises AnswerRefused without a reason.
    """
    permit(by, Can.KEY_ANSWER, session.school_id)
    reason = " ".join(because.split())
    if not reason:
        raise AnswerRefused("because", "Say why it is struck out.")
    if len(reason) > LONGEST:
        raise AnswerRefused("because", f"Use at most {LONGEST} letters.")
    session.take_turns("campaign")
    row = session.execute(
        select(Acknowledgement, SignRequest.adult_id, SchoolVersion.number)
        .join(AnswerHow, AnswerHow.id == Acknowledgement.id)
        .join(SignRequest, SignRequest.id == Acknowledgement.request_id)
        .join(SchoolVersion, SchoolVersion.id == SignRequest.version_id)
        .where(Acknowledgement.id == answer_id)
    ).one_or_none()
    if row is None:
        return False
    given, adult_id, number = row
    if struck_out(session, answer_id) is not None:
        return True
    session.add(AnswerStruck(id=answer_id))
    session.flush()
    session.add(
        AnswerStruckWords(id=answer_id, struck_by=by.name, struck_by_id=by.id, because=reason)
    )
    session.flush()
    asked = {"school": session.school_id, "request": given.request_id}
    session.execute(_REMIND, {**asked, "tomorrow": clock.today() + timedelta(days=1)})
    # The reason stays out of the sealed details: it may name the person who really answered,
    # and the proof of this one would show it to whoever holds it.
    record(session, Event.ANSWER_STRUCK, by=by, about=given, version=number,
           answer=given.answer)  # fmt: skip
    for table, values in noted_mail.struck(session, adult_id, Answer(given.answer), number):
        session.execute(insert(table).values(values))
    return True


@dataclass(frozen=True)
class StruckOut:
    """That an answer was struck out: when, by whom, why."""

    at: datetime
    by: str
    because: str


def struck_out(session: ScopedSession, answer_id: UUID) -> StruckOut | None:
    """Whether an answer was struck out."""
    row = session.execute(
        select(AnswerStruck.struck_at, AnswerStruckWords.struck_by, AnswerStruckWords.because)
        .join(AnswerStruckWords, AnswerStruckWords.id == AnswerStruck.id)
        .where(AnswerStruck.id == answer_id)
    ).one_or_none()
    return StruckOut(*row) if row else None
