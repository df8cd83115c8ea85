"""A head offers a meeting, notes what came of it, and offers mediation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.build import a_version, an_adult, an_edition, settings_filled
from tests.conduct.meeting_rows import past
from tests.conduct.rows import a_case, a_step
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.clock import day, today
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_head_meets_a_parent_and_offers_mediation(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_version(session)
        case, _ = a_case(session, an_adult(session))
        a_step(session, case)
        held, _ = a_case(session, an_adult(session))
        past(session, held)
        case_id, held_id = case.id, held.id
    head = open_page(1280)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    cases = f"{service.url}/oak-lane/staff/cases"
    head.goto(f"{cases}/{case_id}/")
    head.get_by_role("link", name="Meetings and mediation").click()
    both(head, axe, "meetings-none")
    head.get_by_label("Day 1").fill(day(today() + timedelta(days=7)))
    head.get_by_label("Time 1").fill("half three")
    head.get_by_label("Where, or on which number or link?").fill("Room 4")
    head.get_by_role("button", name="Offer the meeting").click()
    expect(head.get_by_role("alert").first).to_contain_text("Type a time, like 3.30pm")
    head.get_by_label("Time 1").fill("3.30pm")
    head.get_by_label("Day 2").fill(day(today() + timedelta(days=8)))
    head.get_by_label("Time 2").fill("9am")
    head.get_by_role("button", name="Offer the meeting").click()
    expect(head.locator("main")).to_contain_text("The meeting is offered")
    head.get_by_text("Which time do they take?").click()
    head.get_by_label("9am").check()
    head.get_by_label("Whom do they bring? (optional)").fill("Their sister")
    head.get_by_role("button", name="This is the time").click()
    expect(head.locator("main")).to_contain_text("Their sister")
    both(head, axe, "meetings-agreed")
    with head.expect_download() as calendar:
        head.get_by_role("link", name="Add it to your calendar").click()
    assert "Meeting with" in calendar.value.path().read_text()
    head.get_by_label("Who would lead it?").fill("A neighbouring head")
    head.get_by_role("button", name="Note the offer").click()
    head.get_by_label("They accept it").check()
    head.get_by_label("Who gave the answer?").fill("Alex Sample")
    head.get_by_role("button", name="Note the answer").click()
    expect(head.locator("main")).to_contain_text("Accepted by")
    both(head, axe, "mediation-accepted")
    head.get_by_role("button", name="Write the invitation").click()
    expect(head.locator("main")).to_contain_text("Room 4")

    head.goto(f"{service.url}/oak-lane/staff/")
    head.get_by_role("link", name="Meeting with Alex Sample").click()
    head.get_by_text("What became of it?").click()
    head.get_by_label("Held", exact=True).check()
    head.get_by_role("button", name="Note it").click()
    expect(head.get_by_role("alert").first).to_contain_text("Say what came of the meeting")
    head.get_by_label("What came of it?").fill("They will ring the office first.")
    head.get_by_role("button", name="Note it").click()
    head.get_by_text("Add a comment on this record").click()
    head.get_by_label("Whose comment is it?").select_option("person")
    head.get_by_label("Name or role").fill("Alex Sample")
    head.get_by_label("Their words").fill("I said that the office never answers.")
    head.get_by_role("button", name="Add the comment").click()
    expect(head.locator("blockquote")).to_contain_text("never answers")
    expect(head).to_have_url(f"{cases}/{held_id}/meetings/")
    both(head, axe, "meetings-held")
