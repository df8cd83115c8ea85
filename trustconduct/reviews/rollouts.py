"""Reminding schools to adopt an edition by its day, and the Trust of those that are late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.outbox.write import Mail, write
from trustconduct.policies.rollouts import Waiting, waiting_schools
from trustconduct.reviews.due_days import DAY, WEEK, Sent
from trustconduct.reviews.models import RollOutReminder, TrustReminder
from trustconduct.reviews.reminders import Recipient
from trustconduct.tenants.models import Trust
from trustconduct.tenants.sessions import ScopedSession

NOTICE = 2 * WEEK
# So long after its day a school is named to the Trust's officers.
RAISED_AFTER = 2 * WEEK
MOST_NAMED = 50
LATE = "rollout_late"


class Reminder(StrEnum):
    """Kinds of reminder to a school, in the order in which they fall due."""

    ASKED = "asked"
    MOVED = "moved"
    TWO_WEEKS = "two_weeks"
    DAY_AFTER = "day_after"
    LATE = "late"


@dataclass(frozen=True)
class Due:
    """A reminder to a school that fell due on `on`."""

    kind: Reminder
    on: date


def due(one: Waiting, today: date) -> Due | None:
    """The newest reminder that is due: when asked, two weeks before the day, on the day
    after it, and each week from then on.

    Days on which nothing ran collapse into the newest. Who has less than two weeks from
    the start hears of the day once.
    """
    told = one.moved_on or one.asked_on
    days = [Due(Reminder.ASKED, one.asked_on)]
    if one.moved_on:
        days.append(Due(Reminder.MOVED, one.moved_on))
    if one.adopt_by_on - NOTICE > told:
        days.append(Due(Reminder.TWO_WEEKS, one.adopt_by_on - NOTICE))
    if (late := one.days_late(today)) > 0:
        weeks = (late - 1) // 7
        kind = Reminder.LATE if weeks else Reminder.DAY_AFTER
        days.append(Due(kind, one.adopt_by_on + DAY + weeks * WEEK))
    order = list(Reminder)
    return max(
        (each for each in days if each.on <= today),
        key=lambda each: (each.on, order.index(each.kind)),
        default=None,
    )


def goes_out(reminder: Due, sent: Iterable[Sent], today: date) -> bool:
    """Whether a reminder that is due is still to go, after those about the same roll-out.

    Never two on one local day, none twice, and none that is older than one that went.
    """
    return not any(
        each.sent_on == today
        or each.due_on > reminder.on
        or (each.kind, each.due_on) == (reminder.kind, reminder.on)
        for each in sent
    )


def to_remind(session: ScopedSession) -> list[tuple[Waiting, Due]]:
    """The schools to write to today: two queries of the Trust, however many there are."""
    today = clock.today()
    waiting = waiting_schools(session)
    sent: dict[UUID, list[Sent]] = {one.rollout_id: [] for one in waiting}
    for row in session.execute(
        select(
            RollOutReminder.subject_id,
            RollOutReminder.kind,
            RollOutReminder.local_day,
            RollOutReminder.reminded_at,
        ).where(RollOutReminder.subject_id.in_(sent))
    ):
        day = clock.local(row.reminded_at).date()
        sent[row.subject_id].append(Sent(row.kind, row.local_day, day))
    return [
        (one, reminder)
        for one in waiting
        if (reminder := due(one, today)) and goes_out(reminder, sent[one.rollout_id], today)
    ]


def remind_school(
    session: ScopedSession,
    one: Waiting,
    reminder: Due,
    recipients: Sequence[Recipient],
    *,
    trust: str,
    address: str,
) -> bool:
    """Write a school's reminder into its own outbox, in its session. True where one was written.

    However often and in however many processes this runs, the unique row lets one
    through. `address` is the page where the school adopts.
    """
    if not recipients:
        return False
    added = session.scalar(
        insert(RollOutReminder)
        .values(
            school_id=session.school_id,
            id=new_id(),
            kind=reminder.kind,
            subject_id=one.rollout_id,
            local_day=reminder.on,
            reminded_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(RollOutReminder.id)
    )
    if added is None:
        return False
    write(session, [_mail(one, reminder, to, trust, address) for to in recipients])
    record(
        session,
        Event.ROLLOUT_REMINDED,
        by=CLOCK,
        about_kind="policy_edition",
        about_id=one.edition_id,
        reminder=reminder.kind,
        adopt_by_on=one.adopt_by_on.isoformat(),
    )
    return True


def _subject(one: Waiting, reminder: Due, day: str) -> str:
    if reminder.kind is Reminder.MOVED:
        return f"The day has moved: adopt edition {one.edition} by {day}"
    if reminder.kind in (Reminder.DAY_AFTER, Reminder.LATE):
        return f"Edition {one.edition} was to be adopted by {day}"
    return f"Please adopt edition {one.edition} by {day}"


def _mail(one: Waiting, reminder: Due, to: Recipient, trust: str, address: str) -> Mail:
    day = clock.day(one.adopt_by_on)
    code = "the Communication Policy and Code of Conduct for Parents and Carers"
    late = one.days_late(clock.today())
    opening = {
        Reminder.ASKED: f"{trust} has published edition {one.edition} of\n{code}.\n"
        f"Please adopt it for {one.name} by {day}.",
        Reminder.MOVED: f"{trust} has moved the day by which {one.name} is to adopt\n"
        f"edition {one.edition} of {code}.\nIt is now {day}.\n\nWhy: {one.moved_because}",
        Reminder.TWO_WEEKS: f"{one.name} has not adopted edition {one.edition} of\n{code} yet.\n"
        f"Please adopt it by {day}.",
    }
    late_words = (
        f"{one.name} has not adopted edition {one.edition} of\n{code} yet.\n"
        f"It was to be adopted by {day}, {late} {'day' if late == 1 else 'days'} ago."
    )
    changed = one.change_because or "Open the page below: it shows what is new."
    return Mail(
        kind=f"rollout_{reminder.kind}",
        to_name=to.name,
        to_address=to.email,
        from_name=one.name,
        subject=_subject(one, reminder, day),
        body=f"""Dear {to.name},

