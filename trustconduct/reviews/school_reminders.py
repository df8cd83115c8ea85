"""Finding the schools where a review is due, and reminding the people there.

One query over a table without a word of theirs finds the schools; each is then looked
after in its own session. What is due at a school on one day goes in one mail a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from trustconduct import clock
from trustconduct.audit.actor import CLOCK, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import event_rows
from trustconduct.db import insert_rows, new_id
from trustconduct.outbox.write import Mail, write
from trustconduct.reviews.cycles import words_of
from trustconduct.reviews.due_days import DAY, Due, Reminder, Sent, due, goes_out, next_day
from trustconduct.reviews.models import Part, SchoolCycle, SchoolReminder, SchoolReview
from trustconduct.reviews.school_reviews import (
    begin_reviews,
    calendar_mark,
    dates_of,
    resolve_days,
    term_in,
)
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

# Whose task it is where a part has no owner, and who is above them.
ROLES = (Role.OFFICE, Role.HEADTEACHER)


@dataclass(frozen=True)
class Colleague:
    """Somebody at a school who may be reminded."""

    id: UUID
    name: str
    email: str
    role: Role


def schools_to_look_at(session: ScopedSession) -> list[UUID]:
    """The schools where a reminder is due, or days are to be worked out anew, or none are yet.

    One grouped query of the Trust's, however many schools and years; suspended schools
    wait.
    """
    today = clock.today()
    trust_mark = calendar_mark(calendar_of(session))
    review = SchoolReview
    rests = func.coalesce(review.rests_until, date.min) >= today
    return list(
        session.scalars(
            select(School.id)
            .outerjoin(review, (review.school_id == School.id) & review.done_on.is_(None))
            .where(School.suspended_at.is_(None))
            .group_by(School.id)
            .having(
                or_(
                    func.count(review.id) < len(Part),
                    func.bool_or((review.remind_on <= today) & ~rests),
                    func.bool_or(review.trust_mark != trust_mark),
                )
            )
            .order_by(School.id)
        )
    )


def look_after(
    session: ScopedSession, staff: Sequence[Colleague], *, trust: str, base_url: str
) -> bool:
    """All that the clock does for one school's reviews; in the school's own session.

    Begins them, works out days that term dates have moved, and writes the reminders
    that are due. True where one was written.
    """
    begin_reviews(session)
    resolve_days(session, by=CLOCK)
    return remind_school(session, staff, trust=trust, base_url=base_url)


@dataclass(frozen=True)
class Item:
    """A review that is due and the reminder of it."""

    review: SchoolReview
    cycle: SchoolCycle
    reminder: Due


def remind_school(
    session: ScopedSession, staff: Sequence[Colleague], *, trust: str, base_url: str
) -> bool:
    """Write the reminders of the school's reviews that are due today and were not written yet.

    Of two that run at once the second waits for the rows of the first, and finds that
    nothing is due any more. Where nobody could be told, the reminder waits.
    """
    dates, today = dates_of(session), clock.today()
    rows = session.execute(
        select(SchoolReview, SchoolCycle)
        .join(
            SchoolCycle,
            (SchoolCycle.school_id == SchoolReview.school_id)
            & (SchoolCycle.id == SchoolReview.cycle_id),
        )
        .where(SchoolReview.done_on.is_(None), SchoolReview.remind_on <= today)
        .order_by(SchoolReview.due_on, SchoolReview.subject)
        .with_for_update(of=SchoolReview)
        .execution_options(populate_existing=True)
    ).all()
    sent = _sent(session, [review.id for review, _ in rows])
    items = []
    for review, cycle in rows:
        if cycle.rests(today):
            continue
        reminder = due(dates.calendar, term_in(review), today, papers=False)
        if reminder and not _is_news(review, reminder):
            reminder = None
        if reminder and goes_out(reminder, sent.get(review.id, ()), today):
            items.append(Item(review, cycle, reminder))
        elif any(each.sent_on == today for each in sent.get(review.id, ())):
            review.remind_on = today + DAY  # never two on one day
        else:
            _look_again(review, dates.calendar, today)
    told = _told(items, staff)
    kept = [item for item in items if any(item in each for each in told.values())]
    for item in kept:
        _look_again(item.review, dates.calendar, today)
    session.flush()
    if not kept:
        return False
    _note(session, kept)
    school = session.get_one(School, session.school_id)
    address = f"{base_url.rstrip('/')}/{school.slug}/staff/reviews/"
    write(session, [_mail(who, each, school, trust, address) for who, each in told.items()])
    events = [
        event_rows(
            session,
            Event.REVIEW_REMINDED,
            CLOCK,
            about_kind=SchoolReview.__tablename__,
            about_id=item.review.id,
            what=words_of(item.review.subject),
            reminder=item.reminder.kind,
            due_on=item.reminder.on.isoformat(),
        )
        for item in kept
    ]
    insert_rows(session, [row for rows in events for row in rows])
    return True


def _is_news(review: SchoolReview, reminder: Due) -> bool:
    """Whether a reminder is of a day that came after the review began.

    Who has looked this term and looks again next term needs no mail on the same day
    that the next review is one term ahead.
    """
    ahead = reminder.kind in (Reminder.TWO_TERMS_AHEAD, Reminder.ONE_TERM_AHEAD)
    return not ahead or reminder.on > clock.local(review.made_at).date()


def _look_again(review: SchoolReview, calendar: Calendar, today: date) -> None:
    review.remind_on = next_day(calendar, term_in(review), today, papers=False)


def _sent(session: ScopedSession, ids: Sequence[UUID]) -> dict[UUID, list[Sent]]:
    found: dict[UUID, list[Sent]] = {}
    for row in session.scalars(select(SchoolReminder).where(SchoolReminder.subject_id.in_(ids))):
        on = clock.local(row.reminded_at).date()
        found.setdefault(row.subject_id, []).append(Sent(row.kind, row.local_day, on))
    return found


def _note(session: ScopedSession, items: Sequence[Item]) -> None:
    """Keep the row of each reminder: its key refuses a second one, and all that comes with it."""
    session.execute(
        insert(SchoolReminder),
        [
            {
                "school_id": session.school_id,
                "id": new_id(),
                "kind": item.reminder.kind.value,
                "subject_id": item.review.id,
                "local_day": item.reminder.on,
                "reminded_at": clock.now(),
            }
            for item in items
        ],
    )


def _told(items: Sequence[Item], staff: Sequence[Colleague]) -> Mapping[Colleague, list[Item]]:
    """Who is told of what: a part's owner, or the office, or the head where there is no office.

    The next person up is the head, unless the school has chosen another.
    """
    known: dict[UUID, Colleague] = {}
    for each in staff:  # who has two roles is one person, and gets one mail
        known.setdefault(each.id, each)
    heads = [each for each in staff if each.role is Role.HEADTEACHER]
    office = [each for each in staff if each.role is Role.OFFICE]
    told: dict[Colleague, list[Item]] = {}
    for item in items:
        owner = [each for each in staff if each.id == item.cycle.owner_id]
        owners = owner or office or heads
        chosen = [each for each in staff if each.id == item.cycle.upward_id]
        upward = (chosen or heads) if owners and item.reminder.goes_up else []
        for person in {each.id for each in (*owners, *upward)}:
            told.setdefault(known[person], []).append(item)
    return dict(sorted(told.items(), key=lambda one: (one[0].name, one[0].id)))


_KINDS = {
    Reminder.TWO_TERMS_AHEAD: "due in two terms",
    Reminder.ONE_TERM_AHEAD: "due in one term",
    Reminder.TERM_BEGINS: "due this term",
    Reminder.OVERDUE: "overdue",
}


def _mail(to: Colleague, items: Sequence[Item], school: School, trust: str, address: str) -> Mail:
    lines = []
    for item in items:
        guess = " (provisionally: the term dates are not all known)"
        lines.append(
            f"- {Part(item.review.subject).word}: {_KINDS[item.reminder.kind]}."
            f" {term_in(item.review).text}, by {clock.day(item.review.due_on)}"
            f"{guess if item.review.provisional else ''}."
        )
    first = items[0]
    subject = (
        f"{Part(first.review.subject).word}: {_KINDS[first.reminder.kind]}"
        if len(items) == 1
        else f"{len(items)} things to look at for {school.name}"
    )
    up = any(item.reminder.goes_up for item in items)
    listed = "\n".join(lines)
    return Mail(
        kind="school_review",
        to_name=to.name,
        to_address=to.email,
        from_name=school.name,
        subject=subject,
        body=f"""Dear {to.name},

At {school.name} it is time for this:

{listed}
{_UP if up else ""}
Open this page, look at each, and note there that you have. It takes a minute where nothing
has changed.

{address}

trustconduct, for {trust}
""",
    )


_UP = """
What has been overdue for more than a week goes to the head, or to whoever the school has
chosen, as well.
"""
