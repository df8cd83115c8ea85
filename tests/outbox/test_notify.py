"""GOV.UK Notify, over HTTP against a server here that speaks its API."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import pytest

from tests.outbox.sending import attempt, carriers, clear, put, state
from tests.outbox.test_texts import a_text
from trustconduct.outbox.carriers import Later, Refused
from trustconduct.outbox.notify import NotifyGateway

SERVICE, SECRET = str(uuid4()), str(uuid4())
KEY = f"oak-{SERVICE}-{SECRET}"
TEMPLATE = str(uuid4())


class Notify:
    """Takes text messages as Notify does: its token, its answers, its look-up by reference.

    `answers` are given first: (status, body). `loses_answers` keeps a message and
    closes the connection without a word.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answers: list[tuple[int, Any]] = []
        self.loses_answers = False
        notify = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v2/notifications/sms"
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not self.known():
                    return self.answer(403, error("AuthError", "Invalid token"))
                if notify.answers:
                    return self.answer(*notify.answers.pop(0))
                notify.sent.append(body)
                if notify.loses_answers:
                    self.close_connection = True
                    return None
                return self.answer(201, {"id": str(uuid4()), "reference": body["reference"]})

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                assert parts.path == "/v2/notifications"
                [reference] = parse_qs(parts.query)["reference"]
                found = [each for each in notify.sent if each["reference"] == reference]
                self.answer(200, {"notifications": found, "links": {}})

            def known(self) -> bool:
                token = self.headers["Authorization"].removeprefix("Bearer ")
                try:
                    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
                except jwt.InvalidTokenError:
                    return False
                return claims["iss"] == SERVICE

            def answer(self, status: int, body: Any) -> None:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def gateway(self, key: str = KEY) -> NotifyGateway:
        return NotifyGateway(key, TEMPLATE, self.url)


def error(kind: str, message: str) -> dict[str, Any]:
    return {"status_code": 400, "errors": [{"error": kind, "message": message}]}


@pytest.fixture
def notify() -> Iterator[Notify]:
    notify = Notify()
    threading.Thread(target=notify.server.serve_forever, daemon=True).start()
    yield notify
    notify.server.shutdown()
    notify.server.server_close()


def send(gateway: NotifyGateway, *, again: bool = False) -> None:
    gateway.send("+447700900123", "Hello", "1@x.example", again=again)


def test_a_text_goes_to_notify_with_its_reference(notify):
    send(notify.gateway())
    assert notify.sent == [
        {
            "phone_number": "+447700900123",
            "template_id": TEMPLATE,
            "personalisation": {"message": "Hello"},
            "reference": "1@x.example",
        }
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("ValidationError", "phone_number Not a valid number")),
        (400, error("BadRequestError", "Can't send to this recipient using a team-only API key")),
    ],
)
def test_what_notify_says_of_the_recipient_is_a_refusal(notify, status, body):
    notify.answers = [(status, body)]
    with pytest.raises(Refused, match="Notify 400"):
        send(notify.gateway())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("BadRequestError", "Template not found")),
        (403, error("AuthError", "Error: Your system clock must be accurate to within 30 seconds")),
        (429, error("RateLimitError", "Exceeded rate limit for key type LIVE")),
        (429, error("TooManyRequestsError", "Exceeded send limits (250000) for today")),
        (500, error("Exception", "Internal server error")),
        (503, b"<html>not ours</html>"),
        (200, b"<html>not ours</html>"),
    ],
)
def test_what_will_pass_or_is_ours_to_mend_is_tried_later(notify, status, body):
    notify.answers = [(status, body)]
    with pytest.raises(Later, match=f"Notify {status}"):
        send(notify.gateway())


def test_a_wrong_key_is_ours_to_mend(notify):
    with pytest.raises(Later, match="Notify 403"):
        send(notify.gateway(f"oak-{SERVICE}-{uuid4()}"))


def test_a_notify_that_is_not_there_is_tried_later(notify):
    notify.server.shutdown()
    notify.server.server_close()
    with pytest.raises(Later, match="Notify 503"):
        send(notify.gateway())


def test_a_text_whose_answer_was_lost_is_not_sent_twice(notify):
    """Notify itself would send one reference as often as it is asked to."""
    notify.loses_answers = True
    with pytest.raises(Later):
        send(notify.gateway())
    notify.loses_answers = False
    send(notify.gateway(), again=True)
    assert len(notify.sent) == 1


def test_the_outbox_sends_a_text_by_notify_and_asks_before_it_sends_again(world, notify):
    clear(world)
    [message_id] = put(world, a_text())
    notify.loses_answers = True
    with world.sessions.school(world.oak.id) as session:
        assert attempt(session, carriers(gateway=notify.gateway()))
    kept = state(world, message_id)
    assert (kept.outcome, kept.last_error) == ("later", "Notify 503")
    with world.sessions.school(world.oak.id) as session:
        session.get(type(kept), (world.oak.id, message_id)).due_at = kept.written_at
        session.commit()
        assert attempt(session, carriers(gateway=notify.gateway()))
    assert state(world, message_id).sent_at is not None
    assert [each["reference"] for each in notify.sent] == [f"{message_id}@x.example"]


def test_nothing_of_what_notify_answers_reaches_the_log(notify, caplog):
    notify.answers = [(400, error("ValidationError", "phone_number +447700900123 is wrong"))]
    with caplog.at_level(logging.WARNING), pytest.raises(Refused):
        send(notify.gateway())
    assert "7700900123" not in caplog.text
