"""Letters: the Trust's words, who may sign, and each letter from its draft to its service."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import Edited, SchoolOwned, in_school

LANGUAGE_KNOWN = "language in ('en', 'cy', 'pl', 'ur')"


class Way(StrEnum):
    """How a letter reaches the one adult whom it is for."""

    POST = "post"
    HAND = "hand"
    EMAIL = "email"

    @property
    def word(self) -> str:
        return {"post": "By post", "hand": "By hand", "email": "By email, with a code"}[self.value]


class Ended(StrEnum):
    """Why a service does not count any more."""

    RETURNED = "returned"
    REFUSED = "refused"
    BOUNCED = "bounced"

    @property
    def word(self) -> str:
        return {
            "returned": "It came back",
            "refused": "They would not take it",
            "bounced": "The email did not reach them",
        }[self.value]


class LetterWording(Edited, Base):
    """The Trust's words for one kind, one version of them. Approved, it never changes.

    `body` is {"words": {part: text with merge fields}, "open": [parts that schools may
    adapt]}. `solicitor` says who approved it outside this service, and when.
    """

    __tablename__ = "letter_wording"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        CheckConstraint("(approved_at is null) = (approved_by = '')", name="approved_by_somebody"),
        CheckConstraint("approved_at is null or solicitor <> ''", name="seen_by_a_solicitor"),
        Index(
            "one_letter_wording_draft",
            "kind",
            unique=True,
            postgresql_where=text("approved_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    number: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    edited_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_by: Mapped[str]
    solicitor: Mapped[str] = mapped_column(default="")
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str] = mapped_column(default="")

    @property
    def words(self) -> dict[str, str]:
        return self.body["words"]

    @property
    def open_parts(self) -> frozenset[str]:
        return frozenset(self.body["open"])


class LetterSignatory(SchoolOwned, Base):
    """Somebody who may sign a school's letters, from a day, until a day if it is known."""

    __tablename__ = "letter_signatory"
    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="days_in_order"),
        CheckConstraint("name <> '' and role <> ''", name="named"),
    )

    name: Mapped[str]
    role: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    noted_by: Mapped[str]
    # Noted because the school's settings name them: they sign while those do.
    from_settings: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    def may_sign(self, on: date) -> bool:
        return self.from_on <= on and (self.until_on is None or on <= self.until_on)


class Letter(Edited, SchoolOwned, Base):
    """A letter to one adult, as it is written. `number` is its reference, from its first day.

    `record_kind` and `record_id` name what it is filled from (`records.py`); `record_mark`
    stands for that record as it was last looked at. Approved, its words are the frozen
    ones, and this row changes no more.
    """

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        in_school("adult_id", to="adult"),
        in_school("signatory_id", to="letter_signatory"),
        in_school("replaces_id", to="letter"),
        CheckConstraint("way in ('', 'post', 'hand', 'email')", name="way_known"),
        CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
        Index(None, "school_id", "adult_id"),
        Index(
            "ix_letter_drafts",
            "school_id",
            "begun_at",
            postgresql_where=text("frozen_at is null and dropped_at is null"),
        ),
    )

    number: Mapped[int]
    adult_id: Mapped[UUID]
    kind: Mapped[str]
    record_kind: Mapped[str] = mapped_column(default="person")
    record_id: Mapped[UUID | None]
    record_mark: Mapped[str] = mapped_column(default="")
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    way: Mapped[str] = mapped_column(default="")
    signatory_id: Mapped[UUID | None]
    # The language that stands beside the English, "en" for none.
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    # It says "a member of staff" where a name of staff was written.
    unnamed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    replaces_id: Mapped[UUID | None]
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by: Mapped[str]
    # The ids of all who wrote in it: none of them is the second person.
    writers: Mapped[list[str]] = mapped_column(JSONB, default=list)
    asked_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]


