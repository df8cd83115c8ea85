"""A head makes a contact plan; the parent's own page shows it in the matrix's place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.build import SECRET_KEY, a_matrix, a_request, a_version, an_edition, settings_filled
from tests.pages.test_own_words import look
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.clock import day, today
from trustconduct.db import transaction
from trustconduct.outbox.links import token

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_head_agrees_one_contact_with_one_parent(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        asks = a_request(session)
        adult_id, request_id = asks.adult_id, asks.id
    secret = token(SECRET_KEY, "sign", asks.id, asks.generation)
    head = open_page(1280)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.goto(f"{service.url}/oak-lane/staff/people/{adult_id}/")
    head.get_by_role("link", name="Make a contact plan").click()
    both(head, axe, "plan-none")
    head.get_by_label("Who is their one contact?").fill("The deputy headteacher")
    head.get_by_label("Once a week").check()
    head.get_by_label("Until the end of which day?").fill(day(today() + timedelta(days=10)))
    head.get_by_role("button", name="Make the plan").click()
    expect(head.get_by_role("alert").first).to_contain_text("Say why")
    head.get_by_label("Why?").fill("Since 3 March you sent 41 emails to six people.")
    head.get_by_role("button", name="Make the plan").click()
    expect(head.get_by_role("alert").first).to_contain_text("Type an email address or a telephone")
    both(head, axe, "plan-errors")
    head.get_by_label("Email").fill("deputy@oak.example")
    head.get_by_role("button", name="Make the plan").click()
    expect(head.locator("main")).to_contain_text("Contact plan: The deputy headteacher")
    both(head, axe, "plan-person")
    head.get_by_role("link", name="Open the plan").click()
    both(head, axe, "plan")

    parent = open_page(360)
    parent.goto(f"{service.url}/oak-lane/sign/{request_id}/{secret}")
    expect(parent.get_by_role("heading", name="How we keep in touch with you")).to_be_visible()
    expect(parent.get_by_role("link", name="deputy@oak.example")).to_be_visible()
    expect(parent.get_by_text("Show how to contact us")).to_have_count(0)
    expect(parent.locator("main")).not_to_contain_text("41 emails")
    axe(parent)
    look(parent, "plan-parent-phone")

    head.goto(f"{service.url}/oak-lane/staff/")
    expect(head.locator("main")).to_contain_text("The contact plan of Alex Sample ends on")
    head.get_by_role("link", name="The contact plan of Alex Sample").click()
    head.get_by_text("End it before its day").click()
    head.get_by_label("Why does it end?").fill("We talked, and it works again.")
    head.get_by_role("button", name="End the plan").click()
    expect(head.locator("main")).to_contain_text("The plan has ended")
    head.get_by_role("link", name="Make a contact plan").click()
    both(head, axe, "plan-ended")
    parent.reload()
    expect(parent.get_by_text("Show how to contact us")).to_be_visible()
