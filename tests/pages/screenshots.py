"""`make screenshots`: ten pages of a fresh demo, for the guides and for looking at."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.pages.browsers import FLAGS, chromium  # noqa: E402

TO = ROOT / "docs/screenshots"
# File name, width, role and school of who looks (None: a parent), path.
PAGES = (
    ("front-phone", 360, None, "/"),
    ("contact-phone", 360, None, "/oak-lane/contact"),
    ("policy-phone", 360, None, "/oak-lane/policy"),
    ("sign-phone", 360, None, "sign link"),
    ("policy", 1280, None, "/oak-lane/policy"),
    ("sign-in", 1280, None, "/account/sign-in"),
    ("staff-home", 1280, ("headteacher", "oak-lane"), "/oak-lane/staff/"),
    ("acknowledgements", 1280, ("office", "oak-lane"), "/oak-lane/staff/acknowledgements/"),
    ("adopt", 1280, ("headteacher", "willow-bank"), "/willow-bank/staff/policy/"),
    ("overview", 1280, ("trust_officer", None), "/admin/"),
)


@contextmanager
def a_demo() -> Iterator[dict]:
    """A demo of its own, in a folder of its own; gives what stands in its demo.json."""
    folder = Path(tempfile.mkdtemp(prefix="tc-shots-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-P", "-m", "trustconduct.cli", "demo", "--port", str(port)]
    environment = {**os.environ, "VAR": str(folder), "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(2)
        yield json.loads((folder / "demo.json").read_text("utf-8"))
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def sign_in(page: Page, base: str, user: dict) -> None:
    page.goto(f"{base}/account/sign-in")
    page.fill("#email", user["email"])
    page.fill("#password", user["password"])
    page.click("main button[type=submit]")
    page.fill("#code", pyotp.TOTP(user["totp_secret"]).now())
    page.click("main button[type=submit]")


def take(browser: Browser, demo: dict) -> None:
    base = demo["base_url"].rstrip("/")
    users = {(user["role"], user["school"]): user for user in demo["users"]}
    TO.mkdir(parents=True, exist_ok=True)
    for name, width, who, path in PAGES:
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        if who:
            sign_in(page, base, users[who])
        page.goto(demo["sign_links"][0]["url"] if path == "sign link" else base + path)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=TO / f"{name}.png")
        context.close()
        print(f"docs/screenshots/{name}.png", file=sys.stderr)


def main() -> int:
    with a_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        take(browser, demo)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
