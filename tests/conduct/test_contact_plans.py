"""One contact for one person, until a day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import build
from tests.conduct.plan_rows import a_plan, planned
from tests.letters import rows
from trustconduct import clock
from trustconduct.conduct.contact_plans import (
    PlanMoved,
    PlanRefused,
    end_plan,
    ending_soon,
    make_plan,
    open_plan,
    plan_in_force,
    plans_of,
)
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.write import begin_letter
from trustconduct.people.doubles import merge

DAY = timedelta(days=1)


def london(on: date, at: str) -> datetime:
    return datetime.combine(on, time.fromisoformat(at), ZoneInfo("Europe/London"))


def test_a_plan_holds_until_the_end_of_its_day_and_ends_by_itself(oak):
    adult = build.an_adult(oak)
    until = clock.today() + 30 * DAY
    plan = a_plan(oak, adult, until_on=until)
    assert plan_in_force(oak, adult.id) is plan
    with time_machine.travel(london(until, "23:59"), tick=False):
        assert plan_in_force(oak, adult.id) is plan
        assert plan.stands(clock.today()) == "In force"
    with time_machine.travel(london(until + DAY, "00:01"), tick=False):
        assert plan_in_force(oak, adult.id) is None
        assert plan.stands(clock.today()) == "Over"
        assert open_plan(oak, adult.id) is None


def test_a_plan_that_is_to_come_changes_nothing_yet(oak):
    adult = build.an_adult(oak)
    plan = a_plan(oak, adult, starts_on=clock.today() + DAY)
    assert plan_in_force(oak, adult.id) is None
    assert open_plan(oak, adult.id) is plan
    assert plan.stands(clock.today()) == "To come"


def test_a_new_plan_takes_the_place_of_the_one_before_which_stays_in_the_history(oak):
    adult = build.an_adult(oak)
    first = a_plan(oak, adult)
    second = a_plan(oak, adult, who="The office manager")
    assert plan_in_force(oak, adult.id) is second
    assert plans_of(oak, adult.id) == [second, first]
    assert first.ended_because == "A new plan took its place."


def test_of_two_who_make_a_plan_at_once_the_second_is_told(oak):
    adult = build.an_adult(oak)
    a_plan(oak, adult)
    with pytest.raises(PlanMoved):
        make_plan(oak, adult, planned(), by=build.a_head(oak), seen=None)


def test_an_ended_plan_ends_at_once_and_only_once(oak):
    adult = build.an_adult(oak)
    plan = a_plan(oak, adult)
    with pytest.raises(PlanRefused):
        end_plan(oak, plan, by=build.a_head(oak), because="  ")
    end_plan(oak, plan, by=build.a_head(oak), because="They found a way that works.")
    assert plan_in_force(oak, adult.id) is None
    with pytest.raises(PlanMoved):
        end_plan(oak, plan, by=build.a_head(oak), because="Again")


def test_a_plan_is_the_persons_and_so_their_doubles_too(oak):
    double, adult = build.an_adult(oak), build.an_adult(oak, name="Other Sample")
    plan = a_plan(oak, double)
    merge(oak, double, adult, by=build.a_head(oak))
    assert plan_in_force(oak, adult.id) is plan
    assert plan_in_force(oak, double.id) is plan
    with pytest.raises(PlanRefused):
        make_plan(oak, double, planned(), by=build.a_head(oak), seen=plan.id)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("who", {"who": " "}),
        ("email", {"email": "", "telephone": ""}),
        ("telephone", {"telephone": "ask the office"}),
        ("starts_on", {"starts_on": -1}),
        ("until_on", {"until_on": -1}),
        ("until_on", {"until_on": 367}),
        ("because", {"because": ""}),
        ("answer_days", {"answer_days": 21}),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(oak, field, wrong):
    if field in ("starts_on", "until_on"):
        wrong = {name: clock.today() + days * DAY for name, days in wrong.items()}
    with pytest.raises(PlanRefused) as no:
        a_plan(oak, **wrong)
    assert no.value.field == field


def test_the_database_keeps_one_plan_at_a_time(oak):
    plan = a_plan(oak)
    with pytest.raises(IntegrityError), oak.begin_nested():
        oak.execute(
            text(
                "insert into contact_plan (school_id, id, adult_id, who, email, telephone, often,"
                " starts_on, until_on, since_at, because, said_by) select school_id,"
                " gen_random_uuid(), adult_id, who, email, telephone, often, starts_on + 3,"
                " until_on, since_at, because, said_by from contact_plan where id = :id"
            ),
            {"id": plan.id},
        )


def test_a_plan_that_ends_soon_is_found_in_time(oak):
    near, far = build.an_adult(oak), build.an_adult(oak, name="Other Sample")
    plan = a_plan(oak, near, until_on=clock.today() + 14 * DAY)
    a_plan(oak, far, until_on=clock.today() + 15 * DAY)
    assert ending_soon(oak) == [(plan, near)]


# -- in letters


def test_every_letter_to_the_person_names_their_one_contact(oak):
    adult = rows.an_addressee(oak)
    letter = begin_letter(oak, adult, KINDS["plain"], by=build.a_head(oak))
    before = draft_of(oak, letter).composed
    plan = a_plan(oak, adult, telephone="01632 960 111")
    draft = draft_of(oak, letter)
    assert draft.composed.email == "deputy@school.example"
    assert draft.composed.telephone == "01632 960 111"
    assert draft.given["contact"].startswith("The deputy headteacher: deputy@school.example")
    assert draft.composed.blocks[-1].heading == "How we keep in touch"
    assert "once a week at most" in draft.composed.words
    assert plan.because not in draft.composed.text
    end_plan(oak, plan, by=build.a_head(oak), because="It works again")
    assert draft_of(oak, letter).composed == before


def test_the_letter_about_a_plan_says_what_the_plan_says(oak):
    adult = rows.an_addressee(oak)
    plan = a_plan(oak, adult)
    letter = begin_letter(
        oak, adult, KINDS["contact_plan"], by=build.a_head(oak), record_kind="plan",
        record_id=plan.id,
    )  # fmt: skip
    draft = draft_of(oak, letter)
    assert {"reasons", "plan", "starts_on", "review_on", "contact"} <= draft.from_record
    assert plan.because in draft.composed.words
    assert not [one for one in draft.against if one.part in draft.kind.fields]
    end_plan(oak, plan, by=build.a_head(oak), because="Wrong person")
    assert any(one.part == "record" for one in draft_of(oak, letter).against)


def test_reception_is_told_no_plan(oak):
    adult = rows.an_addressee(oak)
    a_plan(oak, adult)
    letter = begin_letter(oak, adult, KINDS["reception_notice"], by=build.a_head(oak))
    assert draft_of(oak, letter).composed.email != "deputy@school.example"
