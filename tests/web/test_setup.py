"""A head adopts the Trust's edition: each step, its mistakes, and what parents then see."""

from __future__ import annotations

import re

import pytest

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.adoption import begin, finish
from trustconduct.policies.editing import edit
from trustconduct.policies.editions import approve, publish
from trustconduct.policies.edits import ChangeClause, mark
from trustconduct.policies.fact_edits import DeclareFact

HOME = "/oak-lane/staff/policy"


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def typed(page: str) -> dict[str, str]:
    """What stands in the fields of a page's form."""
    found = dict(re.findall(r'<input[^>]*name="([a-z_-]+)"[^>]*value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]*name="([a-z_]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    for name, value in re.findall(r'name="([a-z_]+)" type="radio" value="([^"]*)" checked', page):
        found[name] = value
    found.pop("csrf_token", None)
    return found


def with_another_app(browser) -> None:
    """Change a fact that the text names, so that there is something to publish."""
    now = typed(browser.get(f"{HOME}/facts").text)
    sent = {**now, "policies_url": "https://new.example/x"}
    told = browser.send(f"{HOME}/facts", page=f"{HOME}/facts", **sent)
    browser.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**sent, **typed(told.text)})


def test_a_head_changes_the_facts_and_parents_see_them(head):
    now = typed(head.get(f"{HOME}/facts").text)
    answer = head.send(
        f"{HOME}/facts", page=f"{HOME}/facts", **{**now, "telephone": "01632 960777"}
    )
    assert answer.status_code == 303
    assert "01632 960777" in head.get("/oak-lane/contact").text


def test_a_wrong_fact_is_named_and_what_was_typed_is_kept(head):
    now = typed(head.get(f"{HOME}/facts").text)
    wrong = {**now, "policies_url": "our website", "email": "nobody"}
    answer = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **wrong)
    assert answer.status_code == 422
    assert "Type the whole address" in answer.text
    assert "Type an email address" in answer.text
    assert 'value="our website"' in answer.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ban_first_days": "200"}, "A first ban can&#39;t be longer than the longest ban"),
        ({"ban_reviewer": "headteacher"}, "must not be who decided"),
        ({"ban_temporary_days": "many"}, "Type a whole number from 1 to 400"),
        ({"representations_days": ""}, "Type how many days a parent has to answer"),
    ],
)
def test_ban_settings_that_contradict_each_other_are_refused_by_field(head, change, says):
    now = typed(head.get(f"{HOME}/bans").text)
    answer = head.send(f"{HOME}/bans", page=f"{HOME}/bans", **{**now, **change})
    assert answer.status_code == 422
    assert says in answer.text


def test_the_second_of_two_editors_sees_both_texts(client, world):
    first, second = client, client.application.test_client()
    first.sign_in(world.oak.users[Role.HEADTEACHER])
    second.sign_in(world.oak.users[Role.OFFICE])
    theirs = typed(second.get(f"{HOME}/facts").text)
    mine = typed(first.get(f"{HOME}/facts").text)
    first.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**mine, "telephone": "01632 960111"})
    late = second.send(
        f"{HOME}/facts", page=f"{HOME}/facts", **{**theirs, "telephone": "01632 960222"}
    )
    assert late.status_code == 409
    assert "01632 960111" in late.text
    assert 'value="01632 960222"' in late.text
    again = typed(late.text)
    saved = second.send(f"{HOME}/facts", page=f"{HOME}/facts", **again)
    assert saved.status_code == 303
    assert "01632 960222" in first.get(f"{HOME}/facts").text


def test_a_purpose_without_any_way_is_refused(head):
    page = head.get(f"{HOME}/contact").text
    now = typed(page)
    del now["ticks"]
    answer = head.send(f"{HOME}/contact", page=f"{HOME}/contact", **now)
    assert answer.status_code == 422
    assert "has no way to reach you" in answer.text


def test_publishing_twice_by_one_form_leaves_one_version(head):
    with_another_app(head)
    fields = typed(head.get(f"{HOME}/preview").text)
    first = head.send(f"{HOME}/publish", page=f"{HOME}/preview", **fields)
    again = head.send(f"{HOME}/publish", page=f"{HOME}/preview", **fields)
    assert first.status_code == again.status_code == 303
    assert "was published a moment ago" in head.get(HOME + "/").text
    assert head.get("/oak-lane/policy/2").status_code == 200
    assert head.get("/oak-lane/policy/3").status_code == 404


def test_the_same_text_is_not_offered_for_publishing_again(head):
    page = head.get(f"{HOME}/preview").text
    assert "This is what version 1 says already" in page
    assert "Publish version" not in page


