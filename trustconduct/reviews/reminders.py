"""Reminding the Trust's officers that the policy's review is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term, Window
from trustconduct.db import new_id
from trustconduct.outbox.write import Mail, write
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition
from trustconduct.reviews.models import TrustReminder
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession

# A term is about four months; the windows of terms without a calendar are as rough.
TERM = timedelta(days=122)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Recipient:
    name: str
    email: str


@dataclass(frozen=True)
class Due:
    """A reminder that fell due on `on`: one for each kind, subject and such day."""

    kind: str
    on: date


def due(window: Window, today: date) -> Due | None:
    """The newest reminder that is due for a review: two terms ahead, one term ahead, when the
    term begins, and weekly once it is over.

    Days on which nothing ran collapse into the newest one: nobody wants four
    mails after a holiday.
    """
    days = [
        Due("two_terms_ahead", window.first - 2 * TERM),
        Due("one_term_ahead", window.first - TERM),
        Due("term_begins", window.first),
    ]
    if today > window.last:
        weeks = (today - window.last - timedelta(days=1)) // WEEK
        days.append(Due("overdue", window.last + timedelta(days=1) + weeks * WEEK))
    return max((item for item in days if item.on <= today), key=lambda item: item.on, default=None)


def remind(
    session: ScopedSession, recipients: Sequence[Recipient], *, trust: str, console: str
) -> bool:
    """Write the review reminder that is due today, if it was not written yet.

    True where one was written. However often and in however many processes this
    runs, the unique row of the reminder lets only one of them through. `console`
    is the address of the console's front page.
    """
    edition = newest_published(session)
    if edition is None or edition.review is None or not recipients:
        return False
    calendar = calendar_of(session)
    reminder = due(calendar.window(edition.review), clock.today())
    if reminder is None:
        return False
    # Not by rowcount: of such an insert SQLAlchemy 2.1 gives -1, which reads as yes.
    added = session.scalar(
        insert(TrustReminder)
        .values(
            id=new_id(),
            kind=reminder.kind,
            subject_id=edition.id,
            local_day=reminder.on,
            reminded_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject_id", "local_day"])
        .returning(TrustReminder.id)
    )
    if added is None:
        return False
    write(session, [_mail(edition, reminder, to, trust, console, calendar) for to in recipients])
    record(
        session,
        Event.REVIEW_REMINDED,
        by=CLOCK,
        about=edition,
        reminder=reminder.kind,
        due_on=reminder.on.isoformat(),
    )
    return True


def when(term: Term, calendar: Calendar) -> str:
    """The review date in words; a day that no calendar gave is never shown as fact."""
    window = calendar.window(term)
    if not window.provisional:
        return term.text
    return (
        f"{term.text} (provisionally {clock.day(window.first)} to {clock.day(window.last)},"
        " until the term dates are known)"
    )


_WORDS = {
    "two_terms_ahead": "is due for review in about two terms",
    "one_term_ahead": "is due for review in about one term",
    "term_begins": "is due for review this term",
    "overdue": "is overdue for review",
}


def _mail(
    edition: Edition, reminder: Due, to: Recipient, trust: str, console: str, calendar: Calendar
) -> Mail:
    words = _WORDS[reminder.kind]
    return Mail(
        kind=f"review_{reminder.kind}",
        to_name=to.name,
        to_address=to.email,
        from_name=trust,
        subject=f"The parents' code of conduct {words}",
        body=f"""Dear {to.name},

Edition {edition.number} of the Communication Policy and Code of Conduct for Parents and
Carers {words}.

Review date: {when(edition.review, calendar) if edition.review else "none"}

What to do next: open the console, look at how each school stands, and bring in the next
edition as a draft.

{console}

trustconduct, for {trust}
""",
    )


def reminded(session: ScopedSession, edition: Edition) -> list[TrustReminder]:
    """The reminders that went out about an edition, newest first."""
    return list(
        session.scalars(
            select(TrustReminder)
            .where(TrustReminder.subject_id == edition.id)
            .order_by(TrustReminder.local_day.desc())
            .limit(50)
        )
    )
