"""The officer looks at what changed and at the paper for the Board; a head at their versions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.build import a_draft, a_matrix, a_version, an_edition, an_officer, settings_filled
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.editing import edit
from trustconduct.policies.edits import ChangeClause, MoveClause, mark

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_what_changed_and_the_paper_for_the_board(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
        draft = a_draft(trust)
        clause = draft.document.clause("behaviour.4")
        words = "Breaking or spoiling things that belong to somebody else."
        edit(trust, draft, ChangeClause(clause.id, mark(clause), words), by=an_officer())
        edit(trust, draft, MoveClause("behaviour.2", "down"), by=an_officer())
    officer = open_page(360)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/editions/2/")
    axe(officer)
    officer.get_by_role("link", name="What changed", exact=True).click()
    expect(officer.get_by_text("Reworded", exact=True)).to_be_visible()
    axe(officer)
    look(officer, "compare-phone")
    officer.set_viewport_size({"width": 1280, "height": 800})
    axe(officer)
    look(officer, "compare")
    officer.goto(f"{service.url}/admin/editions/2/board-paper")
    axe(officer)
    look(officer, "paper")
    with officer.expect_download() as taken:
        officer.get_by_role("button", name="Download for Word").click()
    assert taken.value.suggested_filename == "board-paper-edition-2.docx"
    officer.set_viewport_size({"width": 360, "height": 740})
    axe(officer)
    look(officer, "paper-phone")

    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
    head = open_page(360)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.goto(f"{service.url}/oak-lane/staff/policy/")
    axe(head)
    head.get_by_role("link", name="What changed").click()
    expect(head.get_by_text("They say the same, in the same order.")).to_be_visible()
    axe(head)
    look(head, "version-phone")


def test_the_office_keeps_the_notice_for_visitors(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        a_version(session)
    office = open_page(360)
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    office.goto(f"{service.url}/oak-lane/staff/policy/")
    office.get_by_role("link", name="A notice for visitors").click()
    axe(office)
    office.get_by_role("button", name="Note it").click()
    expect(office.get_by_role("link", name="Type where it hangs, such as Main")).to_be_visible()
    axe(office)
    office.get_by_label("Where does it hang?").fill("Main entrance")
    office.get_by_role("button", name="Note it").click()
    expect(office.get_by_text("Noted: it hangs at “Main entrance”.")).to_be_visible()
    axe(office)
    look(office, "notice-phone")
    office.get_by_role("link", name="It was taken down").click()
    axe(office)
    look(office, "notice-down-phone")
    office.get_by_role("button", name="Note it").click()
    expect(office.get_by_text("until").first).to_be_visible()
    office.set_viewport_size({"width": 1280, "height": 800})
    axe(office)
    look(office, "notice-wide")
