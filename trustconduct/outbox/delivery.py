"""Sending what waits in the outbox: each message claimed, sent and marked in one transaction."""

from __future__ import annotations

import smtplib
import ssl
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.outbox import links
from trustconduct.outbox.models import (
    SchoolMessage,
    SchoolMessageContent,
    TrustMessage,
    TrustMessageContent,
)
from trustconduct.tenants.models import is_open
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

# How long to wait after each failed try; after the last one the message is parked.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 90, 180))
SECONDS_TO_ANSWER = 20


class Post:
    """A connection to the mail server, opened when first needed and kept for the next message.

    `url` is `smtp://user:password@host:587` (TLS is used where the server offers
    it, and required with a password) or `smtps://…` for TLS from the start.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()

    def send(self, mail: EmailMessage) -> None:
        """Give one mail to the server. Raises OSError where it is not taken, SMTPException too."""
        if self._server is None:
            self._server = self._call()
        self._server.send_message(mail)

    def hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _call(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port
        tls = ssl.create_default_context()
        server: smtplib.SMTP
        if self._url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS_TO_ANSWER, context=tls)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=SECONDS_TO_ANSWER)
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=tls)
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server


class Envelope:
    """What every mail of this service has in common."""

    def __init__(self, *, key: str, base_url: str, mail_from: str) -> None:
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._from = mail_from

    def pack(self, message_id: UUID, content: Any) -> EmailMessage:
        """The mail as it leaves. Its link is made here and stored nowhere.

        The Message-ID is the row's own: a mail that went twice in a crash is one
        mail to the reader's mail box.
        """
        mail = EmailMessage()
        local, _, domain = self._from.partition("@")
        mail["From"] = Address(content.from_name, local, domain)
        to_local, _, to_domain = content.to_address.rpartition("@")
        mail["To"] = Address(content.to_name, to_local, to_domain)
        if content.reply_to:
            mail["Reply-To"] = content.reply_to
        mail["Subject"] = content.subject
        mail["Date"] = clock.now()
        mail["Message-ID"] = f"<{message_id}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self._body(content), cte="quoted-printable")
        if content.attachment:
            mail.add_attachment(content.attachment["text"], filename=content.attachment["name"])
        return mail

    def _body(self, content: Any) -> str:
        if not content.link:
            return content.body
        link = content.link
        token = links.token(self._key, link["purpose"], UUID(link["row"]), link["generation"])
        # The last place only: an adult may be called "{link}", and stands before it.
        before, _, after = content.body.rpartition("{link}")
        return f"{before}{self._base_url}{link['path']}{token}{after}"


def schools_waiting(session: ScopedSession) -> list[UUID]:
    """The schools with a message that is due, by one query over rows without content.

    Without those that are suspended: their mail waits until they are resumed.
    """
    return list(
        session.scalars(
            select(SchoolMessage.school_id)
            .where(
                SchoolMessage.sent_at.is_(None),
                SchoolMessage.parked_at.is_(None),
                SchoolMessage.due_at <= clock.now(),
                is_open(SchoolMessage.school_id),
            )
            .distinct()
        )
    )


def deliver_next(session: ScopedSession, post: Post, envelope: Envelope) -> bool:
    """Send the next message that is due in the session's scope; False where there is none.

    The row stays locked until the mail server has answered, so that no other
    worker takes it; the door commits. A crash between the server's answer and
    the commit sends that one mail again, under the same Message-ID.
    """
    in_school = session.scope.role == SCHOOL
    message_type: Any = SchoolMessage if in_school else TrustMessage
    content_type: Any = SchoolMessageContent if in_school else TrustMessageContent
    message = session.scalar(
        select(message_type)
        .where(
            message_type.sent_at.is_(None),
            message_type.parked_at.is_(None),
            message_type.due_at <= clock.now(),
            # Also here: a school may be suspended while the worker is at its mail.
            *([is_open(SchoolMessage.school_id)] if in_school else []),
        )
        .order_by(message_type.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if message is None:
        return False
    content = session.scalar(select(content_type).where(content_type.id == message.id))
    message.tries += 1
    try:
        post.send(envelope.pack(message.id, content))
    except (OSError, ValueError) as error:
        post.hang_up()
        message.last_error = _name(error)
        if message.tries > len(WAITS):
            message.parked_at = clock.now()
        else:
            message.due_at = clock.now() + WAITS[message.tries - 1]
    else:
        message.sent_at = clock.now()
        message.last_error = ""
    return True


def _name(error: Exception) -> str:
    """What went wrong without the server's own words: they may quote an address."""
    code = getattr(error, "smtp_code", None)
    if code is None and isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    return f"{type(error).__name__} {code}" if code else type(error).__name__
