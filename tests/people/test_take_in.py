"""Taking a roll in: all of it or nothing, and the same file twice changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import a_head, a_roll, a_teacher, an_adult, an_office
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.db import transaction
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.person import people_page
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import RollRefused, compare, take_in

SAM = "Sam Sample,4,Alex Sample,mother,alex@parents.example"


def count(session, *tables) -> tuple[int, ...]:
    return tuple(session.scalar(select(func.count()).select_from(table)) for table in tables)


def take(session, *lines: str):
    return take_in(session, read_roll(a_roll(*lines)), by=a_head(session))


def test_the_same_file_twice_changes_nothing(oak):
    first = take(oak, SAM, "Kim Sample,2,Alex Sample,mother,alex@parents.example")
    assert (first.adults_new, first.pupils_new, first.cares_new) == (1, 2, 2)
    again = take(oak, SAM, "Kim Sample,2,Alex Sample,mother,alex@parents.example")
    assert (again.any, again.lines) == (False, 2)
    assert count(oak, Adult, Pupil, Care, SchoolAuditEvent) == (1, 2, 2, 1)


def test_another_way_to_write_a_name_is_the_same_adult(oak):
    take(oak, SAM)
    assert not take(oak, "SAM  sample,4,alex SAMPLE,mother,ALEX@parents.example").any


def test_two_adults_may_share_an_address(oak):
    take(oak, SAM, "Sam Sample,4,Jo Sample,father,alex@parents.example")
    assert count(oak, Adult, Pupil, Care) == (2, 1, 2)


def test_one_adult_may_have_two_pupils(oak):
    take(oak, SAM)
    take(oak, SAM.replace("Sam ", "Kim "))
    assert count(oak, Adult, Pupil, Care) == (1, 2, 2)


def test_two_pupils_of_one_name_in_two_years_are_two(oak):
    take(oak, SAM, SAM.replace(",4,", ",2,"))
    assert count(oak, Adult, Pupil) == (1, 2)


def test_one_fault_and_nothing_is_saved(oak):
    roll = read_roll(a_roll(SAM, "Kim,2,Jo,father,wrong"))
    with pytest.raises(RollRefused):
        take_in(oak, roll, by=a_head(oak))
    assert count(oak, Adult, Pupil, Care, SchoolAuditEvent) == (0, 0, 0, 0)


def test_what_it_would_change_is_told_and_nothing_is_saved(oak):
    take(oak, SAM)
    told = compare(oak, read_roll(a_roll(SAM, "Kim,2,Jo,father,")).lines, whole=False)
    assert (told.adults_new, told.pupils_new, told.lines, told.without_email) == (1, 1, 2, 1)
    assert count(oak, Adult, Pupil) == (1, 1)


def test_a_thousand_lines_take_as_many_queries_as_ten(oak, queries):
    def lines(number: int) -> list[str]:
        return [f"Child {i},4,Adult {i},mother,a{i}@parents.example" for i in range(number)]

    took = []
    for number in (10, 1_000):
        with queries(oak.get_bind()) as counted:
            take(oak, *lines(number))
        took.append(counted.n)
    assert took[1] == took[0]


def test_the_same_file_taken_in_twice_at_once_adds_everyone_once(ground):
    lines = [f"Child {i},4,Adult {i},mother,a{i}@parents.example" for i in range(20)]

    def do():
        with ground.sessions.school(ground.oak.id) as session, transaction(session):
            return take(session, *lines).adults_new

    assert sorted(at_once(3, do)) == [0, 0, 20]


def test_each_school_has_its_own_adults_of_one_name(world):
    ids = set()
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            found = session.scalars(select(Adult.id).where(Adult.name == "Alex Sample")).all()
            assert len(found) == 1
            ids.update(found)
    assert len(ids) == 3


def test_the_office_takes_a_roll_in_and_a_teacher_does_not(oak):
    roll = read_roll(a_roll(SAM))
    with pytest.raises(NotAllowed):
        take_in(oak, roll, by=a_teacher(oak))
    assert take_in(oak, roll, by=an_office(oak)).any


def test_the_event_counts_and_names_nobody(oak):
    take(oak, SAM)
    assert oak.scalars(select(SchoolAuditDetail.details)).one() == {
        "by": "Headteacher",
        "by_role": "Headteacher",
        "adults": 1,
        "pupils": 1,
        "cares": 1,
        "changed": 0,
        "left": 0,
    }


def test_a_long_list_comes_in_pages_without_gap_or_double(oak):
    take(oak, *[f"Child {i},4,Same Name,mother,a{i}@parents.example" for i in range(7)])
    seen, after = [], ""
    while page := people_page(oak, after=after, most=3):
        seen += [person.id for person in page[:3]]
        if len(page) <= 3:
            break
        after = f"{page[2].name}|{page[2].id}"
    assert len(seen) == len(set(seen)) == 7


def test_an_adults_line_names_whom_they_care_for(oak):
    an_adult(oak)
    an_adult(oak, child="Kim Sample", year="")
    [person] = people_page(oak)
    assert person.cares_for == ("Kim Sample (mother)", "Sam Sample (mother, 4)")


@pytest.mark.parametrize("mark", ["no-bar", "Alex|not-an-id", "|", "Alex|"])
def test_a_page_mark_that_somebody_made_up_breaks_nothing(oak, mark):
    an_adult(oak)
    assert isinstance(people_page(oak, after=mark), list)
