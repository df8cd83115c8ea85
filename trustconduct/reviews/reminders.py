"""Reminding whoever looks after the policy that its review is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

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
from trustconduct.reviews.cycles import cycle_of, review_of
from trustconduct.reviews.due_days import Due, Reminder, Sent, Step, due, goes_out
from trustconduct.reviews.models import ReviewCycle, TrustReminder, TrustStep
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Recipient:
    """Somebody with a role at the Trust. Without an owner every officer is reminded."""

    name: str
    email: str
    id: UUID | None = None
    officer: bool = True


def remind(
    session: ScopedSession, people: Sequence[Recipient], *, trust: str, console: str
) -> bool:
    """Write the review reminder that is due today, if it was not written yet.

    To the review's owner, or to every officer where it has none; from the second week
    overdue to the next person up as well. True where one was written. However often and
    in however many processes this runs, the unique row of the reminder lets only one of
    them through. `console` is the address of the console's front page.
    """
    edition = newest_published(session)
    if edition is None:
        return False
    calendar, today, cycle = calendar_of(session), clock.today(), cycle_of(session)
    review = review_of(edition, cycle, calendar)
    if review is None or cycle.rests(today):
        return False
    reminder = due(calendar, review, today, papers=not _paper_sent(session, edition))
    if reminder is None or not goes_out(reminder, _sent(session, edition), today):
        return False
    owners, upward = addressed(cycle, people, reminder)
    if not owners:
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
    review_date = when(review, calendar)
    mails = [_mail(edition, reminder, to, trust, console, review_date) for to in owners]
    why = _UPWARD.format(
        weeks=f"{reminder.weeks} {'week' if reminder.weeks == 1 else 'weeks'}",
        names=" and ".join(to.name for to in owners),
    )
    mails += [_mail(edition, reminder, to, trust, console, review_date, why) for to in upward]
    write(session, mails)
    record(
        session,
        Event.REVIEW_REMINDED,
        by=CLOCK,
        about=edition,
        what=f"edition {edition.number}",
        reminder=reminder.kind,
        due_on=reminder.on.isoformat(),
    )
    return True


def addressed(
    cycle: ReviewCycle, people: Sequence[Recipient], reminder: Due
) -> tuple[list[Recipient], list[Recipient]]:
    """Who is reminded, and whoever is above them, where it has come to that.

    An owner who has left counts as none: nobody's review is forgotten with them.
    """
    owner = [each for each in people if each.id is not None and each.id == cycle.owner_id]
    owners = owner or [each for each in people if each.officer]
    upward = [each for each in people if each.id is not None and each.id == cycle.upward_id]
    return owners, [each for each in upward if reminder.goes_up and each not in owners]


def _paper_sent(session: ScopedSession, edition: Edition) -> bool:
    """Whether the Board has its paper already: then nobody is reminded of it."""
    return (
        session.scalar(
            select(TrustStep.id).where(
                TrustStep.edition_id == edition.id,
                TrustStep.step == Step.BOARD_PAPER.name.lower(),
            )
        )
        is not None
    )


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


_UPWARD = """
You get this as the next person up: the review has been overdue for {weeks}, and
{names} had this reminder as well.
"""


_GUESSED = """
The term dates are not all known yet, so the day of this reminder is provisional. Enter them
in the console, and the reminders that follow keep to them.
"""


def _mail(
    edition: Edition,
    reminder: Due,
    to: Recipient,
    trust: str,
    console: str,
    review_date: str,
    why: str = "",
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

Review date: {review_date}
{_GUESSED if reminder.provisional else ""}{why}
What to do next: open the console, look at how each school stands, and bring in the next
edition as a draft. The steps of the review and their days stand there under Reviews.

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
