"""Reviews as a calendar that any program reads: a day each, and nobody's name.

The same rows give the same bytes, so that a program which has them already is told so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from trustconduct.policies.editions import newest_published
from trustconduct.reviews.cycles import cycle_of, review_of
from trustconduct.reviews.models import Part
from trustconduct.reviews.review_steps import edition_before, review_steps
from trustconduct.reviews.school_reviews import open_reviews, term_in
from trustconduct.tenants.calendars import calendar_of
from trustconduct.tenants.sessions import ScopedSession

# How often a program is asked to look again.
AGAIN = timedelta(hours=12)


@dataclass(frozen=True)
class Entry:
    """A day in somebody's calendar. `key` stays with what it is about, whatever its day."""

    key: str
    on: date
    title: str
    provisional: bool
    made_at: datetime


def policy_entries(session: ScopedSession) -> list[Entry]:
    """The Trust's review and its steps that are open: in the Trust's session."""
    edition = newest_published(session)
    if edition is None or edition.published_at is None:
        return []
    calendar = calendar_of(session)
    review = review_of(edition, cycle_of(session), calendar)
    before = edition_before(session, edition)
    found = review_steps(session, edition, review, calendar, before=before)
    entries = [
        Entry(
            f"{one.edition.id}-{one.name}",
            one.on,
            f"{one.step.value}: code of conduct, edition {one.edition.number}",
            one.provisional,
            edition.published_at,
        )
        for one in found.open
    ]
    if review is not None:
        window = calendar.window(review)
        title = f"Review of the code of conduct, edition {edition.number}, is due"
        entries.append(
            Entry(f"{edition.id}-due", window.last, title, window.provisional, edition.published_at)
        )
    return entries


def school_entries(session: ScopedSession, school: str) -> list[Entry]:
    """The reviews to come of the session's school, by the name that tells it from others."""
    return [
        Entry(
            str(review.id),
            review.due_on,
            f"{_TITLES[Part(review.subject)]}: {school} ({term_in(review).text})",
            review.provisional,
            review.made_at,
        )
        for review in open_reviews(session)
    ]


_TITLES = {
    Part.FACTS: "Check the school’s facts",
    Part.MATRIX: "Check the ways to contact the school",
    Part.BANS: "Check the settings for site bans",
    Part.COMPLAINTS: "Share the complaints policy with parents",
}


def calendar_file(entries: Iterable[Entry], *, host: str) -> bytes:
    """The entries as an iCalendar file; `host` makes their keys unlike anybody else's."""
    calendar = Calendar()
    calendar.add("prodid", "-//trustconduct//Reviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Reviews")
    calendar.add("refresh-interval", AGAIN, {"value": "DURATION"})
    for entry in sorted(entries, key=lambda one: (one.on, one.key)):
        event = Event()
        event.add("uid", f"{entry.key}@{host}")
        event.add("dtstamp", entry.made_at.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))
        event.add("summary", f"{entry.title}{' (provisional)' if entry.provisional else ''}")
        event.add("transp", "TRANSPARENT")  # a day on which one is busy it is not
        event.add("status", "TENTATIVE" if entry.provisional else "CONFIRMED")
        calendar.add_component(event)
    return calendar.to_ical()