{opening.get(reminder.kind, late_words)}

What has changed: {changed}

Until you publish it, your present version stays in force. What is special to your school
stays filled in: read the new edition through, then publish it.

{address}

trustconduct, for {trust}
""",
    )


def raise_late(session: ScopedSession, recipients: Sequence[Recipient], *, console: str) -> bool:
    """Tell the Trust's officers which schools are two weeks late or more: one mail a week for all.

    True where it was written. A week begins on Monday; missed days collapse into the
    first that runs. `console` is the address of the list of late schools.
    """
    today = clock.today()
    late = [one for one in waiting_schools(session) if one.days_late(today) >= RAISED_AFTER.days]
    trust = session.execute(select(Trust.id, Trust.name)).one_or_none()
    if not late or not recipients or trust is None:
        return False
    added = session.scalar(
        insert(TrustReminder)
        .values(
            id=new_id(),
            kind=LATE,
            subject_id=trust.id,
            local_day=today - today.weekday() * DAY,
            reminded_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject_id", "local_day"])
        .returning(TrustReminder.id)
    )
    if added is None:
        return False
    late.sort(key=lambda one: (one.adopt_by_on, one.name))
    write(session, [_late_mail(late, to, trust.name, console, today) for to in recipients])
    record(
        session,
        Event.ROLLOUT_RAISED,
        by=CLOCK,
        about_kind=Trust.__tablename__,
        about_id=trust.id,
        schools=len(late),
    )
    return True


def _late_mail(
    late: Sequence[Waiting], to: Recipient, trust: str, console: str, today: date
) -> Mail:
    lines = [
        f"- {one.name}: edition {one.edition}, by {clock.day(one.adopt_by_on)},"
        f" {one.days_late(today)} days late"
        for one in late[:MOST_NAMED]
    ]
    if len(late) > MOST_NAMED:
        lines.append(f"- and {len(late) - MOST_NAMED} more")
    schools = "1 school is" if len(late) == 1 else f"{len(late)} schools are"
    return Mail(
        kind=LATE,
        to_name=to.name,
        to_address=to.email,
        from_name=trust,
        subject=f"{schools} two weeks late or more with the parents' code of conduct",
        body=f"""Dear {to.name},

{schools} two weeks late or more with the edition they were asked to adopt:

{chr(10).join(lines)}

Each was reminded, and is each week. Speak to its head, or move its day in the console.
You get this email once a week at most.

{console}

trustconduct, for {trust}
""",
    )
