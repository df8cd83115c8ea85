"""Marking an edition's change and withdrawing it, in the console."""

import pytest

from tests import build
from trustconduct.db import transaction

EDITIONS = "/admin/editions/"


@pytest.fixture
def draft(world):
    with world.sessions.trust() as session, transaction(session):
        return build.a_draft(session).number


def test_an_officer_sees_whom_an_edition_asks_again_before_publishing(officer, draft):
    page = f"{EDITIONS}{draft}/impact"
    assert "in 3 schools, once each school has adopted it" in officer.get(page).text
    answer = officer.send(page, page=page, mark="minor", because="A comma")
    assert answer.status_code == 303
    assert "Nobody. The change is marked as minor" in officer.get(page).text
    assert "Minor: A comma" in officer.get(f"{EDITIONS}{draft}/").text


def test_a_mark_without_its_reason_is_refused_at_its_field(officer, draft):
    page = f"{EDITIONS}{draft}/impact"
    answer = officer.send(page, page=page, mark="minor", because=" ")
    assert answer.status_code == 422
    assert "Say in a sentence what changed." in answer.text
    assert 'value="minor" checked' in answer.text


def test_an_officer_withdraws_an_edition_and_it_can_still_be_read(officer):
    page = f"{EDITIONS}1/withdraw"
    assert officer.send(page, page=page, because="").status_code == 422
    assert officer.send(page, page=page, because="Wrong form").status_code == 303
    shown = officer.get(f"{EDITIONS}1/").text
    for words in ("Withdrawn", "Wrong form", "behaviour.4"):
        assert words in shown
    again = officer.send(page, page=page, because="Wrong form")
    assert "withdrawn already" in again.text
    assert officer.get("/admin/").status_code == officer.get(EDITIONS).status_code == 200


def test_the_minute_and_the_union_are_noted_with_the_approval(officer, draft):
    page = f"{EDITIONS}{draft}/approve"
    given = {"board_on": "10 July 2024", "board_minute": "7/3", "union": "not_applicable"}
    assert "Say why it does not apply." in officer.send(page, page=page, **given).text
    answer = officer.send(page, page=page, **given, union_because="Words only")
    assert answer.status_code == 303
    shown = officer.get(answer.location).text
    assert "7/3" in shown
    assert "Does not apply: Words only" in shown
