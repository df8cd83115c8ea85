"""The officer edits a draft in a browser: a clause that saves itself, a section, a fact, dates."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.build import a_draft
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_draft_is_edited_and_saves_itself(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        number = a_draft(trust).number
    officer = open_page(360)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/editions/{number}/edit")
    axe(officer)
    look(officer, "edit-phone")

    officer.get_by_role("link", name="Title and dates").click()
    axe(officer)
    look(officer, "edit-header-phone")
    officer.get_by_label("Review date").fill("Sumer Term 2030")
    officer.get_by_role("button", name="Save").click()
    expect(officer.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(officer)
    officer.get_by_label("Review date").fill("Summer Term 2030")
    officer.get_by_role("button", name="Save").click()
    expect(officer.get_by_text("The title and dates are saved.")).to_be_visible()

    officer.get_by_role("link", name="Facts that schools fill in").click()
    axe(officer)
    officer.get_by_role("link", name="Declare a fact").click()
    axe(officer)
    look(officer, "edit-fact-phone")
    officer.get_by_label("Name in the text").fill("school.bus_line")
    officer.get_by_label("What staff call it").fill("Bus line")
    officer.get_by_label("What a school should type").fill("The number of the school bus.")
    officer.get_by_label("A telephone number").check()
    officer.get_by_role("button", name="Declare it").click()
    expect(officer.get_by_text("The text does not name it yet.")).to_be_visible()
    officer.set_viewport_size({"width": 1280, "height": 800})
    axe(officer)
    look(officer, "edit-facts")

    officer.goto(f"{service.url}/admin/editions/{number}/edit")
    axe(officer)
    look(officer, "edit")
    officer.get_by_role("link", name="Add a section").click()
    axe(officer)
    officer.get_by_label("Heading").fill("The school bus")
    officer.get_by_role("button", name="Add the section").click()
    officer.get_by_role("link", name="Heading and place of The school bus").click()
    axe(officer)
    look(officer, "edit-section")
    officer.get_by_role("button", name="Up").click()
    officer.get_by_role("link", name="Add a clause to The school bus").click()
    axe(officer)
    officer.get_by_label("Words").fill("Ring {school.bus_line} when it is late.")
    officer.get_by_role("button", name="Add").click()
    officer.get_by_role("link", name="the-school-bus.1").click()
    axe(officer)
    look(officer, "edit-clause")
    officer.get_by_role("textbox", name="Words").fill(
        "Ring {school.bus_line} where the bus is late."
    )
    expect(officer.get_by_text("Saved at")).to_be_visible(timeout=10_000)
    axe(officer)
    officer.reload()
    expect(officer.get_by_role("textbox", name="Words")).to_have_value(
        "Ring {school.bus_line} where the bus is late."
    )
    officer.goto(f"{service.url}/admin/editions/{number}/edit/changes")
    axe(officer)
    look(officer, "edit-changes")
    officer.set_viewport_size({"width": 360, "height": 740})
    axe(officer)
    officer.get_by_role("button", name=re.compile("reworded the-school-bus.1")).click()
    expect(officer.get_by_text("It is put back.")).to_be_visible()
