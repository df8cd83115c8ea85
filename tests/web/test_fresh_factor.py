"""What is sensitive asks for a code that is less than 15 minutes old, once for a run of acts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask_login import current_user
from sqlalchemy import select, update

from tests.at_once import at_once
from tests.browser import TOKEN, Browser
from tests.build import a_code, an_actor
from tests.web.test_time_limits import KEPT, again, change_sign_ins, idle, rows, the_form
from tests.world import World, WorldUser
from trustconduct import clock
from trustconduct.accounts import permissions
from trustconduct.accounts.models import Factor
from trustconduct.accounts.permissions import AT_TRUST, FRESH, Can, NotAllowed, NotFresh, permit
from trustconduct.accounts.signing_in import MOST_WRONG_CODES
from trustconduct.accounts.users import add_user
from trustconduct.admin.views import Console
from trustconduct.audit.actor import COMMAND, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import transaction

ADD, CONFIRM = "/admin/people/add", "/account/confirm"
PERSON = {"name": "Nell Sample", "email": "nell@oak-lane.example", "role": "office"}
FRESH_FOR = timedelta(minutes=15)


@pytest.fixture
def officer(client: Browser, world: World) -> WorldUser:
    user = world.trust_users[Role.TRUST_OFFICER]
    client.sign_in_by_forms(user)
    return user


def stale(world: World, user: WorldUser, by: timedelta = FRESH_FOR + timedelta(seconds=1)) -> None:
    change_sign_ins(world, user, code_given_at=clock.now() - by)


def confirm(client: Browser, code: str, to: str = "/") -> Any:
    return client.send(CONFIRM, page=f"{CONFIRM}?to={to}", code=code, to=to)


# -- the table


def sounds_sensitive(name: str) -> bool:
    return bool(re.search(r"EXPORT|BAN|HISTORY|ROLE|USER|AUDIT|DISABLE|RECORD|GRANT", name))


# A permission with such a name that asks for no code: say why.
NO_CODE: dict[Can, str] = {
    Can.HEAR_BAN: "it notes what somebody says, at the counter or on the telephone",
}


def test_a_permission_that_sounds_sensitive_is_in_the_table_or_says_why_not():
    found = {what for what in Can if sounds_sensitive(what.name)}
    assert found - FRESH == NO_CODE.keys()
    assert Can.ADD_USER in FRESH
    assert Can.HOLD_TALK in FRESH


def test_every_word_of_the_table_is_a_permission_or_one_that_is_to_come():
    to_come = {
        "EXPORT",
        "ISSUE_BAN",
        "CHANGE_BAN",
        "END_BAN",
        "CHANGE_ROLES",
    }
    assert {what.name for what in Can} | to_come >= permissions._ASKED_AGAIN


def test_a_class_of_the_console_needs_nothing_that_asks_for_a_code():
    """Its own `needs` is looked at without a code: the decorator's is the one that asks."""
    classes = [Console]
    for each in classes:
        classes += each.__subclasses__()
    assert not [each for each in classes if each.needs in FRESH]


@pytest.mark.parametrize("what", sorted(FRESH, key=lambda what: what.name))
def test_a_rule_refuses_a_user_without_a_fresh_code_and_asks_no_other(what):
    role = next(role for role in Role if what in permissions.allowed(grants(role), school(role)))
    fresh = an_actor(role, school(role))
    permit(fresh, what, school(role))
    with pytest.raises(NotFresh):
        permit(replace(fresh, fresh=False), what, school(role))
    with pytest.raises(NotAllowed):
        permit(an_actor(Role.TRUST_READER), what, school(role))
    if what in AT_TRUST[Role.TRUST_OFFICER]:
        permit(COMMAND, what)


OAK = an_actor(Role.GOVERNOR).id


def school(role: Role) -> Any:
    return None if role.of_trust else OAK


def grants(role: Role) -> frozenset[Grant]:
    return frozenset({Grant(role, school(role))})


