"""What speaks for it that somebody knew the code, besides messages and answers. Each kept apart."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class LinkFetch(SchoolOwned, Base):
    """A link was fetched on a day: perhaps by a mail scanner, so alone it says nothing."""

    __tablename__ = "link_fetch"
    __table_args__ = (
        in_school("request_id", to="sign_request"),
        UniqueConstraint("school_id", "request_id", "local_day"),
    )

    request_id: Mapped[UUID]
    local_day: Mapped[date]
    fetched_at: Mapped[datetime] = mapped_column(default=clock.now)


class TextOpened(SchoolOwned, Base):
    """Somebody said on the page, with their name, that they have opened the text. Never changed."""

    __tablename__ = "text_opened"
    __table_args__ = (
        in_school("request_id", to="sign_request"),
        UniqueConstraint("school_id", "request_id"),
    )

    request_id: Mapped[UUID]
    sha256: Mapped[str]
    typed_name: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)


class ToldHow(StrEnum):
    """How somebody was told of the code by a person."""

    READ_ALOUD = "read_aloud"
    MEETING = "meeting"
    HANDED = "handed"

    @property
    def word(self) -> str:
        return {
            "read_aloud": "The code was read aloud to them",
            "meeting": "They were at a meeting where the code was gone through",
            "handed": "The code was handed to them on paper",
        }[self.value]


class ToldOtherwise(SchoolOwned, Base):
    """A day on which a person told one adult or several of a version. Taken back with a reason."""

    __tablename__ = "told_otherwise"
    __table_args__ = (
        in_school("version_id", to="policy_version"),
        in_school("scan_id", to="stored_file"),
        CheckConstraint("how in ('read_aloud', 'meeting', 'handed')", name="how_known"),
        CheckConstraint(
            "(taken_back_at is null) = (taken_back_because = '')", name="taken_back_with_a_reason"
        ),
        Index("ix_told_otherwise_scan", "school_id", "scan_id"),
    )

    version_id: Mapped[UUID]
    how: Mapped[str]
    told_on: Mapped[date]
    words: Mapped[str]  # who told them, where
    scan_id: Mapped[UUID | None]  # of a meeting's list
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)
    noted_by: Mapped[str]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str] = mapped_column(default="")
    taken_back_because: Mapped[str] = mapped_column(default="")


class ToldAdult(SchoolOwned, Base):
    """One adult who was told then. Never changed."""

    __tablename__ = "told_adult"
    __table_args__ = (
        in_school("told_id", to="told_otherwise"),
        in_school("adult_id", to="adult"),
        UniqueConstraint("school_id", "told_id", "adult_id"),
        Index(None, "school_id", "adult_id"),
    )

    told_id: Mapped[UUID]
    adult_id: Mapped[UUID]
