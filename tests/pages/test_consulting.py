"""An officer asks about a draft; a head and a union's representative comment on their phones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.build import a_draft, link_in, mailed
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_draft_is_asked_about_commented_and_answered(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        number = a_draft(trust).number
    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    page = f"{service.url}/admin/editions/{number}/consultation"
    officer.goto(f"{service.url}/admin/editions/{number}/")
    officer.get_by_role("link", name="Ask heads, governors and unions about it").click()
    axe(officer)
    look(officer, "consultation-before")
    last = clock.day(clock.today() + timedelta(days=12))
    officer.get_by_label("Last day for comments").fill(last)
    officer.get_by_role("button", name="Open the consultation").click()
    expect(officer.get_by_text("The consultation is open.")).to_be_visible()
    officer.get_by_label("Union representative").check()
    officer.get_by_label("Name", exact=True).fill("Sam Sample")
    officer.get_by_label("Email address").fill("sam@union.example")
    officer.get_by_role("button", name="Send a link").click()
    expect(officer.get_by_text("A link is on its way to Sam Sample.")).to_be_visible()
    axe(officer)

    head = open_page(360)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.get_by_role("link", name="Say what you think of the draft").click()
    axe(head)
    look(head, "draft-head-phone")
    first = head.locator(".tc-own__clause").first
    first.locator("summary").click()
    first.get_by_role("textbox").fill("Could this be shorter?")
    axe(head)
    first.get_by_role("button", name="Send this comment").click()
    expect(head.get_by_text("Thank you. Your comment is kept.")).to_be_visible()
    axe(head)

    with service.sessions.trust() as trust:
        link = link_in(mailed(trust, "sam@union.example")[0])
    guest = open_page(360)
    guest.goto(f"{service.url}{link}")
    axe(guest)
    look(guest, "draft-guest-phone")
    guest.get_by_role("button", name="I have read it and have nothing to add").click()
    expect(guest.get_by_text("Nothing to add.")).to_be_visible()

    officer.goto(page)
    expect(officer.get_by_text("1 of 1 governor or union representative answered.")).to_be_visible()
    look(officer, "consultation")
    officer.get_by_role("link", name="Answer").click()
    officer.get_by_label("Taken up", exact=True).check()
    axe(officer)
    look(officer, "comment")
    officer.get_by_role("button", name="Keep the answer").click()
    officer.set_viewport_size({"width": 360, "height": 740})
    axe(officer)
    look(officer, "consultation-phone")
    head.reload()
    expect(head.get_by_text("Taken up")).to_be_visible()


def test_a_draft_is_approved_by_who_was_named(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        number = a_draft(trust).number
    officer = open_page(1280)
    person = service.people[Role.TRUST_OFFICER, None]
    sign_in(officer, service, person, axe)
    draft = f"{service.url}/admin/editions/{number}"
    officer.goto(f"{draft}/")
    officer.get_by_role("link", name="Who must approve its text").click()
    axe(officer)
    look(officer, "approvers-before")
    officer.get_by_role("checkbox").first.check()
    officer.get_by_role("radio", name="Any one of them").check()
    officer.get_by_role("button", name="Save").click()
    expect(officer.get_by_text("Who must approve the text is saved.")).to_be_visible()
    officer.goto(f"{draft}/approvers")
    axe(officer)
    officer.goto(f"{service.url}/admin/")
    look(officer, "approval-task")
    officer.set_viewport_size({"width": 360, "height": 740})
    officer.goto(f"{draft}/sign-off")
    axe(officer)
    officer.get_by_role("radio", name="Something should change first").check()
    officer.get_by_role("button", name="Keep my answer").click()
    expect(officer.get_by_role("link", name="Say what should change first.")).to_be_visible()
    axe(officer)
    look(officer, "sign-off-phone")
    officer.get_by_role("textbox").fill("ladder.3 reads harshly.")
    officer.get_by_role("button", name="Keep my answer").click()
    officer.goto(f"{draft}/approvers")
    axe(officer)
    look(officer, "approvers-phone")
    officer.set_viewport_size({"width": 1280, "height": 800})
    look(officer, "approvers")
    officer.goto(f"{draft}/approve")
    axe(officer)
    look(officer, "approve-waiting")
