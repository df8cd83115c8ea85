"""Error pages: what happened, what became of what was typed, what to do, whom to call."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from flask import abort, g
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.browser import Browser
from tests.build import SECRET_KEY
from tests.web.test_database_gone import end_connections
from trustconduct.app import create_app
from trustconduct.audit.actor import Role
from trustconduct.outbox.links import token
from trustconduct.web.door import open_to_all
from trustconduct.web.errors import WORDS, _in_words

ALL = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)
SCHOOL_CALLS, TRUST_CALLS = "01632 960001", "01632 960000"


@pytest.fixture
def broken(settings):
    """An app with addresses that break as they are told to, for a school and for the Trust."""
    app = create_app(settings)
    app.test_client_class = Browser

    @open_to_all
    def breaks(status: int, school: str = ""):
        if status == 500:
            raise RuntimeError("a secret word")
        if status == 503:
            raise OperationalError("select 'a secret word'", {}, Exception("a secret word"))
        more = {"description": "Say this."} if status in (409, 422) else {}
        abort(status, **more)

    @open_to_all
    def waits():
        abort(429, retry_after=130, description="Ten tries in five minutes are enough.")

    @open_to_all
    def form(school: str = ""):
        g.school = None
        return app.jinja_env.from_string(
            '<!DOCTYPE html><html lang="en"><title>x</title><body><form><input name="csrf_token"'
            ' value="{{ csrf_token() }}"></form></body></html>'
        ).render()

    methods = ("GET", "POST")
    app.add_url_rule("/breaks/<int:status>", "breaks", breaks, methods=methods)
    app.add_url_rule("/oak-lane/breaks/<int:status>", "breaks_there", breaks, methods=methods)
    app.add_url_rule("/waits", "waits", waits)
    app.add_url_rule("/form", "form", form)
    yield app
    app.extensions["trustconduct"].sessions.engine.dispose()


def send(client, status, path="/breaks", **fields):
    return client.send(f"{path}/{status}", page="/form", **fields)


@pytest.mark.parametrize("status", ALL)
def test_each_says_what_happened_what_to_do_and_whom_to_call(broken, status):
    client = broken.test_client()
    client.get("/")  # as every web process looks once when it starts
    page = client.get(f"/breaks/{status}")
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert f'<h1 class="govuk-heading-xl">{WORDS[status].title}</h1>' in page.text
    assert "What you can do" in page.text
    assert TRUST_CALLS in page.text
    assert "What you sent" not in page.text
    assert "secret" not in page.text


@pytest.mark.parametrize("status", ALL)
def test_who_has_sent_something_is_told_what_became_of_it(broken, status):
    page = send(broken.test_client(), status, note="What I typed for long")
    assert "What you sent" in page.text
    assert WORDS[status].fate in page.text
    kept = status != 413
    assert ("What I typed for long" in page.text) == kept


@pytest.mark.parametrize("status", ALL)
def test_a_schools_page_gives_the_schools_own_number(broken, status, world):
    client = broken.test_client()
    client.get("/oak-lane/contact")  # the number is learnt from any page that shows it
    page = client.get(f"/oak-lane/breaks/{status}")
    assert f"{SCHOOL_CALLS} {world.oak.canary}" in page.text
    assert "Go to Oak Lane" in page.text
    assert world.elm.canary not in page.text


def test_the_number_is_looked_up_where_no_page_has_shown_it_yet(broken, world):
    page = broken.test_client().get("/oak-lane/nothing")
    assert f"{SCHOOL_CALLS} {world.oak.canary}" in page.text


def test_every_error_has_the_number_of_its_request(broken):
    client = broken.test_client()
    for status in ALL:
        page = client.get(f"/breaks/{status}")
        number = re.search(r'<strong class="tc-request">([\d ]+)</strong>', page.text)[1]
        assert number.replace(" ", "") == page.headers["X-Request-ID"]


def test_what_was_typed_can_be_sent_again_when_the_records_are_away(broken):
    client = broken.test_client()
    page = send(
        client, 503, typed_name='Alex "A" <b>Sample</b>', note="Please\ncall me", answer="talk"
    )
    assert "Send it again" in page.text
    assert 'name="typed_name" value="Alex &#34;A&#34; &lt;b&gt;Sample&lt;/b&gt;"' in page.text
    assert 'action="/breaks/503"' in page.text
    assert "It counts once" in page.text
    assert page.headers["Retry-After"] == "30"


def test_a_password_is_never_put_into_a_page(broken):
    client = broken.test_client()
    for status in (429, 500, 503):
        page = send(client, status, email="jo@school.example", password="correct horse battery")
        assert "correct horse" not in page.text
        assert "Send it again" not in page.text


def test_what_another_site_sent_is_not_offered_to_be_sent_again(broken):
    client = broken.test_client()
    client.csrf("/form")
    for wrong in ({}, {"csrf_token": "made up"}):
        page = client.post("/breaks/503", data={"note": "Sent by another site", **wrong})
        assert "Sent by another site" not in page.text
        assert "Send it again" not in page.text


def test_a_parents_answer_survives_a_database_that_restarts(client, world, servers):
    """The whole way: sign, find the records away, press the one button, and it is signed."""
    request = world.oak.requests["Jo Sample"]
    path = f"/oak-lane/sign/{request}"
    client.get(f"{path}/{token(SECRET_KEY, 'sign', request, 1)}")
    shown = client.get(f"{path}?again=1").text
    fields = dict(re.findall(r'name="(csrf_token|shown)" value="([^"]+)"', shown))
    fields |= {"answer": "signed", "typed_name": "Jo Sample", "read_it": "yes", "note": ""}
    client.get("/account/sign-in")
    end_connections(servers, world)
    began = time.monotonic()
    away = client.post(path, data=fields)
    assert time.monotonic() - began < 2
    assert away.status_code == 503
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', away.text))
    assert again == fields
    # What another site sends carries the cookie at most, and is not shown to be sent again.
    client.get(path)
    end_connections(servers, world)
    foreign = client.post(path, data={**fields, "csrf_token": "made-up"})
    assert (foreign.status_code, "Jo Sample" in foreign.text) == (503, False)
    assert client.post(path, data=again).status_code == 303
    assert "Thank you" in client.get(path).text


def test_with_no_database_at_all_the_page_still_knows_the_school(client, world, servers):
    client.get("/oak-lane/contact")
    away = create_engine(servers.superuser_url("postgres"), isolation_level="AUTOCOMMIT")
    with away.connect() as connection:
        connection.execute(text(f'alter database "{world.name}" allow_connections false'))
        connection.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"),
            {"name": world.name},
        )
    time.sleep(1.1)  # the pages of a second ago are gone as well
    try:
        began = time.monotonic()
        page = client.get("/oak-lane/policy")
        assert time.monotonic() - began < 2
        assert page.status_code == 503
        assert "Oak Lane" in page.text
        assert f"{SCHOOL_CALLS} {world.oak.canary}" in page.text
        trusts = client.get("/account/sign-in")
        assert (trusts.status_code, TRUST_CALLS in trusts.text) == (503, True)
    finally:
        with away.connect() as connection:
            connection.execute(text(f'alter database "{world.name}" allow_connections true'))
        away.dispose()
    assert client.get("/oak-lane/policy").status_code == 200


def test_a_page_says_how_long_to_wait(broken):
    page = broken.test_client().get("/waits")
    assert page.headers["Retry-After"] == "130"
    assert "Ten tries in five minutes are enough." in page.text
    assert "try again in about 3 minutes" in page.text
    assert broken.test_client().get("/breaks/429").headers["Retry-After"] == "300"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ("5", "about a minute"),
        ("61", "about 2 minutes"),
        ("7200", "about 2 hours"),
        ("Tue", "later"),
    ],
)
def test_a_wait_is_never_said_too_short(seconds, words):
    assert words in _in_words(seconds)


def test_a_page_may_say_more_than_its_status(broken):
    client = broken.test_client()
    assert "Say this." in client.get("/breaks/409").text
    assert "Say this." in client.get("/breaks/422").text


def test_what_is_too_large_is_told_the_limit(settings, world):
    app = create_app(replace(settings, MAX_CONTENT_LENGTH=2 * 1024**2))
    app.test_client_class = Browser
    client = app.test_client()
    client.sign_in(world.oak.users[Role.OFFICE])
    page = client.post("/oak-lane/staff/people/roll", data={"csrf_token": "x" * (3 * 1024**2)})
    assert page.status_code == 413
    assert "may be up to 2 MB" in page.text
    app.extensions["trustconduct"].sessions.engine.dispose()


def test_a_method_that_is_not_there_says_which_are(client):
    page = client.post("/oak-lane/policy")
    assert page.status_code == 405
    assert "GET" in page.headers["Allow"]


def test_a_form_that_waited_too_long_loses_no_words(client):
    fields = {"csrf_token": "old", "note": "Words that took long to type", "answer": "talk"}
    page = client.post("/account/sign-in", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 400
    assert "Please send that once more" in page.text
    assert "Words that took long to type" in page.text
    for elsewhere in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        page = client.post("/account/sign-in", data=fields, headers=elsewhere)
        assert "Words that took long" not in page.text
