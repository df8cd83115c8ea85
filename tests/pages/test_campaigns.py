"""The office chooses whom to ask and in which words, looks, starts, stops."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.build import a_matrix, a_version, an_adult, an_edition, settings_filled
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_the_office_asks_a_year_group_in_its_own_words(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        an_adult(session, "Olive Sample", email="olive.sample@parents.example", year="Year 2")
        an_adult(session, "Rowan Sample", email="", child="Acorn", year="Year 4")
        hazel = an_adult(session, "Hazel Pattern", email="", child="Bramble", year="Year 2")
        hazel.telephone = "07700 900123"
    office = open_page(1280)
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    staff = f"{service.url}/oak-lane/staff"
    office.goto(f"{staff}/people/told/")
    office.get_by_role("button", name="I have looked").click()

    def email():
        return office.get_by_role("textbox", name="The email", exact=True)

    office.goto(f"{staff}/acknowledgements/ask")
    both(office, axe, "campaign-ask")
    office.get_by_role("button", name="Choose whom, when and the words").click()
    both(office, axe, "campaign-choose")
    office.get_by_label("Some year groups").check()
    office.get_by_label("By email, or by text message").check()
    email().fill("Dear {child}, please read this.")
    office.get_by_role("button", name="See what would happen").click()
    both(office, axe, "campaign-wrong")
    office.get_by_label("Year 2").check()
    office.get_by_role("button", name="See what would happen").click()
    expect(office.locator("main")).to_contain_text("There is no {child}.")
    email().fill("Dear {name},\n\nplease read this: {link}")
    office.get_by_label("Ask people who join later").check()
    office.get_by_role("button", name="See what would happen").click()
    office.get_by_text("Read it as a parent would").click()
    both(office, axe, "campaign-look")
    office.get_by_role("button", name="Send 2 messages").click()
    expect(office.get_by_role("status")).to_contain_text("on their way")
    both(office, axe, "campaign-list")
    mail = service.mails(1, "olive.sample@parents.example")[0]
    assert "please read this: http" in mail.get_body(("plain",)).get_content()

    office.goto(f"{staff}/acknowledgements/")
    both(office, axe, "campaign-answers")
    office.get_by_role("button", name="Take the link back from Olive Sample").click()
    expect(office.locator("main")).to_contain_text("Link taken back")
    office.get_by_label("Olive Sample").check()
    office.get_by_role("button", name="Send a fresh link to those ticked").click()
    expect(office.get_by_role("status")).to_contain_text("1 person")
    office.goto(f"{staff}/acknowledgements/coverage")
    both(office, axe, "coverage")
    office.goto(f"{staff}/acknowledgements/campaigns")
    office.get_by_role("button", name="Stop").click()
    expect(office.locator("main")).to_contain_text("Stopped")
