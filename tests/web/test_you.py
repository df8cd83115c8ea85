"""One's own account, many tries, and working at more than one place."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from redis import Redis
from sqlalchemy import select, update

from tests.browser import Browser
from tests.build import PASSWORD, SEALER, a_code, an_officer, mailed
from trustconduct import clock
from trustconduct.accounts.factors import make_codes, next_secret_of
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.models import SignIn, User
from trustconduct.accounts.signing_in import MOST_WRONG_CODES, actor_of
from trustconduct.accounts.throttle import MOST
from trustconduct.audit.actor import Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import transaction

NEW = "purple gravel tide lamp"
CODE = re.compile(r"<li>(\w{4}-\w{4}-\w{4})</li>")
YOU = "/account/you"


@pytest.fixture
def office(world):
    return world.oak.users[Role.OFFICE]


@pytest.fixture
def codes(world, office) -> list[str]:
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, office.id)
        return make_codes(session, user, by=actor_of(user), sealer=SEALER)


def subjects(world, user) -> list[str]:
    with world.sessions.trust() as trust:
        return [mail.subject for mail in mailed(trust, user.email)]


def test_nobody_sees_an_account_without_signing_in(client, app):
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("you."):
            continue
        if "GET" in rule.methods:
            answer = client.get(rule.rule)
            assert answer.location == f"/account/sign-in?to={rule.rule}"
        else:
            assert client.send(rule.rule).location == "/account/sign-in"


def test_the_account_says_who_one_is_and_how_many_codes_are_left(client, office, codes):
    client.sign_in(office)
    page = client.get(f"{YOU}/").text
    assert office.email in page
    assert "Office at Oak Lane" in page
    assert "10 of 10 left" in page
    assert f'href="{YOU}/"' in client.get("/oak-lane/staff/").text


def test_a_recovery_code_signs_in_and_the_person_is_told(client, world, office, codes):
    client.send("/account/sign-in", email=office.email, password=office.password, to="")
    assert "Use a recovery code instead" in client.get("/account/code").text
    at = "/account/recovery-code"
    assert client.send(at, page=at, code="aaaa-bbbb-cccc", to="").status_code == 422
    answer = client.send(at, page=at, code=codes[0].upper(), to="/oak-lane/staff/people/")
    assert answer.location == "/oak-lane/staff/people/"
    assert "9 of 10 left" in client.get(f"{YOU}/").text
    assert subjects(world, office) == ["A recovery code of yours was used"]


def test_a_recovery_code_without_the_password_is_nothing(client, codes):
    answer = client.send("/account/recovery-code", code=codes[0], to="")
    assert answer.location == "/account/sign-in"


def test_new_codes_need_a_code(client, office, codes):
    client.sign_in(office)
    at = f"{YOU}/codes"
    assert client.send(at, page=at, code="").status_code == 422
    assert client.send(at, page=at, code="000000x").status_code == 422
    page = client.send(at, page=at, code=codes[3])
    new = CODE.findall(page.text)
    assert len(set(new)) == 10
    assert not {*new} & {*codes}
    assert new[0] not in client.get(at).text, "shown once"


def test_a_new_password_ends_every_other_sign_in_and_renews_this_one(app, client, world, office):
    elsewhere = app.test_client()
    elsewhere.sign_in(office)
    client.sign_in_by_forms(office, ahead=1)
    captured = client.get_cookie("signed-in").value
    at = f"{YOU}/password"
    wrong = client.send(at, page=at, old="not my password", password=NEW, again=NEW)
    assert wrong.status_code == 422
    assert "not your current password" in wrong.text
    same = client.send(at, page=at, old=PASSWORD, password=PASSWORD, again=PASSWORD)
    assert "another password" in same.text
    assert client.send(at, page=at, old=PASSWORD, password=NEW, again=NEW).status_code == 303
    assert client.get("/oak-lane/staff/").status_code == 200
    assert client.get_cookie("signed-in").value != captured
    assert elsewhere.get("/oak-lane/staff/").status_code == 302
    elsewhere.set_cookie("signed-in", captured)
    assert elsewhere.get("/oak-lane/staff/").status_code == 302
    assert subjects(world, office) == ["Your password was changed"]


def test_one_moves_to_another_authenticator_with_a_recovery_code(app, client, world, office, codes):
    elsewhere = app.test_client()
    elsewhere.sign_in(office)
    began = clock.now()
    client.sign_in_by_forms(office, ahead=1)
    at = f"{YOU}/authenticator"
    assert client.get(f"{at}/new").location == at, "not before the old one was shown"
    assert client.send(at, page=at, code="aaaa-bbbb-cccc").status_code == 422
    assert client.send(at, page=at, code=codes[0]).location == f"{at}/new"
    with world.sessions.accounts() as session:
        new = next_secret_of(session, session.get(User, office.id), SEALER)
    assert new[:4] in client.get(f"{at}/new").text
    with world.sessions.accounts() as session, transaction(session):
        hours = update(SignIn).where(SignIn.user_id == office.id, SignIn.began_at < began)
        session.execute(hours.values(code_given_at=clock.now() - timedelta(hours=1)))
    assert elsewhere.get(f"{at}/new").location == at, "the secret is this sign-in's alone"
    assert client.send(f"{at}/new", page=f"{at}/new", code="12345").status_code == 422
    answer = client.send(f"{at}/new", page=f"{at}/new", code=a_code(new))
    assert answer.location == f"{YOU}/"
    assert client.get("/oak-lane/staff/").status_code == 200
    assert elsewhere.get("/oak-lane/staff/").status_code == 302
    assert subjects(world, office)[-1] == "Your authenticator was changed"


WRONG_ONES = {
    "codes": {"code": "000000"},
    "authenticator": {"code": "aaaa-bbbb-cccc"},
    "password": {"old": "not my password", "password": NEW, "again": NEW},
}


@pytest.mark.parametrize("page", WRONG_ONES)
def test_a_captured_cookie_has_five_tries_and_then_it_is_dead(client, world, office, page):
    client.sign_in(office)
    at = f"{YOU}/{page}"
    for _ in range(MOST_WRONG_CODES - 1):
        assert client.send(at, page=at, **WRONG_ONES[page]).status_code == 422
    answer = client.send(at, page=at, **WRONG_ONES[page])
    assert (answer.status_code, answer.location) == (303, "/account/sign-in")
    assert "wrong five times" in client.get(answer.location).text
    assert client.get("/oak-lane/staff/").status_code == 302
    with world.sessions.trust() as session:
        refused = select(TrustAuditEvent).where(TrustAuditEvent.event == Event.FACTOR_REFUSED.value)
        assert len(session.scalars(refused).all()) == MOST_WRONG_CODES


# -- many tries


def tries(client: Browser, times: int, **fields: str) -> list[int]:
    csrf = client.csrf()
    return [
        client.post("/account/sign-in", data={"csrf_token": csrf, "to": "", **fields}).status_code
        for _ in range(times)
    ]


def test_the_eleventh_try_says_when_to_try_again(client, app, office):
    wrong = {"email": office.email, "password": "not this one"}
    with time_machine.travel("2027-03-01T12:00:00Z", tick=False) as time:
        assert tries(client, MOST + 1, **wrong) == [422] * MOST + [429]
        page = client.send("/account/sign-in", email=office.email, password=PASSWORD, to="")
        assert page.status_code == 429, "also the right one"
        assert "You can try again at 12:05:00." in page.text
        assert page.headers["Retry-After"] == "300"
        elsewhere = app.test_client()
        csrf = elsewhere.csrf()
        form = {"csrf_token": csrf, "to": "", "email": office.email, "password": PASSWORD}
        right = elsewhere.post(
            "/account/sign-in", data=form, environ_base={"REMOTE_ADDR": "192.0.2.77"}
        )
        assert right.status_code == 303, "nobody is kept out by somebody elsewhere"
        time.shift(timedelta(minutes=5))
        assert tries(client, 1, **wrong) == [422]


def test_an_unknown_address_is_slowed_down_alike(client):
    assert tries(client, MOST + 1, email="no@body.example", password="x") == [422] * MOST + [429]


def test_it_holds_while_redis_is_down(client, app, world, office, valkey: Redis):
    valkey.connection_pool.disconnect()
    app.extensions["trustconduct"].settings.__dict__["REDIS_URL"] = "redis://127.0.0.1:1"
    wrong = {"email": office.email, "password": "not this one"}
    assert tries(client, MOST + 1, **wrong)[-1] == 429


@pytest.mark.parametrize("at", ["/account/code", "/account/recovery-code"])
def test_codes_are_counted_over_many_passwords(client, office, at):
    """Five wrong ones end a half sign-in; the password again must not begin the count anew."""
    answers = []
    for _ in range(3):
        client.send("/account/sign-in", email=office.email, password=office.password, to="")
        answers += [client.send(at, page=at, code="abcdef", to="").status_code for _ in range(4)]
    assert answers == [422] * 10 + [429] * 2


def test_asking_for_links_is_counted(client, office):
    def ask(email: str) -> int:
        return client.send("/account/forgotten", page="/account/forgotten", email=email).status_code

    assert [ask(office.email) for _ in range(11)] == [200] * 10 + [429]
    assert [ask("no@body.example") for _ in range(11)] == [200] * 10 + [429]


# -- more than one place


@pytest.fixture
def of_two(world, office):
    """The office of Oak Lane is also governor of Elm Park, and reads at the Trust."""

    def give(*grants: Grant):
        with world.sessions.accounts() as session, transaction(session):
            invite(
                session,
                by=an_officer(),
                email=office.email,
                name="",
                grants=grants,
                trust_name="Lantern Trust",
            )

    give(Grant(Role.GOVERNOR, world.elm.id))
    return give


def test_who_works_at_two_schools_chooses_and_may_switch(client, world, office, of_two):
    client.sign_in(office)
    page = client.get("/account/").text
    assert "Where do you want to work?" in page
    assert "Oak Lane – Office" in page
    assert "Elm Park – Governor" in page
    assert "Ash Grove" not in page
    page = client.get("/elm-park/staff/").text
    assert "Switch school" in page
    assert "<small>Governor</small>" in page, "what one is here, and nothing else"
    assert client.get("/elm-park/staff/people/").status_code == 403
    assert client.get("/oak-lane/staff/people/").status_code == 200
    of_two(Grant(Role.TRUST_READER))
    client.sign_in_by_forms(office, ahead=1)
    assert "Lantern Trust – Trust reader" in client.get("/account/").text
    assert "Go to a school" in client.get("/admin/").text


def test_who_works_at_one_place_goes_there_and_sees_no_switch(client, office):
    client.sign_in(office)
    assert client.get("/account/").location == "/oak-lane/staff/"
    assert "Switch" not in client.get("/oak-lane/staff/").text


def test_an_officer_inside_a_school_finds_the_way_back(client, world):
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    assert "Back to the Trust" in client.get("/oak-lane/staff/").text
    assert client.get("/account/").location == "/admin/"


def test_a_role_that_runs_out_is_gone_at_midnight_in_london(client, world, office):
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, office.id)
        user.grants[0].last_on = clock.today()
    client.sign_in(office)
    assert client.get("/oak-lane/staff/").status_code == 200
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, office.id)
        user.grants[0].last_on = clock.today() - timedelta(days=1)
    assert client.get("/oak-lane/staff/").status_code == 403
    assert "You have no role today" in client.get("/account/").text


def test_no_number_of_places_costs_a_query(client, app, world, office, of_two, queries):
    client.sign_in(office)
    client.get("/oak-lane/staff/")
    engine = app.extensions["trustconduct"].sessions.engine
    with queries(engine) as one:
        client.get("/elm-park/staff/")
    assert not [each for each in one.statements if "account_grant" in each][1:]
