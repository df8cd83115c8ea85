"""Events that a school authorises, and whether alcohol is allowed there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.build import a_head
from trustconduct import clock
from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.schools.occasions import (
    authorise,
    authorised_on,
    change_occasion,
    to_come,
    withdraw_occasion,
)
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused


def a_fair(session, days: int = 3, **more):
    values = {"name": "Summer fair", "place": "School field", "alcohol": True, **more}
    held_on = clock.today() + timedelta(days=days)
    return authorise(session, by=a_head(session), held_on=held_on, **values)


def test_what_is_authorised_stands_on_its_day_and_what_is_withdrawn_does_not(oak):
    fair = a_fair(oak)
    assert [one.alcohol for one in authorised_on(oak, fair.held_on)] == [True]
    assert authorised_on(oak, clock.today()) == []
    withdraw_occasion(oak, fair, by=a_head(oak), seen_version=1)
    assert authorised_on(oak, fair.held_on) == []
    assert to_come(oak) == []
    with pytest.raises(SettingsRefused, match="withdrawn already"):
        withdraw_occasion(oak, fair, by=a_head(oak), seen_version=2)


@pytest.mark.parametrize("days", [-1, 732])
def test_an_event_is_authorised_beforehand_and_within_two_years(oak, days):
    with pytest.raises(SettingsRefused) as no:
        a_fair(oak, days)
    assert set(no.value.errors) == {"held_on"}


def test_the_same_event_twice_is_refused(oak):
    a_fair(oak)
    with pytest.raises(SettingsRefused) as no:
        a_fair(oak, name="summer FAIR")
    assert set(no.value.errors) == {"name"}
    a_fair(oak, place="School hall")


def test_a_change_says_from_what_to_what_and_the_second_of_two_is_told(oak):
    fair = a_fair(oak)
    values = {"name": fair.name, "held_on": fair.held_on, "place": fair.place}
    change_occasion(oak, fair, by=a_head(oak), seen_version=1, **values, alcohol=False)
    detail = oak.scalars(
        select(SchoolAuditDetail.details)
        .join(SchoolAuditEvent, SchoolAuditEvent.id == SchoolAuditDetail.id)
        .where(SchoolAuditEvent.event == Event.OCCASION_CHANGED.value)
    ).one()
    assert detail["changed"] == {"alcohol": {"from": True, "to": False}}
    with pytest.raises(ChangedMeanwhile):
        change_occasion(oak, fair, by=a_head(oak), seen_version=1, **values, alcohol=True)
