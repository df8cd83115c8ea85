"""Lists of answers as the office has them: chosen, taken out as files, pictures with tables."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold

PLACE = "/oak-lane/staff/acknowledgements"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def test_the_list_is_chosen_by_year_relationship_and_day(office, world):
    assert "Alex Sample" in office.get(f"{PLACE}/?year=4").text
    assert "Alex Sample" not in office.get(f"{PLACE}/?relationship=father").text
    assert "Jo Sample" in office.get(f"{PLACE}/?relationship=father&sort=newest").text
    before = clock.today() - timedelta(days=1)
    page = office.get(f"{PLACE}/?on={before.isoformat()}").text
    assert "Publish your code of conduct first" in page, "no version was in force on that day"


@pytest.mark.parametrize(
    "query", ["on=soon", "on=0001-01-01", "sort=x", "year=%00", "status='", "on=9999-12-31"]
)
def test_what_makes_no_sense_is_left_out(office, query):
    assert office.get(f"{PLACE}/?{query}").status_code == 200
    assert office.get(f"{PLACE}/coverage?{query}").status_code == 200


def test_a_list_is_taken_out_as_csv_and_for_excel_and_nobody_marked_is_in_it(office, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        lee = session.get_one(Adult, (world.oak.id, world.oak.adults[f"Lee {world.oak.canary}"]))
        mark_untold(session, lee, by=world.oak.head, because="An order")
    csv = office.send(f"{PLACE}/export", page=f"{PLACE}/", kind="csv")
    assert csv.mimetype == "text/csv"
    text = csv.data.decode("utf-8-sig")
    assert "Alex Sample,family@parents.example,Acknowledged" in text
    assert "Lee " not in text
    excel = office.send(f"{PLACE}/export", page=f"{PLACE}/", kind="xlsx", status="signed")
    sheet = ZipFile(BytesIO(excel.data)).read("xl/worksheets/sheet1.xml").decode()
    assert "Alex Sample" in sheet
    assert "Jo Sample" not in sheet
    assert "No thank you" not in text + sheet, "no reason is ever in a file"


def test_who_may_not_take_it_out_sees_no_button_and_gets_no_file(client, world):
    client.sign_in(world.oak.users[Role.PASTORAL])
    assert "Download as CSV" not in client.get(f"{PLACE}/").text
    assert client.send(f"{PLACE}/export", page=f"{PLACE}/").status_code == 403


def test_each_picture_has_a_title_and_its_table(office):
    page = office.get(f"{PLACE}/coverage").text
    assert page.count('<svg viewBox="0 0 600') == 1  # one day is no line
    assert page.count("<title id=") == 1
    assert "Adults asked and who have acknowledged, week by week" in page
    assert "Pupils by year group" in page
    assert "1 of 4" in page
