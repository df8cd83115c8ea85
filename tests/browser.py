"""A browser without a screen: it keeps cookies, sends forms, and reads HTML strictly."""

from __future__ import annotations

import re
from typing import Any

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.build import a_code
from tests.world import WorldUser
from trustconduct.accounts.models import User
from trustconduct.accounts.signing_in import begin_whole
from trustconduct.db import transaction

# What html5lib, written in 2013, calls an error and HTML of today allows.
NO_ERRORS: set[str] = set()
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


# What is another each time and no part of a page's grammar: ids, moments, other numbers.
CHANGING = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d+\b")
# Pages that were found correct, without their tokens: the crawl sees each a dozen times.
_correct: set[str] = set()


def errors_in(page: str) -> list[str]:
    """The places where a page is no correct HTML, or would run or style something inline."""
    without_token = CHANGING.sub("0", TOKEN.sub("", page))
    if without_token in _correct:
        return []
    if not (found := _parsed(page)):
        _correct.add(without_token)
    return found


def _parsed(page: str) -> list[str]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(page)
    lines = page.splitlines()
    wrong = [
        f"line {line}: {code} {more} in: {lines[min(line, len(lines)) - 1].strip()[:120]}"
        for (line, _), code, more in parser.errors
        if code not in NO_ERRORS
    ]
    return wrong + inline_in(tree)


def inline_in(tree: Any) -> list[str]:
    """What the Content-Security-Policy would have to allow, and never does."""
    found = []
    for element in tree.iter():
        name = str(element.tag).lower()
        if name in ("style", "base", "iframe", "object", "embed"):
            found.append(f"<{name}>")
        if name == "script" and (not element.get("src") or (element.text or "").strip()):
            found.append("a script of the page's own")
        for key, value in element.attrib.items():
            word = str(key).rpartition("}")[2].lower()
            run = word.startswith("on") or word in ("style", "srcdoc")
            leads = word in ("href", "src", "action", "formaction")
            if run or (leads and value.strip().lower().startswith(("javascript:", "vbscript:"))):
                found.append(f"<{name} {word}={value[:60]!r}>")
    return found


class Browser(FlaskClient):
    """Every page it gets must be correct HTML: a browser mends the rest in its own way."""

    strict = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        whole = response.status_code != 304 and response.request.method not in ("HEAD", "OPTIONS")
        if self.strict and whole and response.mimetype == "text/html":
            # A redirect's few words are werkzeug's own, and nobody reads them.
            if response.status_code >= 300 and response.status_code < 400:
                return response
            found = errors_in(response.get_data(as_text=True))
            assert not found, f"{response.request.path}: " + "; ".join(found[:5])
        return response

    def csrf(self, page: str = "/account/sign-in") -> str:
        """The token of this browser's forms, as any page with a form shows it."""
        found = TOKEN.search(self.get(page).get_data(as_text=True))
        assert found, f"{page} has no form"
        return found[1]

    def send(
        self, address: str, /, *, page: str = "/account/sign-in", **fields: Any
    ) -> TestResponse:
        """Post a form with its token; `page` is where the form stands."""
        return self.post(address, data={"csrf_token": self.csrf(page), **fields})

    def sign_in(self, user: WorldUser) -> None:
        """Be signed in, as after both forms: what they do has tests of its own."""
        sessions = self.application.extensions["trustconduct"].sessions
        with sessions.accounts() as session, transaction(session):
            token = begin_whole(session, session.get_one(User, user.id))
        https = self.application.config["SESSION_COOKIE_SECURE"]
        self.set_cookie(f"{'__Host-' if https else ''}signed-in", token, httponly=True)

    def sign_in_by_forms(self, user: WorldUser, *, ahead: int = 0) -> TestResponse:
        """Sign in by both forms. The same person twice within a minute needs `ahead=1`."""
        answer = self.send("/account/sign-in", email=user.email, password=user.password, to="")
        assert answer.status_code == 303, f"{user.email}: {answer.status_code}"
        code = a_code(user.secret, ahead)
        answer = self.send("/account/code", page="/account/code", code=code, to="")
        assert answer.status_code == 303, f"{user.email}: {answer.status_code}"
        return answer
