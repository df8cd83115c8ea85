"""Messages that are to leave: rows first, sent by the worker afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import SchoolOwned, in_school


class Message:
    """When a message is due and how often it was tried. Nothing that names a person."""

    kind: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    # The server's own code and class of error, never its text: that may quote an address.
    last_error: Mapped[str] = mapped_column(default="")


class MessageContent:
    """To whom, and the words. `{link}` stands where the worker puts the link."""

    to_name: Mapped[str]
    to_address: Mapped[str]
    reply_to: Mapped[str] = mapped_column(default="")
    from_name: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    # {"path", "purpose", "row", "generation"}: what the link's token is derived from.
    link: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # {"name", "text"} of a text file that goes with it.
    attachment: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


_WAITING = text("sent_at is null and parked_at is null")


class SchoolMessage(Message, SchoolOwned, Base):
    __tablename__ = "outbox_school"
    __table_args__ = (
        Index("ix_outbox_school_waiting", "school_id", "due_at", postgresql_where=_WAITING),
    )


class SchoolMessageContent(MessageContent, SchoolOwned, Base):
    __tablename__ = "outbox_content_school"
    __table_args__ = (in_school("id", to="outbox_school"),)


class TrustMessage(Message, Base):
    __tablename__ = "outbox_trust"
    __table_args__ = (Index("ix_outbox_trust_waiting", "due_at", postgresql_where=_WAITING),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TrustMessageContent(MessageContent, Base):
    __tablename__ = "outbox_content_trust"

    id: Mapped[UUID] = mapped_column(ForeignKey("outbox_trust.id"), primary_key=True)
