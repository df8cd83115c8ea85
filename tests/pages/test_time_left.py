"""The end of a sign-in in a real browser: the warning, staying, typing, and signing in again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from tests.world import World, WorldUser
from trustconduct import clock
from trustconduct.accounts.models import SignIn
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TRUST = "/admin/trust/"


@dataclass(frozen=True)
class Service:
    """The web alone, in a thread of the test: no mail is sent here."""

    url: str
    world: World


@pytest.fixture
def service(app: Any, world: World) -> Iterator[Service]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Service(f"http://127.0.0.1:{server.port}", world)
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(page: Page, service: Service, who: WorldUser, ahead: int = 0) -> None:
    page.get_by_label("Email address").fill(who.email)
    page.get_by_label("Password", exact=True).fill(who.password)
    page.get_by_role("button", name="Continue").click()
    code = pyotp.TOTP(who.secret).at(clock.now(), counter_offset=ahead)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def officer(world: World) -> WorldUser:
    return world.trust_users[Role.TRUST_OFFICER]


def open_trust(page: Page, service: Service, officer: WorldUser) -> None:
    """The Trust's form, with a clock of the page's own that the test moves on."""
    page.clock.install()
    page.goto(f"{service.url}/account/sign-in?to={TRUST}")
    sign_in(page, service, officer)
    expect(page.get_by_label("Name")).to_be_visible()


def the_sign_in(service: Service) -> Any:
    with service.world.sessions.accounts() as session:
        return session.scalars(
            select(SignIn).where(SignIn.confirmed_at.is_not(None), SignIn.ended_at.is_(None))
        ).one()


def make_older(service: Service, by: timedelta, *columns: str) -> None:
    """Make the open sign-in older: PostgreSQL's clock can't be moved, its rows can."""
    with service.world.sessions.accounts() as session, transaction(session):
        for row in session.scalars(select(SignIn).where(SignIn.ended_at.is_(None))):
            for column in columns:
                if before := getattr(row, column):
                    setattr(row, column, before - by)


def later(page: Page, service: Service, minutes: float) -> None:
    """Let time pass, in the page by its clock and in PostgreSQL."""
    make_older(service, timedelta(minutes=minutes), "seen_at", "began_at")
    page.clock.fast_forward(int(minutes * 60_000))


def words(page: Page) -> Any:
    return page.get_by_role("region", name="Your sign-in")


def test_a_warning_comes_before_the_end_and_one_press_stays(service, officer, open_page, axe):
    page = open_page()
    open_trust(page, service, officer)
    later(page, service, 24)
    page.wait_for_timeout(300)
    expect(words(page)).to_be_hidden()
    axe(page)
    later(page, service, 2)
    expect(words(page)).to_contain_text("Are you still there?")
    expect(words(page)).to_contain_text("4 minutes")
    button = page.get_by_role("button", name="Stay signed in")
    expect(button).to_be_focused()
    expect(page.locator("[data-time-left-said]")).to_contain_text("Are you still there?")
    axe(page)
    page.keyboard.press("Enter")
    expect(words(page)).to_be_hidden()
    assert clock.now() - the_sign_in(service).seen_at < timedelta(seconds=20)
    page.reload()
    expect(page.get_by_label("Name")).to_be_visible()


def test_the_warning_fits_a_phone_and_is_said_once(service, officer, open_page, axe):
    page = open_page(360)
    open_trust(page, service, officer)
    page.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(1)).observe("
        "document.querySelector('[data-time-left-said]'), {childList: true, characterData: true,"
        " subtree: true})"
    )
    later(page, service, 26)
    expect(words(page)).to_contain_text("4 minutes")
    axe(page)
    later(page, service, 2)
    expect(words(page)).to_contain_text("2 minutes")
    assert page.evaluate("heard.length") == 1


def test_typing_keeps_the_sign_in_and_the_keyboard(service, officer, open_page):
    page = open_page()
    open_trust(page, service, officer)
    for _ in range(3):
        later(page, service, 12)
        with page.expect_response(lambda answer: "stay" in answer.url):
            page.get_by_label("Name").press_sequentially("ab")
        assert clock.now() - the_sign_in(service).seen_at < timedelta(seconds=20)
    expect(page.get_by_label("Name")).to_be_focused()
    expect(words(page)).to_be_hidden()


def test_typing_tells_the_server_at_most_once_a_minute(service, officer, open_page):
    page = open_page()
    open_trust(page, service, officer)
    told = []
    page.on("request", lambda request: told.append(1) if "stay" in request.url else None)
    later(page, service, 2)
    with page.expect_response(lambda answer: "stay" in answer.url):
        page.get_by_label("Name").press_sequentially("a long name of a Trust")
    page.wait_for_timeout(300)
    assert len(told) == 1


def test_a_tab_that_rests_does_not_warn_while_another_is_in_use(service, officer, open_page):
    page = open_page()
    open_trust(page, service, officer)
    other = page.context.new_page()
    later(page, service, 26)
    other.goto(f"{service.url}{TRUST}")
    expect(other.get_by_label("Name")).to_be_visible()
    page.clock.run_for(20_000)
    expect(words(page)).to_be_hidden()


def test_the_last_minutes_of_twelve_hours_take_the_keyboard_from_nobody(
    service, officer, open_page, axe
):
    page = open_page()
    open_trust(page, service, officer)
    make_older(service, timedelta(hours=11, minutes=40), "began_at")
    page.reload()
    name = page.get_by_label("Name")
    name.fill("Harbour")
    later(page, service, 8)
    name.press_sequentially(" Trust")
    later(page, service, 8)
    name.press_sequentially(" of schools")
    expect(words(page)).to_contain_text("Your sign-in ends in 4 minutes")
    expect(name).to_be_focused()
    axe(page)
    page.get_by_role("button", name="Close").click()
    expect(words(page)).to_be_hidden()


def test_what_was_typed_outlives_the_end(service, officer, open_page, axe):
    page = open_page()
    open_trust(page, service, officer)
    page.get_by_label("Name").fill("Harbour Trust")
    later(page, service, 31)
    expect(words(page)).to_contain_text("You are signed out")
    axe(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("What you typed is kept")
    axe(page)
    sign_in(page, service, officer, ahead=1)
    expect(page.locator("main")).to_contain_text("Harbour Trust")
    axe(page)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_label("Name")).to_have_value("Harbour Trust")


def test_all_of_it_without_scripts(service, officer, open_page, axe):
    page = open_page(360, scripts=False)
    page.goto(f"{service.url}/account/sign-in?to={TRUST}")
    sign_in(page, service, officer)
    page.get_by_label("Name").fill("Harbour Trust")
    make_older(service, timedelta(minutes=31), "seen_at")
    page.get_by_role("button", name="Save").click()
    sign_in(page, service, officer, ahead=1)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_label("Name")).to_have_value("Harbour Trust")


def test_a_fresh_code_is_asked_for_and_the_form_goes_on(service, officer, open_page, axe):
    page = open_page(360)
    page.goto(f"{service.url}/account/sign-in?to=/admin/people/add")
    sign_in(page, service, officer)
    page.get_by_label("Name").fill("Nell Sample")
    page.get_by_label("Work email").fill("nell@oak-lane.example")
    make_older(service, timedelta(minutes=16), "code_given_at")
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("main")).to_contain_text("Confirm that it is you")
    axe(page)
    page.get_by_label("Code").fill(pyotp.TOTP(officer.secret).at(clock.now(), counter_offset=1))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main")).to_contain_text("Nell Sample")
    axe(page)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_label("Name")).to_have_value("Nell Sample")  # no role was chosen yet
