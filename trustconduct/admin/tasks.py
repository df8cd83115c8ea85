"""What waits at the Trust: the sources of the console's first page, in the page's order.

The registry is that of the schools' homes (web/tasks.py). Most sources ask nothing:
they look at what the overview has read already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import trust_calendar
from trustconduct.jobs.runs import last_rung_at, newest
from trustconduct.jobs.timetable import ENTRIES
from trustconduct.oversight.drift import LATE
from trustconduct.oversight.heads import SchoolHead
from trustconduct.oversight.overview import Overview, SchoolStanding
from trustconduct.oversight.review_board import overdue_reviews
from trustconduct.policies.approvers import Standing, asked_of
from trustconduct.policies.heard import unanswered
from trustconduct.policies.models import Edition, State
from trustconduct.policies.rollouts import waiting_schools
from trustconduct.reviews.cycles import cycle_of, review_of
from trustconduct.reviews.due_days import Reminder, due
from trustconduct.reviews.models import TrustCycle
from trustconduct.reviews.reminders import when
from trustconduct.reviews.review_steps import review_steps
from trustconduct.schools.undelivered import how_many
from trustconduct.tenants.models import SchoolStart, Trust
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import actor, mine
from trustconduct.web.mail import moment
from trustconduct.web.navigation import count
from trustconduct.web.tasks import Sources, Task

# A head has other things to do as well; after this long the officer may ask how it goes.
WITHOUT_A_VERSION = timedelta(days=28)
# A step of a review is a task from so long before its day.
STEP_IS_NEAR = timedelta(days=28)

# The timetable looks each minute; after this long without a look nobody is looking.
STANDS_STILL = timedelta(minutes=15)

# One word for each state, in the list, on the page and here.
WORDS = {state: state.value.capitalize() for state in State}
TONES = {
    State.DRAFT: "waiting",
    State.CONSULTED: "calm",
    State.APPROVED: "calm",
    State.PUBLISHED: "good",
    State.SUPERSEDED: "quiet",
    State.WITHDRAWN: "attention",
}


@dataclass
class AtTrust:
    """What the sources look at: read once, before any of them."""

    overview: Overview
    editions: Sequence[Edition]  # the newest first
    heads: Sequence[SchoolHead]
    _cycle: TrustCycle | None = None

    def cycle(self, session: ScopedSession) -> TrustCycle:
        """The cycle of the policy's review: asked for by the first source that needs it."""
        if self._cycle is None:
            self._cycle = cycle_of(session)
        return self._cycle

    @property
    def open_schools(self) -> list[SchoolStanding]:
        """The schools that are not suspended: nothing waits at the others."""
        return [one for one in self.overview.schools if one.suspended_at is None]

    @property
    def published(self) -> Edition | None:
        return next((one for one in self.editions if one.state is State.PUBLISHED), None)

    @property
    def before(self) -> Edition | None:
        """The edition in force before the published one."""
        return next((one for one in self.editions if one.state is State.SUPERSEDED), None)


trust_tasks: Sources[AtTrust] = Sources()


