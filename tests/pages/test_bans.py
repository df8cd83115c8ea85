"""A site ban from its notice to its review, and the gate, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.bans import rows as bans
from tests.build import (
    a_matrix,
    a_user,
    a_version,
    an_authenticator,
    an_edition,
    settings_filled,
)
from tests.letters import rows
from tests.pages.conftest import Someone
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.bans.gate import gate_is_open
from trustconduct.bans.models import Ban
from trustconduct.db import transaction
from trustconduct.people.models import Adult

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
DAY = timedelta(days=1)


def test_a_ban_from_its_notice_to_the_gate_and_its_review(service, open_page, axe):
    oak = service.schools["oak-lane"]
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
        rows.words_approved(trust)
    with service.sessions.school(oak) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        rows.a_signatory(session)
        bans.days_known(session)
        rows.an_addressee(
            session, "Olive Sample", email="olive@parents.example", telephone="01632 960123"
        )
        adult_id = session.scalars(select(Adult.id)).one()
    site = f"{service.url}/oak-lane/staff"

    # The head begins it.
    head = open_page(1280)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.goto(f"{site}/bans/to/{adult_id}")
    both(head, axe, "ban-new")
    head.get_by_label("Give notice of the intention").check()
    head.get_by_label("On which day was the incident?").fill(clock.day(clock.today()))
    head.get_by_label("What are the reasons?").fill("You shouted at a member of staff.")
    head.get_by_label("Which sites does it cover?").fill("The whole of our site.")
    head.get_by_label("At which hours?").fill("At all times.")
    head.get_by_label("From which day?").fill(clock.day(clock.today()))
    head.get_by_label("Until which day?").fill(clock.day(clock.today() + 30 * DAY))
    head.locator("[name=clauses]").nth(2).check()
    head.get_by_role("button", name="Begin it").click()
    expect(head.locator("main")).to_contain_text("Say why a ban comes without one.")
    both(head, axe, "ban-new-wrong")
    head.get_by_label("Give notice of the intention").check()
    head.get_by_label("Why does it come without a warning?").fill("A member of staff was hurt.")
    head.locator("[name=clauses]").nth(2).check()
    head.get_by_role("button", name="Begin it").click()
    expect(head.locator("main")).to_contain_text("Letter not served")
    both(head, axe, "ban-begun")
    at = head.url

    # Its letter, filled from the ban.
    head.get_by_label("Write a letter of this ban").select_option("intention")
    head.get_by_role("button", name="Write it").click()
    expect(head.locator("main")).to_contain_text("You shouted at a member of staff.")
    letter = head.url
    head.get_by_role("link", name="Choose who signs the letter.").click()
    head.get_by_label("By email, with a code").check()
    head.get_by_label("Who signs it?").select_option(index=1)
    head.get_by_role("button", name="Save").click()
    expect(head.locator("main")).to_contain_text("Nothing is missing")
    head.goto(f"{letter}preview")
    both(head, axe, "ban-letter")
    head.goto(f"{letter}approve")
    head.get_by_role("button", name="Approve this letter").click()
    expect(head.locator("main")).to_contain_text("Approved by")
    head.goto(f"{site}/letters/to-send/")
    head.get_by_role("link", name="Letter 1 to Olive Sample").click()
    head.get_by_role("button", name="Send the email").click()
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", head.get_by_text("Their code:").inner_text())[0]

    # Her side, on a phone.
    [mail] = service.mails(1, "olive@parents.example")
    link = re.search(r"https?://\S+/letter/\S+", mail.get_body().get_content())[0]
    phone = open_page(360)
    phone.goto(link)
    phone.get_by_label("Your code").fill(code)
    phone.get_by_role("button", name="Read the letter").click()
    expect(phone.locator("main")).to_contain_text("There is no ban. Nothing is decided.")
    both(phone, axe, "ban-her-letter")
    phone.get_by_role("button", name="Send it to the school").click()
    expect(phone.locator("main")).to_contain_text("Write something")
    phone.get_by_label("What do you want to tell us?").fill("I was worried about my child.")
    phone.get_by_role("button", name="Send it to the school").click()
    expect(phone.locator("main")).to_contain_text("Receipt 1")
    head.goto(f"{at}decide")
    expect(head.locator("main")).to_contain_text("They can still answer")
    phone.get_by_label("What do you want to tell us?").fill("I am sorry.")
    phone.get_by_label("That is all.").check()
    phone.get_by_role("button", name="Send it to the school").click()
    expect(phone.locator("main")).to_contain_text("You said that this is all")
    both(phone, axe, "ban-her-receipts")

    # The decision, once more in plain words.
    head.goto(f"{at}decide")
    expect(head.locator("main")).to_contain_text("I was worried about my child.")
    both(head, axe, "ban-decide")
    head.get_by_label("There is a ban").check()
    head.get_by_label("How did you weigh").fill("You told us that you are sorry. We weighed it.")
    head.get_by_label("When is it reviewed?").fill(clock.day(clock.today() + 20 * DAY))
    head.get_by_role("button", name="Go on").click()
    expect(head.locator("main")).to_contain_text("Once more, in plain words")
    both(head, axe, "ban-once-more")
    head.get_by_role("button", name="Yes, that is my decision").click()
    expect(head.locator("main")).to_contain_text("In force")
    both(head, axe, "ban-in-force")
    head.goto(f"{site}/bans/")
    both(head, axe, "ban-register")

    # The gate, signed in and on a device of its own.
    head.goto(f"{site}/gate/?name=Oliv+Sampel")
    expect(head.locator("main")).to_contain_text("Olive Sample")
    expect(head.locator("main")).not_to_contain_text("shouted")
    both(head, axe, "gate")
    head.goto(f"{site}/gate/names")
    both(head, axe, "gate-names")
    head.goto(f"{site}/gate/devices")
    head.get_by_label("Which device is it?").fill("Front desk")
    head.get_by_role("button", name="Make this device").click()
    both(head, axe, "gate-devices")
    head.goto(f"{service.url}/oak-lane/gate/")
    if gate_is_open(clock.now()):
        expect(head.locator("main")).to_contain_text("Check first that it is them.")
    else:
        expect(head.locator("main")).to_contain_text("does not show the gate")
    both(head, axe, "gate-device")
    head.goto(f"{site}/gate/")
    head.get_by_text("Seen on site").first.click()
    head.get_by_role("button", name="Not allowed: tell the head now").click()
    expect(head.locator("body")).to_contain_text("The head is told.")
    phone.reload()
    expect(phone.locator("main")).to_contain_text("until the end of")
    both(phone, axe, "ban-her-terms")

    # The review, by somebody who did not decide.
    with service.sessions.school(oak) as session:
        ban_id = session.scalars(select(Ban.id)).one()
    head.goto(f"{site}/bans/{ban_id}/review")
    expect(head.locator("body")).not_to_contain_text("Review of ban")
    with service.sessions.accounts() as accounts, transaction(accounts):
        user = a_user(accounts, Role.GOVERNOR, oak, email="chair@oak.example", name="Chair")
        someone = Someone("chair@oak.example", an_authenticator(accounts, user))
    chair = open_page(1280)
    sign_in(chair, service, someone, axe)
    chair.goto(f"{site}/bans/{ban_id}/review")
    expect(chair.locator("main")).not_to_contain_text("shouted")
    both(chair, axe, "ban-interests")
    chair.get_by_label("I have nothing to do with any of it").check()
    chair.get_by_role("button", name="Go on").click()
    expect(chair.locator("main")).to_contain_text("You shouted at a member of staff.")
    both(chair, axe, "ban-review")
    chair.get_by_label("It ends now").check()
    chair.get_by_label("What did you look at").fill("She is sorry, and has kept to it.")
    chair.get_by_role("button", name="Finish the review").click()
    expect(chair.locator("body")).to_contain_text("The review is finished.")
    head.goto(f"{site}/gate/")
    expect(head.locator("main")).to_contain_text("Nobody is barred now.")
    head.goto(at)
    expect(head.locator("main")).to_contain_text("Lifted")
