"""A parent's link: what it opens, what it takes, and what it never tells."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from trustconduct import clock
from trustconduct.acknowledgements.lists import lines
from trustconduct.outbox.links import token
from trustconduct.policies.versions import version_in_force


@pytest.fixture
def link(world, settings):
    """The path of Lee's link: asked, and not answered yet."""
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    return f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"


def page_of(link: str) -> str:
    return link.rpartition("/")[0]


def status(world, name: str) -> str:
    with world.sessions.school(world.oak.id) as session:
        found = lines(session, version_in_force(session), most=100)
    return next(line.status for line in found if line.name == name)


def send(client, link: str, **fields):
    page = page_of(link)
    shown = client.get(page).text.partition('name="shown" value="')[2][:64]
    typed = {"typed_name": "Lee Sample", "answer": "signed", "read_it": "yes", "note": ""}
    return client.send(page, page=page, shown=shown, **{**typed, **fields})


def test_the_address_loses_its_secret_at_once(client, link):
    first = client.get(link)
    assert first.status_code == 303
    assert first.location == page_of(link)
    cookie = first.headers["Set-Cookie"]
    assert f"Path={page_of(link)}" in cookie
    assert "HttpOnly" in cookie
    assert link.rpartition("/")[2] not in client.get(first.location).text
    assert first.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_says_plainly_that_signing_is_a_request(client, link):
    page = client.get(link, follow_redirects=True).text
    assert "Signing is a request." in page
    assert "The code applies to everyone either way." in page


def test_a_parent_signs_and_sees_thanks(client, link, world):
    client.get(link)
    answer = send(client, link)
    assert answer.status_code == 303
    assert "There is nothing else to do" in client.get(answer.location).text
    assert status(world, f"Lee {world.oak.canary}") == "signed"


def test_signing_needs_the_name_and_the_tick_and_keeps_what_was_typed(client, link, world):
    client.get(link)
    without = send(client, link, read_it="", note="We moved house.")
    assert without.status_code == 422
    assert "Tick the box" in without.text
    assert 'value="Lee Sample"' in without.text
    assert "We moved house." in without.text
    nameless = send(client, link, answer="declined", typed_name=" ")
    assert nameless.status_code == 422
    assert "Type your name" in nameless.text
    assert status(world, f"Lee {world.oak.canary}") == "none"


@pytest.mark.parametrize(
    ("name", "says"),
    [("x" * 10_000, "too long"), ("Lee\x00Sample", "in letters"), ("12345", "in letters")],
)
def test_a_name_that_will_not_do_is_refused_in_words(client, link, world, name, says):
    client.get(link)
    answer = send(client, link, typed_name=name)
    assert answer.status_code == 422
    assert says in answer.text
    assert status(world, f"Lee {world.oak.canary}") == "none"


def test_a_parent_who_would_rather_not_may_sign_later(client, link, world):
    client.get(link)
    send(client, link, answer="declined", read_it="")
    assert status(world, f"Lee {world.oak.canary}") == "declined"
    assert "That is your choice" in client.get(page_of(link)).text
    again = client.get(page_of(link) + "?again=yes")
    assert "Your answer" in again.text
    shown = again.text.partition('name="shown" value="')[2][:64]
    client.send(
        page_of(link),
        page=page_of(link) + "?again=yes",
        shown=shown,
        typed_name="Lee Sample",
        answer="signed",
        read_it="yes",
        note="",
    )
    assert status(world, f"Lee {world.oak.canary}") == "signed"


def test_reading_never_answers(client, link, world):
    for _ in range(50):
        client.get(link, follow_redirects=True)
    client.head(link)
    client.head(page_of(link))
    assert status(world, f"Lee {world.oak.canary}") == "none"


def test_two_adults_in_one_browser_do_not_meet(client, link, world, settings):
    other_id = world.oak.requests["Jo Sample"]
    other = f"/oak-lane/sign/{other_id}/{token(settings.SECRET_KEY, 'sign', other_id, 1)}"
    client.get(link)
    client.get(other)
    assert "For Lee" in client.get(page_of(link)).text
    assert "Lee" not in client.get(page_of(other)).text


def test_every_link_that_does_not_work_gets_the_same_plain_page(client, link, world, settings):
    lee = world.oak.requests[f"Lee {world.oak.canary}"]
    good = token(settings.SECRET_KEY, "sign", lee, 1)
    bad = [
        f"/oak-lane/sign/{lee}/{good[:-1]}x",
        f"/oak-lane/sign/{lee}/{token(settings.SECRET_KEY, 'sign', lee, 2)}",
        f"/oak-lane/sign/{uuid4()}/{good}",
        f"/oak-lane/sign/{lee}",
        f"/oak-lane/sign/{uuid4()}",
    ]
    answers = [client.get(address) for address in bad]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.text for answer in answers}) == 1
    assert "Lee" not in answers[0].text
    # Another school's address: the page of that school, and nothing of this one.
    foreign = client.get(f"/elm-park/sign/{lee}/{good}")
    assert foreign.status_code == 410
    assert world.oak.canary not in foreign.text


def test_a_link_that_has_run_out_takes_no_answer(client, link, world, settings):
    last = clock.today() + timedelta(days=settings.SIGN_LINK_DAYS)
    late = datetime.combine(last, time(23, 30), clock.LONDON)
    with time_machine.travel(late, tick=True):
        client.get(link)
        shown = client.get(page_of(link)).text.partition('name="shown" value="')[2][:64]
        csrf = client.csrf(page_of(link))
    with time_machine.travel(late + timedelta(hours=1), tick=True):
        answer = client.post(
            page_of(link),
            data={
                "csrf_token": csrf,
                "shown": shown,
                "typed_name": "Lee Sample",
                "answer": "signed",
                "read_it": "yes",
            },
        )
        assert answer.status_code == 410
        page = client.get(link, follow_redirects=True)
        assert "This link does not work any more" in page.text
    assert status(world, f"Lee {world.oak.canary}") == "none"


def test_a_field_that_the_form_does_not_have_is_refused(client, link, world):
    client.get(link)
    assert send(client, link, answered_at="2020-01-01").status_code == 422
    assert status(world, f"Lee {world.oak.canary}") == "none"


def test_a_form_that_is_not_from_the_page_of_this_link_notes_nothing(client, link, world, settings):
    """A site that sends the form for a parent can't read the page, so it has no mark."""
    client.get(link)
    request_id = UUID(page_of(link).rpartition("/")[2])
    shown = client.get(page_of(link)).text.partition('name="shown" value="')[2][:64]
    fields = {"shown": shown, "typed_name": "Lee Sample", "answer": "signed", "read_it": "yes"}
    key = settings.SECRET_KEY
    others_cookie = token(key, "sign-page", world.oak.requests["Jo Sample"], 1)
    for mark in (
        {},
        {"csrf_token": "made-up"},
        {"csrf_token": "gemacht für ☃\0"},
        {"csrf_token": token(key, "sign-page", request_id, 1)},
        {"csrf_token": token(key, "sign-form:", request_id, 0)},
        {"csrf_token": token(key, f"sign-form:{others_cookie}", request_id, 0)},
    ):
        answer = client.post(page_of(link), data={**fields, **mark})
        assert answer.status_code == 400
    assert status(world, f"Lee {world.oak.canary}") == "none"


def test_a_parent_carries_no_cookie_but_the_links(client, link):
    client.get(link)
    assert send(client, link).status_code == 303
    assert client.get(page_of(link)).status_code == 200
    assert [cookie.key for cookie in client._cookies.values()] == ["link"]
