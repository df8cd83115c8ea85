"""Sending what waits in the outbox: each try counted first, then made, then marked.

A try is two transactions of the door's. The first counts it, so that a message
which kills its worker is known for it. The second holds the row while the
carrier answers, so that no other worker takes it, and marks what came of it; it
may count the try of the next message as well, so that a thousand mails are a
thousand commits and not two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Uuid, and_, literal, select, text
from sqlalchemy.orm.util import identity_key

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.carriers import Later, Refused
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import (
    Channel,
    Outcome,
    SchoolMessage,
    SchoolMessageContent,
    models_of,
)
from trustconduct.outbox.one_journey import count_next, mark_sent, read_locked
from trustconduct.outbox.texts import Gateway
from trustconduct.outbox.untold import may_be_texted, may_be_told
from trustconduct.tenants.models import is_open
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

# How long to wait after each try that was not taken; after the last one it is parked.
# Five hours in all: a mail server that greylists wants minutes, one that is down hours.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 90, 180))
# A refusal is believed when it comes twice: a relay that is set up wrongly for a moment
# refuses everybody, and a school should not print letters for that.
WAIT_AFTER_REFUSAL = timedelta(hours=1)
MOST_BROKEN = 5
# From the count to the try is a moment; a worker that dies in it leaves the message for so long.
LEASE = timedelta(seconds=30)
# A worker whose machine is gone holds its row no longer than this.
LONGEST_SILENCE = timedelta(minutes=4)


class Carrier(Protocol):
    """What takes a message away; raises Later or Refused."""

    def carry(self, message: Any, content: Any, slug: str) -> None: ...


@dataclass(frozen=True)
class ByMail:
    post: Post
    envelope: Envelope
    # Makes a PDF of a page, or None where it can't be made now.
    prints: Callable[[str], bytes | None] = lambda page: None

    def carry(self, message: Any, content: Any, slug: str) -> None:
        page = (content.attachment or {}).get("page")
        pdf = self.prints(page) if page else None
        mail = self.envelope.mail(message.reference, content, slug=slug, pdf=pdf)
        self.post.send(mail, sender=self.envelope.sender(message.id))


@dataclass(frozen=True)
class ByText:
    gateway: Gateway
    envelope: Envelope

    def carry(self, message: Any, content: Any, slug: str) -> None:
        words = self.envelope.text(content)
        again = message.tries > 1 or bool(message.last_error)  # a person may begin anew
        self.gateway.send(content.to_address, words, message.reference, again=again)


Carriers = Mapping[Channel, Carrier]


def schools_waiting(session: ScopedSession, only: UUID | None = None) -> list[UUID]:
    """The schools with a message that is due, by one query over rows without content.

    The one place where schools are chosen: one that is not given here gets no
    mail sent, whoever asks. `only` asks about one school. Those that have
    waited longest come first. The mail of suspended schools waits until they are resumed.
    """
    query = (
        select(SchoolMessage.school_id)
        .where(
            SchoolMessage.sent_at.is_(None),
            SchoolMessage.parked_at.is_(None),
            SchoolMessage.due_at <= clock.now(),
            is_open(SchoolMessage.school_id),
        )
        .group_by(SchoolMessage.school_id)
        .order_by(text("min(due_at)"), SchoolMessage.school_id)
    )
    if only is not None:
        query = query.where(SchoolMessage.school_id == only)
    return list(session.scalars(query))


def begin_next(
    session: ScopedSession, envelope: Envelope, *, sent: UUID | None = None
) -> UUID | None:
    """Count a try of the next message that is due in the session's scope, and give its id.

    None where nothing is due. The door commits before it calls `deliver`: should
    the worker die of this message, the count is there. What five tries in a row
    did not survive is parked here. `sent` is a school's message that its carrier has just
    taken: it is marked by the same statement.
    """
    in_school = session.scope.role == SCHOOL
    model, _ = models_of(in_school=in_school)
    if in_school:
        now = clock.now()
        due, counted = count_next(
            session, now=now, lease=now + LEASE, domain=envelope.domain, most_broken=MOST_BROKEN,
            sent=sent,
        )  # fmt: skip
        if counted or not due:
            _forget(session, counted)
            return counted
    while True:
        message = session.scalar(
            select(model)
            .where(
                model.sent_at.is_(None),
                model.parked_at.is_(None),
                model.due_at <= clock.now(),
                # Also here: a school may be suspended while the worker is at its mail.
                *([is_open(SchoolMessage.school_id)] if in_school else []),
            )
            .order_by(model.due_at, model.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if message is None:
            return None
        if in_school and message.adult_id and not _may_leave(session, message):
            # Written a moment before somebody said so: it is no task either.
            message.parked_at = message.settled_at = clock.now()
            session.flush()
            continue
        if message.broken < MOST_BROKEN:
            break
        message.last_error = message.last_error or "WorkerEnded"
        _park(session, message, Outcome.BROKEN)
        session.flush()
    message.tries += 1
    message.broken += 1  # until it is known better
    message.due_at = clock.now() + LEASE
    message.reference = message.reference or envelope.reference(message.id)
    return message.id


def _may_leave(session: ScopedSession, message: SchoolMessage) -> bool:
    """Whether the adult may be told, and by a text message: whether their phone may be texted."""
    told = may_be_told(literal(message.adult_id, Uuid))
    if message.channel == Channel.TEXT.value:
        number = select(SchoolMessageContent.to_address).where(
            SchoolMessageContent.id == message.id
        )
        told = and_(told, may_be_texted(number.scalar_subquery()))
    return bool(session.scalar(select(told)))


# Whether a message that is about to leave has become pointless: by its kind and its link.
Pointless = Callable[[ScopedSession, str, dict[str, Any] | None], bool]


def deliver(
    session: ScopedSession,
    message_id: UUID,
    carriers: Carriers,
    pointless: Pointless | None = None,
) -> bool:
    """Make the try that `begin_next` counted; True where the message was taken.

    One that is `pointless` by now (a reminder of what was answered a second ago) is
    taken back.

    The row stays locked until the carrier has answered. False too where another
    worker has it, or had it. A crash between the carrier's answer and the commit
    sends that one message again, under the same reference.
    """
    in_school = session.scope.role == SCHOOL
    model, content_model = models_of(in_school=in_school)
    silence = int(LONGEST_SILENCE.total_seconds() * 1000)
    if in_school:
        taken = _deliver_in_school(session, message_id, carriers, pointless, silence)
        if taken:
            mark_sent(session, message_id, clock.now())
        return taken
    session.execute(text(f"set local idle_in_transaction_session_timeout = {silence}"))
    message = session.scalar(
        select(model)
        .where(model.id == message_id, model.sent_at.is_(None), model.parked_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if message is None:
        return False
    content = session.scalar(select(content_model).where(content_model.id == message_id))
    if pointless and content and pointless(session, message.kind, content.link):
        message.parked_at = message.settled_at = clock.now()
        return False
    not_taken = _carry(carriers, message, content, "")
    if not_taken:
        _not_taken(session, message, *not_taken)
        return False
    message.sent_at = clock.now()
    message.last_error, message.outcome, message.broken = "", "", 0
    return True


def _deliver_in_school(
    session: ScopedSession,
    message_id: UUID,
    carriers: Carriers,
    pointless: Pointless | None,
    silence: int,
) -> bool:
    waiting = read_locked(session, message_id, silence)
    _forget(session, message_id)
    if waiting is None:
        return False
    if pointless and pointless(session, waiting.kind, waiting.link):
        message = session.get_one(SchoolMessage, (session.school_id, message_id))
        message.parked_at = message.settled_at = clock.now()
        return False
    not_taken = _carry(carriers, waiting, waiting, waiting.slug)
    if not_taken:
        message = session.get_one(SchoolMessage, (session.school_id, message_id))
        _not_taken(session, message, *not_taken)
        return False
    return True


def deliver_and_begin(
    session: ScopedSession,
    message_id: UUID,
    carriers: Carriers,
    envelope: Envelope,
    pointless: Pointless | None = None,
) -> tuple[bool, UUID | None]:
    """Make a try, and count that of the next message, for one commit: `deliver` and `begin_next`.

    Whether this one was taken, and the id of the next.
    """
    if session.scope.role != SCHOOL:
        return deliver(session, message_id, carriers, pointless), begin_next(session, envelope)
    silence = int(LONGEST_SILENCE.total_seconds() * 1000)
    taken = _deliver_in_school(session, message_id, carriers, pointless, silence)
    return taken, begin_next(session, envelope, sent=message_id if taken else None)


def _carry(carriers: Carriers, message: Any, content: Any, slug: str) -> tuple[Outcome, str] | None:
    """Give it to its carrier; None where it was taken, else what came of it."""
    try:
        carriers[Channel(message.channel)].carry(message, content, slug)
    except Refused as refused:
        return Outcome.REFUSED, refused.error
    except Later as later:
        return Outcome.LATER, later.error
    except Exception as error:  # whatever it is, the next message must have its turn
        return Outcome.BROKEN, type(error).__name__
    return None


def _forget(session: ScopedSession, message_id: UUID | None) -> None:
    """What the session remembers of a row that a statement of ours changes is out of date."""
    key = identity_key(SchoolMessage, (session.school_id, message_id))
    if message_id and (known := session.identity_map.get(key)) is not None:
        session.expire(known)


def _not_taken(session: ScopedSession, message: Any, outcome: Outcome, error: str) -> None:
    """When to try again, or that it was the last try."""
    before, message.last_error = message.outcome, error
    if outcome is not Outcome.BROKEN:
        message.broken = 0
    last = {
        Outcome.LATER: message.tries > len(WAITS),
        Outcome.REFUSED: before == Outcome.REFUSED.value,
        Outcome.BROKEN: message.broken >= MOST_BROKEN,
    }[outcome]
    if last:
        _park(session, message, outcome)
        return
    message.outcome = outcome.value
    wait = WAITS[min(message.tries, len(WAITS)) - 1]
    message.due_at = clock.now() + (WAIT_AFTER_REFUSAL if outcome is Outcome.REFUSED else wait)


def _park(session: ScopedSession, message: Any, outcome: Outcome) -> None:
    """Give a message up. It now stands in the list of tasks of the school, or of the Trust."""
    message.outcome = outcome.value
    message.parked_at = clock.now()
    record(
        session,
        Event.MESSAGE_GIVEN_UP,
        by=CLOCK,
        about=message,
        kind=message.kind,
        outcome=outcome.value,
        error=message.last_error,
    )
