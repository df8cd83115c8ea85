"""A report by a teacher on a phone, to a warning and its letter, as each role meets it."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.build import a_matrix, a_version, an_edition, settings_filled
from tests.letters import rows
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.conduct.models import CaseStep, Incident, StepKind
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_report_on_a_phone_comes_to_a_letter(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        rows.an_addressee(session, "Olive Sample", email="olive@parents.example")
    here = f"{service.url}/oak-lane/staff"

    def as_(role: Role, width: int = 1280, **more):
        page = open_page(width, **more)
        sign_in(page, service, service.people[role, "oak-lane"], axe if not more else lambda _: _)
        return page

    # A teacher, on a phone and without scripts: two minutes are plenty.
    teacher = as_(Role.TEACHER, 360, scripts=False)
    begun = time.monotonic()
    teacher.goto(f"{here}/reports/")
    teacher.get_by_role("link", name="Report what happened").click()
    expect(teacher.locator("main")).to_contain_text("Ring 999 first")
    teacher.get_by_label("What happened?").fill("Olive Sample shouted at me by the lantern.")
    teacher.get_by_role("button", name="Send the report").click()
    expect(teacher.locator("main")).to_contain_text("Say whether a child may be at risk.")
    expect(teacher.get_by_label("What happened?")).to_have_value(re.compile("by the lantern"))
    teacher.get_by_label("At school").check()
    teacher.get_by_label("Office").check()  # was affected
    teacher.get_by_label("Yes, or I am not sure").check()
    teacher.get_by_role("button", name="Send the report").click()
    expect(teacher.locator("body")).to_contain_text("The safeguarding lead has been told.")
    expect(teacher.locator("main")).to_contain_text("Not looked at yet")
    assert time.monotonic() - begun < 120
    assert teacher.goto(f"{here}/cases/").status == 403

    # The office files for somebody else, and sees no cases either.
    office = as_(Role.OFFICE)
    office.goto(f"{here}/reports/new")
    both(office, axe, "report-new")
    office.get_by_label("Are you writing for somebody else?").fill("Lunchtime staff")
    office.get_by_role("button", name="Send the report").click()
    expect(office.locator("main")).to_contain_text("Write what happened.")
    both(office, axe, "report-refused")
    assert office.goto(f"{here}/cases/").status == 403

    # The lead was told at once, by a mail without a word of what was said.
    [mail] = service.mails(1, service.people[Role.SAFEGUARDING, "oak-lane"].email)
    assert "lantern" not in mail.get_body().get_content()

    # The head looks it through, decides, and can't approve a letter yet.
    head = as_(Role.HEADTEACHER)
    head.goto(f"{here}/cases/")
    both(head, axe, "cases-waiting")
    head.get_by_role("link", name="Report 1").click()
    head.get_by_label("Find the person").fill("Olive")
    head.get_by_role("button", name="Find", exact=True).click()
    head.get_by_label("Olive Sample").check()
    head.locator("[name=clauses]").first.check()
    both(head, axe, "report-look")
    head.get_by_role("button", name="Put it into the case").click()
    expect(head.locator("h1")).to_contain_text("Case 1: Olive Sample")
    both(head, axe, "case")
    head.get_by_role("link", name="Decide what to do").click()
    expect(head.locator("main")).to_contain_text("Think of this first")
    head.get_by_label("Written warning").check()
    head.get_by_label("Why is this the right answer?").fill("It was in front of children.")
    head.get_by_role("button", name="Decide").click()
    expect(head.locator("main")).to_contain_text("Take that step first")
    both(head, axe, "decide-refused")
    expect(head.get_by_label("Why is this the right answer?")).to_have_value(
        "It was in front of children."
    )
    head.get_by_label("Formal letter with an invitation").check()
    head.get_by_role("button", name="Decide").click()
    head.get_by_role("button", name="Write the letter").click()
    expect(head.locator("main")).to_contain_text("The safeguarding lead has not yet said")
    letter = head.url

    # The lead says that letters may go out.
    lead = as_(Role.SAFEGUARDING)
    lead.goto(f"{here}/cases/search/?words=lanterns")
    both(lead, axe, "case-search")
    lead.get_by_role("link", name="Report 1").click()
    both(lead, axe, "report-lead")
    lead.get_by_label("Why they may").fill("Spoken to the family.")
    lead.get_by_role("button", name="Letters may go out").click()
    expect(lead.locator("main")).to_contain_text("said that letters may go out")
    head.goto(letter)
    expect(head.locator("main")).not_to_contain_text("The safeguarding lead has not yet said")

    # A governor sees the case once assigned, and the teacher what came of the report.
    governor = as_(Role.GOVERNOR)
    governor.goto(f"{here}/assigned/")
    expect(governor.locator("main")).to_contain_text("You are not assigned to a case.")
    head.goto(f"{here}/cases/")
    head.get_by_role("link", name="Case 1").click()
    case = head.url
    of_governor = case.replace("/cases/", "/assigned/")
    assert governor.goto(of_governor).status == 404
    head.get_by_role("link", name="Say who else sees it").click()
    governor_name = head.locator("#user option").nth(1).inner_text()
    for option in head.locator("#user option").all():
        if "overnor" in option.inner_text():
            governor_name = option.inner_text()
    head.get_by_label("Who?").select_option(label=governor_name)
    head.get_by_label("Reads it as a governor").check()
    both(head, axe, "case-members")
    head.get_by_role("button", name="They see this case").click()
    expect(head.locator("body")).to_contain_text("sees this case from now on")
    governor.goto(f"{here}/assigned/")
    governor.get_by_role("link", name="Case 1").click()
    expect(governor.locator("main")).to_contain_text("by the lantern")
    both(governor, axe, "assigned-case")
    head.get_by_role("button", name="Take back").click()
    assert governor.goto(of_governor).status == 404
    teacher.goto(f"{here}/reports/")
    expect(teacher.locator("main")).to_contain_text("Formal letter with an invitation")

    # Another school's head is told what somebody is told who asks for nothing that is there.
    elsewhere = open_page(1280)
    sign_in(elsewhere, service, service.people[Role.HEADTEACHER, "elm-park"], axe)
    assert elsewhere.goto(case).status == 403
    assert elsewhere.goto(case.replace("oak-lane", "elm-park")).status == 404

    with service.sessions.school(service.schools["oak-lane"]) as session:
        assert session.scalars(select(CaseStep.kind)).all() == [StepKind.FORMAL_LETTER]
        assert session.scalars(select(Incident.at_risk)).all() == [True]
