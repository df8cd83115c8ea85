"""Officers are reminded of the review: once per local day, and never of days nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import a_cycle, a_draft, a_user, an_edition, an_officer
from trustconduct.audit.actor import Role
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.clock import Term
from trustconduct.db import transaction
from trustconduct.outbox.models import TrustMessage, TrustMessageContent
from trustconduct.policies.editions import approve, newest_published, publish
from trustconduct.reviews.cycles import cycle_of, pause, resume
from trustconduct.reviews.due_days import DAY, Step
from trustconduct.reviews.models import TrustReminder
from trustconduct.reviews.reminders import Recipient, remind, reminded, when
from trustconduct.reviews.review_steps import tick
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


# -- whom it reaches


def people(ground) -> dict[str, Recipient]:
    """An officer, an owner and whoever is above them."""
    with ground.sessions.accounts() as session, transaction(session):
        made = {
            name: a_user(session, role, email=f"{name}@trust.example", name=name.capitalize())
            for name, role in (
                ("officer", Role.TRUST_OFFICER),
                ("owner", Role.TRUST_READER),
                ("upward", Role.TRUST_READER),
            )
        }
    return {
        name: Recipient(user.name, user.email, user.id, officer=name == "officer")
        for name, user in made.items()
    }


def mailed(session) -> list[str]:
    return list(
        session.scalars(select(TrustMessageContent.to_name).order_by(TrustMessageContent.id))
    )


@pytest.fixture
def looked_after(ground):
    """A review with an owner and somebody above them."""
    found = people(ground)
    with ground.sessions.trust() as session, transaction(session):
        a_cycle(session, owner_id=found["owner"].id, upward_id=found["upward"].id)
    with ground.sessions.trust() as session:
        yield session, found


def test_the_owner_is_reminded_and_not_every_officer(looked_after):
    trust, found = looked_after
    with time_machine.travel("2028-04-17T08:00:00Z"):
        assert run(trust, [*found.values()])
    assert mailed(trust) == ["Owner"]


def test_from_the_second_overdue_week_the_next_person_up_is_told_as_well(looked_after):
    trust, found = looked_after
    for day in ("2028-08-01", "2028-08-08", "2028-08-15"):
        with time_machine.travel(f"{day}T08:00:00Z"):
            assert run(trust, [*found.values()])
            assert not run(trust, [*found.values()])
    assert mailed(trust) == ["Owner", "Owner", "Upward", "Owner", "Upward"]
    last = trust.scalars(
        select(TrustMessageContent).order_by(TrustMessageContent.id.desc()).limit(1)
    ).one()
    assert "overdue for 2 weeks" in last.body
    assert "Owner had this reminder as well" in " ".join(last.body.split())


def test_an_owner_who_has_left_leaves_the_review_to_the_officers(looked_after):
    trust, found = looked_after
    with time_machine.travel("2028-04-17T08:00:00Z"):
        assert run(trust, [found["officer"], found["upward"]])
    assert mailed(trust) == ["Officer"]


def test_a_paused_review_reminds_nobody_and_what_was_missed_collapses(trust):
    with time_machine.travel("2028-04-16T08:00:00Z"):
        cycle = cycle_of(trust)
        pause(trust, cycle, by=an_officer(), seen=None, because="Two Trusts merge", until=None)
    for day in ("2028-04-17", "2028-06-05", "2028-08-01", "2028-08-08"):
        with time_machine.travel(f"{day}T08:00:00Z"):
            assert not run(trust)
    with time_machine.travel("2028-08-10T08:00:00Z"):
        assert resume(trust, cycle, by=an_officer())
        assert not resume(trust, cycle, by=an_officer())
        assert run(trust)
        assert not run(trust)
    assert kinds(trust) == [("overdue", date(2028, 8, 8))]


def test_a_pause_ends_by_itself_after_its_last_day_in_london(trust):
    with time_machine.travel("2028-04-16T08:00:00Z"):
        until = date(2028, 6, 30)
        pause(trust, cycle_of(trust), by=an_officer(), seen=None, because="Merger", until=until)
    with time_machine.travel("2028-06-30T22:30:00Z", tick=False) as time:
        assert not run(trust)
        time.move_to("2028-06-30T23:30:00Z")  # the first of July in London
        assert run(trust)


def test_the_board_paper_that_is_sent_already_needs_no_reminder(trust):
    with time_machine.travel("2028-06-04T08:00:00Z"):
        assert run(trust)
        tick(trust, newest_published(trust), Step.BOARD_PAPER, by=an_officer())
    with time_machine.travel("2028-06-05T08:00:00Z"):
        assert not run(trust)
    assert kinds(trust) == [("term_begins", date(2028, 4, 17))]


def test_an_edition_without_a_review_date_is_reviewed_by_its_cycle(trust):
    with time_machine.travel("2027-03-01T08:00:00Z"):
        edition = a_draft(trust)
        edition.review_text = ""
        trust.flush()
        approve(trust, edition, by=an_officer(), board_on=date(2027, 3, 1))
        publish(trust, edition, by=an_officer())
        trust.flush()
    with time_machine.travel("2030-03-02T08:00:00Z"):
        assert not run(trust)  # nobody has chosen a cycle
        a_cycle(trust)
        assert run(trust)
    assert kinds(trust) == [("overdue", date(2030, 3, 2))]


# -- the clock, day by day, with all that people do in between


def test_day_by_day_until_september_2028_every_reminder_goes_once_to_the_right_people(ground):
    """An owner, somebody above, a pause over two terms' beginnings, and days off."""
    found = people(ground)
    everyone = [*found.values()]
    with ground.sessions.trust() as session, transaction(session):
        a_cycle(session, owner_id=found["owner"].id, upward_id=found["upward"].id)
    sent: list[tuple[date, str, tuple[str, ...]]] = []
    off = {date(2028, 8, 15) + n * DAY for n in range(10)}  # the machine is switched off
    day = date(2026, 11, 27)
    with ground.sessions.trust() as session, time_machine.travel(0, tick=False) as time:
        while day <= date(2028, 9, 1):
            time.move_to(datetime(day.year, day.month, day.day, 7, 5, tzinfo=UTC))
            with transaction(session):
                cycle = cycle_of(session)
                if day == date(2027, 8, 20):
                    pause(session, cycle, by=an_officer(), seen=cycle.version,
                          because="Merger", until=date(2028, 1, 14))  # fmt: skip
                before = len(mailed(session))
                for hour in () if day in off else (7, 12, 18):
                    time.move_to(datetime(day.year, day.month, day.day, hour, 5, tzinfo=UTC))
                    run(session, everyone)
                if names := tuple(mailed(session)[before:]):
                    last = session.scalars(
                        select(TrustReminder).order_by(TrustReminder.reminded_at.desc()).limit(1)
                    ).one()
                    sent.append((day, last.kind, names))
            session.expunge_all()
            day += DAY
    owner, both = ("Owner",), ("Owner", "Upward")
    assert sent == [
        # Two terms ahead fell into the pause; one term ahead comes the day after it.
        (date(2028, 1, 15), "one_term_ahead", owner),
        (date(2028, 4, 17), "term_begins", owner),
        (date(2028, 6, 5), "board_paper", owner),
        (date(2028, 8, 1), "overdue", owner),
        (date(2028, 8, 8), "overdue", both),
        # Of the fifteenth and the twenty-second one is left, the newer.
        (date(2028, 8, 25), "overdue", both),
        (date(2028, 8, 29), "overdue", both),
    ]
