"""A secretary says how to reach school, and a parent finds the way in a moment."""

from __future__ import annotations

import re

import pytest
import time_machine

from trustconduct.audit.actor import Role
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.db import transaction
from trustconduct.schools.settings import change_settings, settings_of
from trustconduct.web.kept import Pages

HOME = "/oak-lane/staff/policy/contact"
WAY = f"{HOME}/way/telephone"
FRIDAY = "2026-11-27T10:00:00Z"


@pytest.fixture(autouse=True)
def no_page_is_kept(monkeypatch):
    """The clock is moved within a second here, and a page is looked at again after one."""
    monkeypatch.setattr(Pages, "SECONDS", 0.0)


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def matrix(world):
    with world.sessions.school(world.oak.id, read_only=True) as session:
        return current_matrix(session).matrix


def seen(client, page):
    return re.search(r'name="seen_number" value="(\d+)"', client.get(page).text)[1]


def save(client, page=WAY, **more):
    given = {
        "text": "Call the office",
        "detail": "01632960001",
        "hours": "Mon-Fri 8:30-4",
        "who": "The office staff",
        "acknowledge_within": "",
        "answer_within": "2",
        "unit": "school_days",
        "note": "Please say your child’s class.",
        "away_first": "",
        "away_last": "",
        "cover": "",
        "seen_number": more.pop("seen_number", None) or seen(client, page),
    }
    return client.send(page, page=page, **{**given, **more})


