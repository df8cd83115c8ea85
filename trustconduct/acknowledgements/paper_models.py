"""Sheets of paper with a link each, the packs that they are printed in, and how answers came."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.languages.spoken import Message
from trustconduct.tenants.models import SchoolOwned, in_school


class PackState(StrEnum):
    """Where a pack stands. One that is waiting waits for the worker."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"  # its file was deleted: dropped, or old

    @property
    def word(self) -> str:
        return {
            "waiting": "Being made",
            "ready": "Ready to print",
            "failed": "Could not be made",
            "gone": "No longer kept",
        }[self.value]


class PaperPack(SchoolOwned, Base):
    """Some sheets that are printed together; without a name, so that one query finds what waits."""

    __tablename__ = "paper_pack"
    __table_args__ = (
        in_school("version_id", to="policy_version"),
        CheckConstraint("state in ('waiting', 'ready', 'failed', 'gone')", name="state_known"),
        Index(
            "ix_paper_pack_due",
            "begun_at",
            postgresql_where=text("state in ('waiting', 'ready')"),
        ),
    )

    version_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default=PackState.WAITING.value)
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    progress: Mapped[int] = mapped_column(default=0)  # per cent
    ready_at: Mapped[datetime | None]


class PaperPackFile(SchoolOwned, Base):
    """Who asked for a pack, and its PDF, sealed; `id` is the pack's.

    The PDF holds links. Unsealed, whoever reads a backup could answer for a whole school.
    """

    __tablename__ = "paper_pack_file"
    __table_args__ = (in_school("id", to="paper_pack"),)

    asked_by: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    taken_out_at: Mapped[datetime | None]
    taken_out_by: Mapped[str] = mapped_column(default="")


class PaperSheet(SchoolOwned, Base):
    """One sheet for one adult, with a link of its own. Nothing of the link is stored.

    `number` stands on the sheet (`reference.py`): it names the sheet, and opens nothing.
    """

    __tablename__ = "paper_sheet"
    __table_args__ = (
        in_school("pack_id", to="paper_pack"),
        in_school("request_id", to="sign_request"),
        UniqueConstraint("school_id", "number"),
        Index(None, "school_id", "pack_id"),
        Index(None, "school_id", "request_id"),
    )

    pack_id: Mapped[UUID]
    request_id: Mapped[UUID]
    number: Mapped[int]
    closes_on: Mapped[date]
    revoked_at: Mapped[datetime | None]
    disowned_at: Mapped[datetime | None]


class How(StrEnum):
    """How an answer came that did not come by the adult's own mailed link."""

    SHEET_LINK = "sheet_link"
    PAPER = "paper"
    TELEPHONE = "telephone"
    INTERPRETER = "interpreter"
    MEETING = "meeting"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    How.SHEET_LINK: Message("By the link on a sheet of paper"),
    How.PAPER: Message("On paper"),
    How.TELEPHONE: Message("By telephone"),
    How.INTERPRETER: Message("Through an interpreter"),
    How.MEETING: Message("At a meeting"),
}
KEYED = tuple(one for one in How if one is not How.SHEET_LINK)


class AnswerHow(SchoolOwned, Base):
    """How one answer came, where it was not by the adult's own mailed link. Never changed.

    `id` is the answer's. What somebody keyed has a day on which the adult signed or said
    it, and a day on which the school got it; the answer's own instant is that of keying.
    """

    __tablename__ = "acknowledgement_how"
    __table_args__ = (
        in_school("id", to="acknowledgement"),
        in_school("scan_id", to="stored_file"),
        in_school("sheet_id", to="paper_sheet"),
        CheckConstraint(
            "how in ('sheet_link', 'paper', 'telephone', 'interpreter', 'meeting')",
            name="how_known",
        ),
        CheckConstraint("received_on >= signed_on", name="days_in_order"),
        CheckConstraint("(how = 'sheet_link') = (keyed_by = '')", name="keyed_by_somebody"),
        CheckConstraint("how <> 'sheet_link' or sheet_id is not null", name="link_of_a_sheet"),
        Index("ix_acknowledgement_how_scan", "school_id", "scan_id"),
    )

    how: Mapped[str]
    signed_on: Mapped[date]
    received_on: Mapped[date]
    keyed_by: Mapped[str] = mapped_column(default="")
    keyed_by_id: Mapped[UUID | None]
    witness: Mapped[str] = mapped_column(default="")
    scan_id: Mapped[UUID | None]
    sheet_id: Mapped[UUID | None]
