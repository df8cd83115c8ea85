"""The Trust gives and locks; a school's office fills in, changes its looks, authorises a fair."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.build import (
    a_campaign,
    a_head,
    a_matrix,
    a_roll,
    a_version,
    an_edition,
    settings_filled,
)
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LINES = (
    "Acorn Sample,Year 4,Olive Sample,mother,olive.sample@parents.example",
    "Acorn Sample,Year 4,Rowan Sample,father,rowan.sample@parents.example",
    "Bramble Pattern,Year 2,Hazel Pattern,grandmother,",
)


def a_picture() -> bytes:
    picture = Image.new("RGBA", (400, 400), "#00000000")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((10, 10, 390, 390), fill="#7a1f2b")
    pen.polygon([(200, 60), (330, 300), (70, 300)], fill="#f4c430")
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()


def test_settings_inherit_and_a_school_looks_like_itself(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        version = a_version(session)
        take_in(session, read_roll(a_roll(*LINES)), by=a_head(session))
        a_campaign(session, version, by=a_head(session))

    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/trust/schools")
    both(officer, axe, "given")
    officer.get_by_role("textbox", name="Governing body").fill("Local Academy Council")
    officer.get_by_role("textbox", name="Complaints policy").fill(
        "https://lantern.example/complaints"
    )
    officer.get_by_label("Lock it: complaints policy is the same in every school").check()
    officer.get_by_label("And at most: a first ban lasts").fill("100")
    officer.get_by_role("button", name="Save").click()
    expect(officer.get_by_role("status")).to_contain_text("is saved")

    office = open_page(1280)
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    both(office, axe, "home")
    home = f"{service.url}/oak-lane/staff/policy"
    office.goto(f"{home}/settings/")
    expect(office.locator("main")).to_contain_text("Locked by the Trust")
    expect(office.locator("main")).to_contain_text("Local Academy Council")
    both(office, axe, "settings")

    office.goto(f"{home}/settings/office")
    office.get_by_label("Postal address").fill("1 Oak Lane, Sampleton, AB1 2CD")
    office.get_by_label("Office hours").fill("open all the time")
    office.get_by_label("Days to answer").fill("5")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("main")).to_contain_text("read as hours")
    both(office, axe, "settings-office-wrong")
    office.get_by_label("Office hours").fill("Mon–Thu 8.30am–4pm, Fri 8.30 to 3.30")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("main")).to_contain_text("Monday to Thursday 8:30am to 4pm")

    office.goto(f"{home}/settings/look")
    office.get_by_label("First colour").fill("#e0556b")
    office.get_by_label("Second colour").fill("#f4c430")
    office.get_by_role("button", name="Save", exact=True).click()
    expect(office.locator("main")).to_contain_text("The nearest colour that passes is")
    both(office, axe, "look-wrong")
    office.get_by_role("button", name="Use #").first.click()
    office.get_by_role("button", name="Use #").click()  # the second colour still is too like it
    expect(office.locator("main")).to_contain_text("How your pages look: saved.")

    office.goto(f"{home}/badge/")
    picture = {"name": "badge.png", "mimeType": "image/png", "buffer": a_picture()}
    office.get_by_label("The picture of your badge").set_input_files([picture])
    office.get_by_role("button", name="Save this badge").click()
    expect(office.locator("main")).to_contain_text("Your badge is saved")
    office.goto(f"{home}/settings/look")
    both(office, axe, "look")

    office.goto(f"{home}/facts")
    office.get_by_label("Telephone").fill("+44 (0)1632 960 777")
    office.get_by_label("Policies page").fill("https://oak.example/policies")
    office.get_by_role("button", name="Save and continue").click()
    expect(office.locator("main")).to_contain_text("would change the code that parents read")
    both(office, axe, "facts-alter")
    office.get_by_role("button", name="Save and continue").click()
    expect(office.get_by_role("heading", level=1)).to_contain_text("Read it as your parents will")
    expect(office.locator("main")).to_contain_text("The headteacher can publish it now")
    office.goto(f"{home}/settings/history/telephone")
    expect(office.locator("main")).to_contain_text("to 01632 960777")
    both(office, axe, "history")
    office.goto(f"{home}/settings/history/complaints_url")
    expect(office.locator("main")).to_contain_text("At the Trust")

    office.goto(f"{home}/bans")
    both(office, axe, "bans")
    office.goto(f"{home}/events/")
    office.get_by_label("What is the event called?").fill("Summer fair")
    office.get_by_label("On which day?").fill(clock.day(clock.today() + timedelta(days=3)))
    office.get_by_label("Where?").fill("School field")
    office.get_by_label("Yes, alcohol is allowed").check()
    office.get_by_role("button", name="Authorise it").click()
    expect(office.locator("main")).to_contain_text("“Summer fair” is authorised.")
    both(office, axe, "events")
    office.get_by_role("link", name="Summer fair").click()
    both(office, axe, "event")

    office.goto(f"{service.url}/oak-lane/staff/")
    expect(office.locator("main")).to_contain_text("Summer fair, School field: alcohol")
    both(office, axe, "home-week")
    office.get_by_label("Find a parent, carer or child").fill("bramble")
    office.get_by_role("button", name="Find").click()
    expect(office.get_by_role("link", name="Hazel Pattern")).to_be_visible()
    expect(office.get_by_role("link", name="Olive Sample")).to_have_count(0)
    both(office, axe, "found")

    parent = open_page(360)
    asked: list[str] = []
    parent.on("request", lambda one: asked.append(one.url))
    for path, name in (("", "parents-home"), ("policy", "policy"), ("contact", "contact")):
        asked.clear()
        parent.goto(f"{service.url}/oak-lane/{path}")
        assert len(asked) <= 6, asked
        expect(parent.locator(".tc-badge-mark")).to_be_visible()
        both(parent, axe, f"parent-{name}")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--school-accent').trim()"
    assert parent.evaluate(colour) == "#f5c83d"
