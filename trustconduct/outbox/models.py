"""Messages that are to leave: rows first, sent by the worker afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import SchoolOwned, in_school


class Channel(StrEnum):
    MAIL = "mail"
    TEXT = "text"


class Outcome(StrEnum):
    """What became of the last try that failed."""

    LATER = "later"  # not taken now: no answer, busy, "try again"
    REFUSED = "refused"  # this recipient, or this message, will not be taken
    BROKEN = "broken"  # our own code raised, or the worker did not live to say
    BOUNCED = "bounced"  # taken, and then sent back by the server of the address


class Message:
    """When a message is due and how often it was tried. Nothing that names a person.

    Waiting, sent or parked; one that bounced was sent, and is parked as well. A parked
    one is settled once somebody has seen to it another way: until then it stands in a
    list of tasks.
    """

    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(default=Channel.MAIL.value, server_default="mail")
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)
    # Made at the first try and kept for ever: a mail's Message-ID, a text message's reference.
    reference: Mapped[str] = mapped_column(default="", server_default="")
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    # Tries in a row that our own code did not survive; counted before each try.
    broken: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    # The server's own code and class of error, never its text: that may quote an address.
    last_error: Mapped[str] = mapped_column(default="")


class MessageContent:
    """To whom, and the words. `{link}` stands where the worker puts the link."""

    to_name: Mapped[str]
    to_address: Mapped[str]  # of a text message the number, as +447…
    reply_to: Mapped[str] = mapped_column(default="")
    from_name: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    # The same for paper, where that needs other words; without a link.
    letter: Mapped[str] = mapped_column(default="", server_default="")
    # {"path", "purpose", "row", "generation"}: what the link's token is derived from.
    link: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # {"name", "text"} of a text file that goes with it, {"pdf", "page"} of a PDF to be made.
    attachment: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # The language of its words: what is added when it leaves speaks it too.
    language: Mapped[str] = mapped_column(default="en", server_default="en")


_WAITING = text("sent_at is null and parked_at is null")
_PARKED = text("parked_at is not null and settled_at is null")


def _states() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("channel in ('mail', 'text')", name="channel"),
        CheckConstraint(
            "sent_at is null or parked_at is null or bounced_at is not null", name="sent_or_parked"
        ),
        CheckConstraint(
            "bounced_at is null or (sent_at is not null and parked_at is not null)",
            name="bounced_was_sent",
        ),
        CheckConstraint("settled_at is null or parked_at is not null", name="settled_is_parked"),
    )


class SchoolMessage(Message, SchoolOwned, Base):
    __tablename__ = "outbox_school"
    __table_args__ = (
        *_states(),
        in_school("adult_id", to="adult"),
        Index("ix_outbox_school_waiting", "school_id", "due_at", "id", postgresql_where=_WAITING),
        Index("ix_outbox_school_parked", "school_id", "parked_at", postgresql_where=_PARKED),
        Index(
            "ix_outbox_school_adult",
            "school_id",
            "adult_id",
            postgresql_where=text("adult_id is not null"),
        ),
    )

    # Whom on the roll it is for: who must not be told gets none of it (see `untold.py`).
    adult_id: Mapped[UUID | None]


class SchoolMessageContent(MessageContent, SchoolOwned, Base):
    __tablename__ = "outbox_content_school"
    __table_args__ = (in_school("id", to="outbox_school"),)


class TrustMessage(Message, Base):
    __tablename__ = "outbox_trust"
    __table_args__ = (
        *_states(),
        Index("ix_outbox_trust_waiting", "due_at", postgresql_where=_WAITING),
        Index("ix_outbox_trust_parked", "parked_at", postgresql_where=_PARKED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TrustMessageContent(MessageContent, Base):
    __tablename__ = "outbox_content_trust"

    id: Mapped[UUID] = mapped_column(ForeignKey("outbox_trust.id"), primary_key=True)


def models_of(*, in_school: bool) -> tuple[Any, Any]:
    """The two models of a session's messages: the school's or the Trust's."""
    if in_school:
        return SchoolMessage, SchoolMessageContent
    return TrustMessage, TrustMessageContent
