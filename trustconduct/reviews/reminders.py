"""Reminding the Trust's officers that the policy's review is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.clock import Term
from trustconduct.db import new_id
from trustconduct.outbox.write import Mail, write
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition
from trustconduct.reviews.due_days import Due, Reminder, Sent, due, goes_out
from trustconduct.reviews.models import TrustReminder
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Recipient:
    name: str
    email: str


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
    today = clock.today()
    reminder = due(calendar, edition.review, today)
    if reminder is None or not goes_out(reminder, _sent(session, edition), today):
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


def _sent(session: ScopedSession, edition: Edition) -> list[Sent]:
    return [
        Sent(row.kind, row.local_day, clock.local(row.reminded_at).date())
        for row in session.execute(
            select(TrustReminder.kind, TrustReminder.local_day, TrustReminder.reminded_at).where(
                TrustReminder.subject_id == edition.id
            )
        )
    ]


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
    Reminder.TWO_TERMS_AHEAD: "is due for review in two terms",
    Reminder.ONE_TERM_AHEAD: "is due for review in one term",
    Reminder.TERM_BEGINS: "is due for review this term",
    Reminder.BOARD_PAPER: "needs its Board paper soon",
    Reminder.OVERDUE: "is overdue for review",
}


_GUESSED = """
The term dates are not all known yet, so the day of this reminder is provisional. Enter them
in the console, and the reminders that follow keep to them.
"""


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
{_GUESSED if reminder.provisional else ""}
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
