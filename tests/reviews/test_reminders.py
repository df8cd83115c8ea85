"""Officers are reminded of the review: once per local day, and never of days nobody knows."""

from __future__ import annotations

from datetime import date

import time_machine
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import a_draft, an_edition, an_officer
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.clock import Term
from trustconduct.db import transaction
from trustconduct.outbox.models import TrustMessage, TrustMessageContent
from trustconduct.policies.editions import newest_published
from trustconduct.reviews.models import TrustReminder
from trustconduct.reviews.reminders import Recipient, remind, reminded, when
from trustconduct.schools.calendars import mark, save_year
from trustconduct.tenants.calendars import Calendar, Kind, Span

OFFICERS = (Recipient("Ada Officer", "ada@trust.example"), Recipient("Bo", "bo@trust.example"))


def run(session, to=OFFICERS) -> bool:
    return remind(session, to, trust="Lantern Trust", console="https://x.example/admin/")


def kinds(session) -> list[tuple[str, date]]:
    return [
        (row.kind, row.local_day)
        for row in session.scalars(select(TrustReminder).order_by(TrustReminder.local_day))
    ]


def test_a_reminder_goes_once_however_often_the_timetable_looks(trust):
    with time_machine.travel("2028-04-17T05:05:00Z", tick=False) as time:
        assert run(trust)
        for hour in range(6, 18):
            time.move_to(f"2028-04-17T{hour:02}:05:00Z")
            assert not run(trust)
    assert trust.scalar(select(func.count()).select_from(TrustMessage)) == len(OFFICERS)
    reminded_ = TrustAuditEvent.event == "review.reminded"
    assert trust.scalar(select(func.count()).where(reminded_)) == 1


def test_two_at_once_write_one_reminder(ground):
    def look():
        with (
            ground.sessions.trust() as session,
            transaction(session),
        ):
            return run(session)

    with time_machine.travel("2028-04-17T08:00:00Z"):
        assert sorted(at_once(4, look)) == [False, False, False, True]
    with ground.sessions.trust() as session:
        assert len(kinds(session)) == 1
        assert session.scalar(select(func.count()).select_from(TrustMessage)) == len(OFFICERS)


def test_the_day_is_the_day_in_london(trust):
    with time_machine.travel("2028-07-31T22:59:00Z", tick=False) as time:
        run(trust)
        assert kinds(trust)[-1][0] == "board_paper"
        time.move_to("2028-07-31T23:01:00Z")
        run(trust)
        assert kinds(trust)[-1] == ("overdue", date(2028, 8, 1))


def test_days_on_which_nothing_ran_collapse_into_one_mail(trust):
    with time_machine.travel("2028-09-03T08:00:00Z"):
        assert run(trust)
        assert not run(trust)
    assert kinds(trust) == [("overdue", date(2028, 8, 29))]


def test_an_overdue_review_is_recalled_every_week(trust):
    for day in range(1, 29):
        with time_machine.travel(f"2028-08-{day:02}T08:00:00Z"):
            run(trust)
    assert kinds(trust) == [("overdue", date(2028, 8, day)) for day in (1, 8, 15, 22)]


def test_a_new_edition_ends_the_reminders_of_the_old(trust):
    with time_machine.travel("2028-08-01T08:00:00Z"):
        assert run(trust)
        new = an_edition(trust, "Summer Term 2031")
        assert not run(trust)
    with time_machine.travel("2028-08-08T08:00:00Z"):
        assert not run(trust)
    assert newest_published(trust).id == new.id


def test_a_draft_reminds_nobody(trust):
    with time_machine.travel("2028-04-17T08:00:00Z"):
        a_draft(trust, "Summer Term 2031")
        assert run(trust)
        assert [row.kind for row in reminded(trust, newest_published(trust))] == ["term_begins"]


def test_without_anyone_to_remind_the_reminder_waits(trust):
    with time_machine.travel("2028-04-17T08:00:00Z"):
        assert not run(trust, ())
        assert kinds(trust) == []
        assert run(trust)


def test_a_term_without_a_calendar_is_called_provisional(trust):
    with time_machine.travel("2028-04-17T08:00:00Z"):
        run(trust)
    mail = trust.scalars(select(TrustMessageContent).limit(1)).one()
    assert "Summer Term 2028 (provisionally 17 April 2028 to 31 July 2028" in mail.body
    assert "until the term dates are known" in mail.body
    assert "the day of this reminder is provisional" in mail.body
    assert "https://x.example/admin/" in mail.body


def test_term_dates_that_are_changed_send_no_kind_of_reminder_twice(trust):
    with time_machine.travel("2028-04-17T08:00:00Z"):
        assert run(trust)
    summer = Span(date(2028, 4, 24), date(2028, 7, 21), Kind.TERM, "summer")
    save_year(trust, 2027, [summer], by=an_officer(), seen=mark(()))
    with time_machine.travel("2028-04-24T08:00:00Z"):
        assert not run(trust)
    with time_machine.travel("2028-05-26T08:00:00Z"):
        assert run(trust)
    assert kinds(trust)[-1] == ("board_paper", date(2028, 5, 26))


def test_a_day_that_was_written_as_a_day_is_no_guess():
    assert when(Term.parse("31 July 2028"), Calendar({})) == "31 July 2028"
