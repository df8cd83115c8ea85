"""Term calendars: when the terms are, and which days are school days.

Academies set their own dates, and two counties of one Trust differ by weeks. So
the Trust has a calendar, and a school its own for the years in which it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import holidays
from sqlalchemy import CheckConstraint, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct.clock import Term, Window
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import SchoolOwned
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

SEASONS = ("autumn", "spring", "summer")
DAY = timedelta(days=1)


class Kind(StrEnum):
    """What a stretch of days is. `season` says to which term it belongs; an INSET day to none."""

    TERM = "term"
    HALF_TERM = "half_term"
    INSET = "inset"


class CalendarSpan:
    """One stretch of days of an academic year; `begins` is the year in which that begins."""

    begins: Mapped[int]
    kind: Mapped[str]
    season: Mapped[str] = mapped_column(default="")
    first_on: Mapped[date]
    last_on: Mapped[date]


_CHECKS = (
    ("first_on <= last_on", "days_in_order"),
    ("kind in ('term', 'half_term', 'inset')", "kind_known"),
    ("(kind = 'inset') = (season = '')", "season_of_a_term"),
)


class SchoolCalendarSpan(CalendarSpan, SchoolOwned, Base):
    __tablename__ = "calendar_span_school"
    __table_args__ = (
        Index(None, "school_id", "begins"),
        *(CheckConstraint(sql, name=name) for sql, name in _CHECKS),
    )


class TrustCalendarSpan(CalendarSpan, Base):
    __tablename__ = "calendar_span_trust"
    __table_args__ = (
        Index(None, "begins"),
        *(CheckConstraint(sql, name=name) for sql, name in _CHECKS),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


@dataclass(frozen=True, order=True)
class Span:
    """Days from the first to the last, both included."""

    first: date
    last: date
    kind: Kind
    season: str = ""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class CalendarUnknown(LookupError):
    """No calendar says whether a day is a school day; `day` is that day."""

    def __init__(self, day: date) -> None:
        super().__init__(f"The term dates around {day:%d/%m/%Y} are not known yet.")
        self.day = day


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England in a calendar year."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


class Calendar:
    """The years that are known, as one school (or the Trust) keeps them."""

    def __init__(self, years: dict[int, Iterable[Span]]) -> None:
        self.years = {begins: tuple(sorted(spans)) for begins, spans in years.items()}

    def window(self, term: Term) -> Window:
        """The days of a review date: by this calendar, or provisional where it does not know.

        One of six terms is the part of its season before or after half-term.
        """
        season = term.season or (SEASONS[(term.number - 1) // 2] if term.number else "")
        spans = self.years.get(term.academic_year, ()) if season else ()
        whole = next((s for s in spans if s.kind is Kind.TERM and s.season == season), None)
        if whole is None:
            return term.window()
        half = next((s for s in spans if s.kind is Kind.HALF_TERM and s.season == season), None)
        if not term.number:
            return Window(whole.first, whole.last, provisional=False)
        if half is None:
            return term.window()
        if term.number % 2:
            return Window(whole.first, half.first - DAY, provisional=False)
        return Window(half.last + DAY, whole.last, provisional=False)

    def is_school_day(self, day: date) -> bool:
        """Whether pupils are in school. Raises CalendarUnknown outside the known years."""
        begins = day.year if day.month >= 9 else day.year - 1
        spans = self.years.get(begins)
        if spans is None:
            # A term may begin in the last days of August.
            spans = self.years.get(begins + 1, ())
            if not any(day in span for span in spans):
                raise CalendarUnknown(day)
        elif day.month == 8:
            spans = (*spans, *self.years.get(begins + 1, ()))
        if day.weekday() >= 5 or day in bank_holidays(day.year):
            return False
        inside = [span.kind for span in spans if day in span]
        return Kind.TERM in inside and not {Kind.HALF_TERM, Kind.INSET} & set(inside)

    def school_days_after(self, day: date) -> Iterator[date]:
        """The school days after a day, one by one. Raises CalendarUnknown at their end."""
        while True:
            day += DAY
            if self.is_school_day(day):
                yield day

    def add_school_days(self, day: date, count: int) -> date:
        """The `count`-th school day after a day, which itself does not count.

        Raises CalendarUnknown where the known calendar ends before that.
        """
        if count < 1:
            raise ValueError("at least one school day")
        after = self.school_days_after(day)
        for _ in range(count - 1):
            next(after)
        return next(after)


def calendar_of(session: ScopedSession) -> Calendar:
    """The calendar of the session's school, or of the Trust.

    A school keeps the Trust's dates for every year for which it has none of its own.
    """
    years = _years(session, TrustCalendarSpan)
    if session.scope.role == SCHOOL:
        years |= _years(session, SchoolCalendarSpan)
    return Calendar(years)  # type: ignore[arg-type]


def calendars_of_school(session: ScopedSession) -> tuple[Calendar, Calendar]:
    """The calendar that the session's school goes by, and the Trust's, which is a part of it."""
    trust = _years(session, TrustCalendarSpan)
    own = _years(session, SchoolCalendarSpan)
    return Calendar(trust | own), Calendar(trust)  # type: ignore[arg-type]


def own_years(session: ScopedSession) -> set[int]:
    """The years for which the session's school has a calendar of its own."""
    return set(session.scalars(select(SchoolCalendarSpan.begins).distinct()))


def _years(
    session: ScopedSession, table: type[SchoolCalendarSpan] | type[TrustCalendarSpan]
) -> dict[int, list[Span]]:
    years: dict[int, list[Span]] = {}
    for row in session.execute(
        select(table.begins, table.kind, table.season, table.first_on, table.last_on)
    ):
        span = Span(row.first_on, row.last_on, Kind(row.kind), row.season)
        years.setdefault(row.begins, []).append(span)
    return years
