"""A mail that came back, given to the school whose message it was."""

from __future__ import annotations

from trustconduct.audit.actor import COMMAND
from trustconduct.db import transaction
from trustconduct.outbox.bounces import message_of, read_notice, school_of, take_bounce
from trustconduct.tenants.sessions import Sessions


def take_in(sessions: Sessions, key: str, raw: bytes, address: str = "") -> str:
    """Take in what was sent to a return address, and say in words what came of it.

    `address` is whom it was sent to, where the mail server says so; otherwise its own head
    is asked.
    """
    notice = read_notice(raw)
    if notice is None:
        return "This is no notice of a mail that failed. Nothing was noted."
    found = (message_of(key, each) for each in (address, *notice.addresses))
    message_id = next((each for each in found if each), None)
    if message_id is None:
        return "It was not sent to an address that this service made. Nothing was noted."
    with sessions.trust(read_only=True) as session:
        school_id = school_of(session, message_id)
    with (
        sessions.school(school_id) if school_id else sessions.trust() as session,
        transaction(session),
    ):
        noted = take_bounce(session, message_id, notice.status, by=COMMAND)
    if not noted:
        return "There is no such message any more. Nothing was noted."
    return f"Noted: message {message_id} did not arrive ({notice.status})."
