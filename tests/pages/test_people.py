"""An office secretary takes in a roll, marks who must not be told, and confirms the list."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.build import a_matrix, a_roll, a_version, an_edition, settings_filled
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LINES = (
    "Acorn Sample,Year 4,Olive Sample,mother,olive.sample@parents.example",
    "Acorn Sample,Year 4,Rowan Sample,father,rowan.sample@parents.example",
    "Bramble Pattern,Year 2,Hazel Pattern,grandmother,",
    "Conker Draft,Year 2,Basil Draft,father,not an address",
    "Dewdrop Sketch,Year 1,Olive Sample,aunt,olive.sample@other.example",
)


def test_the_office_keeps_its_people(service, open_page, axe, tmp_path):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
    page = open_page(1280, scripts=False)
    office = open_page(1280)
    page.close()
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    people = f"{service.url}/oak-lane/staff/people"

    office.goto(f"{people}/roll")
    both(office, axe, "roll")
    file = tmp_path / "roll.csv"
    file.write_bytes(a_roll(*LINES, header="Kid,Class,Grown-up,Is,Post"))
    office.get_by_label("CSV file").set_input_files(file)
    office.get_by_label("Everybody").check()
    office.get_by_role("button", name="Check the file").click()
    expect(office.get_by_role("heading", level=1)).to_contain_text("Which column is which?")
    for label, column in (("Pupil’s whole name", "Kid"), ("Year group or class", "Class"),
                          ("Adult’s whole name", "Grown-up"), ("Relationship", "Is"),
                          ("Adult’s email", "Post")):  # fmt: skip
        office.get_by_label(label).first.select_option(column)
    both(office, axe, "roll-columns")
    office.get_by_role("button", name="Go on").click()
    expect(office.locator("main")).to_contain_text("Nothing is saved yet")
    expect(office.locator("main")).to_contain_text("is not an email address")
    both(office, axe, "roll-look")
    office.get_by_role("link", name="Added (4)").click()
    both(office, axe, "roll-added")
    office.get_by_role("button", name="Save these changes").click()
    expect(office.get_by_role("status")).to_contain_text("4 adults and 3 pupils added")
    both(office, axe, "roll-saved")

    office.goto(f"{people}/")
    both(office, axe, "people")
    office.get_by_role("link", name="Rowan Sample").click()
    both(office, axe, "person")
    office.get_by_role("link", name="They must not be told anything").click()
    office.get_by_label("Why?").fill("Court order of 4 May 2026, seen by the office.")
    both(office, axe, "untold")
    office.get_by_role("button", name="Tell them nothing from now on").click()
    expect(office.locator("main")).to_contain_text("Must not be told")
    both(office, axe, "person-marked")
    office.get_by_role("link", name="Change how they belong").first.click()
    office.get_by_label("What does a court order limit?").fill("Sees Acorn at the centre only.")
    both(office, axe, "care")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("main")).to_contain_text("Sees Acorn at the centre only.")

    office.goto(f"{people}/add")
    both(office, axe, "person-add")
    office.goto(f"{people}/doubles/")
    both(office, axe, "doubles")

    office.goto(f"{people}/told/")
    both(office, axe, "told")
    office.get_by_role("button", name="I have looked").click()
    expect(office.get_by_role("status")).to_contain_text("Confirmed")
    office.goto(f"{service.url}/oak-lane/staff/acknowledgements/ask")
    both(office, axe, "ask")
    office.get_by_role("button", name="Send 2 emails").click()
    service.mails(1, "olive.sample@parents.example")
    assert service.mailbox.to("rowan.sample@parents.example") == []
