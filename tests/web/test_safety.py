"""What a stranger, a second tab or an odd address must not be able to do."""

from __future__ import annotations

import base64

import pytest

from tests import build
from tests.web.test_setup import HOME, typed, with_another_app
from trustconduct.audit.actor import Role
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.policies import wording
from trustconduct.policies.document import Clause, Document, Section


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def test_a_message_for_one_person_is_in_no_page_that_is_kept_for_all(app, client, world):
    csrf = client.csrf()
    client.post("/account/code", data={"csrf_token": csrf, "code": "1"})  # leaves a message
    for path in ("/oak-lane/privacy", "/oak-lane/policy", "/oak-lane/"):
        client.get(path)
        stranger = app.test_client().get(path)
        assert "start again" not in stranger.text, path
    assert "start again" in client.get("/account/sign-in").text


def test_what_is_published_is_what_was_read(head):
    with_another_app(head)
    fields = typed(head.get(f"{HOME}/preview").text)
    now = typed(head.get(f"{HOME}/facts").text)
    changed = {**now, "policies_url": "https://other.example/y"}
    head.send(f"{HOME}/facts", page=f"{HOME}/facts", **changed)
    head.send(f"{HOME}/publish", page=f"{HOME}/preview", **fields)
    assert "has changed since you read it" in head.get(f"{HOME}/preview").text
    assert head.get("/oak-lane/policy/2").status_code == 404


@pytest.mark.parametrize(
    "fact",
    [
        {"app_name": "{foo}"},
        {"app_name": "{0.__class__}"},
        {"policies_url": "https://e.example/>[Pay](https://evil.example/)"},
        {"telephone": "{school.name}"},
    ],
)
def test_a_fact_that_would_be_more_than_text_is_refused(head, fact):
    now = typed(head.get(f"{HOME}/facts").text)
    answer = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**now, **fact})
    assert answer.status_code == 422
    assert head.get(f"{HOME}/preview").status_code == 200


def test_a_fact_in_a_clause_is_plain_text_whatever_marks_it_has():
    text = "We write by {school.app_name}."
    document = Document("Title", (Section("one", "One", (Clause("one.p1", text),)),))
    filled = document.filled({"school.app_name": "*Star* [x](https://evil.example/)"})
    html = wording.html(filled)
    assert "evil.example/)" in html
    assert "<a" not in html
    assert "<em>" not in html
    assert "*Star* [x](https://evil.example/)" in wording.plain(filled)


def test_a_matrix_saved_before_its_corner_was_kept_still_shows():
    body = build.MATRIX.to_json()
    del body["corner"]
    assert Matrix.from_json(body).corner == "I want to…"


@pytest.mark.parametrize("to", ["//[", "/" + "a" * 3_000, "/x\\y", "/\x00", "/a b"])
def test_an_odd_address_to_go_on_to_never_stops_a_sign_in(client, world, to):
    user = world.oak.users[Role.HEADTEACHER]
    client.send("/account/sign-in", email=user.email, password=user.password, to=to)
    code = build.a_code(user.secret)
    answer = client.send("/account/code", page="/account/code", code=code, to=to)
    assert answer.location == "/account/"


def test_a_form_sent_after_the_sign_in_ended_does_not_lead_back_to_its_own_address(client):
    csrf = client.csrf()
    answer = client.post(f"{HOME}/publish", data={"csrf_token": csrf})
    assert answer.location == "/account/sign-in"


def test_odd_addresses_are_answered_in_words(head, world):
    request = world.oak.requests["Jo Sample"]
    people = "/oak-lane/staff/people"
    for path in (
        f"{people}/?after=%00|{request}",
        f"/oak-lane/staff/acknowledgements/?after=%00|{request}",
        f"{people}/?after=x|y",
        "/oak-lane/policy/" + "9" * 26,
        "/static/build/" + "a" * 300,
    ):
        assert head.get(path).status_code in (200, 404), path
    csrf = head.csrf(f"{HOME}/facts")
    now = typed(head.get(f"{HOME}/facts").text)
    odd = {**now, "csrf_token": csrf, "seen_version": "²"}
    assert head.post(f"{HOME}/facts", data=odd).status_code == 409
    for file in ("é", base64.b64encode(b"\xff\xfe\x00").decode()):
        taken = {"csrf_token": csrf, "file": file}
        assert head.post(f"{people}/roll/take-in", data=taken).status_code == 422


def test_a_link_to_a_version_that_is_no_longer_in_force_gets_no_fresh_one(head, world, settings):
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head)
    sent = head.send(
        f"/oak-lane/staff/acknowledgements/{request}/again", page=f"{HOME}/facts", generation="1"
    )
    assert sent.status_code == 404
    old = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
    assert "does not work any more" in head.get(old, follow_redirects=True).text
