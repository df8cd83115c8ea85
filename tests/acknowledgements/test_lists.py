"""Lists and counts: as the truth is, today and as it stood on a day; exports harmless and noted."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import product
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
import time_machine
from sqlalchemy import select

from tests.build import (
    a_campaign,
    a_head,
    a_request,
    a_version,
    an_adult,
    an_answer,
    an_office,
    asked_again,
)
from trustconduct import clock
from trustconduct.acknowledgements.coverage import by_year, over_time
from trustconduct.acknowledgements.lists import Wanted, counts, export, lines, relationships
from trustconduct.acknowledgements.models import Answer, SignRequest
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.csv_lists import written
from trustconduct.excel_lists import workbook
from trustconduct.people.doubles import merge
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold
from trustconduct.policies.versions import version_in_force

FIRST = date(2027, 6, 1)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']


def on(day: int, hour: int = 12):
    at = datetime(2027, 6, 1, hour, tzinfo=clock.LONDON) + timedelta(days=day)
    return time_machine.travel(at, tick=False)


@pytest.fixture
def truth(oak):
    """Forty adults in three year groups who answer over thirty days; what each did, and when."""
    chance = random.Random(6)
    with on(0):
        version = a_version(oak)
        for n in range(40):
            an_adult(
                oak, f"Adult {n:02}", email=f"a{n}@parents.example", child=f"Child {n // 2}",
                year=f"Year {n // 2 % 3}", relationship="mother" if n % 2 else "father",
            )  # fmt: skip
        a_campaign(oak, version)
    requests = dict(
        oak.execute(
            select(Adult.name, SignRequest.id).join(Adult, Adult.id == SignRequest.adult_id)
        ).all()
    )
    said: dict[str, list[tuple[int, str]]] = {name: [] for name in requests}
    for day in range(1, 30):
        with on(day):
            for name in chance.sample(sorted(requests), 3):
                given = chance.choice(list(Answer))
                before = {answer for _, answer in said[name]}
                if given.value in before or "signed" in before:
                    continue
                an_answer(oak, asked_again(oak, requests[name]), given)
                said[name].append((day, given.value))
    return version, said


def status_on(said: list[tuple[int, str]], day: int) -> str:
    given = {answer for at, answer in said if at <= day}
    return next((one for one in ("signed", "declined", "talk") if one in given), "none")


def test_a_list_is_as_it_stood_on_the_day(oak, truth):
    version, said = truth
    with on(40):
        for day in (0, 1, 7, 15, 29):
            wanted = Wanted(on=FIRST + timedelta(days=day))
            listed = {one.name: one.status for one in lines(oak, version, wanted=wanted, most=99)}
            expected = {name: status_on(each, day) for name, each in said.items()}
            assert listed == expected, day
            told = counts(oak, version, wanted)
            assert told.asked == 40
            for one in ("signed", "declined", "talk", "none"):
                assert getattr(told, one) == list(expected.values()).count(one), (day, one)


def test_before_anybody_was_asked_the_list_is_empty(oak, truth):
    version, _ = truth
    with on(40):
        assert lines(oak, version, wanted=Wanted(on=FIRST - timedelta(days=1)), most=9) == []
        assert over_time(oak, version, FIRST - timedelta(days=1)) == []


def test_pupils_are_counted_by_one_adult_and_by_all(oak, truth):
    version, said = truth
    with on(40):
        found = {year.name: (year.pupils, year.one, year.all) for year in by_year(oak, version)}
    expected = {}
    for child in range(20):
        signed = [
            status_on(said[f"Adult {n:02}"], 99) == "signed" for n in (2 * child, 2 * child + 1)
        ]
        year = expected.setdefault(f"Year {child % 3}", [0, 0, 0])
        year[0] += 1
        year[1] += any(signed)
        year[2] += all(signed)
    assert found == {name: tuple(each) for name, each in expected.items()}
    assert sum(each[2] for each in expected.values()) > 0, "the case of all is in it"


def test_coverage_grows_week_by_week_to_what_the_counts_say(oak, truth):
    version, said = truth
    with on(40):
        points = over_time(oak, version)
        assert points[-1].signed == counts(oak, version).signed
    for point in points:
        day = (point.on - FIRST).days
        assert point.signed == [status_on(each, day) for each in said.values()].count("signed")
    assert [point.asked for point in points] == [40] * len(points)


def test_nursery_and_reception_come_before_the_years_in_their_order(oak):
    a_version(oak)
    for n, year in enumerate(("Year 10", "Year 9", "Reception", "Year 1")):
        name, child = f"Adult {n}", f"Child {n}"
        an_adult(oak, name, email=f"adult{n}@parents.example", child=child, year=year)
    a_campaign(oak)
    found = by_year(oak, version_in_force(oak))
    assert [year.name for year in found] == ["Reception", "Year 1", "Year 9", "Year 10"]


def test_a_list_is_chosen_by_year_group_and_relationship(oak, truth):
    version, _ = truth
    with on(40):
        found = lines(oak, version, wanted=Wanted(year="Year 1", relationship="father"), most=99)
        assert sorted(one.name for one in found) == [f"Adult {n:02}" for n in range(2, 40, 6)]
        assert relationships(oak) == ["father", "mother"]


@pytest.mark.parametrize("newest", [False, True])
def test_pages_follow_each_other_without_gap_or_double(oak, truth, newest):
    version, said = truth
    seen, after = [], ""
    with on(40):
        wanted = Wanted(newest_first=newest)
        while True:
            found = lines(oak, version, wanted=wanted, after=after, most=7)
            seen += found[:7]
            if len(found) <= 7:
                break
            after = found[6].mark_newest if newest else found[6].mark
    names = [one.name for one in seen]
    assert len(names) == len(set(names))
    if newest:
        assert set(names) == {name for name, each in said.items() if each}
        assert [one.answered_at for one in seen] == sorted(
            (one.answered_at for one in seen), reverse=True
        )
    else:
        assert names == sorted(said)


def test_a_mark_that_somebody_made_up_is_the_first_page(oak, truth):
    version, _ = truth
    made_up = ("x", "|", "x|y", "2027-01-01|x", "9999|" + "0" * 32)
    for mark, newest in product(made_up, (False, True)):
        assert lines(oak, version, wanted=Wanted(newest_first=newest), after=mark, most=5)


def test_a_double_counts_for_the_person(oak):
    request = a_request(oak)
    double = an_adult(oak, email="alex@other.example", child="Kim Sample", year="2")
    first = oak.get_one(Adult, (oak.school_id, request.adult_id))
    merge(oak, double, first, by=a_head(oak))
    an_answer(oak, request)
    found = by_year(oak, version_in_force(oak))
    assert [(year.name, year.pupils, year.all) for year in found] == [("2", 1, 1), ("4", 1, 1)]


# -- taking a list out


def test_who_must_not_be_told_is_in_no_list_that_is_taken_out(oak):
    version = a_version(oak)
    an_adult(oak)
    jo = an_adult(oak, "Jo Sample", email="jo@parents.example")
    a_campaign(oak, version)
    mark_untold(oak, jo, by=a_head(oak), because="An order")
    found = export(oak, version, Wanted(), by=an_office(oak))
    assert [one.name for one in found] == ["Alex Sample"]


def test_a_reason_is_in_no_list_and_taking_it_out_is_noted(oak):
    request = a_request(oak)
    an_answer(oak, request, Answer.DECLINED, note="Because of the fence")
    version = version_in_force(oak)
    found = export(oak, version, Wanted(), by=an_office(oak))
    assert "fence" not in repr(found)
    events = select(SchoolAuditEvent.event).where(SchoolAuditEvent.thing_id == version.id)
    assert "answers.exported" in oak.scalars(events).all()


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_of_a_file_is_a_formula(cell):
    text = written(("Name",), [(cell,)]).decode("utf-8-sig")
    assert text.partition("\r\n")[2].lstrip('"').startswith("'")
    with ZipFile(BytesIO(workbook(("Name",), [(cell,)], sheet="A"))) as whole:
        sheet = ElementTree.fromstring(whole.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(sheet.iter(f"{space}f"))
    assert {each.get("t") for each in sheet.iter(f"{space}c")} == {"inlineStr"}
    assert list(sheet.iter(f"{space}t"))[1].text.startswith("'")


def test_a_workbook_holds_every_name_of_the_world_and_nothing_that_breaks_it():
    cells = ["王小明", "نیلو\u200cفر", "<b>&", "a\x00b\x0bc\ufffe", "🎈"]
    with ZipFile(BytesIO(workbook(("Name",), [cells], sheet="A & <B>"))) as whole:
        assert whole.testzip() is None
        for name in whole.namelist():
            ElementTree.fromstring(whole.read(name))
        sheet = whole.read("xl/worksheets/sheet1.xml").decode()
    assert "王小明" in sheet
    assert "abc" in sheet
