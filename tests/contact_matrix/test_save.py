"""Saving a school's contact matrix."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import time_machine

from tests.at_once import at_once
from tests.build import MATRIX, a_head, a_matrix, a_teacher, an_officer
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.contact_matrix.matrix import Matrix, MatrixRefused, Purpose, Route
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.contact_matrix.save import (
    MatrixChangedMeanwhile,
    current_matrix,
    days_changed,
    matrices_on,
    save_matrix,
)
from trustconduct.db import transaction

OTHER = replace(MATRIX, ticks=MATRIX.ticks | {("telephone", "pay")})


def test_the_newest_matrix_holds_and_the_one_before_stays(oak):
    first = a_matrix(oak)
    second = a_matrix(oak, OTHER)
    assert (first.number, second.number) == (1, 2)
    assert current_matrix(oak).matrix == OTHER
    assert oak.get(SchoolMatrix, (oak.school_id, first.id)).matrix == MATRIX


def test_saving_the_same_again_adds_nothing(oak):
    assert a_matrix(oak).id == a_matrix(oak).id


def test_a_purpose_without_any_way_is_refused_by_name(oak):
    bare = replace(MATRIX, ticks=frozenset({("office", "pay")}))
    with pytest.raises(MatrixRefused, match="Ask a question"):
        a_matrix(oak, bare)
    assert current_matrix(oak) is None


def test_the_second_of_two_editors_is_told(oak):
    a_matrix(oak)
    with pytest.raises(MatrixChangedMeanwhile):
        save_matrix(oak, OTHER, by=a_head(oak), seen_number=0)
    assert current_matrix(oak).matrix == MATRIX


def test_of_ten_who_save_at_once_one_is_first_and_nine_are_told(world):
    def save():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            return save_matrix(session, OTHER, by=world.oak.head, seen_number=1).number

    got = at_once(10, save)
    assert sorted(str(each) or type(each).__name__ for each in got) == [
        "2",
        *["MatrixChangedMeanwhile"] * 9,
    ]


def test_two_schools_save_at_once_and_neither_waits_for_the_other(world):
    with (
        world.sessions.school(world.oak.id) as oak,
        world.sessions.school(world.elm.id) as elm,
    ):
        save_matrix(oak, OTHER, by=world.oak.head, seen_number=1)
        save_matrix(elm, OTHER, by=world.elm.head, seen_number=1)
        oak.commit()
        elm.commit()


def test_the_trusts_officer_may_save_it_and_a_teacher_may_not(oak):
    save_matrix(oak, MATRIX, by=an_officer(), seen_number=0)
    with pytest.raises(NotAllowed):
        save_matrix(oak, OTHER, by=a_teacher(oak), seen_number=1)


def test_a_tick_needs_a_row_and_a_column():
    with pytest.raises(MatrixRefused, match="pigeon"):
        replace(MATRIX, ticks=frozenset({("pigeon", "ask")}))


def test_two_rows_with_one_id_are_refused():
    with pytest.raises(MatrixRefused):
        Matrix((), (Route("a", "A"), Route("a", "B")))
    with pytest.raises(MatrixRefused):
        Matrix((Purpose("a", "A"), Purpose("a", "B")), ())


def test_a_matrix_survives_its_json_in_one_form():
    assert Matrix.from_json(MATRIX.to_json()) == MATRIX
    assert Matrix.from_json(MATRIX.to_json()).to_json() == MATRIX.to_json()


def test_what_the_matrix_said_on_a_day_can_be_told_to_the_minute(oak):
    moments = (
        ("2026-06-30T22:30:00Z", MATRIX),  # 23:30 in London: still the 30th
        ("2026-06-30T23:30:00Z", OTHER),  # 00:30 in London: the 1st of July
        ("2026-07-03T10:00:00Z", MATRIX),
    )
    for at, matrix in moments:
        with time_machine.travel(at, tick=False):
            a_matrix(oak, matrix)

    def on(day: date) -> list[int]:
        return [one.number for one in matrices_on(oak, day)]

    assert on(date(2026, 6, 29)) == []
    assert on(date(2026, 6, 30)) == [1]
    assert on(date(2026, 7, 1)) == [2, 1]
    assert on(date(2026, 7, 2)) == [2]
    assert on(date(2026, 7, 3)) == [3, 2]
    assert on(date(2026, 12, 1)) == [3]
    days = [day for day, _ in days_changed(oak)]
    assert days == [date(2026, 7, 3), date(2026, 7, 1), date(2026, 6, 30)]
