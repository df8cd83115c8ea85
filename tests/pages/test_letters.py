"""A letter from its first word to the day its addressee opens it, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.build import a_matrix, a_version, an_edition, settings_filled
from tests.letters import rows
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.letters.models import LetterService

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_letter_from_its_words_to_its_reader(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        rows.an_addressee(session, "Olive Sample", email="olive@parents.example")
        meets = clock.day(rows.school_day(session))

    # The Trust's words.
    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/letters/")
    officer.get_by_role("button", name="Begin drafts").click()
    both(officer, axe, "letter-kinds")
    officer.get_by_label("Independent advice").fill("Ask Anytown Advice, 01632 960777.")
    officer.get_by_role("button", name="Save").click()
    officer.get_by_role("link", name="Formal letter with an invitation").click()
    both(officer, axe, "letter-wording")
    officer.get_by_label("How to answer", exact=True).fill(
        "Write to {school.email} or {school.fax}."
    )
    officer.get_by_role("button", name="Save the draft").click()
    expect(officer.locator("main")).to_contain_text("{school.fax} is no field")
    officer.get_by_label("How to answer", exact=True).fill(
        "Write to {school.email}. You have {answer}."
    )
    officer.get_by_role("button", name="Save the draft").click()
    officer.get_by_role("button", name="Approve these words").click()
    expect(officer.locator("body")).to_contain_text("Say which solicitor")
    officer.get_by_label("Which solicitor").fill("A. Sample of Sample LLP, today")
    officer.get_by_role("button", name="Approve these words").click()
    expect(officer.locator("body")).to_contain_text("Approved")
    officer.close()

    # The head writes, approves and sends.
    head = open_page(1280)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    letters = f"{service.url}/oak-lane/staff/letters"
    head.goto(f"{letters}/who-signs/")
    head.get_by_label("Name", exact=True).fill("Rowan Pattern")
    head.get_by_label("Role").fill("Headteacher")
    head.get_by_role("button", name="They may sign letters").click()
    both(head, axe, "letter-signatories")
    head.goto(f"{service.url}/oak-lane/staff/people/")
    head.get_by_role("link", name="Olive Sample").click()
    head.get_by_role("button", name="Write a letter").or_(
        head.get_by_role("link", name="Write a letter")
    ).click()
    both(head, axe, "letter-new")
    head.get_by_label("Formal letter with an invitation").check()
    head.get_by_role("button", name="Begin the letter").click()
    expect(head.locator("main")).to_contain_text("What is missing before it can be approved")
    both(head, axe, "letter-missing")
    at = head.url
    for link, fill in (
        ("Say on which day it happened.", {"Day of the incident": clock.day(clock.today())}),
        ("Write what happened.", {"Words": "At 3.20pm you shouted at a member of staff."}),
        ("Say when and where you will meet.",
         {"Day": meets, "Time": "3.30pm", "Where": "Our office"}),
        ("Say how many days they have to answer.", {"How many days": "5"}),
    ):  # fmt: skip
        head.get_by_role("link", name=link).click()
        for label, words in fill.items():
            head.get_by_label(label, exact=True).fill(words)
        if "Where" in fill:
            head.get_by_label("In person").check()
            both(head, axe, "letter-meeting")
        if "Words" in fill:
            both(head, axe, "letter-facts")
        head.get_by_role("button", name="Save").click()
        expect(head).to_have_url(at)
    head.get_by_role("link", name="Choose the clauses").click()
    head.locator("[name=clauses]").nth(3).check()
    both(head, axe, "letter-clauses")
    head.get_by_role("button", name="Save").click()
    head.get_by_role("link", name="Choose who signs the letter.").click()
    head.get_by_label("By email, with a code").check()
    head.get_by_label("Who signs it?").select_option(label="Rowan Pattern, Headteacher")
    both(head, axe, "letter-way")
    head.get_by_role("button", name="Save").click()
    expect(head.locator("main")).to_contain_text("Nothing is missing")
    both(head, axe, "letter-whole")
    head.goto(f"{at}preview")
    both(head, axe, "letter-preview")
    head.goto(f"{at}approve")
    both(head, axe, "letter-approve")
    head.get_by_role("button", name="Approve this letter").click()
    expect(head.locator("main")).to_contain_text("Approved by")
    both(head, axe, "letter-approved")
    head.goto(f"{letters}/")
    both(head, axe, "letters")
    head.goto(f"{letters}/to-send/")
    both(head, axe, "letters-to-send")
    head.get_by_role("link", name="Letter 1 to Olive Sample").click()
    both(head, axe, "letter-send")
    head.get_by_role("button", name="Send the email").click()
    told = head.get_by_text("Their code:").inner_text()
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", told)[0]
    both(head, axe, "letter-code")

    # The addressee, on a phone. That it works without scripts: tests/web/test_letters.py.
    [mail] = service.mails(1, "olive@parents.example")
    body = mail.get_body().get_content()
    assert "shouted" not in body
    link = re.search(r"https?://\S+/letter/\S+", body)[0]
    phone = open_page(360)
    phone.goto(link)
    both(phone, axe, "addressee-code")
    phone.get_by_label("Your code").fill("AAAA-AAAA")
    phone.get_by_role("button", name="Read the letter").click()
    expect(phone.locator("main")).to_contain_text("This is not the code")
    both(phone, axe, "addressee-wrong")
    phone.get_by_label("Your code").fill(code.lower())
    phone.get_by_role("button", name="Read the letter").click()
    expect(phone.locator("main")).to_contain_text("you shouted at a member of staff")
    expect(phone.locator("main")).to_contain_text("Answer by")
    expect(phone.locator("main")).to_contain_text("Anytown Advice")
    both(phone, axe, "addressee-letter")
    with service.sessions.school(service.schools["oak-lane"]) as session:
        assert session.scalars(select(LetterService.served_on)).one() == clock.today()
    head.reload()
    expect(head.locator("main")).to_contain_text("Opened by them")
