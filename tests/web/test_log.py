"""The log: one line a request, enough to find what broke, and nothing about anybody."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from tests import build
from tests.build import SECRET_KEY
from trustconduct import plain_log
from trustconduct.app import create_app
from trustconduct.audit.actor import Role
from trustconduct.jobs import tasks
from trustconduct.outbox.links import token
from trustconduct.plain_log import handler, log
from trustconduct.tenants.sessions import Sessions


class Log:
    """What was logged, as JSON lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.words = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue() + self.words.getvalue()

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def requests(self) -> list[dict]:
        return [line for line in self.lines if line["event"] == "request"]


@pytest.fixture
def logged() -> Iterator[Log]:
    """All that reaches the log of a process: as JSON and in words alike."""
    found, root = Log(), logging.getLogger()
    ours = [handler(found.stream, as_json=True), handler(found.words, as_json=False)]
    level = root.level
    root.setLevel(logging.INFO)
    for each in ours:
        root.addHandler(each)
    yield found
    for each in ours:
        root.removeHandler(each)
    root.setLevel(level)


def test_a_request_is_one_line_with_its_route_and_never_its_path(client, logged, world):
    secret = token(SECRET_KEY, "sign", world.oak.requests["Jo Sample"], 1)
    answer = client.get(f"/oak-lane/sign/{world.oak.requests['Jo Sample']}/{secret}?x=canary")
    (line,) = logged.requests
    assert line.pop("time")
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "event": "request",
        "request": answer.headers["X-Request-ID"],
        "method": "GET",
        "route": "/<school>/sign/<uuid:request_id>/<secret>",
        "status": 303,
        "who": "link",
        "school": "oak-lane",
    }
    assert secret not in logged.text
    assert "canary" not in logged.text


def test_who_is_signed_in_stands_there_by_id(client, logged, world):
    user = world.oak.users[Role.HEADTEACHER]
    client.sign_in_by_forms(user)
    client.get("/oak-lane/staff/")
    assert logged.requests[-1]["who"] == str(user.id)
    assert logged.requests[0]["who"] == "nobody"


def test_a_page_from_memory_has_its_line_too(client, logged):
    for _ in range(3):
        client.get("/oak-lane/policy")
    assert [line["route"] for line in logged.requests] == ["/<school>/policy"] * 3
    assert [line["school"] for line in logged.requests] == ["oak-lane"] * 3
    assert len({line["request"] for line in logged.requests}) == 3


def test_an_address_that_is_none_of_ours_is_not_repeated(client, logged):
    client.get("/alex.sample@parents.example")
    assert logged.requests[0]["route"] == "none"
    client.open("/", method="ALEX")
    assert logged.requests[-1]["method"] == "OTHER"
    assert "alex" not in logged.text.lower()


def test_a_number_is_taken_from_the_proxy_alone_and_only_if_it_is_one(client, settings):
    given = "4f2a8c1e-90ab-4cde-8123-0123456789ab"
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given
    app = create_app(replace(settings, BASE_URL="https://code.trust.example"))
    behind = app.test_client()

    def number(text: str) -> str:
        return behind.get("/healthz", headers={"X-Request-ID": text}).headers["X-Request-ID"]

    assert number(given) == given
    for odd in ("alex sample", "<script>", "1" * 65, "abc", "0123456789ab\u00e9", ""):
        assert re.fullmatch(r"\d{12}", number(odd))
    app.extensions["trustconduct"].sessions.engine.dispose()


def test_an_error_is_logged_by_its_class_and_place_under_the_requests_number(
    app, client, logged, world, servers
):
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:  # PostgreSQL's own message would quote the row
        connection.execute(text("alter table adult add check (name <> 'Canary Sample')"))
    engine.dispose()
    client.sign_in_by_forms(world.oak.users[Role.OFFICE])
    roll = build.a_roll("Kit Sample,4,Canary Sample,mother,canary@parents.example")
    answer = taken_in(client, roll)
    assert answer.status_code == 500
    broke = next(line for line in logged.lines if line["event"] == "A page broke.")
    assert broke["error"] == "IntegrityError"
    assert broke["request"] == answer.headers["X-Request-ID"]
    assert any("trustconduct/people/take_in.py" in place for place in broke["where"])
    assert "anary" not in logged.text


def taken_in(client, roll: bytes):
    """Bring a roll in and have it saved, as the pages do."""
    at = "/oak-lane/staff/people/roll"
    sent = client.post(at, data={
        "csrf_token": client.csrf(at), "who": "part", "file": (io.BytesIO(roll), "canary.csv"),
    })  # fmt: skip
    page = sent.headers["Location"]
    return client.send(f"{page}/save", page=page)


