"""A roll that has everybody: who is the same, who changed, who left, and what is unclear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.build import a_head, a_roll, an_adult
from trustconduct.people.change import add_adult, add_care, change_adult
from trustconduct.people.doubles import merge
from trustconduct.people.models import Adult, Care, Pupil, UntoldMark
from trustconduct.people.roll import lines_of
from trustconduct.people.take_in import Changes, compare, save_compared
from trustconduct.people.untold import mark_untold

SAM = "Sam Sample,4,Alex Sample,mother,alex@parents.example"
JO = "Sam Sample,4,Jo Sample,father,jo@parents.example"
KIM = "Kim Other,2,Pat Other,aunt,pat@parents.example"
WITH_NUMBERS = "UPN,Pupil,Year,Contact ID,Adult,Relationship,Email,Court order,PR"


def take(session, *lines: str, whole: bool = True, header: str = "") -> Changes:
    raw = a_roll(*lines, **({"header": header} if header else {}))
    found = compare(session, lines_of(raw), whole=whole)
    save_compared(session, found, by=a_head(session), whole=whole)
    session.expire_all()
    return found


def one(session, model: Any, name: str) -> Any:
    return session.scalars(select(model).where(model.name == name)).one()


def unclear(session) -> list[tuple[int, str]]:
    """What the last comparison of this transaction left out."""
    query = "select number, unclear from roll_in where unclear <> '' order by number"
    return [tuple(row) for row in session.execute(text(query))]


def test_who_is_not_on_it_has_left_and_comes_back(oak):
    take(oak, SAM, JO, KIM)
    found = take(oak, SAM)
    assert (found.adults_left, found.pupils_left, found.cares_ended) == (2, 1, 1)
    assert one(oak, Adult, "Pat Other").left_on is not None
    assert one(oak, Pupil, "Kim Other").left_on is not None
    back = take(oak, SAM, JO, KIM)
    assert (back.adults_changed, back.pupils_changed, back.cares_changed) == (2, 1, 1)
    assert one(oak, Adult, "Pat Other").left_on is None
    assert not take(oak, SAM, JO, KIM).any


def test_a_pupil_who_moves_up_a_year_is_the_same(oak):
    take(oak, SAM)
    found = take(oak, SAM.replace(",4,", ",5,"))
    assert (found.pupils_new, found.pupils_changed, found.leavers) == (0, 1, 0)
    assert one(oak, Pupil, "Sam Sample").year_group == "5"


def test_two_pupils_of_one_name_who_both_moved_are_unclear_and_stay(oak):
    two = (SAM, SAM.replace(",4,", ",2,"))
    take(oak, *two)
    found = take(oak, *(line.replace(",4,", ",5,").replace(",2,", ",3,") for line in two))
    assert (found.unclear, found.any) == (2, False)
    assert "pupil’s number" in unclear(oak)[0][1]


def test_another_address_of_somebody_with_the_same_child_is_a_change(oak):
    take(oak, SAM)
    found = take(oak, SAM.replace("alex@parents", "alex@new"))
    assert (found.adults_new, found.adults_changed) == (0, 1)
    assert one(oak, Adult, "Alex Sample").email == "alex@new.example"


def test_an_address_that_was_corrected_here_is_kept_and_listed(oak):
    take(oak, SAM)
    alex = one(oak, Adult, "Alex Sample")
    values = {"name": alex.name, "kind": "parent", "telephone": "", "address": ""}
    change_adult(oak, alex, by=a_head(oak), seen=alex.version, email="right@parents.example",
                 **values)  # fmt: skip
    for line in (SAM, SAM, SAM.replace("alex@parents", "third@parents"), SAM):
        found = take(oak, line)
        assert (found.kept, found.any) == (1, False)
        assert one(oak, Adult, "Alex Sample").email == "right@parents.example"
    assert take(oak, SAM.replace("alex@parents", "right@parents")).kept == 0


def test_by_numbers_a_new_name_is_the_same_person(oak):
    line = "A1,Sam Sample,4,77,Alex Sample,mother,alex@parents.example,No contact,yes"
    take(oak, line, header=WITH_NUMBERS)
    care = oak.scalars(select(Care)).one()
    assert (care.parental_responsibility, care.court_order) == (True, "No contact")
    again = line.replace("Alex Sample", "Alex Newname").replace("Sam Sample", "Sam Newname")
    found = take(oak, again.replace("No contact", ""), header=WITH_NUMBERS)
    assert (found.adults_new, found.adults_changed, found.pupils_changed) == (0, 1, 1)
    assert one(oak, Adult, "Alex Newname").ref == "77"
    # A blank cell takes no court order away.
    assert oak.scalars(select(Care)).one().court_order == "No contact"


def test_two_adults_of_one_name_are_told_apart_by_number(oak):
    lines = ("A1,Sam Able,4,1,John Smith,father,,,", "A2,Kim Baker,4,2,John Smith,father,,,")
    found = take(oak, *lines, header=WITH_NUMBERS)
    assert found.adults_new == 2
    assert not take(oak, *lines, header=WITH_NUMBERS).any


def test_two_adults_of_one_name_with_nothing_to_tell_them_apart_are_unclear(oak):
    found = take(oak, "Sam Able,4,John Smith,father,", "Kim Baker,4,John Smith,father,", SAM)
    assert (found.unclear, found.adults_new, found.pupils_new) == (2, 1, 1)
    assert "tells them apart" in unclear(oak)[0][1]


def test_a_mother_without_an_address_and_her_two_children_are_one_family(oak):
    lines = ("Sam Able,4,Ann Able,mother,", "Kim Able,2,Ann Able,mother,")
    assert take(oak, *lines).adults_new == 1
    assert not take(oak, *lines).any


def test_a_faulty_line_is_left_out_and_makes_nobody_leave(oak):
    take(oak, SAM, KIM)
    found = take(oak, SAM, KIM.replace("pat@parents.example", "nonsense"), ",4,Lone Adult,aunt,")
    assert (found.unclear, found.any) == (2, False)
    assert one(oak, Adult, "Pat Other").left_on is None
    assert [number for number, _ in unclear(oak)] == [3, 4]


def test_an_adult_twice_with_one_child_is_unclear(oak):
    assert take(oak, SAM, SAM).unclear == 1
    assert "line 2 already" in unclear(oak)[0][1]


def test_whom_the_office_added_stays(oak):
    take(oak, SAM)
    nia = add_adult(oak, by=a_head(oak), name="Nia Hand", kind="collector", email="",
                    telephone="", address="")  # fmt: skip
    said = dict.fromkeys(("parental_responsibility", "lives_with", "may_collect"))
    add_care(oak, nia, by=a_head(oak), child="Bo Hand", year="1", relationship="nanny",
             court_order="", **said)  # fmt: skip
    assert not take(oak, SAM).any


def test_a_double_of_somebody_on_the_roll_has_not_left(oak):
    take(oak, SAM)
    other = an_adult(oak, email="alex@other.example")
    merge(oak, other, one(oak, Adult, "Jo Sample") if False else oak.get(Adult, (
        oak.school_id, oak.scalars(select(Adult.id).where(Adult.id != other.id)).one()
    )), by=a_head(oak))  # fmt: skip
    assert take(oak, SAM).adults_left == 0


def test_many_leavers_are_told_before(oak):
    lines = [f"Child {n} Sample,4,Adult {n} Sample,mother,a{n}@parents.example" for n in range(10)]
    take(oak, *lines)
    assert not compare(oak, lines_of(a_roll(*lines[2:])), whole=True).many_leave
    assert compare(oak, lines_of(a_roll(*lines[3:])), whole=True).many_leave


def test_a_new_person_of_the_name_of_one_who_must_not_be_told_waits_for_a_person(oak):
    take(oak, SAM)
    mark_untold(oak, one(oak, Adult, "Alex Sample"), by=a_head(oak), because="An order")
    found = take(oak, SAM, "Kim Other,2,Alex Sample,aunt,other@parents.example")
    assert (found.unclear, found.adults_new) == (1, 0)
    assert "must not be told" in unclear(oak)[0][1]


NAMES = st.sampled_from(["Alex Able", "Jo Able", "Alex Baker", "Pat Baker"])
ROLLS = st.lists(
    st.tuples(
        st.sampled_from(["", "", "A1", "A2"]),
        st.sampled_from(["Sam Able", "Kim Baker", "Sam Baker", "=Bad"]),
        st.sampled_from(["4", "5", ""]),
        st.sampled_from(["", "", "1", "2"]),
        NAMES,
        st.sampled_from(["mother", "father", ""]),
        st.sampled_from(["", "x@p.example", "y@p.example", "not one"]),
        st.sampled_from(["", "No contact"]),
        st.sampled_from(["", "yes", "no"]),
    ),
    max_size=8,
)


def snapshot(session) -> list[tuple]:
    rows: list[tuple] = []
    for model in (Adult, Pupil, Care):
        columns = [one for one in model.__table__.columns if one.name != "version"]
        rows += [(model.__tablename__, *row) for row in session.execute(select(*columns))]
    return sorted(rows, key=repr)


@pytest.mark.parametrize("whole", [True, False])
@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(first=ROLLS, second=ROLLS, marked=NAMES)
def test_any_roll_twice_is_that_roll_once_and_no_roll_clears_a_mark(
    oak, whole, first, second, marked
):
    with oak.begin_nested() as savepoint:
        for roll in (first, second):
            lines = [",".join(cells) for cells in roll]
            if not lines:
                continue
            take(oak, *lines, whole=whole, header=WITH_NUMBERS)
            for adult in oak.scalars(select(Adult).where(Adult.name == marked)):
                mark_untold(oak, adult, by=a_head(oak), because="An order")
            before, marks = snapshot(oak), oak.scalars(select(UntoldMark.adult_id)).all()
            again = take(oak, *lines, whole=whole, header=WITH_NUMBERS)
            assert not again.any, again
            assert snapshot(oak) == before
            ends = oak.scalars(select(UntoldMark.ended_at)).all()
            assert ends == [None] * len(marks)
        savepoint.rollback()
