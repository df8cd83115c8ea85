"""Mail that was taken and then came back: each mail has a return address of its own.

The return address names the message and bears a mark that only this service can make
(VERP): whatever a delivery status notice says of itself, it counts for that message alone,
and nobody can have a stranger's mail marked as bounced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.models import Outcome, SchoolMessage, models_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

_ID, _MARK = 26, 12  # letters of base32: 128 bits, and 60 of the mark
_OURS = re.compile(rf"\+([a-z2-7]{{{_ID}}})([a-z2-7]{{{_MARK}}})@", re.IGNORECASE)
# Where a mail server says whom a notice was for, the surest first.
_FOR_WHOM = ("X-Original-To", "Delivered-To", "Envelope-To", "To")


def return_address(key: str, bounces_to: str, message_id: UUID) -> str:
    """Where a mail comes back to: `bounces+<message and mark>@…`; blank without an address.

    Small letters and figures alone, since servers on the way may change the case.
    """
    if not bounces_to:
        return ""
    local, _, domain = bounces_to.rpartition("@")
    name = base64.b32encode(message_id.bytes).decode().rstrip("=").lower()
    return f"{local}+{name}{_mark(key, message_id)}@{domain}"


def _mark(key: str, message_id: UUID) -> str:
    made = hmac.new(key.encode(), f"bounce:{message_id}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode()[:_MARK].lower()


def message_of(key: str, address: str) -> UUID | None:
    """The message that a return address names; None for one that we never made."""
    found = _OURS.search(address)
    if found is None:
        return None
    try:
        message_id = UUID(bytes=base64.b32decode(f"{found[1].upper()}======"))
    except (binascii.Error, ValueError):
        return None
    good = hmac.compare_digest(_mark(key, message_id), found[2].lower())
    return message_id if good else None


@dataclass(frozen=True)
class Notice:
    """What came back: whom it was sent to, and why the mail did not arrive, by its code."""

    addresses: tuple[str, ...]
    status: str  # 5.1.1: see RFC 3463


def read_notice(raw: bytes) -> Notice | None:
    """A delivery status notice (RFC 3464) that says that a mail failed; None for all else.

    A delay is none, nor is an automatic answer, which comes to the same address.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    if mail.get_content_type() != "multipart/report":
        return None
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.iter_parts() if isinstance(part, EmailMessage) else ():
            if _field(block, "Action").lower() == "failed":
                addresses = (value for name in _FOR_WHOM for value in mail.get_all(name, []))
                return Notice(tuple(map(str, addresses)), _code(_field(block, "Status")))
    return None


def _field(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip()


def _code(status: str) -> str:
    """The code of a status, without the words behind it: they may quote an address."""
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}", status)
    return found[0] if found else "5.0.0"


def school_of(session: ScopedSession, message_id: UUID) -> UUID | None:
    """The school of a message, in a session of the Trust; None for none, or one of the Trust's."""
    schools = select(School.id)
    return session.scalar(
        select(SchoolMessage.school_id).where(
            SchoolMessage.school_id.in_(schools), SchoolMessage.id == message_id
        )
    )


def take_bounce(session: ScopedSession, message_id: UUID, status: str, *, by: Actor) -> bool:
    """Note that a message did not arrive: it is now a task of the school's office.

    False for a message that is not there; the same notice twice has one effect. That it
    left stays noted: both are facts.
    """
    model, _ = models_of(in_school=session.scope.role == SCHOOL)
    message = session.scalar(select(model).where(model.id == message_id).with_for_update())
    if message is None:
        return False
    if message.bounced_at is None:
        now = clock.now()
        message.sent_at = message.sent_at or now
        message.bounced_at = message.parked_at = now
        message.settled_at = None
        message.outcome, message.last_error = Outcome.BOUNCED.value, status
        session.flush()
        record(session, Event.MESSAGE_BOUNCED, by=by, about=message, kind=message.kind,
               error=status)  # fmt: skip
    return True
