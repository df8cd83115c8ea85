"""The notice for visitors, as the office prints it and notes where it hangs."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
import segno
from markupsafe import escape
from pypdf import PdfReader

from trustconduct import clock
from trustconduct.acknowledgements.entrance import hang_notice, notices
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.print_notice import print_notice
from trustconduct.policies.versions import version_in_force

HERE = "/oak-lane/staff/policy/notice/"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def down_of(page: str, place: str) -> str:
    """The address at which it is noted that the notice at a place was taken down."""
    after = page[page.index(f">{place}</h3>") :]
    return re.search(rf"{HERE}[0-9a-f-]+/taken-down", after)[0]


def test_the_office_prints_it_notes_it_and_notes_that_it_was_taken_down(office):
    answer = office.get(f"{HERE}notice.pdf")
    assert answer.mimetype == "application/pdf"
    assert "notice-for-visitors.pdf" in answer.headers["Content-Disposition"]
    [one] = PdfReader(BytesIO(answer.data)).pages
    words = " ".join(one.extract_text().split())
    assert "Welcome to our school" in words
    assert "Stopping lessons, clubs or the school day" in words
    assert "/oak-lane/policy" in words
    for language in ("Cymraeg", "Polski"):
        assert language in words
    today = clock.day(clock.today())
    assert office.send(HERE, page=HERE, place="Main entrance", hung_on=today).status_code == 303
    page = office.get(HERE).text
    assert f"Since {today}" in page
    down = down_of(page, "Main entrance")
    assert office.send(down, page=down, on=today).status_code == 303
    assert f"{today} to {today}" in office.get(HERE).text
    assert "noted already" in office.get(down).text


def test_the_notice_has_a_code_for_each_language(world):
    address = "https://schools.example/oak-lane/policy"
    with world.sessions.school(world.oak.id, read_only=True) as session:
        page = print_notice(
            version_in_force(session),
            school_name="Oak Lane",
            trust_name="Lantern Trust",
            address=address,
            telephone="",
            badge=None,
        )
    for question in ("", "?lang=cy", "?lang=pl", "?lang=ur"):
        code = segno.make(f"{address}{question}", error="m", micro=False)
        assert str(escape(code.svg_data_uri(scale=8, border=0))) in page, question
    assert page.count("<img src=") == 4
    assert '<div lang="ur" dir="rtl">' in page


def test_what_is_wrong_is_said_at_its_field_and_kept(office):
    later = clock.day(clock.today() + timedelta(days=1))
    for typed, words in (
        ({"place": "", "hung_on": "1 May 2026"}, "Type where it hangs"),
        ({"place": "Gate", "hung_on": "31 June"}, "Type a day"),
        ({"place": "Gate", "hung_on": later}, "note it once it hangs"),
    ):
        answer = office.send(HERE, page=HERE, **typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{typed["hung_on"]}"' in answer.text
    office.send(HERE, page=HERE, place="Gate", hung_on="1 May 2026")
    down = down_of(office.get(HERE).text, "Gate")
    answer = office.send(down, page=down, on=later)
    assert answer.status_code == 422
    assert "up to today" in answer.text
    assert later in answer.text


def test_a_notice_with_earlier_words_is_a_task_until_it_is_taken_down(office, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        ago = clock.today() - timedelta(days=400)
        hang_notice(session, by=world.oak.head, place="Main entrance", hung_on=ago)
    assert "“Main entrance” shows an earlier version" in office.get("/oak-lane/staff/").text
    with world.sessions.school(world.oak.id) as session:
        one = next(one for one in notices(session) if one.place == "Main entrance")
    down = f"{HERE}{one.id}/taken-down"
    office.send(down, page=down, on=clock.day(clock.today()))
    assert "shows an earlier version" not in office.get("/oak-lane/staff/").text


def test_sixty_notices_are_two_pages_and_as_many_queries(office, world, app, queries):
    engine = app.extensions["trustconduct"].sessions.engine
    office.get(HERE)
    with queries(engine) as before:
        office.get(HERE)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        for n in range(60):
            hang_notice(session, by=world.oak.head, place=f"Door {n}", hung_on=clock.today())
    office.get(HERE)  # the directory of schools is in memory again, for a second
    with queries(engine) as after:
        page = office.get(HERE).text
    assert after.n == before.n
    assert page.count("It was taken down") == 50
    assert office.get(f"{HERE}?page=1").text.count("It was taken down") == 11