def test_the_office_prepares_and_only_the_head_publishes(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    with_another_app(client)
    page = client.get(f"{HOME}/preview").text
    assert "The headteacher can publish it now" in page
    fields = {"seen_number": "1", "seen_text": "", "edition": "1"}
    answer = client.send(f"{HOME}/publish", page=f"{HOME}/facts", **fields)
    assert answer.status_code == 403
    assert client.get("/oak-lane/policy/2").status_code == 404


def test_an_officer_fills_in_for_the_head_who_then_publishes(client, world):
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    now = typed(client.get(f"{HOME}/facts").text)
    saved = client.send(
        f"{HOME}/facts", page=f"{HOME}/facts", **{**now, "telephone": "01632 960333"}
    )
    assert saved.status_code == 303
    fields = {"seen_number": "1", "seen_text": "", "edition": "1"}
    assert client.send(f"{HOME}/publish", page=f"{HOME}/facts", **fields).status_code == 403
    assert client.get("/oak-lane/staff/people/").status_code == 403


def test_a_school_without_anything_is_led_to_its_first_version(client, world):
    """What is missing stands on the page, each with a link to where it is put right."""
    with world.sessions.school(world.oak.id) as session:
        session.rollback()
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    now = typed(client.get(f"{HOME}/facts").text)
    client.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**now, "app_name": ""})
    page = client.get(f"{HOME}/preview").text
    assert "Parent app is blank." in page
    assert "/oak-lane/staff/policy/facts" in page
    assert "Publish version" not in page
    assert build.FACTS["app_name"]  # the fact that was taken away is one that the text names


# -- facts that an edition declares


def test_a_school_fills_in_the_facts_that_the_edition_declares(head, world):
    officer = build.an_officer()
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
        fact = DeclareFact("school.bus_line", "Bus line", "Who drives the bus.", "telephone")
        edit(session, draft, fact, by=officer)
        clause = draft.document.clause("behaviour.4")
        words = ChangeClause(clause.id, mark(clause), "Ring {school.bus_line} about the bus.")
        edit(session, draft, words, by=officer)
        build.approve(session, draft, by=officer, board_on=clock.today())
        publish(session, draft, by=officer)
    assert "Bus line is blank." in head.get(f"{HOME}/").text
    assert "Ring [Bus line] about the bus." in head.get(f"{HOME}/preview").text
    page = head.get(f"{HOME}/facts").text
    assert "Who drives the bus." in page
    filled = {**typed(page), "more-bus_line": "01632 960 {77}"}
    wrong = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **filled)
    assert wrong.status_code == 422
    assert 'href="#more-bus_line"' in wrong.text
    saved = head.send(
        f"{HOME}/facts", page=f"{HOME}/facts", **{**filled, "more-bus_line": "01632 960077"}
    )
    assert saved.status_code == 303
    assert 'value="01632 960077"' in head.get(f"{HOME}/facts").text
    assert "Bus line is blank." not in head.get(f"{HOME}/").text
    assert "Ring 01632 960077 about the bus." in head.get(f"{HOME}/preview").text
    stale = {**filled, "more-bus_line": "01632 960078"}
    late = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **stale)
    assert late.status_code == 409
    assert "Bus line: <strong>01632 960077</strong>" in late.text


def test_where_governing_bodies_approve_as_well_the_school_says_when(app, world):
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
        draft.local_bodies = True
        session.flush()
        approve(session, draft, by=build.an_officer(), board_on=clock.today())
        publish(session, draft, by=build.an_officer())
    with world.sessions.school(world.elm.id) as session, transaction(session):
        taken_up = begin(session, build.the_edition(session), by=world.elm.head)
        finish(session, taken_up, by=world.elm.head, seen=taken_up.version)
    head = app.test_client()
    head.sign_in(world.elm.users[Role.HEADTEACHER])
    home = "/elm-park/staff/policy"
    page, send = f"{home}/preview", f"{home}/publish"
    fields = {**typed(head.get(page).text), "governors_on": ""}
    assert "your governing body approved it" in head.send(send, page=page, **fields).text
    fields["governors_on"] = "31 June"
    assert head.send(send, page=page, **fields).status_code == 422
    fields["governors_on"] = clock.day(clock.today() + build.timedelta(days=1))
    late = head.send(send, page=page, **fields)
    assert late.status_code == 422
    assert "on a day to come" in late.text
    assert fields["governors_on"] in late.text
    fields["governors_on"] = "1 September 2024"
    assert head.send(send, page=page, **fields).status_code == 303
    shown = head.get("/elm-park/policy").text
    assert "the school’s governing body on 1 September 2024" in shown
    assert "the Trust’s Board on" in shown
    printed = head.get("/elm-park/policy/2").text
    assert "governing body on 1 September 2024" in printed