def test_a_way_has_its_hours_and_promises_and_the_parent_sees_them(office, world):
    assert save(office).status_code == 303
    route = matrix(world).route("telephone")
    assert (route.detail, route.answer_within) == ("01632 960001", 2)
    assert 'value="Call the office"' in office.get(WAY).text
    assert "Monday to Friday 8:30am to 4pm" in office.get(WAY).text
    with time_machine.travel(FRIDAY, tick=False):
        page = office.get("/oak-lane/contact/ask").text
    assert "Open now, until 4pm." in page
    assert 'href="tel:+44-1632-960001"' in page
    assert "Who answers: The office staff" in page
    assert "Please say your child’s class." in page
    with time_machine.travel("2026-11-28T10:00:00Z", tick=False):
        assert "Closed now. Opens on Monday at 8:30am." in office.get("/oak-lane/contact/ask").text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("hours", "Mon-Fri 16:00 to 8:30", "ends before it begins"),
        ("hours", "when we are there", "can’t be read as hours"),
        ("answer_within", "soon", "Type a whole number from 1 to 100"),
        ("answer_within", "²", "Type a whole number from 1 to 100"),
        ("away_first", "31 June", "Type a day"),
        ("away_first", "4 May 2027", "Say from which day to which"),
        ("note", "See {school.fax}", "Leave out the marks"),
        ("text", " ", "Type what a parent does"),
    ],
)
def test_what_can_not_be_is_said_at_its_field_and_kept(office, world, field, typed, said):
    before = matrix(world)
    answer = save(office, **{field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert re.search(rf'href="#(?:{field}|away_last|cover)"', answer.text)
    assert "Please say your child’s class." in answer.text or field == "note"
    assert matrix(world) == before


def test_the_cover_stands_between_its_two_days_only(office):
    away = {"away_first": "26/11/2026", "away_last": "30 November 2026", "cover": "Ask Ms Sample"}
    assert save(office, **away).status_code == 303
    with time_machine.travel(FRIDAY, tick=False):
        assert "Ask Ms Sample (until 30 November 2026)" in office.get("/oak-lane/contact/ask").text
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        assert "Ask Ms Sample" not in office.get("/oak-lane/contact/ask").text


def test_ways_and_purposes_are_added_moved_and_taken_out(office, world):
    page = f"{HOME}/ways/add"
    assert save(office, page, text="Write to us", detail="office@oak.example").status_code == 303
    page = f"{HOME}/purposes/add"
    added = office.send(page, page=page, text="Report an absence", seen_number=seen(office, page))
    assert added.status_code == 303
    assert "It is ticked at “Telephone" in office.get(HOME).text
    now = matrix(world)
    assert now.ways_to(now.purpose("report-an-absence"))

    def do(thing, what):
        at = f"{HOME}/order/{thing}"
        return office.send(at, page=HOME, do=what, seen_number=seen(office, HOME))

    do("write-to-us", "up")
    assert [route.id for route in matrix(world).routes] == ["write-to-us", "telephone"]
    page = f"{HOME}/ways/add"
    twice = save(office, page, text="Write to us")
    assert twice.status_code == 422
    assert "There is a way with these words already" in twice.text
    do("write-to-us", "remove")
    assert matrix(world).route("write-to-us") is None
    do("telephone", "remove")
    assert "has no way to reach you" in office.get(HOME).text
    assert matrix(world).route("telephone")
    do("report-an-absence", "remove")
    assert matrix(world).purpose("report-an-absence") is None


def test_the_second_of_two_is_told_and_keeps_what_was_typed(office, world):
    first = seen(office, WAY)
    save(office, note="The first one’s note")
    late = save(office, note="The second one’s note", seen_number=first)
    assert late.status_code == 409
    assert "changed the ways to contact you a moment ago" in late.text
    assert "The second one’s note" in late.text
    again = re.search(r'name="seen_number" value="(\d+)"', late.text)[1]
    assert save(office, note="The second one’s note", seen_number=again).status_code == 303
    assert matrix(world).route("telephone").note == "The second one’s note"


def test_what_parents_may_miss_is_said_in_words(office):
    save(office)
    page = office.get(HOME).text
    assert "What parents may miss" in page
    assert "can be done by telephone only" in page


@pytest.mark.parametrize("typed", ["", "   ", "x" * 81])
def test_a_wish_without_words_or_with_too_many_is_refused_and_kept(office, world, typed):
    before, page = matrix(world), f"{HOME}/purposes/add"
    answer = office.send(page, page=page, text=typed, seen_number=seen(office, page))
    assert answer.status_code == 422
    assert 'href="#text"' in answer.text
    assert typed.strip() in answer.text
    assert matrix(world) == before


@pytest.mark.parametrize("written", ["01632960001", "+44 1632 960 001", "(01632) 960001"])
def test_a_number_in_any_writing_is_kept_in_one(office, world, written):
    assert save(office, detail=written).status_code == 303
    assert matrix(world).route("telephone").detail == "01632 960001"


def test_markup_in_a_way_is_text(office):
    script = "<script>alert(1)</script>"
    assert save(office, note=script, who=script).status_code == 303
    page = office.get("/oak-lane/contact/ask").text
    assert script not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_parents_could_read_on_a_day_is_shown(office, world):
    page = f"{HOME}/on-a-day/"
    assert "See what parents could read" in office.get(HOME).text
    with time_machine.travel("2099-03-02T10:00:00Z", tick=False):
        office.sign_in(world.oak.users[Role.OFFICE])
        assert save(office, text="Call the new office").status_code == 303
        assert "“Call the new office” is saved." in office.get(HOME).text
    with time_machine.travel("2099-03-05T10:00:00Z", tick=False):
        office.sign_in(world.oak.users[Role.OFFICE])
        before = office.get(f"{page}?day=1 March 2099").text
        assert f"Telephone {world.oak.canary}" in before
        assert "Call the new office" not in before
        that_day = office.get(f"{page}?day=2/3/2099").text
        assert that_day.index("Call the new office") < that_day.index(
            f"Telephone {world.oak.canary}"
        )
        assert "since 10:00 that day" in that_day
        after = office.get(f"{page}?day=4 March 2099").text
        assert "Please say your child’s class." in after
        assert f"Telephone {world.oak.canary}" not in after
        assert "no ways to contact you here yet" in office.get(f"{page}?day=1/1/2001").text


@pytest.mark.parametrize(
    ("typed", "said"), [("soon", "Type a day"), ("1 May 2090", "has not come yet")]
)
def test_a_day_that_can_not_be_is_said_and_kept(office, typed, said):
    answer = office.get(f"{HOME}/on-a-day/?day={typed}")
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}"' in answer.text


# -- what parents see


def test_an_email_without_a_promise_of_its_own_has_the_schools(office, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        version = settings_of(session).version
        change_settings(session, by=world.oak.head, seen_version=version, answer_within=3)
    hint = office.get(WAY).text
    assert "you answer within 3 school days" in hint
    blank = {"detail": "office@oak.example", "answer_within": ""}
    assert save(office, text="Send an email", **blank).status_code == 303
    assert "You will have an answer" in office.get("/oak-lane/contact/ask").text
    ways = office.get("/oak-lane/contact/ways.json").json["purposes"][0]["ways"]
    assert all(way["expect"] for way in ways if way["kind"] == "email")
    assert save(office, text="Send an email", **{**blank, "answer_within": "9"}).status_code == 303
    assert matrix(world).route("telephone").answer_within == 9


def test_the_heads_of_the_table_say_which_are_ways_and_which_are_wishes(client):
    page = client.get("/oak-lane/contact").text
    assert '<th scope="col" rowspan="2">Ways to reach us</th>' in page
    assert re.search(r'<th scope="colgroup" colspan="\d+">I want to…</th>', page)


def test_a_parent_chooses_what_they_want_and_sees_nothing_of_another_school(client, world):
    page = client.get("/oak-lane/contact").text
    assert 'href="/oak-lane/contact/ask"' in page
    found = client.get("/oak-lane/contact/ask").text
    assert f"Telephone {world.oak.canary}" in found
    assert world.elm.canary not in found
    assert client.get("/oak-lane/contact/nothing-here").status_code == 404


def test_the_same_is_there_for_programs(client, world):
    answer = client.get("/oak-lane/contact/ways.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (purpose,) = answer.json["purposes"]
    assert purpose["text"] == f"Ask {world.oak.canary}"
    (way,) = purpose["ways"]
    assert {"text", "kind", "detail", "href", "open", "hours", "expect"} <= way.keys()


def test_only_the_websites_that_the_school_named_may_frame_the_block(office):
    block = "/oak-lane/contact/block"
    assert "frame-ancestors 'none'" in office.get(block).headers["Content-Security-Policy"]
    page = f"{HOME}/website/"
    typed = "https://www.oak.example/contact\nhttps://oak.example"
    version = re.search(r'name="seen_version" value="(\d*)"', office.get(page).text)[1]
    assert office.send(page, page=page, framed_by=typed, seen_version=version).status_code == 303
    policy = office.get(block).headers["Content-Security-Policy"]
    assert "frame-ancestors https://www.oak.example https://oak.example" in policy
    assert "unsafe" not in policy
    assert "iframe src=" in office.get(page).text
    stale = office.send(page, page=page, framed_by="", seen_version=version)
    assert stale.status_code == 409


@pytest.mark.parametrize("typed", ["http://oak.example", "oak", "https://*", "javascript:alert(1)"])
def test_what_is_no_website_is_said(office, typed):
    page = f"{HOME}/website/"
    answer = office.send(page, page=page, framed_by=typed, seen_version="")
    assert answer.status_code == 422
    assert "is not a website" in answer.text
