"""The office prints sheets, keys what comes back by the keyboard alone, and looks who was told."""

from __future__ import annotations

import io

import pikepdf
import pytest
from playwright.sync_api import Page, expect

from tests.build import a_matrix, a_version, an_adult, an_edition, settings_filled
from tests.pages.test_rollout import both
from tests.pages.test_story import sign_in
from trustconduct.acknowledgements.reference import shown
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until the thing of that name or id has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        there = page.evaluate(
            "(() => { const e = document.activeElement;"
            " return [e.id, e.name || '', (e.innerText || '').trim()] })()"
        )
        if name in there:
            return
    raise AssertionError(f"Tab never came to {name}")


def test_sheets_are_printed_and_keyed_by_the_keyboard_alone(service, open_page, axe, tmp_path):
    with service.sessions.trust() as trust, transaction(trust):
        an_edition(trust)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        a_version(session)
        rowan = an_adult(session, "Rowan Paper", email="", child="Acorn", year="4").id
        an_adult(session, "Olive Paper", email="olive@parents.example", child="Cone", year="2")
        an_adult(session, "Hazel Paper", email="", child="Bramble", year="2")
    office = open_page(1280)
    sign_in(office, service, service.people[Role.OFFICE, "oak-lane"], axe)
    staff = f"{service.url}/oak-lane/staff"
    office.goto(f"{staff}/people/told/")
    office.get_by_role("button", name="I have looked").click()

    office.goto(f"{staff}/acknowledgements/packs/")
    both(office, axe, "paper-packs")
    tab_to(office, "who")
    tab_to(office, "Make the sheets")
    office.keyboard.press("Enter")
    download = office.get_by_role("button", name="Download the sheets (PDF)")
    expect(download).to_be_visible(timeout=60_000)
    both(office, axe, "paper-pack")
    tab_to(office, "Download the sheets (PDF)")
    with office.expect_download() as waits:
        office.keyboard.press("Enter")
    waits.value.save_as(tmp_path / "sheets.pdf")
    content = (tmp_path / "sheets.pdf").read_bytes()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) >= 2

    office.goto(f"{staff}/acknowledgements/paper")
    both(office, axe, "paper-pile")
    office.goto(f"{staff}/acknowledgements/paper")
    keys = office.keyboard
    expect(office.locator("#reference")).to_be_focused()
    keys.type("10010")
    keys.press("Enter")
    expect(office.locator("main")).to_contain_text("There is no sheet of that number")
    both(office, axe, "paper-pile-wrong")
    office.goto(f"{staff}/acknowledgements/paper")
    expect(office.locator("#reference")).to_be_focused()
    for number, name in ((1001, "H. Paper"), (1002, "Rowan Paper")):
        keys.type(shown(number).replace("-", ""))
        keys.press("Tab")
        keys.type("r")
        keys.press("Tab")
        keys.type(name)
        keys.press("Tab")
        if number == 1001:
            keys.type(office.evaluate("document.querySelector('#received_on').value"))
        keys.press("Enter")
        expect(office.get_by_role("status")).to_contain_text("Noted: the answer of")
        expect(office.locator("#reference")).to_be_focused()
    both(office, axe, "paper-pile-done")

    office.goto(f"{staff}/people/{rowan}/")
    expect(office.locator("main")).to_contain_text("on paper; received on")
    both(office, axe, "paper-person")
    office.goto(f"{staff}/people/{rowan}/on-notice")
    office.get_by_label("Of which clause?").select_option("behaviour.1")
    office.get_by_role("button", name="Show").click()
    expect(office.locator("main")).to_contain_text("same day")
    both(office, axe, "paper-on-notice")
    office.goto(f"{staff}/acknowledgements/answer/{rowan}")
    office.get_by_role("button", name="Note the answer").click()
    both(office, axe, "paper-answer")
    office.goto(f"{staff}/people/told-otherwise?adult={rowan}")
    both(office, axe, "paper-told")
    office.get_by_label("The code was read aloud to them").check()
    office.get_by_label("Who told them, and where?").fill("The deputy head, in the hall")
    office.get_by_role("button", name="Note it").click()
    expect(office.locator("main")).to_contain_text("read aloud")