def test_every_page_of_the_table_asks_a_stale_sign_in_for_a_code(app, world):
    """By the map of all routes, so that a page that comes later is in it."""
    found = []
    browsers = {}
    for rule in app.url_map.iter_rules():
        needs = app.view_functions[rule.endpoint].needs
        if needs not in FRESH:
            continue
        at_school = "school" in rule.arguments
        people = world.oak.users if at_school else world.trust_users
        user = people[Role.HEADTEACHER if at_school else Role.TRUST_OFFICER]
        if user not in browsers:
            browsers[user] = app.test_client()
            browsers[user].sign_in(user)
            stale(world, user)
        client = browsers[user]
        ids = {
            name: world.oak.talk if name.endswith("_id") else 1
            for name in rule.arguments - {"school"}
        }
        named = {**ids, **({"school": "oak-lane"} if at_school else {})}
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            address = app.url_map.bind("localhost").build(rule.endpoint, named, method=method)
            token = client.csrf("/account/confirm")
            form = {"csrf_token": token} if method == "POST" else None
            answer = client.open(address, method=method, data=form)
            to = KEPT if method == "POST" else address
            assert answer.location == f"{CONFIRM}?to={to}", (method, address, answer.status)
            found.append((method, rule.endpoint))
    known = {("GET", "users.add"), ("POST", "users.save"), ("GET", "answers.talk")}
    assert known | {("GET", "history.show"), ("GET", "look_back.show")} <= {*found}


# -- at the door


def test_signing_in_gave_a_code_just_now(client, officer):
    assert client.get(ADD).status_code == 200


def test_a_stale_sign_in_confirms_and_goes_on_where_it_was(client, world, officer):
    stale(world, officer, FRESH_FOR - timedelta(seconds=5))
    assert client.get(ADD).status_code == 200
    stale(world, officer)
    answer = client.get(f"{ADD}?from=list")
    assert (answer.status_code, answer.location) == (302, f"{CONFIRM}?to={ADD}?from%3Dlist")
    page = client.get(answer.location)
    assert "Confirm that it is you" in page.text
    to = re.search(r'name="to" value="([^"]*)"', page.text)[1]
    answer = confirm(client, a_code(officer.secret, 1), to)
    assert (answer.status_code, answer.location) == (303, f"{ADD}?from=list")


def test_other_pages_do_not_ask(client, world, officer):
    stale(world, officer, timedelta(hours=5))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/people/").status_code == 200


def test_one_confirmation_covers_a_run_of_acts_and_then_ends(client, world, officer):
    stale(world, officer)
    confirm(client, a_code(officer.secret, 1))
    for number in range(3):
        person = {**PERSON, "email": f"nell{number}@oak-lane.example", "school": "oak-lane"}
        answer = client.send(ADD, page=ADD, **person)
        assert answer.location.startswith("/admin/people/details/")
    # It is not prolonged by what is done: fifteen minutes later it asks again.
    stale(world, officer)
    assert client.get(ADD).status_code == 302


def test_who_confirmed_a_moment_ago_is_not_asked(client, officer):
    assert client.get(f"{CONFIRM}?to={ADD}").location == ADD


def test_a_code_works_once_at_signing_in_and_here_together(client, world, officer):
    used_at_sign_in = a_code(officer.secret)
    stale(world, officer)
    assert confirm(client, used_at_sign_in).status_code == 422
    code = a_code(officer.secret, 1)
    assert confirm(client, code).status_code == 303
    stale(world, officer)
    answer = confirm(client, code)
    assert answer.status_code == 422
    assert "was used already" in answer.text
    assert client.get(ADD).status_code == 302


def test_one_code_sent_many_times_at_once_is_taken_once(client, world, officer):
    stale(world, officer)
    page = client.get(f"{CONFIRM}?to={ADD}").text
    form = {"csrf_token": TOKEN.search(page)[1], "code": a_code(officer.secret, 1), "to": ADD}
    cookies = {name: client.get_cookie(name).value for name in ("signed-in", "page")}

    def send() -> int:
        browser = client.application.test_client()
        for name, value in cookies.items():
            browser.set_cookie(name, value)
        return browser.post(CONFIRM, data=form).status_code

    answers = at_once(4, send)
    assert 303 in answers
    assert {*answers} <= {303, 422}
    assert len(events(world, Event.FACTOR_CONFIRMED)) == 1


def events(world: World, event: Event) -> list[TrustAuditEvent]:
    with world.sessions.trust() as session:
        query = select(TrustAuditEvent).where(TrustAuditEvent.event == event.value)
        return list(session.scalars(query))


def test_five_wrong_codes_end_the_sign_in(client, world, officer):
    stale(world, officer)
    for _ in range(MOST_WRONG_CODES - 1):
        assert confirm(client, "000000", ADD).status_code == 422
    answer = confirm(client, "000000", ADD)
    assert (answer.status_code, answer.location) == (303, f"/account/sign-in?to={ADD}")
    assert "wrong five times" in client.get(answer.location).text
    assert client.get("/admin/").status_code == 302
    assert len(events(world, Event.FACTOR_REFUSED)) == MOST_WRONG_CODES
    assert again(client, officer, to=ADD) == ADD
    assert client.get(ADD).status_code == 200


