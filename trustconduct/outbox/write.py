"""Putting a message into the outbox, in the same commit as the fact that it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from trustconduct import clock
from trustconduct.db import Row, new_id, table_of
from trustconduct.outbox.models import (
    SchoolMessage,
    SchoolMessageContent,
    TrustMessage,
    TrustMessageContent,
)
from trustconduct.tenants.sessions import SCHOOL, ScopedSession


@dataclass(frozen=True)
class Link:
    """A personal link: the path that the token is put behind, and what it opens."""

    path: str
    purpose: str
    row: UUID
    generation: int


@dataclass(frozen=True)
class Mail:
    """One mail to one person. `{link}` in the body stands for its link."""

    kind: str
    to_name: str
    to_address: str
    from_name: str
    subject: str
    body: str
    reply_to: str = ""
    link: Link | None = None
    attachment: tuple[str, str] | None = None  # file name, text


class HeaderRefused(ValueError):
    """A line break stands where a header of a mail would be."""


def write(session: ScopedSession, mails: Iterable[Mail]) -> None:
    """Put mails into the outbox of the session's school or Trust.

    Raises HeaderRefused for a line break in a name, address or subject: it would
    add a header of somebody's choice, or kill the job that sends it.
    """
    pairs = [mail_rows(session, mail) for mail in mails]
    for rows in zip(*pairs, strict=True):  # all messages, then all contents
        session.execute(insert(rows[0][0]), [row for _, row in rows])


def mail_rows(session: ScopedSession, mail: Mail) -> list[Row]:
    """The two rows of a mail, for a rule that inserts them together with its own."""
    for part in (mail.to_name, mail.to_address, mail.from_name, mail.subject, mail.reply_to):
        if any(mark in part for mark in "\r\n\0"):
            raise HeaderRefused("A name, an address or a subject has a line break in it.")
    in_school = session.scope.role == SCHOOL
    key: dict[str, Any] = {"id": new_id()}
    if in_school:
        key["school_id"] = session.school_id
    session.info["rings"] = True  # the doorbell: `app` listens for the commit
    now = clock.now()
    return [
        (
            table_of(SchoolMessage if in_school else TrustMessage),
            {
                **key,
                "kind": mail.kind,
                "written_at": now,
                "due_at": now,
                "tries": 0,
                "last_error": "",
            },
        ),
        (
            table_of(SchoolMessageContent if in_school else TrustMessageContent),
            {**key, **_content(mail)},
        ),
    ]


def _content(mail: Mail) -> dict[str, Any]:
    link, attachment = mail.link, mail.attachment
    return {
        "to_name": mail.to_name,
        "to_address": mail.to_address,
        "reply_to": mail.reply_to,
        "from_name": mail.from_name,
        "subject": mail.subject,
        "body": mail.body,
        "link": link
        and {
            "path": link.path,
            "purpose": link.purpose,
            "row": str(link.row),
            "generation": link.generation,
        },
        "attachment": attachment and {"name": attachment[0], "text": attachment[1]},
    }
