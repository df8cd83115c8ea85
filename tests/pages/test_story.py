"""The whole story in a browser: a policy comes in, two schools adopt it, parents answer, the
officer sees it, and when the review term is near a reminder comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
import time_machine
from playwright.sync_api import Page, expect

from tests.build import PASSWORD
from tests.pages.conftest import SCHOOLS, Service, Someone, seed
from trustconduct.audit.actor import Role
from trustconduct.jobs import tasks
from trustconduct.policies.reading import template

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Axe = Callable[[Page], None]

FACTS = {
    "oak-lane": ("01632 960101", "Acorn Post", "Thames Valley Police"),
    "elm-park": ("01632 960202", "Leaflet", "Nottinghamshire Police"),
}
ROLL = """pupil,year,adult,relationship,email
Bo Sample,3,Ivy {0},mother,ivy@{0}.example
Bo Sample,3,Max {0},father,max@{0}.example
Kit Sample,5,Ivy {0},mother,ivy@{0}.example
Lou Sample,6,Zoe {0},carer,zoe@{0}.example
"""


def sign_in(page: Page, service: Service, who: Someone, axe: Axe) -> None:
    page.goto(f"{service.url}/account/sign-in")
    axe(page)
    page.get_by_label("Email address").fill(who.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Code")).to_be_visible()  # else axe runs while the page goes away
    axe(page)
    page.get_by_label("Code").fill(pyotp.TOTP(who.secret).now())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def the_policy(kind: str, tmp_path: Path) -> Path:
    if kind == "source":
        found = seed()
        if found is None:
            pytest.skip("the source policy is not on this machine")
        return found
    path = tmp_path / "code.txt"
    path.write_bytes(template())
    return path


def bring_in(page: Page, service: Service, policy: Path, axe: Axe, kind: str) -> None:
    """The officer brings in the policy, notes the Board's approval and publishes it."""
    page.goto(f"{service.url}/admin/")
    axe(page)
    page.goto(f"{service.url}/admin/editions/import")
    axe(page)
    page.locator("#policy").set_input_files(policy)
    page.get_by_role("button", name="Read the file").click()
    axe(page)
    told = page.locator("main").inner_text()
    for count in ("10", "8", "5"):
        assert count in told
    assert "Summer Term 2028" in told
    question = page.locator("input[type=radio][value=ladder]")
    if kind == "source":
        expect(question).to_be_checked()  # the doubtful note, with our suggestion
    else:
        expect(question).to_have_count(0)
    page.get_by_role("button", name="Keep as a draft").click()
    axe(page)
    page.get_by_role("link", name="Note the Board’s approval").click()
    page.get_by_label("Day on which the Board approved it").fill("10 July 2024")
    page.get_by_role("button", name="Note the approval").click()
    page.get_by_role("link", name="Publish edition 1").click()
    axe(page)
    page.get_by_role("button", name="Yes, publish edition 1").click()
    expect(page.locator("main")).to_contain_text("Published")


def adopt(page: Page, service: Service, slug: str, axe: Axe) -> None:
    """The head fills in the school's facts, reads it through and publishes."""
    telephone, app, force = FACTS[slug]
    expect(page.get_by_role("heading", level=1)).to_have_text("Getting started")
    page.get_by_role("link", name="Our code", exact=True).first.click()
    axe(page)
    page.get_by_role("link", name="Home", exact=True).first.click()
    page.get_by_role("link", name="Your school’s facts").click()
    axe(page)
    page.get_by_label("Telephone").fill(telephone)
    page.get_by_label("Office email").fill(f"office@{slug}.example")
    page.get_by_label("Policies page").fill(f"https://www.{slug}.example/policies")
    page.get_by_label("Parent app").fill(app)
    page.get_by_label("Police force").select_option(label=force)
    page.get_by_role("button", name="Save and continue").click()
    axe(page)  # site bans: the suggestion stands in the fields
    page.get_by_label("The longest ban lasts").fill("20")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator("main").get_by_role("alert")).to_contain_text("A first ban can't be longer")
    axe(page)
    page.get_by_label("The longest ban lasts").fill("180")
    page.get_by_role("button", name="Save and continue").click()
    axe(page)
    page.get_by_role("button", name="Save and continue").click()
    axe(page)
    expect(page.locator("main")).to_contain_text(SCHOOLS[slug])
    expect(page.locator("main")).to_contain_text(force)
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 is published")


def ask(page: Page, service: Service, slug: str, axe: Axe, tmp_path: Path) -> None:
    """The office takes in the roll and asks everyone on it, once each."""
    roll = tmp_path / f"{slug}.csv"
    roll.write_text(ROLL.format(slug), "utf-8")
    page.get_by_role("link", name="Bring in your parents and carers").click()
    axe(page)
    page.get_by_label("CSV file").set_input_files(roll)
    page.get_by_label("Everybody").check()
    page.get_by_role("button", name="Check the file").click()
    axe(page)
    expect(page.locator("main")).to_contain_text("Nothing is saved yet")
    page.get_by_role("button", name="Save these changes").click()
    axe(page)
    page.locator(".tc-menu summary").click()  # on a phone the places stand in a menu
    page.locator(".tc-menu").get_by_role("link", name="Home").click()
    page.get_by_role("link", name="Ask them to read it").click()
    axe(page)
    page.get_by_role("link", name="Look at the list").click()
    axe(page)
    page.get_by_role("button", name="I have looked").click()
    expect(page.get_by_role("status")).to_contain_text("Confirmed")
    axe(page)
    page.goto(f"{service.url}/{slug}/staff/acknowledgements/ask")
    page.get_by_role("button", name="Send 3 emails").click()
    expect(page.get_by_role("status")).to_contain_text("on their way")
    axe(page)


