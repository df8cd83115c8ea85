"""What the timetable rang for, when it ran, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id

# RQ ends a job after five minutes; what says nothing for longer was killed with its machine.
LONGEST_RUN = timedelta(minutes=6)


class Standing(StrEnum):
    """What became of a run. Derived from its times, never stored."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CUT_OFF = "cut_off"


class Run(Base):
    """One run of an entry of the timetable, for one slot or because a person asked.

    The two unique keys are what lets any number of timetable processes look at once:
    a slot is claimed once, and an entry waits in the queue once, so that a worker that
    was away for three days finds one job and not four thousand. Nothing in it names
    anybody: who asked stands in the history, and of an error only its class is kept.
    """

    __tablename__ = "timetable_run"
    __table_args__ = (
        UniqueConstraint("task", "slot_at"),
        Index(
            "one_waiting_run",
            "task",
            unique=True,
            postgresql_where=text("started_at is null"),
        ),
        Index("ix_timetable_run_newest", "task", desc("id")),
        Index("ix_timetable_run_rung_at", "rung_at"),
        CheckConstraint("ended_at is null or started_at is not null", name="started_before_ended"),
        CheckConstraint("error = '' or ended_at is not null", name="ended_where_failed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    task: Mapped[str]
    # When it was due; blank where a person asked for it.
    slot_at: Mapped[datetime | None]
    rung_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    # How much it had to do, by its own count; blank where it failed.
    found: Mapped[int | None]
    # The class of what broke.
    error: Mapped[str] = mapped_column(default="")

    @property
    def standing(self) -> Standing:
        if self.ended_at is not None:
            return Standing.FAILED if self.error else Standing.DONE
        if self.started_at is None:
            return Standing.WAITING
        long_ago = clock.now() - self.started_at > LONGEST_RUN
        return Standing.CUT_OFF if long_ago else Standing.RUNNING
