"""How the service is, for machines that watch it: alive, ready, and in figures.

No page of these asks who is there, and none says anything about anybody.
"""

from __future__ import annotations

import hmac
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from migrations.newest import is_migrated
from trustconduct.jobs.queue import connect
from trustconduct.outbox.standing import OutboxStanding, standing
from trustconduct.web.door import open_to_all, works
from trustconduct.web.measures import Measures

pages = Blueprint("health", __name__)
# Asked by address and not by name, so their Host is not looked at; they hold no link.
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
SECONDS_TO_ANSWER = 1.0
LOOK_AGAIN = 2.0  # seconds that an answer stands: asking often must not cost connections


@pages.get("/healthz")
@open_to_all
def healthz() -> Response:
    """The process is alive. It does not ask the database: one that is away must not make
    every web process restart."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@open_to_all
def readyz() -> Response:
    """Whether pages can be answered: PostgreSQL answers, and its tables are of this release.

    Redis and the mail server are reported and never make it 503: without them
    everything is taken and kept, and mail waits.
    """
    found = _state()
    answer = jsonify({"ready": found.ready, **found.parts})
    answer.status_code = 200 if found.ready else 503
    return answer


@pages.get("/metrics")
@open_to_all
def metrics() -> Response:
    if not _may_read():
        said = "Figures are read with the token of METRICS_TOKEN; see the operator's guide.\n"
        return Response(said, status=403, mimetype="text/plain")
    measures: Measures = current_app.extensions["trustconduct.measures"]
    return Response(measures.text(_standing()), content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    """Whoever has the token; without https also this machine itself.

    With https there is a proxy, mostly on this machine, and what it passes on looks
    like this machine where it does not say otherwise: nothing but the token counts.
    """
    settings = works().settings
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and kind.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
    passed_on = {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers.keys())
    if passed_on or settings.secure:
        return False
    with suppress(ValueError):
        return ip_address(request.remote_addr or "").is_loopback
    return False


def _standing() -> OutboxStanding | None:
    try:
        with works().sessions.trust(read_only=True) as session:
            return standing(session)
    except SQLAlchemyError:
        return None


# -- ready


@dataclass(frozen=True)
class State:
    ready: bool
    parts: dict[str, str]


@dataclass
class Last:
    """The last look, shared by all who ask at once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    state: State | None = None
    until: float = 0.0


def _state() -> State:
    last: Last = current_app.extensions.setdefault("trustconduct.ready", Last())
    with last.lock:
        if last.state is None or time.monotonic() >= last.until:
            last.state = _look()
            last.until = time.monotonic() + LOOK_AGAIN
        return last.state


def _look() -> State:
    parts = {"postgresql": "away", "tables": "not known"}
    with suppress(SQLAlchemyError), works().sessions.accounts(read_only=True) as session:
        parts = {"postgresql": "ok", "tables": "ok" if is_migrated(session.scalar) else "behind"}
    ready = parts["tables"] == "ok"
    settings = works().settings
    parts["redis"] = _word(lambda: _ask_redis(settings.REDIS_URL))
    parts["mail"] = _word(lambda: _ask_mail_server(settings.SMTP_URL))
    return State(ready, parts)


def _word(ask: Callable[[], object]) -> str:
    try:
        ask()
    except (RedisError, OSError, ValueError):
        return "away"
    return "ok"


def _ask_redis(url: str) -> None:
    with _short(url) as redis:
        redis.ping()


def _short(url: str) -> Redis:
    redis = connect(url)
    redis.connection_pool.connection_kwargs["socket_timeout"] = SECONDS_TO_ANSWER
    return redis


def _ask_mail_server(url: str) -> None:
    """Whether somebody listens there: nothing is said to it, so nothing stands in its log."""
    parts = urlsplit(url)
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    socket.create_connection((parts.hostname or "", port), SECONDS_TO_ANSWER).close()
