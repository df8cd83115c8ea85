"""A roll on its way in: the file, where it stands, and what it would change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class RollState(StrEnum):
    """Where a roll stands. Two of them wait for the worker: "waiting" and "asked"."""

    COLUMNS = "columns"  # somebody must say which column is which
    WAITING = "waiting"  # to be compared with who is here
    READY = "ready"  # what it would change is shown
    ASKED = "asked"  # somebody said: save it
    SAVED = "saved"
    FAILED = "failed"
    DROPPED = "dropped"


class Verdict(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    KEPT = "kept"
    LEFT = "left"
    UNCLEAR = "unclear"


class StoredRoll(SchoolOwned, Base):
    """A roll without a word of it, so that one query finds what is due in all schools."""

    __tablename__ = "roll"
    __table_args__ = (
        CheckConstraint(
            "state in ('columns', 'waiting', 'ready', 'asked', 'saved', 'failed', 'dropped')",
            name="state_known",
        ),
        CheckConstraint("(saved_at is null) = (state <> 'saved')", name="saved_with_its_time"),
        Index("ix_roll_due", "begun_at", postgresql_where=text("state in ('waiting', 'asked')")),
    )

    whole: Mapped[bool]
    state: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    progress: Mapped[int] = mapped_column(default=0)  # per cent
    saved_at: Mapped[datetime | None]


class RollFile(SchoolOwned, Base):
    """The file of a roll, kept until it is saved or dropped; `id` is the roll's."""

    __tablename__ = "roll_file"
    __table_args__ = (in_school("id", to="roll"),)

    name: Mapped[str]
    content: Mapped[bytes]
    header: Mapped[list[str]] = mapped_column(JSONB)
    columns: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    problem: Mapped[str] = mapped_column(default="")
    # Who said that it be saved: the worker does it in their name.
    asked_by_id: Mapped[UUID | None]
    asked_by_name: Mapped[str] = mapped_column(default="")
    asked_by_role: Mapped[str] = mapped_column(default="")


class RollFinding(SchoolOwned, Base):
    """One thing that a roll would do, by the line of the file; line 0 is no line."""

    __tablename__ = "roll_finding"
    __table_args__ = (
        in_school("roll_id", to="roll"),
        CheckConstraint(
            "verdict in ('added', 'changed', 'kept', 'left', 'unclear')", name="verdict_known"
        ),
        Index("ix_roll_finding_page", "school_id", "roll_id", "verdict", "number", "id"),
    )

    roll_id: Mapped[UUID]
    number: Mapped[int]
    verdict: Mapped[str]
    adult: Mapped[str]
    pupil: Mapped[str]
    what: Mapped[str]


class RollMapping(SchoolOwned, Base):
    """Which column of the school's export is which, as somebody said it last. One row a school."""

    __tablename__ = "roll_mapping"
    __table_args__ = (UniqueConstraint("school_id"),)

    columns: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
