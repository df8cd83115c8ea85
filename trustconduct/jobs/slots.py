"""When an entry of the timetable is due, by the clock on an English wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from trustconduct import clock


class Slots(Protocol):
    """The instants at which an entry is due."""

    def latest(self, now: datetime) -> datetime:
        """The last one that has come. Of many that were missed it is the one to catch up."""

    def following(self, now: datetime) -> datetime:
        """The first one that is still to come."""

    @property
    def words(self) -> str:
        """As the console says it."""


@dataclass(frozen=True)
class Minutes:
    """Every so many minutes: the same at every time of year. `every` divides the hour."""

    every: int

    def latest(self, now: datetime) -> datetime:
        return now.replace(minute=now.minute - now.minute % self.every, second=0, microsecond=0)

    def following(self, now: datetime) -> datetime:
        return self.latest(now) + timedelta(minutes=self.every)

    @property
    def words(self) -> str:
        return "Every minute" if self.every == 1 else f"Every {self.every} minutes"


@dataclass(frozen=True)
class Daily:
    """At these hours of each day in London, so many minutes past.

    In the night when clocks go back an hour comes twice: the first one counts. When they
    go forward, an hour does not come at all: what was due then is due an hour later by
    the wall, once.
    """

    hours: Sequence[int]
    minute: int = 0

    def _of(self, day: date) -> list[datetime]:
        walls = (
            datetime(day.year, day.month, day.day, hour, self.minute, tzinfo=clock.LONDON)
            for hour in self.hours
        )
        return [wall.astimezone(UTC) for wall in walls]

    def latest(self, now: datetime) -> datetime:
        today = clock.local(now).date()
        come = [at for at in self._of(today) if at <= now]
        return max(come or self._of(today - timedelta(days=1)))

    def following(self, now: datetime) -> datetime:
        today = clock.local(now).date()
        to_come = [at for at in self._of(today) if at > now]
        return min(to_come or self._of(today + timedelta(days=1)))

    @property
    def words(self) -> str:
        first, last = min(self.hours), max(self.hours)
        if first == last:
            return f"Daily at {first:02}:{self.minute:02}"
        return f"Hourly from {first:02}:{self.minute:02} to {last:02}:{self.minute:02}"
