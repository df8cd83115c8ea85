"""What anyone may read, and how little it costs."""

from __future__ import annotations

import gzip
import time
from datetime import datetime, timedelta

import time_machine

from tests import build
from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.schools.settings import change_settings, settings_of

NEW = {"policies_url": "https://new.example/policies"}


def test_the_code_is_public_with_its_version_and_its_matrix(client, world):
    page = client.get("/oak-lane/policy")
    assert page.status_code == 200
    assert "Version 1, in force from" in page.text
    assert 'id="behaviour.1"' in page.text
    assert f"Ask {world.oak.canary}" in page.text
    assert world.elm.canary not in page.text


def test_an_unchanged_page_is_304_and_a_new_version_shows_within_a_second(client, world):
    first = client.get("/oak-lane/policy")
    tag = first.headers["ETag"]
    again = client.get("/oak-lane/policy", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head)
    time.sleep(1.05)
    fresh = client.get("/oak-lane/policy", headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert "Version 2, in force from" in fresh.text
    old = client.get("/oak-lane/policy/1")
    assert "This version is no longer in force" in old.text


def test_a_new_version_shows_at_midnight_to_who_has_the_old_one(client, world, monkeypatch):
    tomorrow = clock.today() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, datetime.min.time(), clock.LONDON)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head, in_force_on=tomorrow)
    time.sleep(1.05)
    with time_machine.travel(midnight - timedelta(seconds=0.4), tick=True):
        before = client.get("/oak-lane/policy")
        assert "Version 1, in force from" in before.text
        assert before.headers["Cache-Control"] == "public, no-cache"
        tag = {"If-None-Match": before.headers["ETag"]}
        time.sleep(0.5)  # within the second for which a page is kept
        after = client.get("/oak-lane/policy", headers=tag)
    assert after.status_code == 200
    assert "Version 2, in force from" in after.text


def test_a_page_in_urdu_is_kept_beside_the_english_one_and_no_other_question_is(app, client):
    memory = app.wsgi_app
    while not hasattr(memory, "_answers"):
        memory = memory._application
    for question in ("", "?lang=ur", "?lang=xx", "?lang=ur&x=1", "?x=1"):
        page = client.get(f"/oak-lane/policy{question}").text
        assert ('lang="ur"' in page[:200]) == ("ur" in question)
    kept = {key.partition("/")[2] for key in memory._answers}
    assert kept == {"oak-lane/policy?", "oak-lane/policy?lang=ur"}


def test_the_code_is_there_in_easy_words(client, world):
    assert "/oak-lane/policy/easy-read" in client.get("/oak-lane/policy").text
    page = client.get("/oak-lane/policy/easy-read").text
    assert "Please be kind to everyone at school." in page
    assert "The whole code is the one that counts." in page
    urdu = client.get("/oak-lane/policy/easy-read?lang=ur").text
    assert 'href="/oak-lane/policy?lang=ur"' in urdu
    assert "Please be kind" not in urdu


def test_a_page_leaves_compressed_where_the_browser_takes_it(client, world):
    client.strict = False  # it reads no compressed page
    plain = client.get("/oak-lane/policy")
    asks = {"Accept-Encoding": "gzip, br"}
    for _ in range(2):  # from memory, and once more
        small = client.get("/oak-lane/policy", headers=asks)
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data) == plain.data
        assert len(small.data) < len(plain.data) / 2
        assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    first = client.get("/oak-lane/contact", headers=asks)  # not from memory
    assert b"How to contact us" in gzip.decompress(first.data)
    assert int(first.headers["Content-Length"]) == len(first.data)
    tag = {"If-None-Match": small.headers["ETag"]}
    assert client.get("/oak-lane/policy", headers={**asks, **tag}).status_code == 304


def test_a_page_from_memory_asks_the_database_nothing(app, client, world, queries):
    client.get("/oak-lane/policy")
    with queries(app.extensions["trustconduct"].sessions.engine) as counted:
        client.get("/oak-lane/policy")
    assert counted.n == 0


def test_what_a_version_changed_is_said_word_by_word(client, world):
    assert "What changed in this version" not in client.get("/oak-lane/policy").text
    assert "was the first" in client.get("/oak-lane/policy/1/changes").text
    with world.sessions.school(world.oak.id) as session, transaction(session):
        seen = settings_of(session).version
        change_settings(session, by=world.oak.head, seen_version=seen, **NEW)
        build.a_version(session, by=world.oak.head)
    time.sleep(1.1)  # pages are looked at again once a second
    assert "/oak-lane/policy/2/changes" in client.get("/oak-lane/policy").text
    page = client.get("/oak-lane/policy/2/changes").text
    assert "took the place of version 1" in page

    assert NEW["policies_url"] in page[page.index("<ins") : page.index("</ins>")]
    assert client.get("/oak-lane/policy/3/changes").status_code == 404


def test_a_version_that_never_was_and_a_school_that_never_was_are_not_found(client):
    assert client.get("/oak-lane/policy/99").status_code == 404
    assert client.get("/beech-hill/policy").status_code == 404


def test_public_pages_set_no_cookie(client):
    for path in ("/", "/oak-lane/", "/oak-lane/policy", "/oak-lane/contact"):
        assert "Set-Cookie" not in client.get(path).headers, path


def test_the_contact_page_says_each_way_in_words(client, world):
    page = client.get("/oak-lane/contact").text
    assert '<span class="govuk-visually-hidden">Yes</span>' in page
    assert 'scope="row"' in page


def test_every_answer_carries_the_headers_that_keep_it_safe(client):
    for path in ("/", "/oak-lane/policy", "/account/sign-in", "/nowhere/x"):
        headers = client.get(path).headers
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
