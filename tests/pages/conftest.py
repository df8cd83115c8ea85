"""The whole service as its users meet it: real processes, a real mail server, a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from redis import Redis

from config.base import ROOT
from tests import build
from tests.mail import Mailbox
from tests.pages.browsers import FLAGS, chromium
from tests.servers import EMPTY, Servers
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.tenants.sessions import Sessions

AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCHOOLS = {"oak-lane": "Oak Lane Primary School", "elm-park": "Elm Park Junior School"}


@dataclass(frozen=True)
class Someone:
    """A person of the story who signs in."""

    email: str
    secret: str


@dataclass(frozen=True)
class Service:
    url: str
    environment: dict[str, str]
    mailbox: Mailbox
    sessions: Sessions
    people: dict[tuple[Role, str | None], Someone]
    schools: dict[str, UUID]

    def mails(self, at_least: int, to: str = "", seconds: float = 20.0) -> list:
        """The mails that arrived for an address, once there are that many."""
        until = time.monotonic() + seconds
        while len(found := self.mailbox.to(to)) < at_least:
            assert time.monotonic() < until, f"{len(found)} of {at_least} mails to {to}"
            time.sleep(0.1)
        return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own, 1280 or 360 pixels wide; console errors fail."""
    contexts, complaints = [], []

    def open_(width: int = 1280, *, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            reduced_motion="reduce",  # else each scroll and each colour takes its time
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
        )
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def service(servers: Servers, valkey: Redis, redis_url: str, mailbox: Mailbox) -> Iterator[Service]:
    """A Trust with two schools and their staff, and nothing else: web, worker, mail."""
    name = f"tc_service_{os.getpid()}"
    servers.create(name, EMPTY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        "DATABASE_URL": servers.url(name),
        "REDIS_URL": redis_url,
        "SMTP_URL": mailbox.url,
        "SECRET_KEY": build.SECRET_KEY,
        "BASE_URL": url,
    }
    running = [
        _start(environment, "granian", "--interface", "wsgi", "--workers", "1",
               "--blocking-threads", "2", "--port", str(port), "--log-level", "error", "wsgi:app"),
        _start(environment, "trustconduct.cli", "worker"),
    ]  # fmt: skip
    try:
        with servers.open(name) as engine:
            sessions = Sessions(engine)
            schools, people = _fill(sessions)
            _wait_for(port)
            yield Service(url, environment, mailbox, sessions, people, schools)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
        servers.drop(name)


def _start(environment: dict[str, str], module: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", module, *arguments]
    if module == "trustconduct.cli":
        run = "import sys; from trustconduct.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", run, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})


def _wait_for(port: int) -> None:
    until = time.monotonic() + 90  # a machine may be shared
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the web process did not start")


def _fill(sessions: Sessions) -> tuple[dict[str, UUID], dict[tuple[Role, str | None], Someone]]:
    with sessions.trust() as trust, transaction(trust):
        build.a_trust(trust, "Lantern Learning Trust")
        schools = {slug: build.a_school(trust, slug, name).id for slug, name in SCHOOLS.items()}
    people: dict[tuple[Role, str | None], Someone] = {}
    wanted = [(Role.TRUST_OFFICER, None)]
    wanted += [(role, slug) for slug in SCHOOLS for role in (Role.HEADTEACHER, Role.OFFICE)]
    wanted += [(role, "oak-lane") for role in (Role.TEACHER, Role.SAFEGUARDING, Role.GOVERNOR)]
    with sessions.accounts() as accounts, transaction(accounts):
        for role, slug in wanted:
            email = f"{role.value}@{slug or 'trust'}.example"
            user = build.a_user(
                accounts, role, schools[slug] if slug else None, email=email, name=role.word
            )
            people[role, slug] = Someone(email, build.an_authenticator(accounts, user))
    return schools, people


# What a page is made of, without its words: two with the same differ in nothing that axe sees.
SKELETON = """() => {
    const said = [innerWidth];
    for (const node of document.querySelectorAll("*")) {
        said.push(node.tagName);
        for (const {name, value} of node.attributes) {
            const words = ["class", "role", "type", "scope", "lang", "autocomplete", "hidden"];
            said.push(name, words.includes(name) || name.startsWith("aria-") ? value : !!value);
        }
        said.push(node.childElementCount, node.checkVisibility(), !!node.textContent.trim());
    }
    return said.join(" ");
}"""
# Axe gives all that it passed as well, which takes longer to bring here than to find.
RUN_AXE = """axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa",
    "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found => found.violations.map(
    one => `${one.id}: ${one.help} at ${one.nodes.slice(0, 3).map(node => node.target)}`))"""
_passed: set[str] = set()


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Fail for a page with a violation of WCAG 2.2 AA, or one that scrolls sideways.

    Of pages that are alike but for their words a worker asks axe about the first.
    """
    script = AXE.read_text("utf-8")

    def check(page: Page) -> None:
        # A page that has only just been reached may have no document yet.
        page.wait_for_load_state("load")
        wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, f"{page.url} is {wide} pixels wide in a window of {room}"
        skeleton = page.evaluate(SKELETON)
        if skeleton in _passed:
            return
        said = page.evaluate(f"{script};\n{RUN_AXE}")
        assert said == [], f"{page.url}: {said}"
        _passed.add(skeleton)

    return check


def seed() -> Path | None:
    """The source policy, where the machine has it."""
    found = sorted((ROOT.parent / "shared/seed").glob("*.txt"))
    return found[0] if found else None
