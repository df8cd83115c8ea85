"""Rolling an edition out: to all schools or some, by a day, and to nobody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from tests import build
from tests.at_once import at_once
from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.oversight.overview import overview
from trustconduct.policies.editions import newest_published, withdraw
from trustconduct.policies.models import Edition
from trustconduct.policies.rollouts import (
    RollOut,
    RollOutChanged,
    RollOutRefused,
    asked_of,
    by_phase,
    changes_of,
    doubt_about,
    move_day,
    roll_out,
    rollout_here,
    suggested_day,
    waiting_schools,
)
from trustconduct.schools.change import suspend
from trustconduct.tenants.calendars import Calendar, Kind, Span
from trustconduct.tenants.models import School

TERM = Calendar(
    {
        2026: [
            Span(date(2026, 9, 3), date(2026, 12, 18), Kind.TERM, "autumn"),
            Span(date(2026, 10, 26), date(2026, 10, 30), Kind.HALF_TERM, "autumn"),
            Span(date(2027, 1, 4), date(2027, 3, 25), Kind.TERM, "spring"),
        ]
    }
)


def in_weeks(weeks: int) -> date:
    return clock.today() + timedelta(weeks=weeks)


def published(ground, **rolled) -> Edition:
    with ground.sessions.trust() as session, transaction(session):
        return build.an_edition(session, "Autumn Term 2029", **rolled)


def offered(ground, school) -> int | None:
    with ground.sessions.school(school.id, read_only=True) as session:
        edition = newest_published(session)
        return edition.number if edition else None


def adopted(ground, school) -> None:
    with ground.sessions.school(school.id) as session, transaction(session):
        build.a_version(session)


def waiting(ground) -> list[str]:
    with ground.sessions.trust(read_only=True) as session:
        return [one.slug for one in waiting_schools(session)]


def test_an_edition_for_all_is_offered_to_all(ground):
    published(ground, adopt_by_on=in_weeks(6))
    assert [offered(ground, one) for one in ground.schools.values()] == [2, 2, 2]
    assert waiting(ground) == ["ash-grove", "elm-park", "oak-lane"]


def test_one_for_some_is_offered_to_them_alone(ground):
    published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    assert [offered(ground, one) for one in (ground.oak, ground.elm)] == [2, 1]
    assert waiting(ground) == ["oak-lane"]
    with ground.sessions.trust() as session:
        stands = {one.slug: one for one in overview(session, by=build.an_officer()).schools}
    assert (stands["oak-lane"].offered, stands["elm-park"].offered) == (2, 1)


def test_a_school_that_was_left_out_is_not_behind(ground):
    adopted(ground, ground.elm)
    published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    with ground.sessions.trust() as session:
        stands = {one.slug: one for one in overview(session, by=build.an_officer()).schools}
    assert not stands["elm-park"].behind
    assert stands["oak-lane"].behind


def test_it_can_be_asked_later(ground):
    edition = published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    with ground.sessions.trust() as session, transaction(session):
        edition = session.get(Edition, edition.id)
        elm, oak = ground.elm.id, ground.oak.id
        by = build.an_officer()
        assert roll_out(session, edition, by=by, to=[elm, oak], adopt_by_on=in_weeks(9)) == 1
    assert offered(ground, ground.elm) == 2
    days = {}
    with ground.sessions.trust() as session:
        days = {one.slug: one.adopt_by_on for one in waiting_schools(session)}
    assert days == {"elm-park": in_weeks(9), "oak-lane": in_weeks(6)}, "a day that stands, stays"


def test_a_school_that_joins_later_begins_with_the_newest(ground):
    published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    with ground.sessions.trust() as session, transaction(session):
        school = build.a_school(session, "fir-tree")
    assert offered(ground, school) == 2
    assert "fir-tree" not in waiting(ground), "nobody gave it a day"
    published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    assert offered(ground, school) == 2


def test_one_that_is_withdrawn_is_offered_to_nobody(ground):
    edition = published(ground, adopt_by_on=in_weeks(6))
    with ground.sessions.trust() as session, transaction(session):
        edition = session.get(Edition, edition.id)
        withdraw(session, edition, by=build.an_officer(), because="Wrong")
        with pytest.raises(RollOutRefused, match="withdrawn"):
            roll_out(session, edition, by=build.an_officer(), adopt_by_on=in_weeks(6))
    assert offered(ground, ground.oak) == 1
    assert waiting(ground) == []


def test_who_has_adopted_or_is_suspended_waits_for_nothing(ground):
    published(ground, adopt_by_on=in_weeks(6))
    adopted(ground, ground.oak)
    with ground.sessions.trust() as session, transaction(session):
        school = session.get(School, ground.elm.id)
        suspend(session, school, by=build.an_officer(), reason="Moved", heads=[])
    assert waiting(ground) == ["ash-grove"]


def test_each_school_reads_its_own_row(ground):
    edition = published(ground, adopt_by_on=in_weeks(6))
    with ground.sessions.school(ground.oak.id) as session:
        [row] = session.scalars(select(RollOut).where(RollOut.edition_id == edition.id))
        assert row.to_school_id == ground.oak.id
        assert rollout_here(session, edition).adopt_by_on == in_weeks(6)


@pytest.mark.parametrize(
    ("days", "says"), [(0, "still to come"), (-1, "still to come"), (401, "more than a year")]
)
def test_a_day_that_will_not_do_is_refused(ground, days, says):
    with pytest.raises(RollOutRefused, match=says):
        published(ground, adopt_by_on=clock.today() + timedelta(days=days))
    assert offered(ground, ground.oak) == 1, "nothing was published"


def test_some_schools_are_at_least_one(ground):
    with pytest.raises(RollOutRefused, match="at least one"):
        published(ground, to=[], adopt_by_on=in_weeks(6))


def test_six_school_weeks_are_suggested_without_the_holidays():
    assert suggested_day(TERM, date(2026, 9, 7)) == date(2026, 10, 19)
    assert suggested_day(TERM, date(2026, 10, 5)) == date(2026, 11, 23)
    assert suggested_day(Calendar({}), date(2026, 9, 7)) == date(2026, 10, 19)
    assert suggested_day(Calendar({}), date(2026, 9, 6)) == date(2026, 10, 16), "no weekend"


def test_a_day_in_the_holidays_is_doubted():
    assert doubt_about(TERM, date(2026, 10, 19)) == ""
    assert "no school day" in doubt_about(TERM, date(2026, 10, 28))
    assert "weekend" in doubt_about(TERM, date(2026, 10, 17))
    assert doubt_about(TERM, date(2029, 10, 17)) == "", "nobody knows the terms of that year"
    assert "weekend" in doubt_about(TERM, date(2029, 10, 20))


def test_the_day_is_moved_with_a_reason_for_those_who_have_not_adopted(ground):
    edition = published(ground, adopt_by_on=in_weeks(6))
    adopted(ground, ground.oak)
    with ground.sessions.trust() as session, transaction(session):
        edition = session.get(Edition, edition.id)
        seen = changes_of(session, edition)
        more = {"by": build.an_officer(), "adopt_by_on": in_weeks(8), "seen": seen}
        with pytest.raises(RollOutRefused, match="Say why"):
            move_day(session, edition, to=None, because="", **more)
        with pytest.raises(RollOutRefused, match="has not adopted"):
            move_day(session, edition, to=[ground.oak.id], because="Exams", **more)
        assert move_day(session, edition, to=None, because="Exams", **more) == 2
    with ground.sessions.trust() as session, transaction(session):
        edition = session.get(Edition, edition.id)
        with pytest.raises(RollOutChanged):
            move_day(session, edition, to=None, because="Exams", **more)
        days = {one.slug: one for one in waiting_schools(session)}
    assert {one.adopt_by_on for one in days.values()} == {in_weeks(8)}
    assert {one.moved_because for one in days.values()} == {"Exams"}


def test_two_officers_who_ask_at_once_ask_each_school_once(ground):
    edition = published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))

    def ask():
        with ground.sessions.trust() as session, transaction(session):
            one = session.get(Edition, edition.id)
            return roll_out(session, one, by=build.an_officer(), adopt_by_on=in_weeks(6))

    assert sorted(at_once(4, ask)) == [0, 0, 0, 2]
    with ground.sessions.trust() as session:
        assert session.scalar(text("select count(*) from policy_rollout")) == 6


def test_the_list_is_grouped_by_phase_and_one_query(ground, queries):
    edition = published(ground, to=[ground.oak.id], adopt_by_on=in_weeks(6))
    with ground.sessions.trust() as session, queries(ground.sessions.engine) as counted:
        [(word, schools)] = by_phase(asked_of(session, edition))
    assert counted.n == 1
    assert word == "Phase not noted"
    assert [(one.name, one.asked, one.adopted) for one in schools] == [
        ("Ash Grove", False, False),
        ("Elm Park", False, False),
        ("Oak Lane", True, False),
    ]


def test_a_day_that_passed_makes_late(ground):
    published(ground, adopt_by_on=in_weeks(2))
    with time_machine.travel(clock.now() + timedelta(weeks=3)), ground.sessions.trust() as session:
        found = waiting_schools(session)
        assert {one.days_late(clock.today()) for one in found} == {7}
