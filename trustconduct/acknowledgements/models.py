"""Asking adults to acknowledge a version, and what they answered."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class Answer(StrEnum):
    """What an adult answered. No answer is a normal state as well, and not in here."""

    SIGNED = "signed"
    DECLINED = "declined"
    TALK = "talk"


class Campaign(SchoolOwned, Base):
    """A school asks its adults to acknowledge one version."""

    __tablename__ = "campaign"
    __table_args__ = (
        in_school("version_id", to="policy_version"),
        UniqueConstraint("school_id", "number"),
        CheckConstraint("audience in ('everyone', 'years', 'new', 'older')", name="audience_known"),
        CheckConstraint("(audience = 'years') = (years <> '[]')", name="years_named"),
    )

    number: Mapped[int]
    version_id: Mapped[UUID]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_by: Mapped[str]
    # Whom it asks (`audience.py`): of the year groups only these, where it asks by year.
    audience: Mapped[str] = mapped_column(default="everyone", server_default="everyone")
    years: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")


class SignRequest(SchoolOwned, Base):
    """One adult asked about one version: once, however many children or campaigns.

    Nothing of the link is stored: it is derived from the id and `generation`.
    The link works up to and including `closes_on`, unless it was revoked or disowned.
    """

    __tablename__ = "sign_request"
    __table_args__ = (
        in_school("campaign_id", to="campaign"),
        in_school("adult_id", to="adult"),
        in_school("version_id", to="policy_version"),
        UniqueConstraint("school_id", "version_id", "adult_id"),
        Index(None, "school_id", "adult_id"),
        Index("ix_sign_request_campaign", "school_id", "campaign_id"),
        Index(
            "ix_sign_request_remind",
            "school_id",
            "remind_on",
            postgresql_where=text("remind_on is not null"),
        ),
    )

    # None where no campaign asked: a sheet of paper did, or they answered by themselves.
    campaign_id: Mapped[UUID | None]
    adult_id: Mapped[UUID]
    version_id: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    closes_on: Mapped[date]
    generation: Mapped[int] = mapped_column(default=1)
    # The local day of the next reminder; none where none is to come.
    remind_on: Mapped[date | None]
    # Staff took the link back; or whoever opened it said that they are another person.
    revoked_at: Mapped[datetime | None]
    disowned_at: Mapped[datetime | None]


class Acknowledgement(SchoolOwned, Base):
    """One answer to one request, with the hash of the text that was shown. Never changed.

    At most one of each kind for a request stands: who declined may sign later, and both
    stand. `serial` counts the ones of its kind that were struck out before it.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (
        in_school("request_id", to="sign_request"),
        UniqueConstraint("school_id", "request_id", "answer", "serial"),
        CheckConstraint("answer in ('signed', 'declined', 'talk')", name="answer"),
        CheckConstraint("language in ('en', 'cy', 'pl', 'ur')", name="language_known"),
    )

    request_id: Mapped[UUID]
    answer: Mapped[str]
    sha256: Mapped[str]
    answered_at: Mapped[datetime]
    # The language of the page on which it was given; what was signed is the English text.
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    serial: Mapped[int] = mapped_column(default=0, server_default="0")


class AcknowledgementWords(SchoolOwned, Base):
    """What the adult typed: apart from the answer, since it names a person."""

    __tablename__ = "acknowledgement_words"
    __table_args__ = (in_school("id", to="acknowledgement"),)

    typed_name: Mapped[str]
    note: Mapped[str]


class TalkHeld(SchoolOwned, Base):
    """A parent who wanted to talk first was talked with; `id` is the answer's."""

    __tablename__ = "talk_held"
    __table_args__ = (in_school("id", to="acknowledgement"),)

    held_at: Mapped[datetime] = mapped_column(default=clock.now)
    held_by: Mapped[str]