def link_of(service: Service, address: str) -> str:
    """The personal link in the mail that an adult got."""
    mail = service.mails(1, address)[0]
    body = mail.get_body(("plain",)).get_content()
    found = re.search(rf"{service.url}/\S+/sign/\S+", body)
    assert found, body
    return found[0]


def answer(page: Page, link: str, axe: Axe, *, choose: str = "", name: str = "Sam Sample") -> None:
    page.goto(link)
    assert link.rpartition("/")[2] not in page.url
    axe(page)
    expect(page.locator("main")).to_contain_text("Signing is a request.")
    page.get_by_label("Your full name").fill(name)
    if choose:
        page.get_by_label(choose).check()
    else:
        page.get_by_label("I want to sign").check()
        page.get_by_label("I have read the code of conduct", exact=True).check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    axe(page)


@pytest.mark.parametrize("kind", ["template", "source"])
def test_from_the_trusts_policy_to_the_reminder_of_its_review(
    kind: str,
    service: Service,
    open_page: Callable[..., Page],
    axe: Axe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = the_policy(kind, tmp_path)
    officer = open_page()
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    bring_in(officer, service, policy, axe, kind)

    for slug in SCHOOLS:
        head = open_page()
        sign_in(head, service, service.people[Role.HEADTEACHER, slug], axe)
        adopt(head, service, slug, axe)
        office = open_page(360)
        sign_in(office, service, service.people[Role.OFFICE, slug], axe)
        ask(office, service, slug, axe, tmp_path)

    # Every school's parents read their own school's facts.
    reader = open_page(360)
    for slug, (telephone, _, force) in FACTS.items():
        reader.goto(f"{service.url}/{slug}/policy")
        axe(reader)
        text = reader.locator("main").inner_text()
        assert force in text
        assert not any(other[2] in text for key, other in FACTS.items() if key != slug)
        reader.goto(f"{service.url}/{slug}/contact")
        axe(reader)
        expect(reader.locator("main")).to_contain_text(telephone)

    # One signs, one declines without any script, one wants to talk: on a phone.
    answer(open_page(360), link_of(service, "ivy@oak-lane.example"), axe)
    plain = open_page(360, scripts=False)
    plain.goto(link_of(service, "max@oak-lane.example"))
    plain.get_by_label("Your full name").fill("Max Sample")
    plain.get_by_label("I’d rather not sign").check()
    plain.get_by_role("button", name="Send my answer").click()
    expect(plain.locator("main")).to_contain_text("That is your choice")
    talks = open_page(360)
    answer(talks, link_of(service, "zoe@oak-lane.example"), axe, choose="I want to talk")

    receipts = [service.mails(2, f"{name}@oak-lane.example")[1] for name in ("ivy", "max", "zoe")]
    assert "signed as Sam Sample" in receipts[0].get_body(("plain",)).get_content()
    assert "would rather not" in receipts[1].get_body(("plain",)).get_content()
    copies = [next(mail.iter_attachments()).get_content() for mail in receipts]
    assert all(SCHOOLS["oak-lane"] in copy for copy in copies)
    assert len(service.mails(1, "ivy@oak-lane.example")) == 2  # two children, one request

    head = open_page()
    sign_in_later(head, service, service.people[Role.HEADTEACHER, "oak-lane"], axe)
    expect(head.locator("main")).to_contain_text("would like to talk about the code")
    head.get_by_role("link", name=re.compile("would like to talk")).click()
    axe(head)
    head.get_by_role("link", name="Acknowledgements", exact=True).first.click()
    axe(head)

    officer.goto(f"{service.url}/admin/")
    axe(officer)
    rows = officer.get_by_role("row")
    oak = rows.filter(has_text=SCHOOLS["oak-lane"]).inner_text()
    elm = rows.filter(has_text=SCHOOLS["elm-park"]).inner_text()
    assert numbers(oak)[-5:] == [3, 1, 1, 1, 0]
    assert numbers(elm)[-5:] == [3, 0, 0, 0, 3]
    for path in ("editions/", "editions/1/", "schools/", "people/"):
        officer.goto(f"{service.url}/admin/{path}")
        axe(officer)

    the_clock_comes_to_the_review(service, monkeypatch)


def numbers(row: str) -> list[int]:
    """The numbers of a row, without the shares in words."""
    return [int(word) for word in re.sub(r"\d+%", "", row).split() if word.isdigit()]


def sign_in_later(page: Page, service: Service, who: Someone, axe: Axe) -> None:
    """The same person again: their last code was used, so the next one's time is awaited."""
    page.goto(f"{service.url}/account/sign-in")
    page.get_by_label("Email address").fill(who.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    totp = pyotp.TOTP(who.secret)
    page.get_by_label("Code").fill(totp.at(time_now(), counter_offset=1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def time_now() -> int:
    import time  # noqa: PLC0415 - only here

    return int(time.time())


def the_clock_comes_to_the_review(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the review term the officer is reminded: once a day, however often it is looked at."""
    address = service.people[Role.TRUST_OFFICER, None].email
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    tasks.works.cache_clear()
    try:
        with time_machine.travel("2028-05-02T08:05:00Z", tick=True):
            assert tasks.remind_of_reviews()
            assert not tasks.remind_of_reviews()
            tasks.deliver_mail()
        mail = service.mails(1, address)[0]
        body = mail.get_body(("plain",)).get_content()
        assert "is due for review this term" in body
        assert "Summer Term 2028" in body
        assert "provisionally" in body
        assert len(service.mails(1, address)) == 1
    finally:
        tasks.works().engine.dispose()
        tasks.works().redis.close()
        tasks.works.cache_clear()
