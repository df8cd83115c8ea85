"""A meeting as a file for a calendar: its time and place, and nothing of what it is about."""

from __future__ import annotations

from datetime import UTC, timedelta

from icalendar import Calendar, Event

from trustconduct.conduct.meeting_models import Meeting

LASTS = timedelta(hours=1)


def meeting_file(meeting: Meeting, *, school: str, host: str) -> bytes:
    """The meeting as iCalendar. The same meeting gives the same bytes and the same key.

    Calendars are shared in families and at work: the title names the school and no more.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//trustconduct//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    starts = meeting.when.astimezone(UTC)
    event.add("uid", f"{meeting.id}@{host}")
    event.add("dtstamp", meeting.offered_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", starts)
    event.add("dtend", starts + LASTS)
    event.add("summary", f"Meeting with {school}")
    event.add("location", f"{meeting.place} ({meeting.way_word})")
    event.add("status", "CONFIRMED" if meeting.agreed else "TENTATIVE")
    calendar.add_component(event)
    return calendar.to_ical()
