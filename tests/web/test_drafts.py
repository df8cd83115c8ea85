"""A draft as the head, a governor or union representative, and the officer see it."""

from __future__ import annotations

import re

import pytest

from tests import build
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.consulting import comment_as_guest

DRAFT = "/oak-lane/staff/policy/draft/"


@pytest.fixture
def there(world):
    with world.sessions.trust() as session, transaction(session):
        return build.a_consultation(session)


@pytest.fixture
def officer(client, world):
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    return client


def test_a_head_is_led_to_the_draft_and_comments(client, world, there):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    assert "Say what you think of the draft" in client.get("/oak-lane/staff/").text
    page = client.get(DRAFT).text
    assert "nothing to add" in page
    assert "{school." not in page
    kept = client.send(DRAFT, page=DRAFT, clause="behaviour.1", words="Is it too harsh?")
    assert kept.status_code == 303
    page = client.get(DRAFT).text
    assert "Is it too harsh?" in page
    assert "Say what you think of the draft" not in client.get("/oak-lane/staff/").text
    back = re.search(rf"{DRAFT}[0-9a-f-]+/taken-back", page)
    assert client.send(back[0], page=DRAFT).status_code == 303
    assert "Is it too harsh?" not in client.get(DRAFT).text


def test_a_comment_that_is_refused_is_shown_again_where_it_was_typed(client, world, there):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    long = "Too long. " * 500
    answer = client.send(DRAFT, page=DRAFT, clause="behaviour.1", words=long)
    assert answer.status_code == 422
    assert long.strip() in answer.text
    blank = client.send(DRAFT, page=DRAFT, clause="", words="  ")
    assert blank.status_code == 422
    assert "Nothing to add" in blank.text
    assert client.send(DRAFT, page=DRAFT, nothing="yes").status_code == 303


def test_a_guest_reads_the_draft_by_their_link_and_nothing_else(client, world, there):
    with world.sessions.trust() as session, transaction(session):
        guest = build.a_guest(session, there)
        link = build.link_in(build.mailed(session, guest.email)[0])
    opened = client.get(link)
    assert opened.status_code == 303
    page = client.get(opened.location)
    assert "Sam Sample" in page.text
    assert "/admin/" not in page.text
    kept = client.send(opened.location, page=opened.location, clause="behaviour.1", words="No")
    assert kept.status_code == 303
    page = client.get(opened.location).text
    back = re.search(r"/consultation/[0-9a-f-]+/[0-9a-f-]+/taken-back", page)
    assert client.send(back[0], page=opened.location).status_code == 303
    assert client.get("/admin/").status_code in (302, 303)
    for wrong in (link[:-1] + "x", link.replace(str(guest.id), str(there.id))):
        assert client.get(wrong).status_code == 410


def test_an_officer_asks_hears_answers_and_ends(officer, world):
    with world.sessions.trust() as session, transaction(session):
        number = build.a_draft(session).number
    page = f"/admin/editions/{number}/consultation"
    assert officer.send(page, page=page, closes_on="31 June", words="").status_code == 422
    last = "1 January 2020"
    assert "still to come" in officer.send(page, page=page, closes_on=last, words="Look").text
    soon = build.clock.day(build.clock.today() + build.timedelta(days=9))
    assert officer.send(page, page=page, closes_on=soon, words="Look").status_code == 303
    guests = f"{page}/guests"
    who = {"kind": "union", "guest_name": "Sam", "email": "sam@union.example", "of": ""}
    assert officer.send(guests, page=page, **{**who, "email": "sam"}).status_code == 422
    assert officer.send(guests, page=page, **who).status_code == 303
    shown = officer.get(page).text
    assert "Sam, union representative" in shown
    assert "0 of 3 schools answered." in shown
    assert "In consultation" in officer.get(f"/admin/editions/{number}/").text
    assert officer.get("/admin/").status_code == 200
    end = re.search(rf"{guests}/[0-9a-f-]+/end", shown)
    assert officer.send(end[0], page=page).status_code == 303
    assert officer.send(f"{page}/end", page=page, because="").status_code == 422
    assert officer.send(f"{page}/end", page=page, because="Enough").status_code == 303
    assert "because Enough" in officer.get(page).text


def test_an_officer_answers_a_comment_and_its_author_reads_it(officer, world, app, there):
    with world.sessions.trust() as session, transaction(session):
        guest = build.a_guest(session, there)
        comment_as_guest(session, there, guest, clause="behaviour.1", words="Too harsh")
        secret = build.token(build.SECRET_KEY, "consultation", guest.id, 1)
    page = f"/admin/editions/{there.edition_number}/consultation"
    link = re.search(rf"{page}/comments/[0-9a-f-]+", officer.get(page).text)[0]
    assert officer.send(link, page=link, outcome="not_taken", answer="").status_code == 422
    kept = officer.send(link, page=link, outcome="not_taken", answer="The law asks it.")
    assert kept.status_code == 303
    reader = app.test_client()
    opened = reader.get(f"/consultation/{guest.id}/{secret}")
    assert "The law asks it." in reader.get(opened.location).text
