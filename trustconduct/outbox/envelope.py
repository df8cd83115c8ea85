"""What every message has in common: its sender, its link, and how to check that it is real."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from trustconduct import clock
from trustconduct.languages.spoken import ENGLISH, language
from trustconduct.outbox import links
from trustconduct.outbox.bounces import return_address


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> BaseHeader:
    """A header made once: a thousand mails of one campaign have the same. Raises ValueError
    for a line break, as the mail itself would.
    """
    made: BaseHeader = default.header_store_parse(name, value)[1]
    return made


@lru_cache(maxsize=256)
def _address(name: str, of: str, address: str) -> BaseHeader:
    local, _, domain = address.rpartition("@")
    made: BaseHeader = default.header_store_parse(name, Address(of, local, domain))[1]
    return made


@dataclass(frozen=True)
class Envelope:
    key: str
    base_url: str
    mail_from: str
    bounces_to: str = ""  # where mail that does not arrive comes back to, if anywhere

    def reference(self, message_id: UUID) -> str:
        """A message's name towards the world. Kept in its row from the first try on.

        So a mail that went twice in a crash is one mail to the reader's mail box,
        even if the sender's address was changed in between.
        """
        return f"{message_id}@{self.domain}"

    @property
    def domain(self) -> str:
        return self.mail_from.rpartition("@")[2]

    def sender(self, message_id: UUID) -> str:
        """The return address of one mail; blank where it is the same as in its head."""
        return return_address(self.key, self.bounces_to, message_id)

    def mail(
        self, reference: str, content: Any, *, slug: str, pdf: bytes | None = None
    ) -> EmailMessage:
        """The mail as it leaves. Its link is made here and stored nowhere.

        `slug` is the school's place in our addresses, blank for the Trust's mail; `pdf` is
        what was made of its page.
        """
        mail = EmailMessage()
        mail["From"] = _address("From", content.from_name, self.mail_from)
        to_local, _, to_domain = content.to_address.rpartition("@")
        mail["To"] = Address(content.to_name, to_local, to_domain)
        if content.reply_to:
            mail["Reply-To"] = _header("Reply-To", content.reply_to)
        mail["Subject"] = _header("Subject", content.subject)
        # As they are written: reading each again costs more than all the rest of the mail.
        mail.set_raw("Date", format_datetime(clock.now()))
        mail.set_raw("Message-ID", f"<{reference}>")
        mail["Auto-Submitted"] = _header("Auto-Submitted", "auto-generated")
        body = f"{self.text(content).rstrip()}\n\n{self.is_it_real(slug, content.language)}\n"
        mail.set_content(body, cte="quoted-printable")
        attachment = content.attachment or {}
        if "text" in attachment:
            mail.add_attachment(attachment["text"], filename=attachment["name"])
        if pdf:
            mail.add_attachment(
                pdf, maintype="application", subtype="pdf", filename=attachment["pdf"]
            )
        return mail

    def text(self, content: Any) -> str:
        """The words with their link or their code filled in."""
        if not content.link:
            return content.body
        link = content.link
        if link.get("is_code"):
            before, _, after = content.body.rpartition("{code}")
            told = links.code(self.key, link["purpose"], UUID(link["row"]))
            return f"{before}{told}{after}"
        token = links.token(self.key, link["purpose"], UUID(link["row"]), link["generation"])
        # The last place only: an adult may be called "{link}", and stands before it.
        before, _, after = content.body.rpartition("{link}")
        return f"{before}{self._base}{link['path']}{token}{after}"

    def is_it_real(self, slug: str, code: str = "en") -> str:
        """How to check a mail, by ways that a forger of mails does not hold.

        Added here, so that no mail can be written without it. It gives no
        telephone number: a forged mail would give one too.
        """
        site = self._base.partition("://")[2]
        if slug:
            say = (language(code) or ENGLISH).say
            by_call = say(
                "Call the school office on a number you already have. Do not use one from an email."
                " Or type this into your browser: %(address)s",
                address=f"{site}/{slug}/emails",
            )
            never = say("We never ask for a password or for money by email.")
            head = say("Is this email real?")
            return f"{head}\n{by_call}\n{never}"
        return (
            "Is this email real?\n"
            "Ask the Trust's office on a number you already have. Do not use one from an email."
            f" Or type this into your browser: {site}/account/sign-in\n"
            "We never ask you to send a password or a code."
        )

    @property
    def _base(self) -> str:
        return self.base_url.rstrip("/")
