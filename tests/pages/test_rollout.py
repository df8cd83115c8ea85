"""An officer rolls an edition out to one school by a day, and looks how it goes; its head reads
the day. By hand, wide and on a phone.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.build import a_draft, a_matrix, a_version, an_edition, an_officer, settings_filled
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.models import Run
from trustconduct.policies.editions import approve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def approved(service) -> int:
    """Edition 1 is in force at Oak Lane; edition 2 is approved."""
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
    with service.sessions.trust() as trust, transaction(trust):
        edition = a_draft(trust, "Autumn Term 2029")
        approve(trust, edition, by=an_officer(), board_on=clock.today())
        now = clock.now()
        trust.add(
            Run(
                task="remind_of_reviews", slot_at=now, started_at=now, ended_at=now,
                tries=5, error="OperationalError",
            )
        )  # fmt: skip
        return edition.number


def both(page: Page, axe, name: str) -> None:
    """Look at a page on a phone and wide."""
    for width, size in ((360, "-phone"), (1280, "")):
        page.set_viewport_size({"width": width, "height": 800})
        axe(page)
        look(page, name + size)


def test_an_edition_is_rolled_out_to_one_school_by_a_day(service, approved, open_page, axe):
    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/editions/{approved}/publish")
    expect(officer.get_by_label("Every school")).to_be_checked()
    both(officer, axe, "publish")
    officer.get_by_label("Only the schools ticked below").check()
    officer.get_by_role("button", name=f"Yes, publish edition {approved}").click()
    expect(officer.get_by_text("Tick at least one school.").last).to_be_visible()
    both(officer, axe, "publish-refused")
    officer.get_by_label("Oak Lane Primary School").check()
    officer.get_by_role("button", name=f"Yes, publish edition {approved}").click()
    expect(officer.get_by_text("1 school is asked to adopt it by")).to_be_visible()
    officer.get_by_role("link", name="See its roll-out").click()
    expect(officer.get_by_text("1 school stays on its edition")).to_be_visible()
    both(officer, axe, "rollout")

    [mail] = service.mails(1, to="headteacher@oak-lane.example")
    assert f"Please adopt edition {approved} by" in mail["Subject"]
    assert service.mailbox.to("headteacher@elm-park.example") == []

    head = open_page(360)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.get_by_role("link", name=f"The Trust’s new edition {approved}: adopt it by").click()
    expect(head.get_by_text("The Trust asks you to adopt it by")).to_be_visible()
    both(head, axe, "adopt-by")

    officer.get_by_role("link", name="Ask more schools").click()
    officer.get_by_label("Every school that was not asked").check()
    both(officer, axe, "rollout-schools")
    officer.get_by_role("button", name="Ask them").click()
    expect(officer.get_by_text("1 more school is asked to adopt edition")).to_be_visible()
    officer.get_by_role("link", name="Move the day").click()
    officer.get_by_label("Adopt by which day?").fill("1 January 2020")
    officer.get_by_role("button", name="Move the day").click()
    expect(officer.get_by_text("Choose a day that is still to come").last).to_be_visible()
    both(officer, axe, "rollout-day")

    with service.sessions.trust() as trust, transaction(trust):
        trust.execute(
            text("update policy_rollout set adopt_by_on = :day where adopt_by_on is not null"),
            {"day": clock.today().replace(year=clock.today().year - 1, day=1)},
        )
    officer.goto(f"{service.url}/admin/drift/?only=late")
    expect(officer.get_by_role("link", name="Oak Lane Primary School", exact=True)).to_be_visible()
    both(officer, axe, "drift")
    with officer.expect_download() as taken:
        officer.get_by_role("button", name="Download as a spreadsheet (CSV)").click()
    assert taken.value.suggested_filename.startswith("how-schools-differ-")
    officer.get_by_role("link", name="Print all of them").click()
    both(officer, axe, "drift-print")
    head.goto(f"{service.url}/oak-lane/staff/")
    expect(head.get_by_text("days late")).to_be_visible()
    both(head, axe, "home-late")


def test_scheduled_work_is_seen_and_run_now(service, approved, open_page, axe):
    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    expect(
        officer.get_by_role("link", name="Scheduled work failed: reminding of the review")
    ).to_be_visible()
    officer.get_by_role("link", name="Scheduled work", exact=True).click()
    both(officer, axe, "timetable")
    officer.get_by_role("button", name="Run\u00a0now (Sending emails and texts)").click()
    expect(officer.get_by_text("Sending emails and texts: it runs now.")).to_be_visible()
    run = "select ended_at from timetable_run where task = 'deliver_mail'"
    for _ in range(100):
        with service.sessions.trust(read_only=True) as trust:
            if trust.scalar(text(run)):
                break
        officer.wait_for_timeout(100)
    officer.reload()
    row = officer.get_by_role("row").filter(has_text="Sending emails and texts")
    expect(row.get_by_text("Done")).to_be_visible()
