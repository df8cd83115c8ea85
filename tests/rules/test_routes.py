"""Every address of the service is listed with its guard: none is added or opened unseen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.base import Settings
from trustconduct.accounts.permissions import Can
from trustconduct.app import create_app

LIST = Path(__file__).parent / "routes.txt"
AGAIN = "UPDATE_ROUTES=1 .venv/bin/python -m pytest tests/rules/test_routes.py"
# What anyone may do without signing in. Think twice before adding to it.
# `mailed` are the pages behind links of one's own mail; `you` asks for the sign-in itself;
# of `feed` the address is the secret: a calendar program can't sign in.
OPEN = {
    "account", "confirm", "feed", "finder", "guests", "health", "letter", "mailed",
    "public", "reception", "school", "sign", "verify", "you",
}  # fmt: skip
pytestmark = pytest.mark.static


@pytest.fixture(scope="module")
def mapped():
    """An app that is looked at only: neither server is asked for anything."""
    return create_app(
        Settings(
            DATABASE_URL="postgresql+psycopg://nobody@/nothing",
            REDIS_URL="redis://127.0.0.1:1",
            SECRET_KEY="a key that is used by tests and by nothing else",
        )
    )


def rules(app) -> list[tuple[str, str, str, object]]:
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        methods = ",".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        found.append((rule.rule, methods, rule.endpoint, getattr(view, "needs", "no mark")))
    return sorted(found, key=lambda row: row[:3])


def test_the_routes_are_the_listed_ones(mapped):
    lines = [
        f"{methods} {rule} {endpoint} {getattr(needs, 'name', 'open')}"
        for rule, methods, endpoint, needs in rules(mapped)
    ]
    if os.environ.get("UPDATE_ROUTES"):
        LIST.write_text("\n".join(lines) + "\n", "utf-8")
    listed = LIST.read_text("utf-8").splitlines()
    new, gone = set(lines) - set(listed), set(listed) - set(lines)
    assert (new, gone) == (set(), set()), (
        f"routes have changed.\nnew: {sorted(new)}\ngone: {sorted(gone)}\n"
        f"If that is meant, run {AGAIN} and look at the difference."
    )


def test_every_view_has_a_mark_of_what_it_needs(mapped):
    unmarked = [row[:3] for row in rules(mapped) if row[3] == "no mark"]
    assert unmarked == [], "use @needs(Can.…), or @open_to_all on purpose"
    assert {type(row[3]) for row in rules(mapped)} == {Can, type(None)}


def test_only_pages_for_everyone_are_open_to_all(mapped):
    opened = {row[2].split(".")[0] for row in rules(mapped) if row[3] is None}
    assert opened == OPEN


def test_what_changes_something_is_no_get(mapped):
    for rule, methods, endpoint, _ in rules(mapped):
        assert methods in ("GET", "POST"), (rule, endpoint)
