"""What happened at a demo school after it asked: paper, a bounce, notices, a mistake put right.

So that each page which a school has of these shows something. All by the rules themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.acknowledgements.entrance import hang_notice
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.notice_models import ToldHow
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer
from trustconduct.acknowledgements.opened import note_opened
from trustconduct.acknowledgements.packs import PackWho, begin_pack
from trustconduct.acknowledgements.paper_models import AnswerHow, How
from trustconduct.acknowledgements.signing import asked
from trustconduct.acknowledgements.strike_out import strike_out
from trustconduct.acknowledgements.told_otherwise import note_told
from trustconduct.audit.actor import CLOCK, Actor
from trustconduct.outbox.bounces import take_bounce
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.models import Adult
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession

TAKEN, LEFT = 5, 3  # so many are taken; so many at least stay to be signed for by hand


def go_on(
    session: ScopedSession,
    version: SchoolVersion,
    *,
    head: Actor,
    office: Actor,
    link_days: int,
) -> None:
    """The weeks after the campaign, for whoever had not answered by then, by name."""
    silent = _silent(session)
    if len(silent) < TAKEN + LEFT:
        return
    paper, mistaken, away, opened, told = silent[-TAKEN:]
    chosen = [told.id]
    begin_pack(session, version, by=head, who=PackWho.CHOSEN, chosen=chosen, link_days=link_days)
    today = clock.today()
    by_paper = Keyed(Answer.SIGNED, How.PAPER, paper.name, today, today, witness="At the office")
    key_answer(session, paper, by_paper, by=office)
    by_telephone = Keyed(Answer.SIGNED, How.TELEPHONE, mistaken.name, today, today)
    key_answer(session, mistaken, by_telephone, by=office)
    wrong = session.scalars(
        select(AnswerHow.id)
        .join(Acknowledgement, Acknowledgement.id == AnswerHow.id)
        .join(SignRequest, SignRequest.id == Acknowledgement.request_id)
        .where(SignRequest.adult_id == mistaken.id)
    ).one()
    strike_out(session, wrong, "It was somebody else who rang", by=office)
    message = session.scalar(
        select(SchoolMessage.id).where(
            SchoolMessage.adult_id == away.id, SchoolMessage.kind == "sign_request"
        )
    )
    if message is not None:
        take_bounce(session, message, "5.1.1", by=CLOCK)
    request = asked(session, _request_of(session, opened))
    if request is not None:
        note_opened(
            session, request, by=request.by, typed_name=opened.name, shown_sha256=request.sha256
        )
    note_told(
        session,
        [told.id],
        by=office,
        how=ToldHow.MEETING,
        told_on=today,
        words="The head went through the code at the meeting for new parents.",
    )
    hang_notice(session, by=office, place="By the main entrance", hung_on=today)


def _silent(session: ScopedSession) -> Sequence[Adult]:
    """Who has an address and has not answered, by name: the last of them are taken."""
    answered = select(SignRequest.adult_id).join(
        Acknowledgement, Acknowledgement.request_id == SignRequest.id
    )
    shared = select(Adult.email).group_by(Adult.email).having(func.count() > 1)
    return session.scalars(
        select(Adult)
        .where(Adult.email.like("%.example"), Adult.email.not_in(shared))
        .where(Adult.id.in_(select(SignRequest.adult_id)), Adult.id.not_in(answered))
        .order_by(Adult.name, Adult.id)
    ).all()


def _request_of(session: ScopedSession, adult: Adult) -> UUID:
    return session.scalars(select(SignRequest.id).where(SignRequest.adult_id == adult.id)).one()
