"""Taking in a roll and asking everyone on it, as the office does it."""

from __future__ import annotations

import base64
import io
import re

import pytest

from trustconduct.audit.actor import Role
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


def upload(client, raw: bytes):
    return client.post(
        f"{PEOPLE}/roll",
        data={"csrf_token": client.csrf(f"{PEOPLE}/roll"), "file": (io.BytesIO(raw), "roll.csv")},
    )


def test_a_roll_is_shown_first_and_then_taken_in_whole(office):
    shown = upload(office, ROLL)
    assert "Nothing is saved yet" in shown.text
    assert "Ivy Sample" not in office.get(f"{PEOPLE}/").text
    file = re.search(r'name="file" value="([^"]+)"', shown.text)[1]
    assert base64.b64decode(file) == ROLL
    taken = office.send(f"{PEOPLE}/roll/take-in", page=f"{PEOPLE}/roll", file=file, name="r")
    assert taken.status_code == 303
    page = office.get(f"{PEOPLE}/").text
    assert "2 adults and 1 pupil added" in page
    assert "Bo Sample (mother, 3)" in page


def test_a_roll_with_faults_is_refused_by_line_and_column(office):
    bad = ROLL + b"Bo Sample,3,Kit Sample,aunt,kit-at-home\n,3,Lou Sample,uncle,\n"
    shown = upload(office, bad)
    assert shown.status_code == 422
    assert "is not an email address" in shown.text
    assert '<th scope="row" data-label="Line">4</th>' in shown.text
    assert '<th scope="row" data-label="Line">5</th>' in shown.text
    forced = office.send(
        f"{PEOPLE}/roll/take-in",
        page=f"{PEOPLE}/roll",
        file=base64.b64encode(bad).decode(),
        name="r",
    )
    assert forced.status_code == 422
    assert "Ivy Sample" not in office.get(f"{PEOPLE}/").text


def test_everyone_new_is_asked_once_and_the_page_says_whom_first(office):
    file = base64.b64encode(ROLL).decode()
    office.send(f"{PEOPLE}/roll/take-in", page=f"{PEOPLE}/roll", file=file, name="r")
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
    file = base64.b64encode(b"pupil,year,adult,relationship,email\n" + lines.encode()).decode()
    office.send(f"{PEOPLE}/roll/take-in", page=f"{PEOPLE}/roll", file=file, name="r")
    office.send(f"{ACKS}/ask", page=f"{ACKS}/ask")
    office.get(f"{PEOPLE}/")
    assert [cost(f"{PEOPLE}/"), cost(f"{ACKS}/")] == few
