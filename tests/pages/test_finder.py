"""A secretary says when the telephone is answered; a parent on a phone finds the way to school."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.build import a_matrix, a_version, an_edition, settings_filled
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_parent_finds_the_way_that_the_secretary_described(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
    office = open_page(360)
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    office.goto(f"{service.url}/oak-lane/staff/policy/contact")
    expect(office.get_by_text("What parents may miss")).to_be_visible()
    axe(office)
    look(office, "ways-phone")
    office.set_viewport_size({"width": 1280, "height": 800})
    axe(office)
    look(office, "ways")
    office.set_viewport_size({"width": 360, "height": 740})
    office.get_by_role("link", name="Telephone", exact=True).click()
    axe(office)
    look(office, "way-phone")
    office.get_by_label("When somebody answers").fill("Mon-Fri 17:00 to 8:00")
    office.get_by_role("button", name="Save").click()
    expect(office.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(office)
    office.get_by_label("When somebody answers").fill("Every day 0:00 to 23:59")
    office.get_by_label("Also in the school holidays").check()
    office.get_by_label("Who answers").fill("The office staff")
    office.get_by_label("You answer within").fill("2")
    office.get_by_role("button", name="Save").click()
    expect(office.get_by_text("“Telephone” is saved.")).to_be_visible()
    office.get_by_role("link", name="Show these ways on your own website").click()
    axe(office)
    look(office, "website-phone")
    office.goto(f"{service.url}/oak-lane/staff/policy/contact/on-a-day/")
    axe(office)
    office.locator("main").get_by_role("link").last.click()
    expect(office.get_by_text("What each way said").first).to_be_visible()
    axe(office)
    look(office, "ways-then-phone")
    office.set_viewport_size({"width": 1280, "height": 800})
    axe(office)
    look(office, "ways-then")
    office.goto(f"{service.url}/oak-lane/staff/policy/contact/on-a-day/?day=soon")
    expect(office.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(office)

    parent = open_page(360)
    parent.goto(f"{service.url}/oak-lane/contact")
    axe(parent)
    look(parent, "contact-phone")
    parent.get_by_role("link", name="Ask a question").click()
    expect(parent.get_by_role("link", name="Call 01632 960001").first).to_be_visible()
    expect(parent.get_by_text("Who answers: The office staff")).to_be_visible()
    axe(parent)
    look(parent, "finder-phone")
    parent.set_viewport_size({"width": 1280, "height": 800})
    axe(parent)
    look(parent, "finder")
    parent.goto(f"{service.url}/oak-lane/contact/block")
    axe(parent)
    parent.get_by_role("link", name="Ask a question").click()
    axe(parent)
    look(parent, "block")
