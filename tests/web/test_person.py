"""A person's page, people by hand, marks, doubles and the list, as the office uses them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests import build
from trustconduct.audit.actor import Role
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.db import transaction

PEOPLE = "/oak-lane/staff/people"
NIA = {"name": "Nia Sample", "kind": "carer", "email": "nia@parents.example", "telephone": "",
       "address": "1 Made-up Lane", "seen": "0"}  # fmt: skip
SAID = {"relationship": "aunt", "parental_responsibility": "no", "lives_with": "unknown",
        "may_collect": "yes", "court_order": "Sees him on Sundays", "seen": "0"}  # fmt: skip


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def page_of(world, name: str) -> str:
    return f"{PEOPLE}/{world.oak.adults[name]}"


def test_a_persons_page_tells_all_that_is_kept_and_the_look_is_noted(office, world):
    name = f"Pat {world.oak.canary}"
    page = office.get(f"{page_of(world, name)}/").text
    for words in (f"Robin {world.oak.canary}", "Would rather not", "Asked to talk",
                  "Asked to read the code", "Not known"):  # fmt: skip
        assert words in page
    assert world.elm.canary not in page
    with world.sessions.school(world.oak.id) as session:
        read = select(SchoolAuditEvent).where(SchoolAuditEvent.event == "adult.read")
        assert session.scalars(read).one().thing_id == world.oak.adults[name]


def test_somebody_is_added_by_hand_with_a_child(office):
    sent = office.send(f"{PEOPLE}/add", page=f"{PEOPLE}/add", **NIA)
    assert sent.status_code == 303
    at = sent.headers["Location"]
    assert "Nia Sample is added" in office.get(at).text
    child = f"{at}children/add"
    sent = office.send(child, page=child, child="Bo Sample", year="3", **SAID)
    assert sent.status_code == 303
    page = office.get(at).text
    assert "Sees him on Sundays" in page
    care = re.search(rf'"({re.escape(at)}children/[0-9a-f-]+)"', page)[1]
    changed = office.send(care, page=care, **{**SAID, "court_order": "", "seen": "1"})
    assert changed.status_code == 303
    stale = office.send(care, page=care, **{**SAID, "court_order": "Mine", "seen": "1"})
    assert (stale.status_code, "Mine" in stale.text) == (409, True)
    assert office.send(f"{care}/end", page=care).status_code == 303
    assert "Ended on" in office.get(at).text


def test_a_fault_keeps_what_was_typed(office, world):
    at = f"{page_of(world, 'Alex Sample')}/change"
    sent = office.send(at, page=at, **{**NIA, "email": "nonsense", "seen": "1"})
    assert (sent.status_code, "1 Made-up Lane" in sent.text) == (422, True)


def test_the_second_of_two_sees_both(office, world):
    at = f"{page_of(world, 'Alex Sample')}/change"
    assert office.send(at, page=at, **{**NIA, "seen": "1"}).status_code == 303
    late = office.send(at, page=at, **{**NIA, "name": "Somebody Else", "seen": "1"})
    assert late.status_code == 409
    assert "Nia Sample" in late.text
    assert "Somebody Else" in late.text
    seen = re.search(r'name="seen" value="(\d+)"', late.text)[1]
    assert office.send(at, page=at, **{**NIA, "name": "Third", "seen": seen}).status_code == 303


def test_leaving_and_coming_back(office, world):
    at = page_of(world, "Alex Sample")
    assert office.send(f"{at}/left", page=f"{at}/").status_code == 303
    assert "Alex Sample" not in office.get(f"{PEOPLE}/").text.split("<table")[1]
    assert "Alex Sample" in office.get(f"{PEOPLE}/?show=left").text
    assert office.send(f"{at}/back", page=f"{at}/").status_code == 303
    assert "Alex Sample" in office.get(f"{PEOPLE}/?name=alex").text


def test_the_office_marks_and_the_head_clears(client, world):
    at = page_of(world, "Alex Sample")
    client.sign_in(world.oak.users[Role.OFFICE])
    blank = client.send(f"{at}/untold", page=f"{at}/untold", because=" ")
    assert (blank.status_code, "Say why" in blank.text) == (422, True)
    assert client.send(f"{at}/untold", page=f"{at}/untold", because="An order").status_code == 303
    page = client.get(f"{at}/").text
    assert "Must not be told" in page
    assert "An order" in page
    assert client.get(f"{at}/told-again").status_code == 403
    assert "Must not be told" in client.get(f"{PEOPLE}/told/?only=left_out").text
    # Jo has the same email address.
    assert "Shares an email address" in client.get(f"{PEOPLE}/told/?only=left_out").text
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    sent = client.send(f"{at}/told-again", page=f"{at}/told-again", because="It ended")
    assert sent.status_code == 303
    assert "may be told again" in client.get(f"{at}/").text


def test_two_are_kept_apart_by_name(head, world):
    at, jo = page_of(world, "Alex Sample"), world.oak.adults["Jo Sample"]
    nobody = head.send(f"{at}/apart/find", page=f"{at}/apart", named="Nobody Here")
    assert (nobody.status_code, "Nobody else of this name" in nobody.text) == (422, True)
    shown = head.send(f"{at}/apart/find", page=f"{at}/apart", named="jo")
    assert str(jo) in shown.text
    blank = head.send(f"{at}/apart", page=f"{at}/apart", other=str(jo), because="")
    assert blank.status_code == 422
    sent = head.send(f"{at}/apart", page=f"{at}/apart", other=str(jo), because="They parted")
    assert sent.status_code == 303
    assert "must not learn of each other" in head.get(f"{at}/").text
    assert "They parted" in head.get(f"{PEOPLE}/{jo}/").text
    end = f"{at}/apart/{jo}"
    assert head.send(end, page=end, because="").status_code == 422
    assert head.send(end, page=end, because="All is well").status_code == 303
    assert head.get(end).status_code == 404


def test_doubles_become_one_and_two_again(office, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        other = build.an_adult(session, email="alex@other.example").id
    assert "Same child" in office.get(f"{PEOPLE}/doubles/").text
    alex = world.oak.adults["Alex Sample"]
    sent = office.send(
        f"{PEOPLE}/doubles/merge", page=f"{PEOPLE}/doubles/", double=str(other), into=str(alex)
    )
    assert sent.headers["Location"] == f"{PEOPLE}/{alex}/"
    page = office.get(f"{PEOPLE}/{alex}/").text
    assert "alex@other.example" in page
    assert "same person as another one here" in office.get(f"{PEOPLE}/{other}/").text
    again = office.send(
        f"{PEOPLE}/doubles/merge", page=f"{PEOPLE}/doubles/", double=str(alex), into=str(other)
    )
    assert again.status_code == 303
    assert "merged already" in office.get(f"{PEOPLE}/{alex}/").text
    undo = office.send(f"{PEOPLE}/doubles/undo", page=f"{PEOPLE}/{alex}/", double=str(other))
    assert undo.status_code == 303
    assert "two people again" in office.get(f"{PEOPLE}/{other}/").text


def test_the_first_mailing_waits_for_the_list(office, world, servers):
    """As if the school had never asked anybody."""
    import psycopg  # noqa: PLC0415 - only here

    url = servers.superuser_url(world.name).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for table in ("campaign", "sign_request", "list_confirmation"):
            connection.execute(f"delete from {table} where school_id = %s", [world.oak.id])
    ask = "/oak-lane/staff/acknowledgements/ask"
    page = office.get(ask).text
    assert "Look at the list" in page
    assert "Send 4 emails" not in page
    held = office.send(ask, page=f"{PEOPLE}/told/")
    assert held.headers["Location"] == f"{PEOPLE}/told/"
    page = office.get(f"{PEOPLE}/told/").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    stale = office.send(f"{PEOPLE}/told/", page=f"{PEOPLE}/told/", seen="other")
    assert stale.status_code == 303
    assert "has changed since" in office.get(f"{PEOPLE}/told/").text
    office.send(f"{PEOPLE}/told/", page=f"{PEOPLE}/told/", seen=seen)
    assert "confirmed this list on" in office.get(f"{PEOPLE}/told/").text
    assert "Send 4 emails" in office.get(ask).text


def test_a_teacher_sees_nobody(client, world):
    client.sign_in(world.oak.users[Role.TEACHER])
    for path in (PEOPLE + "/", f"{PEOPLE}/told/", f"{page_of(world, 'Alex Sample')}/"):
        assert client.get(path).status_code == 403


def test_pastoral_staff_see_and_mark_and_change_nothing(client, world):
    client.sign_in(world.oak.users[Role.PASTORAL])
    at = page_of(world, "Alex Sample")
    assert client.get(f"{at}/").status_code == 200
    assert client.get(f"{at}/untold").status_code == 200
    assert client.get(f"{at}/change").status_code == 403


def test_the_office_notes_in_which_language_somebody_is_written_to(office):
    at = office.send(f"{PEOPLE}/add", page=f"{PEOPLE}/add", **NIA).headers["Location"]
    assert "English" in office.get(at).text
    change = f"{at}change"
    seen = re.search(r'name="seen" value="(\d+)"', office.get(change).text)[1]
    wrong = office.send(change, page=change, **{**NIA, "seen": seen, "language": "xx"})
    assert wrong.status_code == 422
    assert "Choose a language of the list." in wrong.text
    assert office.send(change, page=change, **{**NIA, "seen": seen, "language": "ur"}).status_code
    assert "Urdu" in office.get(at).text
