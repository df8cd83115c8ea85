"""Taking in a roll and asking everyone on it, as the office does it."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import func, select

from tests import build
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.rolls import take_in_due
from trustconduct.people.roll import read_roll
from trustconduct.people.roll_models import RollFile, RollFinding
from trustconduct.people.take_in import take_in
from trustconduct.web.door import Directory

ROLL = b"""pupil,year,adult,relationship,email
Bo Sample,3,Ivy Sample,mother,ivy@parents.example
Bo Sample,3,Max Sample,father,
"""
PEOPLE = "/oak-lane/staff/people"
ACKS = "/oak-lane/staff/acknowledgements"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def upload(client, raw: bytes, who: str = "part"):
    """Bring a file in, and open the page that it leads to."""
    at = f"{PEOPLE}/roll"
    sent = client.post(at, data={
        "csrf_token": client.csrf(at), "who": who, "file": (io.BytesIO(raw), "roll.csv"),
    })  # fmt: skip
    return client.get(sent.headers["Location"]) if sent.status_code == 303 else sent


def save(client, shown, **more):
    """Press the button of the page that shows what would change."""
    at = re.search(r'action="([^"]+/save)"', shown.text)[1]
    return client.send(at, page=at.removesuffix("/save"), **more)


def test_a_roll_is_shown_first_and_then_taken_in_whole(office):
    shown = upload(office, ROLL)
    assert "Nothing is saved yet" in shown.text
    assert "Ivy Sample" in shown.text
    assert "Ivy Sample" not in office.get(f"{PEOPLE}/").text
    assert "began with roll.csv" in office.get(f"{PEOPLE}/roll").text
    taken = save(office, shown)
    assert taken.status_code == 303
    assert "2 adults and 1 pupils added" in office.get(taken.headers["Location"]).text
    assert "Bo Sample (mother, 3)" in office.get(f"{PEOPLE}/").text
    again = upload(office, ROLL)
    assert "There is nothing to save" in again.text


def test_unclear_lines_are_listed_and_the_rest_can_be_saved(office):
    bad = ROLL + b"Bo Sample,3,Kit Sample,aunt,kit-at-home\n,3,Lou Sample,uncle,\n"
    shown = upload(office, bad)
    assert "Unclear (2)" in shown.text
    assert "is not an email address" in shown.text
    assert '<th scope="row" data-label="Line">4</th>' in shown.text
    assert '<th scope="row" data-label="Line">5</th>' in shown.text
    assert save(office, shown).status_code == 303
    page = office.get(f"{PEOPLE}/").text
    assert "Ivy Sample" in page
    assert "Kit Sample" not in page


def test_a_roll_that_would_make_many_leavers_asks_twice(office):
    shown = upload(office, ROLL, "whole")
    assert "More than a fifth would leave" in shown.text
    once = save(office, shown)
    assert (once.status_code, "Tick the box" in once.text) == (422, True)
    assert "Ivy Sample" not in office.get(f"{PEOPLE}/").text
    assert save(office, shown, sure="yes").status_code == 303
    assert "Alex Sample" in office.get(f"{PEOPLE}/?show=left").text


def test_unknown_columns_are_asked_for_once(office):
    raw = b"Kid,Grown-up,Is,Post\nBo Sample,Ivy Sample,mother,ivy@parents.example\n"
    asked = upload(office, raw)
    assert "Which column is which?" in asked.text
    at = re.search(r'action="([^"]+/columns)"', asked.text)[1]
    page = at.removesuffix("/columns")
    blank = office.send(at, page=page, pupil="Kid")
    assert (blank.status_code, "Choose the column with" in blank.text) == (422, True)
    said = {"pupil": "Kid", "adult": "Grown-up", "relationship": "Is", "email": "Post"}
    sent = office.send(at, page=page, **said)
    assert "Ivy Sample" in office.get(sent.headers["Location"]).text
    assert "Ivy Sample" in upload(office, raw).text  # remembered


def test_a_file_that_is_no_roll_is_refused(office):
    shown = upload(office, b"PK\x03\x04")
    assert (shown.status_code, "This is a spreadsheet" in shown.text) == (422, True)
    at = f"{PEOPLE}/roll"
    blank = office.send(at, page=at)
    assert blank.status_code == 422
    assert "Say who is in the file" in blank.text


def test_a_roll_is_dropped_and_nothing_of_it_is_kept(office, world):
    shown = upload(office, ROLL)
    at = re.search(r'action="([^"]+/drop)"', shown.text)[1]
    assert office.send(at, page=at.removesuffix("/drop")).status_code == 303
    assert "was dropped" in office.get(at.removesuffix("/drop")).text
    with world.sessions.school(world.oak.id) as session:
        assert not any(session.scalars(select(RollFile.content)))
        assert session.scalar(select(func.count()).select_from(RollFinding)) == 0


def test_a_person_changed_meanwhile_shows_the_roll_anew(office, world):
    shown = upload(office, ROLL)
    upload_more = build.a_roll("Bo Sample,3,Ivy Sample,mother,ivy@parents.example")
    with world.sessions.school(world.oak.id) as session, transaction(session):
        take_in(session, read_roll(upload_more), by=world.oak.head)
    sent = save(office, shown)
    page = office.get(sent.headers["Location"]).text
    assert "after you looked" in page
    assert "Max Sample" not in office.get(f"{PEOPLE}/").text
    assert save(office, office.get(sent.headers["Location"])).status_code == 303
    assert "Max Sample" in office.get(f"{PEOPLE}/").text


def test_a_long_roll_is_looked_at_and_saved_by_the_worker(office, world):
    lines = [f"Child {n} Long,3,Adult {n} Long,mother,a{n}@parents.example" for n in range(4_000)]
    shown = upload(office, build.a_roll(*lines))
    assert "<progress" in shown.text
    assert shown.headers["Refresh"] == "3"
    at = re.search(r'href="([^"]+)">Look again now', shown.text)[1]
    assert take_in_due(world.sessions) == 1
    ready = office.get(at)
    assert "4000" in ready.text
    assert "Refresh" not in ready.headers
    assert 'rel="next"' in ready.text
    assert save(office, ready).status_code == 303
    assert "Saving the roll" in office.get(at).text
    assert take_in_due(world.sessions) == 1
    assert take_in_due(world.sessions) == 0
    assert "The roll is saved" in office.get(at).text


def test_a_roll_that_breaks_says_so_and_saves_nothing(office, world, monkeypatch):
    lines = [f"Child {n} Long,3,Adult {n} Long,mother,a{n}@parents.example" for n in range(4_000)]
    shown = upload(office, build.a_roll(*lines, '"Broken'))
    at = re.search(r'href="([^"]+)">Look again now', shown.text)[1]
    take_in_due(world.sessions)
    assert "not proper CSV" in office.get(at).text


def test_everyone_new_is_asked_once_and_the_page_says_whom_first(office):
    save(office, upload(office, ROLL))
    page = office.get(f"{ACKS}/ask").text
    assert "Send 1 email" in page
    office.send(f"{ACKS}/ask", page=f"{ACKS}/ask")
    assert "on their way" in office.get(f"{ACKS}/").text
    office.send(f"{ACKS}/ask", page=f"{PEOPLE}/roll")
    assert "Nothing was sent" in office.get(f"{ACKS}/").text


def test_a_wish_to_talk_is_a_task_until_they_have_talked(office, world):
    home = office.get("/oak-lane/staff/").text
    address = f"{ACKS}/talk/{world.oak.talk}"
    assert address in home
    assert f"Call me about {world.oak.canary}" in office.get(address).text
    assert office.send(address, page=address).status_code == 303
    assert address not in office.get("/oak-lane/staff/").text


def test_a_fresh_link_kills_the_one_before(office, world, settings):
    from trustconduct.outbox.links import token  # noqa: PLC0415 - only here

    request = world.oak.requests[f"Lee {world.oak.canary}"]
    sent = office.send(f"{ACKS}/{request}/again", page=f"{ACKS}/", generation="1")
    assert sent.status_code == 303
    old = office.get(f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}")
    new = office.get(f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 2)}")
    assert (old.status_code, new.status_code) == (410, 303)


def test_lists_cost_the_same_for_few_and_for_many(office, app, queries, monkeypatch):
    monkeypatch.setattr(Directory, "SECONDS", 600)  # on a slow machine a page takes a second
    app.extensions["trustconduct"].directory.forget()
    engine = app.extensions["trustconduct"].sessions.engine

    def cost(path: str) -> int:
        with queries(engine) as counted:
            assert office.get(path).status_code == 200
        return counted.n

    for path in (PEOPLE, ACKS):
        office.get(f"{path}/")  # the first look is noted in the history, the next ones are not
    few = [cost(f"{PEOPLE}/"), cost(f"{ACKS}/")]
    lines = "".join(f"Pupil {i},3,Adult {i},mother,adult{i}@parents.example\n" for i in range(120))
    save(office, upload(office, b"pupil,year,adult,relationship,email\n" + lines.encode()))
    office.send(f"{ACKS}/ask", page=f"{ACKS}/ask")
    office.get(f"{PEOPLE}/")
    assert [cost(f"{PEOPLE}/"), cost(f"{ACKS}/")] == few
