"""A school's week: what a person may see of it, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests import build
from tests.build import a_head, a_teacher, settings_filled
from trustconduct import clock
from trustconduct.accounts.permissions import allowed
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.db import new_id
from trustconduct.oversight.week import week
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.schools.occasions import authorise


def somebody(role: Role, school_id: UUID) -> Actor:
    return Actor("user", new_id(), role.word, frozenset({Grant(role, school_id)}))


def test_a_teacher_sees_the_schools_days_and_no_figure(oak):
    settings_filled(oak)
    day = clock.today() + timedelta(days=2)
    authorise(oak, by=a_head(oak), name="Summer fair", held_on=day, place="Field", alcohol=False)
    found = week(oak, by=a_teacher(oak))
    assert found.figures == ()
    assert [(one.on, one.what, one.of) for one in found.coming] == [
        (day, "Summer fair, Field: no alcohol", "")
    ]
    assert [one.of for one in week(oak, by=a_head(oak)).coming] == ["occasions"]


def test_what_comes_later_than_in_a_week_is_not_on_it(oak):
    settings_filled(oak)
    day = clock.today() + timedelta(days=8)
    authorise(oak, by=a_head(oak), name="Fair", held_on=day, place="Field", alcohol=False)
    assert week(oak, by=a_head(oak)).coming == ()


def test_a_head_sees_who_answered_and_who_came(world):
    with world.sessions.school(world.oak.id) as oak:
        figures = {one.label: one.number for one in week(oak, by=world.oak.head).figures}
        assert figures["acknowledged"] == 1
        assert figures["asked to talk"] == 2
        assert figures["talk held"] == 1
        assert figures["adults added"] == 5
        pastoral = Actor(
            "user", new_id(), "Pastoral", frozenset({Grant(Role.PASTORAL, world.oak.id)})
        )
        of_pastoral = {one.label for one in week(oak, by=pastoral).figures}
        assert "messages did not arrive" not in of_pastoral
        assert "acknowledged" in of_pastoral
        assert allowed(pastoral.grants, world.elm.id) == frozenset()
        others = Actor(
            "user", new_id(), "Other", frozenset({Grant(Role.HEADTEACHER, world.elm.id)})
        )
        assert week(oak, by=others).figures == ()


def test_adults_of_a_roll_are_counted_once(oak):
    settings_filled(oak)
    roll = build.a_roll("Sam Sample,4,Alex Sample,mother,a@parents.example")
    take_in(oak, read_roll(roll), by=a_head(oak))
    figures = {one.label: one.number for one in week(oak, by=a_head(oak)).figures}
    assert figures["adult added"] == 1
