"""Saving a year of the term calendar: the Trust's, or a school's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import delete

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import insert_rows, new_id, table_of
from trustconduct.tenants.calendars import (
    DAY,
    SEASONS,
    Kind,
    SchoolCalendarSpan,
    Span,
    TrustCalendarSpan,
    calendar_of,
    own_years,
)
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

# The years that a calendar may be for; beyond them somebody has mistyped.
FIRST_YEAR, LAST_YEAR = 2015, 2099
MOST_INSET_DAYS = 20


class CalendarRefused(ValueError):
    """The dates can't be a school year. `errors` says what to mend, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class CalendarChanged(RuntimeError):
    """Somebody else saved this year since the person looked; nothing was saved."""


def mark(spans: Iterable[Span]) -> str:
    """What a form remembers of the dates that it showed, to notice another's change."""
    told = "\n".join(f"{s.kind} {s.season} {s.first} {s.last}" for s in sorted(spans))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def own_spans(session: ScopedSession, begins: int) -> tuple[Span, ...]:
    """The session's own dates of a year: none where a school keeps the Trust's."""
    if session.scope.role == SCHOOL and begins not in own_years(session):
        return ()
    return calendar_of(session).years.get(begins, ())


def save_year(
    session: ScopedSession, begins: int, spans: Sequence[Span], *, by: Actor, seen: str
) -> None:
    """Save the terms, half-terms and INSET days of the academic year that begins in `begins`.

    `seen` is the `mark` of the dates that the person looked at. A school that
    saves none keeps the Trust's from then on. The Trust's own reviews are worked out
    from these dates whenever they are asked for. A school's keep their days: its page
    has them worked out anew in the same commit, and after a change of the Trust's the
    clock does it (see reviews/school_reviews.py). The event keeps the dates before and
    after as the trace. Raises
    CalendarRefused, and CalendarChanged where another was quicker.
    """
    permit(by, Can.CHANGE_CALENDAR, session.scope.school_id)
    if errors := faults(begins, spans):
        raise CalendarRefused(errors)
    session.take_turns(f"calendar:{begins}")
    before = own_spans(session, begins)
    if mark(before) != seen:
        raise CalendarChanged
    if mark(before) == mark(spans):
        return
    in_school = session.scope.role == SCHOOL
    model: Any = SchoolCalendarSpan if in_school else TrustCalendarSpan
    session.execute(delete(model).where(model.begins == begins))
    key = {"school_id": session.school_id} if in_school else {}
    session.flush()
    for span in spans:
        row = {
            **key,
            "id": new_id(),
            "begins": begins,
            "kind": span.kind.value,
            "season": span.season,
            "first_on": span.first,
            "last_on": span.last,
        }
        insert_rows(session, [(table_of(model), row)])
    record(
        session,
        Event.CALENDAR_CHANGED,
        by=by,
        about_kind="calendar_year",
        about_id=None,
        year=f"{begins}/{(begins + 1) % 100:02}",
        before=[_told(span) for span in before],
        after=[_told(span) for span in sorted(spans)],
    )


def _told(span: Span) -> str:
    what = f"{span.season} {span.kind.value}".strip().replace("_", " ")
    return f"{what}: {span.first.isoformat()} to {span.last.isoformat()}"


def field(span: Span) -> str:
    """The form's field that a stretch of days stands in."""
    return "inset" if span.kind is Kind.INSET else f"{span.season}_{span.kind.value}"


def faults(begins: int, spans: Sequence[Span]) -> dict[str, str]:
    """What is wrong with a year's dates, by field; nothing where they can stand."""
    if not FIRST_YEAR <= begins <= LAST_YEAR:
        return {"": f"Choose a school year from {FIRST_YEAR} to {LAST_YEAR}."}
    terms = {span.season: span for span in spans if span.kind is Kind.TERM}
    found: dict[str, str] = {}
    for span in spans:
        if why := _fault(begins, span) or _half_term_fault(span, terms):
            found.setdefault(field(span), why)
    ordered = [terms[season] for season in SEASONS if season in terms]
    for earlier, later in pairwise(ordered):
        if later.first <= earlier.last:
            why = f"The {later.season} term begins before the {earlier.season} term has ended."
            found.setdefault(field(later), why)
    if sum(span.kind is Kind.INSET for span in spans) > MOST_INSET_DAYS:
        found.setdefault("inset", f"There are at most {MOST_INSET_DAYS} INSET days in a year.")
    if spans and not terms:
        found.setdefault("autumn_term", "Type the days of at least one term.")
    return found


def _fault(begins: int, span: Span) -> str:
    if span.first > span.last:
        return "The last day lies before the first. Swap them, or mend one."
    # Schools go back in the last days of August, and some end a year in early August.
    if date(begins, 8, 15) <= span.first and span.last <= date(begins + 1, 8, 14):
        return ""
    return f"These days are not in the school year {begins}/{(begins + 1) % 100:02}."


def _half_term_fault(span: Span, terms: dict[str, Span]) -> str:
    if span.kind is not Kind.HALF_TERM:
        return ""
    term = terms.get(span.season)
    if term is None:
        return f"Type the days of the {span.season} term as well."
    if term.first < span.first and span.last < term.last:
        return ""
    return f"Half-term must lie inside the {span.season} term, not at its edge."


def inset_days(spans: Iterable[Span]) -> list[date]:
    """The INSET days, one by one: next to each other they may be one stretch."""
    days: list[date] = []
    for span in spans:
        if span.kind is Kind.INSET:
            day = span.first
            while day <= span.last:
                days.append(day)
                day += DAY
    return sorted(set(days))
