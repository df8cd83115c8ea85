"""Putting a message into the outbox, in the same commit as the fact that it tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, insert, or_, select, update

from trustconduct import clock
from trustconduct.db import Row, new_id, table_of
from trustconduct.outbox.models import (
    Channel,
    SchoolMessage,
    SchoolMessageContent,
    TrustMessage,
    TrustMessageContent,
)
from trustconduct.outbox.texts import check_length, uk_mobile
from trustconduct.outbox.untold import may_be_texted, untold
from trustconduct.tenants.sessions import SCHOOL, ScopedSession


@dataclass(frozen=True)
class Link:
    """A personal link: the path that the token is put behind, and what it opens."""

    path: str
    purpose: str
    row: UUID
    generation: int


@dataclass(frozen=True)
class Code:
    """A code that a text message tells, where `{code}` stands: put in when it leaves."""

    purpose: str
    row: UUID


@dataclass(frozen=True)
class Mail:
    """One mail to one person. `{link}` in the body stands for its link.

    How to check that it is real is added when it leaves: say nothing of it here.
    """

    kind: str
    to_name: str
    to_address: str
    from_name: str
    subject: str
    body: str
    reply_to: str = ""
    link: Link | None = None
    attachment: tuple[str, str] | None = None  # file name, text
    printed: tuple[str, str] | None = None  # file name, page: the worker makes a PDF of it
    # The words for paper, should the mail never be taken; without one, the body without its link.
    letter: str = ""
    # The adult on the school's roll whom it is for. A mail to one must say so, or nothing
    # could hold it back from an adult who must not be told.
    adult_id: UUID | None = None
    language: str = "en"  # of the words


@dataclass(frozen=True)
class TextMessage:
    """One text message to one UK mobile number, written in any usual way."""

    kind: str
    to_name: str
    to_number: str
    body: str
    link: Link | None = None
    code: Code | None = None
    letter: str = ""
    adult_id: UUID | None = None


class HeaderRefused(ValueError):
    """A line break stands where a header of a mail would be."""


# A link's own letters: what a path is put behind, and the token.
_LINK_PLACES = 60 + 43


def write(session: ScopedSession, messages: Iterable[Mail | TextMessage]) -> None:
    """Put messages into the outbox of the session's school or Trust.

    Raises HeaderRefused for a line break in a name, address or subject: it would
    add a header of somebody's choice, or kill the job that sends it. Of a text
    message, NumberRefused or TextTooLong. Nothing is written then.
    """
    pairs = [mail_rows(session, message) for message in messages]
    for rows in zip(*pairs, strict=True):  # all messages, then all contents
        session.execute(insert(rows[0][0]), [row for _, row in rows])


def withdraw(session: ScopedSession, purpose: str, rows: Collection[UUID] | Select) -> int:
    """Take back a school's messages about these rows that have not left: their link is dead.

    What bounced is seen to as well: a fresh one is on its way, or none is wanted. Whoever
    writes one with a fresh link calls it first. One that is being sent at this moment
    goes. Gives how many.
    """
    ids: Any
    if isinstance(rows, Select):
        ids = select(cast(rows.subquery().c.id, Text))
    else:
        ids = [str(row) for row in rows]
    older = (
        select(SchoolMessage.id)
        .join(
            SchoolMessageContent,
            (SchoolMessageContent.school_id == SchoolMessage.school_id)
            & (SchoolMessageContent.id == SchoolMessage.id),
        )
        .where(
            or_(SchoolMessage.sent_at.is_(None), SchoolMessage.bounced_at.is_not(None)),
            SchoolMessage.settled_at.is_(None),
            SchoolMessageContent.link["purpose"].astext == purpose,
            SchoolMessageContent.link["row"].astext.in_(ids),
        )
        .with_for_update(of=SchoolMessage, skip_locked=True)
    )
    now = clock.now()
    found = session.execute(
        update(SchoolMessage)
        .where(SchoolMessage.id.in_(older))
        .values(parked_at=func.coalesce(SchoolMessage.parked_at, now), settled_at=now)
        .returning(SchoolMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def withdraw_untold(session: ScopedSession) -> int:
    """Take back what has not left and is for somebody who must not be told; give how many.

    What was given up as well: nobody is to print it as a letter.
    """
    now = clock.now()
    texts = (
        select(SchoolMessageContent.id)
        .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
        .where(
            SchoolMessage.sent_at.is_(None),
            SchoolMessage.settled_at.is_(None),
            SchoolMessage.channel == Channel.TEXT.value,
            ~may_be_texted(SchoolMessageContent.to_address),
        )
    )
    found = session.execute(
        update(SchoolMessage)
        .where(
            or_(SchoolMessage.sent_at.is_(None), SchoolMessage.bounced_at.is_not(None)),
            SchoolMessage.settled_at.is_(None),
            or_(
                SchoolMessage.adult_id.in_(select(untold().c.id)),
                SchoolMessage.id.in_(texts),
            ),
        )
        .values(parked_at=func.coalesce(SchoolMessage.parked_at, now), settled_at=now)
        .returning(SchoolMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def mail_rows(session: ScopedSession, message: Mail | TextMessage) -> list[Row]:
    """The two rows of a message, for a rule that inserts them together with its own."""
    is_text = isinstance(message, TextMessage)
    content = _content_of_text(message) if is_text else _content(message)  # type: ignore[arg-type]
    for name in ("to_name", "to_address", "from_name", "subject", "reply_to"):
        # Every mark that breaks a line somewhere: the mail's own library refuses them all.
        if len(f"{content[name]}.".splitlines()) > 1 or "\0" in content[name]:
            raise HeaderRefused("A name, an address or a subject has a line break in it.")
    in_school = session.scope.role == SCHOOL
    key: dict[str, Any] = {"id": new_id()}
    if in_school:
        key["school_id"] = session.school_id
    for_whom = {"adult_id": message.adult_id} if in_school else {}
    session.info["rings"] = True  # the doorbell: `app` listens for the commit
    now = clock.now()
    return [
        (
            table_of(SchoolMessage if in_school else TrustMessage),
            {
                **key,
                **for_whom,
                "kind": message.kind,
                "channel": Channel.TEXT.value if is_text else Channel.MAIL.value,
                "written_at": now,
                "due_at": now,
                "tries": 0,
                "last_error": "",
                "reference": "",
                "outcome": "",
                "broken": 0,
            },
        ),
        (
            table_of(SchoolMessageContent if in_school else TrustMessageContent),
            {**key, **content},
        ),
    ]


def _content(mail: Mail) -> dict[str, Any]:
    attachment = mail.attachment and {"name": mail.attachment[0], "text": mail.attachment[1]}
    if mail.printed:
        attachment = {**(attachment or {}), "pdf": mail.printed[0], "page": mail.printed[1]}
    return {
        "to_name": mail.to_name,
        "to_address": mail.to_address,
        "reply_to": mail.reply_to,
        "from_name": mail.from_name,
        "subject": mail.subject,
        "body": mail.body,
        "letter": mail.letter,
        "link": _link(mail.link),
        "attachment": attachment,
        "language": mail.language,
    }


def _content_of_text(message: TextMessage) -> dict[str, Any]:
    link = message.link
    longest = "x" * (_LINK_PLACES + len(link.path)) if link else "{link}"
    check_length(message.body.replace("{link}", longest))
    return {
        "to_name": message.to_name,
        "to_address": uk_mobile(message.to_number),
        "reply_to": "",
        "from_name": "",
        "subject": "",
        "body": message.body,
        "letter": message.letter,
        "link": _code(message.code) if message.code else _link(link),
        "attachment": None,
        "language": "en",
    }


def _code(code: Code) -> dict[str, Any]:
    return {"purpose": code.purpose, "row": str(code.row), "is_code": True}


def _link(link: Link | None) -> dict[str, Any] | None:
    if link is None:
        return None
    return {
        "path": link.path,
        "purpose": link.purpose,
        "row": str(link.row),
        "generation": link.generation,
    }
