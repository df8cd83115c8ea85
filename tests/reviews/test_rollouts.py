"""Schools are reminded of the day by which they adopt, and the Trust of those that are late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from tests import build
from tests.at_once import at_once
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import new_id, transaction
from trustconduct.jobs import rollouts, tasks
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent, TrustMessageContent
from trustconduct.policies.models import Edition
from trustconduct.policies.rollouts import Waiting, changes_of, move_day
from trustconduct.reviews.due_days import Sent
from trustconduct.reviews.models import RollOutReminder, TrustReminder
from trustconduct.reviews.rollouts import Due, Reminder, due, goes_out, to_remind
from trustconduct.schools.change import resume, suspend
from trustconduct.tenants.models import School

ASKED, BY = date(2026, 9, 7), date(2026, 10, 19)


def a_school(**changed) -> Waiting:
    one = Waiting(
        new_id(), new_id(), "oak", "Oak", new_id(), 2, "Clearer words", BY, "", ASKED, None
    )
    return replace(one, **changed)


@pytest.mark.parametrize(
    ("today", "kind", "on"),
    [
        ("2026-09-07", "asked", "2026-09-07"),
        ("2026-10-04", "asked", "2026-09-07"),
        ("2026-10-05", "two_weeks", "2026-10-05"),
        ("2026-10-19", "two_weeks", "2026-10-05"),
        ("2026-10-20", "day_after", "2026-10-20"),
        ("2026-10-26", "day_after", "2026-10-20"),
        ("2026-10-27", "late", "2026-10-27"),
        ("2026-11-12", "late", "2026-11-10"),
    ],
)
def test_the_newest_reminder_that_is_due(today, kind, on):
    found = due(a_school(), date.fromisoformat(today))
    assert found == Due(Reminder(kind), date.fromisoformat(on))


def test_who_has_less_than_two_weeks_hears_of_the_day_once():
    one = a_school(adopt_by_on=date(2026, 9, 18))
    assert due(one, date(2026, 9, 12)) == Due(Reminder.ASKED, ASKED)


def test_a_day_that_is_moved_is_told_and_reminded_of_anew():
    one = a_school(moved_on=date(2026, 10, 12), adopt_by_on=date(2026, 11, 30))
    assert due(one, date(2026, 10, 12)) == Due(Reminder.MOVED, date(2026, 10, 12))
    assert due(one, date(2026, 11, 16)) == Due(Reminder.TWO_WEEKS, date(2026, 11, 16))
    # The same day, asked and moved: told of the last of it, on the next day.
    one = a_school(moved_on=ASKED)
    moved = due(one, ASKED)
    assert moved.kind is Reminder.MOVED
    sent = [Sent("asked", ASKED, ASKED)]
    assert not goes_out(moved, sent, ASKED)
    assert goes_out(moved, sent, ASKED + timedelta(days=1))


def test_none_goes_twice_and_none_that_is_older():
    two_weeks = Due(Reminder.TWO_WEEKS, date(2026, 10, 5))
    assert goes_out(two_weeks, [Sent("asked", ASKED, ASKED)], date(2026, 10, 6))
    went = Sent("two_weeks", date(2026, 10, 5), date(2026, 10, 6))
    assert not goes_out(two_weeks, [went], date(2026, 10, 7))
    newer = Sent("day_after", date(2026, 10, 20), date(2026, 10, 20))
    assert not goes_out(two_weeks, [newer], date(2026, 10, 21))


# -- in the database


@pytest.fixture
def works(world, settings, valkey, monkeypatch):
    made = tasks.Works(settings, world.sessions.engine, world.sessions, valkey)
    monkeypatch.setattr(tasks, "works", lambda: made)
    return made


@pytest.fixture
def start():
    """A Monday at noon; everything of a test happens after it."""
    now = clock.now()
    monday = now + timedelta(days=7 - now.weekday())
    return monday.replace(hour=12, minute=0)


def rolled_out(world, weeks: int = 6, **more) -> Edition:
    with world.sessions.trust() as session, transaction(session):
        by_day = clock.today() + timedelta(weeks=weeks)
        return build.an_edition(session, "Autumn Term 2029", adopt_by_on=by_day, **more)


def mails(world, school) -> list[SchoolMessageContent]:
    with world.sessions.school(school.id) as session:
        return list(
            session.scalars(
                select(SchoolMessageContent)
                .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
                .where(SchoolMessage.kind.like("rollout_%"))
                .order_by(SchoolMessage.id)
            )
        )


def to_officers(world) -> list[TrustMessageContent]:
    with world.sessions.trust() as session:
        return build.mailed(session, "trust_officer@trust.example")


def kinds(world, school) -> list[str]:
    with world.sessions.school(school.id) as session:
        rows = session.scalars(
            select(RollOutReminder.kind)
            .where(RollOutReminder.subject_id.in_(text("(select id from policy_rollout)")))
            .order_by(RollOutReminder.reminded_at)
        )
        return list(rows)


def test_each_head_is_written_to_once_however_often_the_timetable_looks(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        edition = rolled_out(world)
        assert tasks.remind_of_rollouts() == 3
        for _ in range(10):
            machine.shift(timedelta(hours=1))
            assert tasks.remind_of_rollouts() == 0
        [mail] = mails(world, world.oak)
    day = clock.day(clock.local(start).date() + timedelta(weeks=6))
    assert mail.to_address == "headteacher@oak-lane.example"
    assert mail.subject == f"Please adopt edition {edition.number} by {day}"
    assert "What has changed:" in mail.body
    assert "/oak-lane/staff/policy/" in mail.body
    assert day in mail.body
    assert world.elm.canary not in mail.body


def test_a_whole_roll_out_day_by_day(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        rolled_out(world, weeks=4)
        for _ in range(60):
            tasks.remind_of_rollouts()
            machine.shift(timedelta(days=1))
    assert kinds(world, world.oak) == [
        "asked",
        "two_weeks",
        "day_after",
        "late",
        "late",
        "late",
        "late",
    ]
    # Two weeks late on a Monday, and each Monday after it.
    assert len(to_officers(world)) == 3
    [first, *_] = to_officers(world)
    assert first.subject.startswith("3 schools are two weeks late")
    for school in world.schools.values():
        assert school.name in first.body
    assert "14 days late" in first.body
    assert "?only=late" in first.body


def test_days_on_which_nothing_ran_are_one_reminder(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        rolled_out(world, weeks=4)
        machine.shift(timedelta(days=50))
        tasks.remind_of_rollouts()
        tasks.remind_of_rollouts()
    assert kinds(world, world.oak) == ["late"]
    assert len(mails(world, world.oak)) == 1
    assert len(to_officers(world)) == 1


def test_who_has_adopted_hears_no_more(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        rolled_out(world, weeks=4)
        tasks.remind_of_rollouts()
        with world.sessions.school(world.oak.id) as session, transaction(session):
            session.execute(text("delete from policy_local_change"))
            build.a_version(session)
        machine.shift(timedelta(days=50))
        assert tasks.remind_of_rollouts() == 3
    assert kinds(world, world.oak) == ["asked"]
    [mail] = to_officers(world)
    assert "Oak Lane" not in mail.body
    assert "2 schools are" in mail.subject


def test_a_suspended_school_hears_nothing_until_it_is_resumed(world, works, start):
    by = build.an_officer()
    with time_machine.travel(start, tick=False) as machine:
        with world.sessions.trust() as session, transaction(session):
            school = session.get(School, world.oak.id)
            suspend(session, school, by=by, reason="Moved", heads=[])
        rolled_out(world, weeks=4)
        machine.shift(timedelta(days=50))
        tasks.remind_of_rollouts()
        assert mails(world, world.oak) == []
        assert "Oak Lane" not in to_officers(world)[0].body
        with world.sessions.trust() as session, transaction(session):
            resume(session, session.get(School, world.oak.id), by=by, heads=[])
        tasks.remind_of_rollouts()
    assert kinds(world, world.oak) == ["late"]


def test_who_was_left_out_hears_nothing(world, works, start):
    with time_machine.travel(start, tick=False):
        rolled_out(world, to=[world.elm.id])
        assert tasks.remind_of_rollouts() == 1
    assert mails(world, world.oak) == []
    assert len(mails(world, world.elm)) == 1


def test_what_was_published_without_a_day_is_never_reminded_of(world, works):
    with world.sessions.trust() as session, transaction(session):
        build.an_edition(session, "Autumn Term 2029")
    assert tasks.remind_of_rollouts() == 0


def test_a_later_edition_ends_the_reminders_of_the_one_before(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        rolled_out(world, weeks=4)
        machine.shift(timedelta(weeks=3))
        with world.sessions.trust() as session, transaction(session):
            by_day = clock.today() + timedelta(weeks=9)
            build.an_edition(session, "Autumn Term 2030", adopt_by_on=by_day)
        machine.shift(timedelta(weeks=4))
        tasks.remind_of_rollouts()
    [mail] = mails(world, world.oak)
    assert "edition 3" in mail.subject


def test_a_school_without_a_head_is_written_to_at_its_office_and_without_either_waits(
    world, works, start
):
    def leave(role: Role, place: str) -> None:
        with world.sessions.accounts() as session, transaction(session):
            session.execute(
                text("update account_user set disabled_at = now() where email = :email"),
                {"email": f"{role.value}@{place}.example"},
            )

    leave(Role.HEADTEACHER, "oak-lane")
    leave(Role.HEADTEACHER, "elm-park")
    leave(Role.OFFICE, "elm-park")
    with time_machine.travel(start, tick=False):
        rolled_out(world)
        assert tasks.remind_of_rollouts() == 2
    assert [mail.to_address for mail in mails(world, world.oak)] == ["office@oak-lane.example"]
    assert mails(world, world.elm) == []


def test_a_moved_day_is_told_with_its_reason(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        edition = rolled_out(world)
        tasks.remind_of_rollouts()
        machine.shift(timedelta(days=3))
        with world.sessions.trust() as session, transaction(session):
            edition = session.get(Edition, edition.id)
            move_day(
                session, edition, by=build.an_officer(), to=[world.oak.id],
                adopt_by_on=clock.today() + timedelta(weeks=9), because="Inspection week",
                seen=changes_of(session, edition),
            )  # fmt: skip
        assert tasks.remind_of_rollouts() == 1
    assert kinds(world, world.oak) == ["asked", "moved"]
    assert "Why: Inspection week" in mails(world, world.oak)[-1].body


def test_four_at_once_write_one_to_each_school_and_one_upward(world, works, start):
    with time_machine.travel(start, tick=False) as machine:
        rolled_out(world, weeks=2)
        machine.shift(timedelta(weeks=6))
        assert sum(at_once(4, tasks.remind_of_rollouts)) == 4
    for school in world.schools.values():
        assert len(mails(world, school)) == 1
    with world.sessions.trust() as session:
        assert len(session.scalars(select(TrustReminder)).all()) == 1


def test_what_breaks_at_one_school_does_not_keep_the_others_from_theirs(
    world, works, start, monkeypatch
):
    whole = rollouts.remind_school

    def breaks(session, one, *more, **words):
        if one.slug == "elm-park":
            raise KeyError
        return whole(session, one, *more, **words)

    monkeypatch.setattr(rollouts, "remind_school", breaks)
    with time_machine.travel(start, tick=False):
        rolled_out(world)
        with pytest.raises(KeyError):
            tasks.remind_of_rollouts()
    assert len(mails(world, world.oak)) == len(mails(world, world.ash)) == 1


def test_the_schools_to_write_to_are_found_by_two_queries(world, queries, start):
    with time_machine.travel(start, tick=False):
        rolled_out(world)
        with world.sessions.trust() as session, queries(world.sessions.engine) as counted:
            assert len(to_remind(session)) == 3
    assert counted.n == 2
