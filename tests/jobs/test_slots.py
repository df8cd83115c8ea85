"""When an entry is due: by the clock in London, also in the nights when it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trustconduct.jobs.slots import Daily, Minutes

AT_HALF_PAST_ONE = Daily([1], minute=30)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots_between(slots, first: datetime, last: datetime) -> list[datetime]:
    """The slots that somebody who looks every minute finds, each once."""
    found, now = [], first
    while now <= last:
        if (at := slots.latest(now)) >= first and at not in found:
            found.append(at)
        now += MINUTE
    return found


def test_a_time_that_comes_twice_is_a_slot_once():
    night = slots_between(AT_HALF_PAST_ONE, utc("2026-10-24T23:00"), utc("2026-10-25T03:00"))
    assert night == [utc("2026-10-25T00:30")]


def test_a_time_that_does_not_come_is_a_slot_once():
    night = slots_between(AT_HALF_PAST_ONE, utc("2027-03-27T23:00"), utc("2027-03-28T03:00"))
    assert night == [utc("2027-03-28T01:30")]


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-07-01T00:29", "2026-06-30T00:30", "2026-07-01T00:30"),
        ("2026-07-01T00:30", "2026-07-01T00:30", "2026-07-02T00:30"),
        ("2026-12-01T01:29", "2026-11-30T01:30", "2026-12-01T01:30"),
        ("2026-10-25T00:31", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("2026-10-25T01:31", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("2027-03-28T01:31", "2027-03-28T01:30", "2027-03-29T00:30"),
    ],
)
def test_half_past_one_is_half_past_one_in_london(now, latest, following):
    assert AT_HALF_PAST_ONE.latest(utc(now)) == utc(latest)
    assert AT_HALF_PAST_ONE.following(utc(now)) == utc(following)


def test_hours_of_a_day_end_with_it():
    slots = Daily(range(6, 19), minute=5)
    assert slots.latest(utc("2026-01-05T23:00")) == utc("2026-01-05T18:05")
    assert slots.following(utc("2026-01-05T23:00")) == utc("2026-01-06T06:05")
    assert slots.words == "Hourly from 06:05 to 18:05"
    assert AT_HALF_PAST_ONE.words == "Daily at 01:30"


def test_in_the_night_that_has_one_hour_less_two_hours_are_one_slot():
    night = slots_between(Daily([1, 2]), utc("2027-03-27T23:00"), utc("2027-03-28T05:00"))
    assert night == [utc("2027-03-28T01:00")]


def test_minutes_divide_the_hour():
    slots = Minutes(10)
    assert slots.latest(utc("2026-10-25T01:19")) == utc("2026-10-25T01:10")
    assert slots.following(utc("2026-10-25T01:19")) == utc("2026-10-25T01:20")
    assert (Minutes(1).words, slots.words) == ("Every minute", "Every 10 minutes")
