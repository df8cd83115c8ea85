"""The notice at the entrance: where it hung, and on which days."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.build import a_head, a_teacher, a_version, an_office
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.entrance import (
    NoticeRefused,
    hang_notice,
    hangs_outdated,
    hung_on_day,
    notices,
    take_down_notice,
)

DAY = timedelta(days=1)


def hang(session, place="Main entrance", days_ago=0):
    day = clock.today() - days_ago * DAY
    return hang_notice(session, by=an_office(session), place=place, hung_on=day)


def places(session, days_ago):
    return [one.place for one in hung_on_day(session, clock.today() - days_ago * DAY)]


def test_a_visitor_of_a_day_passed_what_hung_on_that_day_its_first_and_last_included(oak):
    first = hang(oak, days_ago=10)
    hang(oak, "Reception", days_ago=6)
    take_down_notice(oak, first, by=a_head(oak), on=clock.today() - 4 * DAY)
    assert places(oak, 11) == []
    assert places(oak, 10) == ["Main entrance"]
    assert places(oak, 4) == ["Main entrance", "Reception"]
    assert places(oak, 3) == ["Reception"]
    assert [one.place for one in notices(oak)] == ["Reception", "Main entrance"]


def test_one_hangs_at_a_place_at_a_time(oak):
    first = hang(oak, days_ago=10)
    with pytest.raises(NoticeRefused, match="hangs there already"):
        hang(oak, "MAIN entrance")
    take_down_notice(oak, first, by=a_head(oak), on=clock.today() - 4 * DAY)
    with pytest.raises(NoticeRefused, match="hangs there already"):
        hang(oak, days_ago=4)
    hang(oak, days_ago=3)
    again = (
        "insert into entrance_notice (school_id, id, place, hung_on, hung_by, noted_at,"
        " taken_down_by) select school_id, gen_random_uuid(), place, hung_on, 'x', now(), ''"
        " from entrance_notice where taken_down_on is null"
    )
    with pytest.raises(IntegrityError), oak.begin_nested():
        oak.execute(text(again))


@pytest.mark.parametrize(("place", "ahead"), [("", 0), ("x" * 81, 0), ("Gate", 1)])
def test_what_can_not_be_is_refused(oak, place, ahead):
    with pytest.raises(NoticeRefused):
        hang(oak, place, days_ago=-ahead)
    assert notices(oak) == []


def test_it_is_taken_down_once_on_a_day_on_which_it_hung(oak):
    one = hang(oak, days_ago=5)
    for wrong in (clock.today() - 6 * DAY, clock.today() + DAY):
        with pytest.raises(NoticeRefused, match="up to today"):
            take_down_notice(oak, one, by=a_head(oak), on=wrong)
    take_down_notice(oak, one, by=a_head(oak), on=clock.today())
    with pytest.raises(NoticeRefused, match="noted already"):
        take_down_notice(oak, one, by=a_head(oak), on=clock.today())


def test_one_that_hung_before_a_version_was_in_force_shows_an_earlier_one(oak):
    hang(oak, days_ago=5)
    version = a_version(oak)
    assert [one.place for one in hangs_outdated(oak, version)] == ["Main entrance"]
    hang(oak, "Reception")
    assert [one.place for one in hangs_outdated(oak, version)] == ["Main entrance"]
    with time_machine.travel(clock.now() + 5 * DAY):
        assert len(hangs_outdated(oak, version)) == 1


def test_a_teacher_notes_nothing(oak):
    with pytest.raises(NotAllowed):
        hang_notice(oak, by=a_teacher(oak), place="Gate", hung_on=clock.today())
