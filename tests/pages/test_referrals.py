"""A head notes what the police were told; nobody without the permission sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.build import a_version, an_adult, an_edition, settings_filled
from tests.conduct.rows import a_case
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_head_notes_what_the_police_were_told(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_version(session)
        case, _ = a_case(session, an_adult(session))
        case_id = case.id
    head = open_page(1280)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    at = f"{service.url}/oak-lane/staff/cases/{case_id}/"
    head.goto(at)
    head.get_by_role("link", name="Police and legal").click()
    both(head, axe, "police-none")
    head.get_by_label("Told the police").check()
    head.get_by_label("What was shared, considered or asked?").fill("That they made a threat.")
    head.get_by_label("How were they told?").select_option("101")
    head.get_by_label("Force").select_option(index=1)
    head.get_by_role("button", name="Note it").click()
    expect(head.get_by_role("alert").first).to_contain_text("Say on what ground it was shared")
    head.get_by_label("On what ground was it shared?").select_option("crime")
    head.get_by_label("Reference").fill("42/7")
    head.get_by_role("button", name="Note it").click()
    expect(head.locator("main")).to_contain_text("To prevent or detect a crime")
    expect(head.locator("main")).to_contain_text("on hold while nothing came of it")
    both(head, axe, "police-noted")
    head.get_by_text("What came of it?").click()
    head.get_by_label("Outcome").fill("They spoke to them.")
    head.get_by_role("button", name="Note the outcome").click()
    expect(head.locator("main")).to_contain_text("They spoke to them.")
    both(head, axe, "police-ended")
    head.goto(at)
    expect(head.locator("main")).not_to_contain_text("They spoke to them.")
