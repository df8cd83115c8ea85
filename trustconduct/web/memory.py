"""Parents' pages in the memory of the process, in front of everything else.

A whole school reads its code on the evening it is published. Such a page is the
same for everyone, so for a second it is answered from here, before Flask, the
session and the database; then it is asked for again, and one short query says
whether it has changed.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from trustconduct.languages.spoken import CODES
from trustconduct.web.watch import TOLD

UNTIL = "trustconduct.keep_until"
MOST = 2_000
# The only questions that an address may ask and still be kept: anybody could invent others.
SPOKEN = frozenset({"", *(f"lang={code}" for code in CODES)})

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


@dataclass(frozen=True)
class _Answer:
    until: float
    headers: list[tuple[str, str]]
    not_modified: list[tuple[str, str]]
    etag: str
    body: bytes
    zipped: bytes
    told: dict[str, str] | None  # what the line in the log says of it


def keep(environ: dict[str, Any], until: float) -> None:
    """Let this answer stand for the same address until `until`, by the monotonic clock.

    Only for an answer that is the same for everyone.
    """
    environ[UNTIL] = until


class Memory:
    """In front of the application: answers what is kept, and keeps what is marked."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._answers: dict[str, _Answer] = {}

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        asked = environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] != "GET" or asked not in SPOKEN:
            return self._application(environ, start)
        # By the host as well: one that is not ours was never answered, so it is not here.
        key = f"{environ.get('HTTP_HOST', '')}{environ['PATH_INFO']}?{asked}"
        kept = self._answers.get(key)
        if kept is None or time.monotonic() >= kept.until:
            return self._asked(key, environ, start)
        environ[TOLD] = kept.told
        if kept.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start("304 NOT MODIFIED", kept.not_modified)
            return []
        if _takes_gzip(environ):
            start("200 OK", _zipped(kept.headers, kept.zipped))
            return [kept.zipped]
        start("200 OK", kept.headers)
        return [kept.body]  # a list: granian sends that whole, and anything else piece by piece

    def _asked(self, key: str, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        told: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told[:] = [status, list(headers)]
            if UNTIL in environ and status.startswith("200"):
                return None  # said below, once it is known how it leaves
            return start(status, headers, *more)

        answer = self._application(environ, listen)
        if UNTIL not in environ or not told or not told[0].startswith("200"):
            return answer
        body = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        headers = told[1]
        names = {name.lower(): value for name, value in headers}
        if "set-cookie" not in names:  # what is set for one is for nobody else
            if len(self._answers) >= MOST:
                self._answers.clear()
            without = ("content-length", "content-type")
            kept = self._answers[key] = _Answer(
                environ[UNTIL],
                headers,
                [pair for pair in headers if pair[0].lower() not in without],
                names["etag"],
                body,
                gzip.compress(body, 6),
                {**environ[TOLD], "who": "nobody"} if TOLD in environ else None,
            )
            if _takes_gzip(environ):
                start(told[0], _zipped(headers, kept.zipped))
                return [kept.zipped]
        start(told[0], headers)
        return [body]


def _takes_gzip(environ: dict[str, Any]) -> bool:
    return "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")


def _zipped(headers: list[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    """The headers of a page that leaves compressed. Only what is the same for everyone does: in
    a page with a secret, its length would tell of the secret.
    """
    rest = [pair for pair in headers if pair[0].lower() != "content-length"]
    return [*rest, ("Content-Length", str(len(body))), ("Content-Encoding", "gzip")]
