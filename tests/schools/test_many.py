"""Many schools from a list: every fault with its place, and all of it or nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests import build
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.schools.many import (
    LARGEST,
    MOST,
    MOST_ERRORS,
    ListRefused,
    add_schools,
    read_schools,
    sample,
)
from trustconduct.tenants.models import Phase, School, SchoolStart

HEADER = "name,address word,phase,address,police force,head,head email"


def a_list(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *lines, ""]).encode(encoding)


def faults(session, *lines, **more):
    found = read_schools(session, a_list(*lines, **more)).faults
    return [(one.line, one.column, one.text) for one in found]


FIR = "Fir Tree,fir-tree,Primary,Fir Lane,Thames Valley Police,Fern Sample,Fern@fir.example"


def test_a_list_is_added_whole(trust):
    raw = a_list(FIR, 'Ash "Top",,All-through,"1 Ash Lane\nSampleton",,,')
    added = add_schools(trust, raw.replace(b'"Top"', b"Top"), by=build.an_officer())
    fir, ash = added
    assert (fir.name, fir.slug, fir.phase, fir.address) == (
        "Fir Tree", "fir-tree", "primary", "Fir Lane",
    )  # fmt: skip
    assert (ash.slug, ash.phase, ash.address) == ("ash-top", "all_through", "1 Ash Lane Sampleton")
    start = trust.scalars(select(SchoolStart)).one()
    assert (start.id, start.head_email, start.police_force_id) == (
        fir.id, "fern@fir.example", "thames-valley",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        (",fir,Primary,,,,", "name", "blank"),
        ("Fir,fir,,,,,", "phase", "blank"),
        ("Fir,fir,University,,,,", "phase", "is none of: Nursery, Primary"),
        ("Fir,Fir Tree,Primary,,,,", "address word", "can't stand in an address"),
        ("Fir,oak-lane,Primary,,,,", "address word", "Another school has"),
        ("Fir,admin,Primary,,,,", "address word", "the service needs itself"),
        ("oak LANE,fir,Primary,,,,", "name", "is here already"),
        ("Fir,fir,Primary,,Bow Street,,", "police force", "is not on our list"),
        ("Fir,fir,Primary,,,Fern,", "head email", "Give both"),
        ("Fir,fir,Primary,,,,f@fir.example", "head", "Give both"),
        ("Fir,fir,Primary,,,Fern,fern-at-fir", "head email", "is not an email address"),
        ("=1+1,fir,Primary,,,,", "name", "as a formula does"),
        ("Fir,fir,Primary,@SUM(A1),,,", "address", "as a formula does"),
        ("Fir {x},fir,Primary,,,,", "name", "Leave out the marks"),
        ("学校,,Primary,,,,", "address word", "Type one"),
        ("F" * 201 + ",fir,Primary,,,,", "name", "longer than 200"),
        ("Fir,fir,Primary,,,,,extra", "", "more cells than the header"),
    ],
)
def test_a_fault_stands_with_its_line_and_its_column(trust, line, column, says):
    found = faults(trust, "Yew Tree,yew,Primary,,,,", line)
    assert [(number, where) for number, where, _ in found] == [(3, column)]
    assert says in found[0][2]
    with pytest.raises(ListRefused):
        add_schools(trust, a_list("Yew Tree,yew,Primary,,,,", line), by=build.an_officer())
    assert trust.scalar(select(func.count()).select_from(School)) == 3


def test_two_lines_that_want_the_same_are_told_of_each_other(trust):
    found = faults(
        trust,
        "Fir Tree,fir,Primary,,,,",
        "FIR  tree,other,Primary,,,,",
        "Larch,fir,Primary,,,,",
        "Box,,Primary,,,,",
        "Bx,box,Primary,,,,",
    )
    assert found == [
        (3, "name", "Line 2 has this already. Change one of them."),
        (4, "address word", "Line 2 has this already. Change one of them."),
        (6, "address word", "Line 5 has this already. Change one of them."),
    ]


def test_a_line_without_a_word_is_shown_with_the_one_that_it_gets(trust):
    raw = a_list("Oak Lane!,,Primary,,,,")
    [line] = read_schools(trust, raw).lines
    assert line.new.slug == "oak-lane-2"
    [school] = add_schools(trust, raw, by=build.an_officer())
    assert school.slug == "oak-lane-2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_list_is_read_as_excel_writes_it(trust, encoding, mark):
    raw = a_list(
        "St Mary’s École,,Primary,,,,".replace(",", mark),
        header=HEADER.replace(",", mark),
        encoding=encoding,
    )
    [line] = read_schools(trust, raw).lines
    assert (line.new.name, line.new.slug) == ("St Mary’s École", "st-marys-ecole")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "is a spreadsheet"),
        (b"name,phase\n", "no schools in it"),
        (b"name\nFir\n", "no column “phase”"),
        (b"name,phase,school\nFir,Primary,Fir\n", "Two columns could be “name”"),
        (b"name,phase\nF\x81r,Primary\n", "is not UTF-8"),
        (b"name,phase\nF\0r,Primary\n", "is not text"),
        (b'name,phase\n"Fir,Primary\n', "is not proper CSV"),
        (b"x" * (LARGEST + 1), "over 1 MB"),
    ],
)
def test_a_file_that_is_no_such_list_says_what_to_do(trust, raw, says):
    [fault] = read_schools(trust, raw).faults
    assert says in fault.text


def test_three_hundred_are_taken_and_one_more_is_not(trust, queries):
    line = "School {n},,Secondary,,Norfolk Constabulary,Head {n},h{n}@s.example"
    lines = [line.format(n=n) for n in range(MOST)]
    with queries(trust.get_bind()) as counted:
        assert read_schools(trust, a_list(*lines)).faults == ()
    assert counted.n == 3  # the schools, and the forces twice
    more = faults(trust, *lines, "One more,,Primary,,,,")
    assert more == [(302, "", "A list can hold 300 schools. Put the rest into another list.")]
    assert len(add_schools(trust, a_list(*lines), by=build.an_officer())) == MOST


def test_a_thousand_mistakes_are_told_fifty_at_a_time(trust):
    lines = [f"School {n},,Palace,,,," for n in range(200)]
    assert len(faults(trust, *lines)) == MOST_ERRORS


def test_what_was_taken_since_it_was_looked_at_adds_nothing(trust):
    raw = a_list("Yew Tree,yew,Primary,,,,", FIR)
    assert read_schools(trust, raw).faults == ()
    build.a_school(trust, "fir-tree", "Another Fir")
    with pytest.raises(ListRefused) as refused:
        add_schools(trust, raw, by=build.an_officer())
    assert [fault.line for fault in refused.value.found.faults] == [3]
    assert trust.scalar(select(School.id).where(School.slug == "yew")) is None


def test_the_list_to_fill_in_is_one_that_is_read(trust):
    [line] = read_schools(trust, sample()).lines
    assert line.new.phase is Phase.PRIMARY
    assert line.new.head.email == "head@sample-lane.example"
    assert line.new.police_force_id == "thames-valley"


def test_only_an_officer_adds_a_list(trust, oak):
    for by in (build.a_reader(), build.a_head(oak)):
        with pytest.raises(NotAllowed):
            add_schools(trust, a_list(FIR), by=by)