@trust_tasks(Can.SEE_MAIL, order=5)
def undelivered(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """The Trust's own messages that could not be sent, as one task. One query."""
    if number := how_many(session, by=actor()).parked:
        yield Task(
            f"{count(number, 'message', 'messages')} of the Trust could not be sent",
            url_for("trust_mail.index"),
            "Tell the person another way, or try again.",
        )


@trust_tasks(Can.SEE_CONSOLE, order=7, more=lambda: url_for("timetable.show"))
def work_failed(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Scheduled work that failed the last time, and a timetable that stands still. Two queries."""
    for task, run in newest(session, ENTRIES, ended=True).items():
        if run.error:
            yield Task(
                f"Scheduled work failed: {ENTRIES[task].what.lower()}",
                url_for("timetable.show"),
                "It is tried again by itself. If it goes on, tell whoever runs the service.",
                "Failed",
                "attention",
            )
    rung_at = last_rung_at(session)
    if rung_at is not None and clock.now() - rung_at > STANDS_STILL:
        yield Task(
            f"Nothing has run by itself since {moment(rung_at)}",
            url_for("timetable.show"),
            "No emails go out meanwhile. Tell whoever runs the service.",
            "Stands still",
            "attention",
        )


@trust_tasks(Can.SEE_CONSOLE, order=10)
def to_bring_in(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """The very first edition."""
    if not at.editions:
        yield Task(
            "Bring in your code of conduct",
            url_for("editions.bring_in") if Can.IMPORT_EDITION in mine() else "",
            "Upload it as text, or start from the one that ships with this service."
            " You see what we read before anything is saved.",
        )


@trust_tasks(Can.SIGN_OFF_EDITION, order=15)
def to_sign_off(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Drafts whose text this person must approve. One query."""
    for edition, approval in asked_of(session, actor().id):
        answered = approval.standing in (Standing.APPROVES, Standing.ASKS_FOR_CHANGES)
        if edition.state is State.DRAFT and not answered:
            yield Task(
                f"Your approval of edition {edition.number} is asked for",
                url_for("editions.signing_off", number=edition.number),
                "Read the text, and say that you approve it or what should change first.",
            )


@trust_tasks(Can.EDIT_EDITION, order=16)
def to_answer(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Comments on a draft that are not answered, once nobody is asked any more. One query."""
    for number, comments in unanswered(session):
        yield Task(
            f"{count(comments, 'comment', 'comments')} on edition {number} wait for an answer",
            url_for("editions.consultation", number=number),
            "The consultation is over. Say what became of each: its author reads it.",
        )


@trust_tasks(Can.SEE_CONSOLE, order=20, more=lambda: url_for("editions.index"))
def to_publish(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Editions newer than the published one."""
    hints = {
        State.CONSULTED: "Heads, governors and unions are asked about it.",
        State.DRAFT: "Read it through, then note the day on which the Board approved it.",
        State.APPROVED: "The Board approved it. Publish it, for all schools or some, with a day.",
    }
    for edition in at.editions:
        if edition is at.published:
            break
        if edition.state not in hints:  # withdrawn: nothing waits
            continue
        yield Task(
            f"Edition {edition.number} is waiting",
            url_for("editions.show", number=edition.number),
            hints[edition.state],
            WORDS[edition.state],
            TONES[edition.state],
        )


@trust_tasks(Can.SEE_CONSOLE, order=25)
def late_schools(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Schools that have not adopted by their day, as one task. One query."""
    today = clock.today()
    if late := [days for one in waiting_schools(session) if (days := one.days_late(today))]:
        yield Task(
            f"{count(len(late), 'school is', 'schools are')} late with the Trust’s edition",
            url_for("drift.show", only=LATE),
            f"The longest for {count(max(late), 'day', 'days')}. Each is reminded every week.",
            "Late",
            "attention",
        )


@trust_tasks(Can.SEE_CONSOLE, order=30)
def to_review(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """The review of the published edition, once a reminder of it is due. Two queries at most."""
    edition = at.published
    if edition is None:
        return
    calendar, cycle, today = trust_calendar(), at.cycle(session), clock.today()
    review = review_of(edition, cycle, calendar)
    reminder = due(calendar, review, today) if review else None
    if review is None or reminder is None:
        return
    overdue = reminder.kind is Reminder.OVERDUE
    hint = f"Review date: {when(review, calendar)}"
    if cycle.rests(today):
        hint += f". The reminders are paused: {cycle.paused_because}"
    yield Task(
        f"The review of edition {edition.number} {'is overdue' if overdue else 'is near'}",
        url_for("reviews.policy"),
        hint,
        "Overdue" if overdue else "Coming up",
        "attention" if overdue else "waiting",
    )


@trust_tasks(Can.SEE_CONSOLE, order=31, more=lambda: url_for("reviews.policy"))
def review_steps_due(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """The steps of a review whose day is near or over, as dated tasks. One query."""
    edition = at.published
    if edition is None:
        return
    calendar, today = trust_calendar(), clock.today()
    review = review_of(edition, at.cycle(session), calendar)
    for one in review_steps(session, edition, review, calendar, before=at.before).open:
        if one.on <= today + STEP_IS_NEAR:
            yield Task(
                f"{one.step.value}: edition {one.edition.number}",
                url_for("reviews.policy"),
                f"By {clock.day(one.on)}{', provisionally' if one.provisional else ''}",
                "Overdue" if one.is_late(today) else "Coming up",
                "attention" if one.is_late(today) else "waiting",
            )


@trust_tasks(Can.SEE_CONSOLE, order=40)
def first_school(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    if not at.overview.schools:
        yield Task(
            "Add your first school",
            url_for("schools.add") if Can.ADD_SCHOOL in mine() else "",
            "Each school then fills in its own facts and publishes its own version.",
        )


def _all_schools() -> str:
    return url_for("schools.index_view")


def _details(school: SchoolStanding) -> str:
    return url_for("schools.details_view", id=school.school_id)


@trust_tasks(Can.ADD_USER, order=50, more=_all_schools)
def without_head(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Schools that nobody leads, and heads who could not be invited. One query."""
    led = {one.school_id for one in at.heads}
    asked = {
        row.id: row
        for row in session.execute(
            select(SchoolStart.id, SchoolStart.refused, SchoolStart.head_name).where(
                SchoolStart.head_email != "", SchoolStart.invited_at.is_(None)
            )
        )
    }
    for school in at.open_schools:
        start = asked.get(school.school_id)
        if start is not None and start.refused:
            yield Task(
                f"{start.head_name} could not be invited as head of {school.name}",
                _details(school), start.refused, "Put right", "attention",
            )  # fmt: skip
        elif start is None and school.school_id not in led:
            yield Task(
                f"{school.name} has no head here",
                url_for("schools.head", school_id=school.school_id),
                "Nobody can publish its code. Invite its head.",
            )


@trust_tasks(Can.ADD_USER, order=60, more=lambda: url_for("users.index_view"))
def not_taken_up(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Invitations of heads that ran out before anybody came in."""
    names = {one.school_id: one.name for one in at.open_schools}
    for head in at.heads:
        if head.ran_out_at and head.school_id in names:
            yield Task(
                f"{head.name} has not taken up the invitation to {names[head.school_id]}",
                url_for("users.details_view", id=head.user_id),
                f"It ran out on {clock.day(clock.local(head.ran_out_at).date())}. Send it again.",
                "Send again",
            )


@trust_tasks(Can.CHANGE_TRUST, order=62)
def without_address(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """The Trust has no email address, so no mail of seals leaves. One query.

    Without that anchor outside, whoever changed every record here could seal all anew.
    """
    if session.scalar(select(Trust.id).where(Trust.email == "")):
        yield Task(
            "Give the Trust’s email address",
            url_for("trust.show"),
            "Each day’s seals go there. They show that no record was changed later.",
            "Add it",
            "attention",
        )


@trust_tasks(Can.SEE_CONSOLE, order=65)
def overdue_in_schools(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Reviews that schools have not held in time, as one task. One query."""
    if at.open_schools and (number := overdue_reviews(session, by=actor())):
        yield Task(
            f"{count(number, 'review is', 'reviews are')} overdue in the schools",
            url_for("reviews.index", when="overdue"),
            "The office there is reminded every week, and the head as well.",
            "Waits for the school",
            "quiet",
        )


@trust_tasks(Can.SEE_CONSOLE, order=70, more=_all_schools)
def without_version(session: ScopedSession, at: AtTrust) -> Iterator[Task]:
    """Schools that have been here a while and have not published. They are the head's to do."""
    if at.published is None:
        return
    for school in at.open_schools:
        here = clock.now() - school.joined_at
        if school.version is None and here > WITHOUT_A_VERSION:
            yield Task(
                f"{school.name} has no version yet",
                _details(school),
                f"Added {count(here.days // 7, 'week', 'weeks')} ago. Ask its head how it goes.",
                "Waits for the school",
                "quiet",
            )
