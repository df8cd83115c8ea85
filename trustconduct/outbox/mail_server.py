"""Giving mail to a mail server by SMTP, and what its answers mean."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from types import TracebackType
from urllib.parse import unquote, urlsplit

from trustconduct.outbox.carriers import Later, NotTaken, Refused

SECONDS_TO_ANSWER = 20.0

# Answers of the 500s that say nothing about this recipient: sign in first (530), the
# login or its method is refused (534, 535, 538); and the mail box is full (552).
NOT_FOR_GOOD = frozenset({530, 534, 535, 538, 552})


class Post:
    """A connection to the mail server, opened when first needed and kept for the next message.

    `url` is `smtp://user:password@host:587` (TLS is used where the server offers
    it, and required with a password) or `smtps://…` for TLS from the start.
    Once the server could not be reached it is not called again: a thousand
    messages would each wait for the same silence. Each look makes a new `Post`.
    """

    def __init__(self, url: str, *, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds
        self._server: smtplib.SMTP | None = None
        self._away = ""

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()

    def send(self, mail: EmailMessage, *, sender: str = "") -> None:
        """Give one mail to the server. Raises Later or Refused where it is not taken.

        `sender` is where it comes back to if it does not arrive, its own sender if blank.

        Later too where the server took the mail and then went without an answer:
        it may have kept it. The next try carries the same Message-ID.
        """
        if self._away:
            raise Later(self._away)
        try:
            if self._server is None:
                self._server = self._reached()
            _give(self._server, mail, sender)
        except OSError as error:  # SMTPException is one
            self.hang_up()
            raise _because(error) from None
        except BaseException:  # half a mail may have gone over this connection
            self.hang_up()
            raise

    def hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _reached(self) -> smtplib.SMTP:
        """A server that has greeted us and knows us. Whatever it says until then is not about
        any one message, a refusal too.
        """
        try:
            return self._call()
        except OSError as error:
            self._away = _named(error, _code(error))
            raise Later(self._away) from None

    def _call(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port
        tls = ssl.create_default_context()
        server: smtplib.SMTP
        if self._url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port or 465, timeout=self._seconds, context=tls)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=self._seconds)
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=tls)
            elif self._url.username:
                server.close()
                raise smtplib.SMTPNotSupportedError("a password needs TLS")
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server


def _give(server: smtplib.SMTP, mail: EmailMessage, returns_to: str = "") -> None:
    """Give the mail as it is: smtplib's own way puts ">" before a line that begins with "From "."""
    sender, recipient = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
    sender = returns_to or sender
    international = not (sender + recipient).isascii()
    if international:
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("the address needs SMTPUTF8")
    whole = mail.as_bytes(policy=SMTPUTF8 if international else SMTP)
    options = ("SMTPUTF8", "BODY=8BITMIME") if international else ()
    server.sendmail(sender, [recipient], whole, options)


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    code = getattr(error, "smtp_code", None)
    return code if isinstance(code, int) and code > 0 else None


def _because(error: OSError | NotTaken) -> NotTaken:
    """What the server's answer to one message means (RFC 5321, 4.2.1; greylisting is a 4xx)."""
    if isinstance(error, NotTaken):
        return error
    code = _code(error)
    name = _named(error, code)
    about_it = isinstance(
        error,
        smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError | smtplib.SMTPNotSupportedError,
    )
    for_good = code is None or (500 <= code < 600 and code not in NOT_FOR_GOOD)
    return Refused(name) if about_it and for_good else Later(name)


def _named(error: Exception, code: int | None) -> str:
    """What went wrong without the server's own words: they may quote an address."""
    return f"{type(error).__name__} {code}" if code else type(error).__name__
