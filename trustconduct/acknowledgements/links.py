"""Personal links after they went out: a fresh one, one taken back, one in the wrong hands.

Nobody at school ever sees a link: a fresh one goes to the address of the adult, and what
is kept of it is a number that makes the ones before worthless.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, exists, func, insert, select, update

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.asking import write_to_chosen
from trustconduct.acknowledgements.audience import Way, reachable
from trustconduct.acknowledgements.campaigns import words_of
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.paper_models import PaperSheet
from trustconduct.acknowledgements.plans import CampaignPlan
from trustconduct.acknowledgements.reference import shown
from trustconduct.acknowledgements.signing import Asked
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.acknowledgements.words import letters
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import event_rows, record
from trustconduct.outbox.untold import may_be_told
from trustconduct.outbox.write import withdraw
from trustconduct.people.models import Adult
from trustconduct.policies.models import InForce
from trustconduct.tenants.models import NamedSchool
from trustconduct.tenants.sessions import ScopedSession

MOST_AT_ONCE = 100


def send_again(
    session: ScopedSession,
    school: NamedSchool,
    chosen: Mapping[UUID, int],
    *,
    by: Actor,
    link_days: int,
    telephone: str,
    reply_to: str,
) -> int:
    """Send these adults a fresh link; the ones before stop working. Gives how many got one.

    `chosen` has the generation of each link as the page showed it: the same button
    pressed twice sends one. Left out is whoever could not answer by it or not be reached:
    signed already, asked about a version no longer in force, left, must not be told, or
    has no address. The new link works for `link_days` from today: a fresh link to a
    closed door would be none.
    """
    permit(by, Can.SEND_LINK_AGAIN, session.school_id)
    rows = session.execute(
        select(SignRequest, CampaignPlan.way)
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .outerjoin(CampaignPlan, CampaignPlan.id == SignRequest.campaign_id)
        .where(
            SignRequest.id.in_(list(chosen)[:MOST_AT_ONCE]),
            may_be_told(SignRequest.adult_id),
            Adult.left_on.is_(None),
            Adult.merged_into.is_(None),
            case(
                (CampaignPlan.way == Way.MAIL_OR_TEXT.value, reachable(Way.MAIL_OR_TEXT)),
                else_=reachable(Way.MAIL),  # who was asked on paper as well
            ),
            ~exists().where(
                Acknowledgement.school_id == SignRequest.school_id,
                Acknowledgement.request_id == SignRequest.id,
                Acknowledgement.answer == Answer.SIGNED.value,
                stands(),
            ),
            exists().where(
                InForce.school_id == SignRequest.school_id,
                InForce.version_id == SignRequest.version_id,
                InForce.during.op("@>")(clock.today()),
            ),
        )
        .order_by(SignRequest.id)
        .with_for_update(of=SignRequest)
        .execution_options(populate_existing=True)
    ).all()
    fresh = [(request, way) for request, way in rows if request.generation == chosen[request.id]]
    if not fresh:  # the same button pressed twice: the links are on their way
        return len(rows)
    now = clock.now()
    ids = [request.id for request, _ in fresh]
    withdraw(session, "sign", ids)
    for request, _ in fresh:
        request.generation += 1
        request.closes_on = clock.today() + timedelta(days=link_days)
        request.revoked_at = request.disowned_at = None
    session.flush()  # the links are made from the new generations
    each = {(request.campaign_id, way or Way.MAIL.value) for request, way in fresh}
    for campaign_id, way in sorted(each, key=str):
        of_it = [request.id for request, _ in fresh if request.campaign_id == campaign_id]
        said = letters(
            words_of(session, campaign_id), school, telephone=telephone, reply_to=reply_to
        )
        write_to_chosen(session, school, of_it, said, reply_to=reply_to, way=Way(way), now=now)
    _note_each(session, Event.LINK_SENT_AGAIN, ids, by)
    return len(rows)


def _note_each(session: ScopedSession, event: Event, ids: list[UUID], by: Actor) -> None:
    """One event for each request: it stands in the history of each person."""
    kind = SignRequest.__tablename__
    each = [event_rows(session, event, by, about_kind=kind, about_id=one) for one in ids]
    for rows in zip(*each, strict=True):  # all events, then all details
        session.execute(insert(rows[0][0]), [row for _, row in rows])


def revoke(session: ScopedSession, request_id: UUID, *, by: Actor) -> bool:
    """Take a link back: it opens nothing any more, and nobody reminds of it.

    What they answered stays. A fresh link can be sent later. False for a request that is
    not there; twice has one effect.
    """
    permit(by, Can.SEND_LINK_AGAIN, session.school_id)
    request = session.scalar(
        select(SignRequest).where(SignRequest.id == request_id).with_for_update()
    )
    if request is None:
        return False
    if request.revoked_at is None:
        request.revoked_at, request.remind_on = clock.now(), None
        request.disowned_at = None  # seen to: no task any more
        session.flush()
        withdraw(session, "sign", [request.id])
        record(session, Event.LINK_REVOKED, by=by, about=request)
    return True


def disown(session: ScopedSession, request: Asked, *, by: Actor) -> None:
    """Whoever opened a link says that they are not this person: it closes, and the office is told.

    Nothing is answered by it; and who has signed has answered, so that then it changes
    nothing. The link opens nothing more for anybody: it may be in hands that nobody meant
    it for.
    """
    if Answer.SIGNED in request.answers:
        return
    if request.sheet:
        _disown_sheet(session, request.sheet, by)
        return
    marked = session.scalar(
        update(SignRequest)
        .where(SignRequest.id == request.id, SignRequest.disowned_at.is_(None))
        .values(disowned_at=clock.now(), remind_on=None)
        .returning(SignRequest.id)
        .execution_options(synchronize_session=False)
    )
    if marked is not None:
        withdraw(session, "sign", [request.id])
        record(session, Event.LINK_DISOWNED, by=by, about_kind=SignRequest.__tablename__,
               about_id=request.id)  # fmt: skip


def _disown_sheet(session: ScopedSession, sheet_id: UUID, by: Actor) -> None:
    """The sheet alone closes: the link that was mailed is in other hands."""
    number = session.scalar(
        update(PaperSheet)
        .where(PaperSheet.id == sheet_id, PaperSheet.disowned_at.is_(None))
        .values(disowned_at=clock.now())
        .returning(PaperSheet.number)
        .execution_options(synchronize_session=False)
    )
    if number is not None:
        record(session, Event.SHEET_DISOWNED, by=by, about_kind=PaperSheet.__tablename__,
               about_id=sheet_id, number=shown(number))  # fmt: skip


def disowned(session: ScopedSession) -> int:
    """How many links are in the wrong hands and were not seen to."""
    return (
        session.scalar(
            select(func.count())
            .select_from(SignRequest)
            .where(SignRequest.disowned_at.is_not(None))
        )
        or 0
    )