def test_a_right_code_forgives_the_wrong_ones(client, world, officer):
    for ahead in (-1, 0, 1):
        change_sign_ins(world, officer, wrong_codes=MOST_WRONG_CODES - 1)
        stale(world, officer)
        set_last_step(world, officer)
        assert confirm(client, a_code(officer.secret, ahead)).status_code == 303
        stale(world, officer)
        assert confirm(client, "000000").status_code == 422


def set_last_step(world: World, user: WorldUser) -> None:
    """As if no code had been used lately."""
    with world.sessions.accounts() as session, transaction(session):
        session.execute(update(Factor).where(Factor.user_id == user.id).values(last_step=0))


@pytest.mark.parametrize("typed", ["", "12345", "１２３４５６", "x" * 500, "12\0456"])
def test_a_code_that_is_none_is_refused_and_the_page_stays(client, world, officer, typed):
    stale(world, officer)
    answer = confirm(client, typed, ADD)
    assert answer.status_code == 422
    assert f'name="to" value="{ADD}"' in answer.text


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_confirming_leads_to_no_other_site(client, world, officer, to):
    stale(world, officer)
    assert confirm(client, a_code(officer.secret, 1), to).location == "/account/"


def test_who_is_not_signed_in_confirms_nothing(client, world):
    assert client.get(f"{CONFIRM}?to={ADD}").location == f"/account/sign-in?to={ADD}"
    answer = client.send(CONFIRM, code="123456", to=ADD)
    assert answer.location == f"/account/sign-in?to={ADD}"


# -- what was typed


def sent_stale(client: Browser, world: World, officer: WorldUser) -> Any:
    """Add a person by a form that was open for longer than a code counts."""
    token = client.csrf(ADD)
    stale(world, officer)
    return client.post(ADD, data={"csrf_token": token, **PERSON, "school": "oak-lane"})


def test_what_was_typed_is_kept_while_the_person_confirms_and_then_sent(client, world, officer):
    answer = sent_stale(client, world, officer)
    assert (answer.status_code, answer.location) == (303, f"{CONFIRM}?to={KEPT}")
    assert "What you typed is kept" in client.get(answer.location).text
    assert "Nell Sample" not in client.get("/admin/people/").text
    assert confirm(client, a_code(officer.secret, 1), KEPT).location == KEPT
    page = client.get(KEPT).text
    assert "Nell Sample" in page
    answer = client.post(ADD, data=the_form(page, ADD))
    assert answer.location.startswith("/admin/people/details/")
    assert "Nell Sample gets an email" in client.get(answer.location).text
    assert "Nell Sample" in client.get("/admin/people/").text
    assert rows(world) == 0


def test_another_person_can_not_continue_it(client, world, officer):
    sent_stale(client, world, officer)
    client.send("/account/sign-out", page="/admin/")
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    page = client.get(KEPT).text
    assert "Nell" not in page
    assert "Nothing is waiting" in page
    client.send("/account/sign-out", page="/oak-lane/staff/")
    assert again(client, officer) == KEPT
    assert "Nell Sample" in client.get(KEPT).text


def test_it_is_not_sent_while_the_code_is_stale(client, world, officer):
    sent_stale(client, world, officer)
    page = client.get(KEPT).text
    answer = client.post(ADD, data=the_form(page, ADD))
    assert answer.location == f"{CONFIRM}?to={KEPT}"
    assert "Nell Sample" not in client.get("/admin/people/").text
    assert rows(world) == 1  # kept anew, in the place of the first


def test_a_sign_in_that_ends_on_the_way_loses_nothing_either(client, world, officer):
    sent_stale(client, world, officer)
    idle(world, officer)
    answer = confirm_ended(client)
    assert answer.location == f"/account/sign-in?to={KEPT}"
    again(client, officer)
    assert "Nell Sample" in client.get(KEPT).text


def confirm_ended(client: Browser) -> Any:
    return client.send(CONFIRM, code="123456", to=KEPT)


def test_a_rule_that_asks_before_its_door_leads_to_the_same_page(app, client, world, officer):
    """A door that forgot: the rule refuses, and the person is asked all the same."""

    def forgot() -> Any:
        with world.sessions.accounts() as session:
            add_user(
                session,
                by=current_user.actor,
                email="x@y.example",
                name="X",
                password="x" * 12,
                grants=[],
            )

    before = app.view_functions["trust.show"]
    app.view_functions["trust.show"] = forgot
    stale(world, officer)
    try:
        answer = client.get("/admin/trust/")
    finally:
        app.view_functions["trust.show"] = before
    assert (answer.status_code, answer.location) == (302, f"{CONFIRM}?to=/admin/trust/")
