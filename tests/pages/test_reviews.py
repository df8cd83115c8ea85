"""Reviews by hand: the officer's board, steps and pauses; the office that has looked; one's own
calendar. At 360 and 1280 pixels, each page through axe.
"""

from __future__ import annotations

import re
import urllib.request
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from tests.build import an_edition
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.reviews.school_reviews import begin_reviews

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def both(page, axe, name: str) -> None:
    """A page on a desk and on a phone; on a phone nothing may stick out."""
    page.set_viewport_size({"width": 1280, "height": 800})
    axe(page)
    look(page, name)
    page.set_viewport_size({"width": 360, "height": 800})
    axe(page)
    look(page, f"{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_reviews_are_kept_by_the_trust_and_by_a_school(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    for school_id in service.schools.values():
        with service.sessions.school(school_id) as session, transaction(session):
            begin_reviews(session)

    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/reviews/")
    both(officer, axe, "review-board")
    officer.get_by_role("link", name="By school").click()
    expect(officer.get_by_role("link", name="Elm Park Junior School")).to_be_visible()
    both(officer, axe, "review-board-schools")
    officer.goto(f"{service.url}/admin/reviews/policy")
    officer.get_by_role("button", name=re.compile("Mark as done.*Start")).click()
    expect(officer.get_by_text("“Start the review” is done.")).to_be_visible()
    both(officer, axe, "review-policy")
    officer.get_by_role("link", name="Pause the reminders").click()
    officer.get_by_role("button", name="Pause the reminders").click()
    expect(officer.get_by_role("heading", name="There is a problem")).to_be_visible()
    both(officer, axe, "review-pause")
    officer.get_by_label("Why?").fill("Two Trusts merge")
    officer.get_by_role("button", name="Pause the reminders").click()
    expect(officer.get_by_text("Two Trusts merge")).to_be_visible()
    officer.get_by_role("link", name="Change the cycle").click()
    both(officer, axe, "review-cycle")
    officer.get_by_label("How many years or terms").fill("2")
    officer.get_by_role("button", name="Save").click()
    expect(officer.get_by_text("Every 2 years")).to_be_visible()
    both(officer, axe, "review-policy-paused")
    officer.get_by_role("link", name="Set another date for this review").click()
    officer.get_by_label("When is it reviewed?").fill("Sumer Term 2033")
    officer.get_by_role("button", name="Save the date").click()
    expect(officer.get_by_role("heading", name="There is a problem")).to_be_visible()
    both(officer, axe, "review-date")
    officer.get_by_label("When is it reviewed?").fill("Summer Term 2033")
    officer.get_by_label("Why then?").fill("New guidance")
    officer.get_by_role("button", name="Save the date").click()
    expect(officer.get_by_text("set by hand: New guidance")).to_be_visible()

    head = open_page(360)
    sign_in(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    head.goto(f"{service.url}/oak-lane/staff/reviews/")
    both(head, axe, "own-reviews")
    head.get_by_role("link", name="Your school’s facts", exact=True).click()
    head.get_by_role("button", name="Note that I have looked").click()
    expect(head.get_by_role("heading", name="There is a problem")).to_be_visible()
    both(head, axe, "own-review")
    head.get_by_label("Looked at, nothing to change").check()
    head.get_by_role("button", name="Note that I have looked").click()
    expect(head.get_by_text("noted. The next review is in the list.")).to_be_visible()
    both(head, axe, "own-reviews-looked")

    head.goto(f"{service.url}/account/you/calendar")
    head.get_by_role("button", name="Make an address").click()
    both(head, axe, "you-calendar")
    address = head.get_by_label("Your address").input_value()
    with urllib.request.urlopen(address) as answer:
        assert b"Oak Lane" in answer.read()
    head.get_by_role("button", name="Stop the address").click()
    expect(head.get_by_role("button", name="Make an address")).to_be_visible()
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(address)
