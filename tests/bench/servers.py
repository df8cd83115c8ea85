"""Two web servers under our app, by turns: the figures of docs/adr/0018.

Run by hand: `.venv/bin/python tests/bench/servers.py`. Beside requests a second it
gives the time of the processor for each, which other work on the machine changes less.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from sqlalchemy import create_engine, make_url  # noqa: E402

from migrations.run import migrate  # noqa: E402
from tests import build  # noqa: E402
from tests.bench import load, run  # noqa: E402
from tests.bench.measure import KEY, say  # noqa: E402
from trustconduct import embedded  # noqa: E402
from trustconduct.audit.actor import Role  # noqa: E402
from trustconduct.db import transaction  # noqa: E402
from trustconduct.processes import web_server  # noqa: E402
from trustconduct.tenants.sessions import Sessions  # noqa: E402

ROUNDS = 5
PAGES, SIGNS, STAFF = 2000, 200, 200


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def commands(port_of: dict[str, int]) -> dict[str, list[str]]:
    """Both with two processes of two threads, without an access log."""
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers", "2", "--worker-class", "gthread",
                "--threads", "2", "--backlog", "1024", "--log-level", "warning",
                "--worker-tmp-dir", "/dev/shm", "--keep-alive", "75",
                "--bind", f"127.0.0.1:{port_of['gunicorn']}", "wsgi:app"]  # fmt: skip
    granian = web_server("127.0.0.1", port_of["granian"], workers=2, threads=2)
    return {"granian": granian, "gunicorn": gunicorn}


def family(process: subprocess.Popen) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def cpu(process: subprocess.Popen) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in family(process))


def memory(process: subprocess.Popen) -> float:
    """Megabytes that the processes have for themselves (USS): shared pages count for nobody."""
    return sum(each.memory_full_info().uss for each in family(process)) / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        services = embedded.start(Path(folder))
        try:
            compare(services)
        finally:
            embedded.erase(Path(folder))


@dataclass(frozen=True)
class School:
    id: str
    sha256: str
    email: str  # of its head
    secret: str


def a_school(services: embedded.Services) -> School:
    """A school that has published, and its head."""
    migrate(services.database_owner_url, services.database_url)
    engine = create_engine(services.database_url)
    sessions = Sessions(engine)
    with sessions.trust() as session, transaction(session):
        build.a_trust(session)
        school = build.a_school(session, "oak-lane", "Oak Lane")
        build.an_edition(session)
    with sessions.school(school.id) as session, transaction(session):
        version = build.a_version(session)
    with sessions.accounts() as session, transaction(session):
        head = build.a_user(session, Role.HEADTEACHER, school.id)
        secret = build.an_authenticator(session, head)
    engine.dispose()
    return School(str(school.id), version.sha256, head.email, secret)


def compare(services: embedded.Services) -> None:
    school = a_school(services)
    superuser = make_url(services.database_superuser_url).set(
        drivername="postgresql", database=make_url(services.database_url).database
    )
    environment = {**os.environ, "DATABASE_URL": services.database_url,
                   "REDIS_URL": services.redis_url, "SECRET_KEY": KEY}  # fmt: skip
    port_of = {"granian": free_port(), "gunicorn": free_port()}
    running = {
        name: subprocess.Popen(command, cwd=ROOT, env=environment)
        for name, command in commands(port_of).items()
    }
    try:
        for port in port_of.values():
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.1)
        time.sleep(2)
        database = superuser.render_as_string(hide_password=False)
        at = run.Bench(port_of["granian"], 0, database, school.id, school.sha256)
        signed_in = _sign_in(port_of["granian"], school.email, school.secret)
        asked = run.people_asked(at, SIGNS * 2 * (ROUNDS + 1))
        fields = {"typed_name": "Sam Sample", "answer": "signed", "read_it": "yes", "note": ""}
        fields["shown"] = school.sha256

        def requests(kind: str, port: int) -> tuple[list[bytes], bytes]:
            if kind == "policy_page":
                return [load.get("/oak-lane/policy", port)] * PAGES, b"200"
            if kind == "staff":
                page = load.get("/oak-lane/staff/people/", port, Cookie=signed_in)
                return [page] * STAFF, b"200"
            here = replace(at, ours=port)
            posts = [run.an_answer(here, asked.pop(), fields) for _ in range(SIGNS)]
            return posts, b"303"

        for kind in ("policy_page", "sign", "staff"):
            in_turns(kind, running, lambda name, kind=kind: requests(kind, port_of[name]), port_of)
        for name, process in running.items():
            say(f"{name:9} {memory(process):.0f} MB in {len(family(process))} processes")
    finally:
        for process in running.values():
            process.terminate()
            process.wait(20)


def in_turns(
    kind: str,
    running: dict[str, subprocess.Popen],
    requests: Callable[[str], tuple[list[bytes], bytes]],
    port_of: dict[str, int],
) -> None:
    """The medians of five turns, after one to warm up."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in running}
    for turn in range(ROUNDS + 1):
        for name, process in running.items():
            sent, status = requests(name)
            before = cpu(process)
            speed = load.measure(port_of[name], sent, status, at_once=8)
            if turn:
                found[name].append((speed, (cpu(process) - before) / len(sent) * 1000))
    for name, values in found.items():
        speed, took = (statistics.median(each) for each in zip(*values, strict=True))
        say(f"{kind:12} {name:9} {speed:8,.0f} a second, {took:.2f} ms of processor each")


def _sign_in(port: int, email: str, secret: str) -> str:
    """The cookie of a signed-in person, by both forms."""
    cookies: dict[str, str] = {}

    def ask(method: str, path: str, **form: str) -> str:
        connection = HTTPConnection("127.0.0.1", port)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()),
                   "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        return answer.read().decode()

    def token(page: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    page = ask("GET", "/account/sign-in")
    ask("POST", "/account/sign-in", csrf_token=token(page), email=email,
        password=build.PASSWORD, to="")  # fmt: skip
    page = ask("GET", "/account/code")
    ask("POST", "/account/code", csrf_token=token(page), code=build.a_code(secret), to="")
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


if __name__ == "__main__":
    main()
