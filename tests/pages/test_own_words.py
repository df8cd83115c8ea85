"""A head puts a clause into the school's own words, and takes a new edition into them: by hand,
on a phone. The officer edits the draft and sees how the school differs.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.build import a_draft, a_matrix, an_open_edition, settings_filled
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
WHY = "Our families asked for plainer words."
POLICY = "oak-lane/staff/policy"
EDITING = ("edit", "edit/clause/behaviour.4", "edit/add/behaviour", "edit/changes")


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for them: PICTURES=folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def published(service, **words: str) -> None:
    with service.sessions.trust() as trust, transaction(trust):
        an_open_edition(trust, **words)


def test_own_words_are_changed_taken_along_and_seen(service, open_page, axe):
    published(service)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
    head = open_page(360)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.goto(f"{service.url}/{POLICY}/")
    head.get_by_role("link", name="Your school’s own words").click()
    expect(head.get_by_role("heading", level=1)).to_have_text("Your school’s own words")
    axe(head)
    look(head, "own-words-phone")
    head.get_by_role("link", name="Change importance.p1").click()
    head.get_by_label("Your words").fill("We talk to each other *early*.")
    head.get_by_role("button", name="Save").click()
    expect(head.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(head)
    head.get_by_label("Why does your school differ here?").fill(WHY)
    head.get_by_role("button", name="See how it looks").click()
    expect(head.locator(".tc-sheet em")).to_have_text("early")
    axe(head)
    look(head, "own-clause-phone")
    head.get_by_role("button", name="Save").click()
    expect(head.get_by_text(f"Why: {WHY}")).to_be_visible()

    published(service, importance_p1="Tell us early.", importance_p2="We listen.")
    head.goto(f"{service.url}/{POLICY}/")
    head.get_by_role("link", name="Take the new edition into your own words").click()
    axe(head)
    head.get_by_role("button", name="Begin").click()
    expect(head.get_by_text("1 clause is still to be decided")).to_be_visible()
    axe(head)
    look(head, "adoption-phone")
    head.get_by_role("link", name="Decide importance.p1").click()
    expect(head.get_by_role("heading", level=1)).to_have_text("Which words are to stand?")
    axe(head)
    look(head, "adoption-item-phone")
    head.set_viewport_size({"width": 1280, "height": 800})
    axe(head)
    look(head, "adoption-item")
    head.get_by_label("Our words").check()
    head.get_by_label("Why does your school differ here?").fill(WHY)
    head.get_by_role("button", name="Keep this decision").click()
    head.get_by_role("button", name="Make it our text").click()
    expect(head.get_by_text("We talk to each other early.")).to_be_visible()
    expect(head.get_by_text("We listen.")).to_be_visible()
    axe(head)

    with service.sessions.trust() as trust, transaction(trust):
        number = a_draft(trust).number
    officer = open_page()
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.get_by_role("link", name="How schools differ").first.click()
    officer.get_by_text("1 clause").click()
    expect(officer.get_by_text(WHY)).to_be_visible()
    axe(officer)
    look(officer, "drift")
    for place in (*EDITING, "impact", "withdraw", "approve"):
        officer.goto(f"{service.url}/admin/editions/{number}/{place}")
        axe(officer)
        look(officer, place.replace("/", "-"))
        officer.set_viewport_size({"width": 360, "height": 800})
        axe(officer)
        officer.set_viewport_size({"width": 1280, "height": 800})
