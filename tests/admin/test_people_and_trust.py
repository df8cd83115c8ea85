"""The officer adds people and names the Trust."""

from __future__ import annotations

import re

import pytest

from trustconduct.audit.actor import Role

ADD, TRUST = "/admin/people/add", "/admin/trust/"
PERSON = {"name": "Nell Sample", "email": "Nell@oak-lane.example", "role": "office"}


def test_a_person_is_added_and_signs_in_with_the_password_shown_once(officer, app, world):
    answer = officer.send(ADD, page=ADD, **PERSON, school="oak-lane")
    assert answer.status_code == 200
    password = re.search(r"First password</dt>\s*<dd[^>]*>([^<]+)</dd>", answer.text)[1].strip()
    assert password not in officer.get("/admin/people/").text
    nell = app.test_client()
    half = nell.send("/account/sign-in", email="nell@oak-lane.example", password=password, to="")
    assert half.status_code == 303
    assert "Set up your authenticator" in nell.get("/account/code").text
    nell.send("/account/authenticator", page="/account/code", to="")
    assert "Add this to your app" in nell.get("/account/code").text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"school": ""}, "Choose the school"),
        ({"school": "beech-hill"}, "Choose the school"),
        ({"role": "trust_reader"}, "A role at the Trust has no school"),
        ({"email": "nell"}, "Type an email address"),
        ({"email": "headteacher@oak-lane.example"}, "There is a person with the address"),
        ({"name": " "}, "Type the person"),
        ({"role": "king"}, "Choose what they are"),
    ],
)
def test_a_person_that_can_not_be_added_is_refused_by_field(officer, change, says):
    typed = {**PERSON, "school": "oak-lane", **change}
    answer = officer.send(ADD, page=ADD, **typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert "Nell Sample" not in officer.get("/admin/people/").text


def test_a_reader_adds_nobody_and_names_nothing(client, world):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    assert client.get(ADD).status_code == 403
    assert client.get(TRUST).status_code == 403
    assert client.send(ADD, **PERSON, school="oak-lane").status_code == 403
    assert client.send(TRUST, name="Mine", telephone="", email="").status_code == 403
    assert "Add a person" not in client.get("/admin/people/").text


def test_the_trusts_name_shows_on_every_page(officer):
    answer = officer.send(
        TRUST, page=TRUST, name="Harbour Trust", telephone="01632 960555", email=""
    )
    assert answer.status_code == 303
    assert "Harbour Trust" in officer.get("/account/sign-in").text
    nameless = officer.send(TRUST, page=TRUST, name="", telephone="", email="")
    assert nameless.status_code == 422
