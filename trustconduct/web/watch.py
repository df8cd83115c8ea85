"""In front of everything: a request's number, its headers, its one line in the log, its time.

The line says the route and never the path, which may hold a parent's link. It
is written here and not in Flask, because pages from memory never reach Flask.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Request, Response, g, request
from structlog.contextvars import bind_contextvars, reset_contextvars

from trustconduct.plain_log import log, log_request
from trustconduct.web.measures import Measures

NUMBER = "trustconduct.request"  # in the environment of a request
TOLD = "trustconduct.told"
HEADER = "X-Request-ID"
# What we take from the proxy: hexadecimal digits and hyphens, so that no word gets in.
GIVEN = re.compile(r"[0-9A-Fa-f-]{12,64}")


class Watched:
    """Around the application: numbers every request, and tells and counts every answer.

    It puts `headers` on each, but for those that an answer has set itself: here,
    so that what comes from memory and what breaks outside Flask carry them too.
    A number comes from the proxy where there is one (`behind_proxy`) and it is
    well-formed; else it is twelve digits, to be read out on the telephone.
    """

    def __init__(
        self,
        application: Any,
        measures: Measures,
        *,
        headers: Sequence[tuple[str, str]],
        behind_proxy: bool,
    ) -> None:
        self._application = application
        self._measures = measures
        self._headers = [(pair[0].lower(), pair) for pair in headers]
        self._behind_proxy = behind_proxy

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        began = time.perf_counter()
        number = environ[NUMBER] = self._number(environ)
        status = "500"

        def listen(line: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal status
            status = line[:3]
            own = {name.lower() for name, _ in headers}
            added = [pair for name, pair in self._headers if name not in own]
            return start(line, [*headers, *added, (HEADER, number)], *more)

        tokens = bind_contextvars(request=number)
        try:
            return self._application(environ, listen)
        except Exception:
            # Flask answers its own errors: this one is of what stands around it.
            log.error("The service broke.", exc_info=True)
            listen("500 INTERNAL SERVER ERROR", [("Content-Type", "text/plain")])
            return [b"Sorry, something went wrong. The fault is ours. Please try again.\n"]
        finally:
            reset_contextvars(**tokens)
            self._tell(environ, int(status), time.perf_counter() - began)

    def _number(self, environ: dict[str, Any]) -> str:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        if self._behind_proxy and GIVEN.fullmatch(given):
            return given
        return f"{secrets.randbelow(10**12):012}"

    def _tell(self, environ: dict[str, Any], status: int, seconds: float) -> None:
        told = environ.get(TOLD) or {"route": "none", "who": "nobody"}
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            method = "OTHER"
        self._measures.answered(method, told["route"], status, seconds)
        line = {"request": environ[NUMBER], "method": method, "status": status, **told}
        line["ms"] = round(seconds * 1_000, 1)
        log_request(line, failed=status >= 500)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def tell(response: Response) -> Response:
    """After a request: what its line may say of it. Asks nothing of the database."""
    told = {"route": str(request.url_rule or "none"), "who": _who()}
    if school := g.get("school"):
        told["school"] = school.slug
    request.environ[TOLD] = told
    return response


def _who() -> str:
    """The id of who is signed in, where the page asked for it at all; "link" for a parent."""
    if request.blueprint == "sign":
        return "link"
    person = g.get("_login_user")
    actor = getattr(person, "actor", None)
    return str(actor.id) if actor else "nobody"


def number_of(about: Request) -> str:
    """The number of a request, for the person who calls about it: 1234 5678 9012."""
    number: str = about.environ.get(NUMBER, "")
    return " ".join(re.findall(".{1,4}", number)) if number.isdigit() else number
