"""Signing in at the door: the forms, what a cookie is worth, and where one lands."""

from __future__ import annotations

import pyotp
import pytest

from tests.browser import TOKEN
from tests.build import a_code
from trustconduct.accounts.models import Factor, User
from trustconduct.audit.actor import Role
from trustconduct.db import transaction


def test_who_is_not_signed_in_signs_in_first_and_lands_where_they_wanted(client, world):
    asked = client.get("/oak-lane/staff/people/")
    assert asked.status_code == 302
    assert asked.location == "/account/sign-in?to=/oak-lane/staff/people/"
    head = world.oak.users[Role.HEADTEACHER]
    to = "/oak-lane/staff/people/"
    client.send("/account/sign-in", email=head.email, password=head.password, to=to)
    answer = client.send("/account/code", page="/account/code", code=a_code(head.secret), to=to)
    assert answer.location == to


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_sent_to_another_site_after_signing_in(client, world, to):
    head = world.oak.users[Role.HEADTEACHER]
    client.send("/account/sign-in", email=head.email, password=head.password, to=to)
    answer = client.send("/account/code", page="/account/code", code=a_code(head.secret), to=to)
    assert answer.location == "/account/"


def test_a_wrong_password_and_an_unknown_address_answer_alike(client, world):
    head = world.oak.users[Role.HEADTEACHER]
    wrong = client.send("/account/sign-in", email=head.email, password="not this one", to="")
    unknown = client.send("/account/sign-in", email="no@body.example", password="not this", to="")
    assert wrong.status_code == unknown.status_code == 422
    pages = (wrong.text.replace(head.email, ""), unknown.text.replace("no@body.example", ""))
    assert len({TOKEN.sub("", page) for page in pages}) == 1


def test_the_password_alone_opens_nothing(client, world):
    head = world.oak.users[Role.HEADTEACHER]
    client.send("/account/sign-in", email=head.email, password=head.password, to="")
    assert client.get("/oak-lane/staff/").status_code == 302


def test_a_captured_cookie_is_dead_after_signing_out(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    cookie = client.get_cookie("signed-in").value
    assert client.get("/oak-lane/staff/").status_code == 200
    client.send("/account/sign-out", page="/oak-lane/staff/")
    client.set_cookie("signed-in", cookie)
    assert client.get("/oak-lane/staff/").status_code == 302


def test_a_head_lands_at_the_own_school_and_may_not_enter_another(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    assert client.get("/account/").location == "/oak-lane/staff/"
    assert client.get("/elm-park/staff/").status_code == 403
    assert client.get("/admin/").status_code == 403


def test_a_first_sign_in_makes_the_authenticator(client, world):
    head = world.oak.users[Role.HEADTEACHER]
    with world.sessions.accounts() as session, transaction(session):
        factor = session.query(Factor).filter_by(user_id=head.id).one()
        factor.confirmed_at = None
        session.get(User, head.id).enrols_at_sign_in = True
    secret = head.secret
    client.send("/account/sign-in", email=head.email, password=head.password, to="")
    page = client.get("/account/code").text
    assert "Add this to your app" in page
    assert " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) in page
    code = pyotp.TOTP(secret).now()
    assert client.send("/account/code", page="/account/code", code=code, to="").status_code == 303
    client.send("/account/sign-out", page="/oak-lane/staff/")
    client.send("/account/sign-in", email=head.email, password=head.password, to="")
    assert secret[:4] not in client.get("/account/code").text


def test_each_role_sees_only_the_places_it_may_go(client, world):
    places = {
        Role.HEADTEACHER: {"Our code", "Acknowledgements", "People"},
        Role.OFFICE: {"Our code", "Acknowledgements", "People"},
        Role.PASTORAL: {"Acknowledgements", "People"},
        Role.TEACHER: set(),
        Role.GOVERNOR: set(),
    }
    for role, may in places.items():
        browser = client.application.test_client()
        browser.sign_in(world.oak.users[role])
        page = browser.get("/oak-lane/staff/").text
        for place in ("Our code", "Acknowledgements", "People"):
            assert (f"<span>{place}</span>" in page) == (place in may), (role, place)


def test_a_form_without_its_token_changes_nothing(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    answer = client.post("/oak-lane/staff/policy/facts", data={"telephone": "01632 960999"})
    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
    assert "960999" not in client.get("/oak-lane/staff/policy/facts").text