def test_the_whole_story_leaves_no_name_address_token_or_word_in_the_log(
    app, client, logged, world, settings, mailbox, valkey, monkeypatch
):
    """Sign in, take in a roll, ask, answer in all three ways, look back, and let things break."""
    user = world.oak.users[Role.HEADTEACHER]
    typed = "Canary words that were typed"
    client.send("/account/sign-in", email=user.email, password=f"{typed} pw", to="")
    client.send("/account/sign-in", email="canary@parents.example", password="x", to="/canary")
    client.sign_in_by_forms(user)
    people, asks = "/oak-lane/staff/people", "/oak-lane/staff/acknowledgements"
    roll = build.a_roll("Kit Canary,4,Robin Canary,canary aunt,robin.canary@parents.example")
    assert taken_in(client, roll).status_code == 303
    client.send(f"{asks}/ask", page=f"{asks}/ask")
    client.get(f"{people}/?after=Canary|x")
    client.get("/oak-lane/staff/history/?person=canary&since=canary")
    links = []
    for name, given in (("Jo Sample", "declined"), (f"Lee {world.oak.canary}", "talk")):
        request = world.oak.requests[name]
        link = token(SECRET_KEY, "sign", request, 1)
        parent, path = app.test_client(), f"/oak-lane/sign/{request}"
        parent.get(f"{path}/{link}")
        fields = {"answer": given, "typed_name": f"{typed} name", "note": f"{typed} note"}
        shown = parent.get(f"{path}?again=1").text
        fields["shown"] = re.search(r'name="shown" value="([^"]+)"', shown)[1]
        parent.send(path, page=f"{path}?again=1", **fields)
        links += [link, token(SECRET_KEY, "sign-page", request, 1)]
    made = tasks.Works(
        replace(settings, SMTP_URL=mailbox.url),
        world.sessions.engine,
        Sessions(world.sessions.engine),
        valkey,
    )
    monkeypatch.setattr(tasks, "works", lambda: made)
    assert tasks.deliver_mail() > 0
    monkeypatch.setattr(tasks, "_deliver", _breaks)
    with pytest.raises(ValueError, match="Canary"):
        tasks.deliver_mail()
    for name in ("werkzeug", "weasyprint", "rq.worker", "some.library"):
        logging.getLogger(name).error("For %s", "Canary Sample", exc_info=_raised())
        logging.getLogger(name).error(f"For Canary Sample of {name}")
    log.error("Ours.", exc_info=_raised(), email="canary@parents.example", note=typed)
    print_of_all = logged.text
    assert len(logged.requests) > 20
    assert {"task", "A task failed.", "Ours."} <= {line["event"] for line in logged.lines}
    words = [
        "anary", "@", typed, user.name, user.email, user.password, user.secret, *links,
        *(name for name in world.oak.adults), *(name for name in world.oak.pupils),
        world.oak.canary, world.oak.staff_canary, settings.SECRET_KEY, ".example",
        str(world.oak.requests["Jo Sample"]),
    ]  # fmt: skip
    assert [word for word in words if word in print_of_all] == []


def _breaks(*_):
    raise ValueError("Canary Sample <canary@parents.example>")


def _raised():
    try:
        _breaks()
    except ValueError:
        return sys.exc_info()


def test_a_field_that_is_not_listed_is_left_out(logged):
    log.info("Hello.", email="alex@parents.example", status=200, where="x" * 1_000)
    (line,) = logged.lines
    assert "email" not in line
    assert line["status"] == 200
    assert len(line["where"]) == plain_log.LONGEST


def test_a_known_librarys_template_stands_without_what_fills_it(logged):
    logging.getLogger("rq.cron").warning("Worker %s: job %s was killed", "Alex", 7)
    logging.getLogger("rq.cron").info("Worker %s: Job OK", "Alex")
    (line,) = logged.lines
    assert line["event"] == "Worker %s: job %s was killed"
    assert line["library"] == "rq.cron"


def test_in_words_a_line_is_read_at_a_glance(logged):
    log.warning("Redis does not answer.", error="ConnectionError")
    said = logged.words.getvalue()
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d warning Redis does not answer\.  error=ConnectionError\n", said
    )


def test_json_is_chosen_by_https_or_by_setting(settings):
    assert not settings.log_as_json
    assert replace(settings, LOG_FORMAT="json").log_as_json
    secure = replace(settings, BASE_URL="https://code.trust.example")
    assert secure.log_as_json
    assert not replace(secure, LOG_FORMAT="words").log_as_json


def test_what_breaks_around_flask_is_answered_and_told_without_words(app, logged):
    def breaks(environ, start):
        raise RuntimeError("Canary Sample")

    app.wsgi_app._application = breaks
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 500
    assert "Please try again" in answer.text
    assert logged.requests[0]["status"] == 500
    assert "Canary" not in logged.text