class FrozenLetter(SchoolOwned, Base):
    """A letter as it was approved; its id is the letter's. Never changed.

    `text` is the canonical JSON that `sha256` was taken over, `html` the English words as the
    addressee's page shows them, `translation` the same in `language`, `pdf` what was printed.
    """

    __tablename__ = "letter_frozen"
    __table_args__ = (
        in_school("id", to="letter"),
        in_school("version_id", to="policy_version"),
        CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    )

    text: Mapped[str]
    html: Mapped[str]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    translation: Mapped[str] = mapped_column(default="", server_default="")
    sha256: Mapped[str]
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    pdf_sha256: Mapped[str]
    pages: Mapped[int]
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("letter_wording.id"))
    version_id: Mapped[UUID | None]
    way: Mapped[str]
    to_name: Mapped[str]
    to_address: Mapped[str]
    to_email: Mapped[str]
    # How long they have to answer, counted from service; null where nothing is asked.
    answer_days: Mapped[int | None]
    answer_unit: Mapped[str]
    approved_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_by: Mapped[str]
    approved_by_id: Mapped[UUID | None]


class LetterWithdrawal(SchoolOwned, Base):
    """That a letter is withdrawn, and why; its id is the letter's."""

    __tablename__ = "letter_withdrawal"
    __table_args__ = (
        in_school("id", to="letter_frozen"),
        CheckConstraint("because <> ''", name="with_a_reason"),
    )

    because: Mapped[str]
    withdrawn_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_by: Mapped[str]


class LetterService(SchoolOwned, Base):
    """One try to bring a letter to its addressee. One at a time counts.

    `served_on` is the day from which `deadline_on` is counted: by post the day of posting
    and the Trust's days, in hand that day, by email the day on which the addressee opened
    it with the code. A service that ended counts for nothing, and neither do its days.
    """

    __tablename__ = "letter_service"
    __table_args__ = (
        in_school("letter_id", to="letter_frozen"),
        CheckConstraint("way in ('post', 'hand', 'email')", name="way_known"),
        CheckConstraint("served_on >= sent_on", name="days_in_order"),
        CheckConstraint("deadline_on is null or served_on is not null", name="from_service"),
        CheckConstraint("way <> 'hand' or handed_by <> ''", name="handed_by_somebody"),
        CheckConstraint("(ended_on is null) = (ended_how = '')", name="ended_somehow"),
        CheckConstraint("ended_how in ('', 'returned', 'refused', 'bounced')", name="ended_known"),
        Index(
            "one_letter_service",
            "school_id",
            "letter_id",
            unique=True,
            postgresql_where=text("ended_on is null"),
        ),
        Index("ix_letter_service_letter", "school_id", "letter_id"),
    )

    letter_id: Mapped[UUID]
    way: Mapped[str]
    sent_on: Mapped[date]
    served_on: Mapped[date | None]
    deadline_on: Mapped[date | None]
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    noted_by: Mapped[str]
    handed_by: Mapped[str] = mapped_column(default="")
    witness: Mapped[str] = mapped_column(default="")
    # Of an email: its message, the link's generation, and what became of the code.
    message_id: Mapped[UUID | None]
    wrong_tries: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    texted_at: Mapped[datetime | None]  # when the code was last put into a text message
    ended_on: Mapped[date | None]
    ended_how: Mapped[str] = mapped_column(default="")
    ended_because: Mapped[str] = mapped_column(default="")
    ended_by: Mapped[str] = mapped_column(default="")


class RunState(StrEnum):
    """Where a print run stands. One that is waiting waits for the worker."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"  # its file is no longer kept


class LetterRun(SchoolOwned, Base):
    """Letters that are printed together; without a name, so that one query finds what waits."""

    __tablename__ = "letter_run"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'ready', 'failed', 'gone')", name="state_known"),
        CheckConstraint("made between 0 and total", name="made_of_total"),
        Index(
            "ix_letter_run_due",
            "begun_at",
            postgresql_where=text("state in ('waiting', 'ready', 'failed')"),
        ),
    )

    state: Mapped[str] = mapped_column(default=RunState.WAITING.value)
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    total: Mapped[int]
    made: Mapped[int] = mapped_column(default=0)


class LetterRunFile(SchoolOwned, Base):
    """Who asked for a print run, of which letters, and its PDF; `id` is the run's."""

    __tablename__ = "letter_run_file"
    __table_args__ = (in_school("id", to="letter_run"),)

    letters: Mapped[list[str]] = mapped_column(JSONB)
    asked_by: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)
