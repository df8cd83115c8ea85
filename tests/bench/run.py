"""`make bench`: each measure beside the least work that gives the same result.

One JSON object a line on standard output; progress on standard error. Ours and
the floor are measured in turns, in the same run, and the medians of five
compared: 1.0 is as fast as the floor.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402
from sqlalchemy import create_engine, make_url  # noqa: E402

from config.base import Settings  # noqa: E402
from migrations.run import migrate  # noqa: E402
from tests import build  # noqa: E402
from tests.bench import campaigns, load, many  # noqa: E402
from tests.bench.conduct import case_page, search  # noqa: E402
from tests.bench.gate import gate_search  # noqa: E402
from tests.bench.letters import letter_pdf  # noqa: E402
from tests.bench.measure import KEY, RUNS, in_turns, report, say  # noqa: E402
from tests.bench.merge import merge  # noqa: E402
from tests.bench.reviews import reminders_due  # noqa: E402
from tests.bench.rolls import roll  # noqa: E402
from trustconduct import embedded  # noqa: E402
from trustconduct.acknowledgements.signing import copy_of  # noqa: E402
from trustconduct.db import transaction  # noqa: E402
from trustconduct.outbox.links import token  # noqa: E402
from trustconduct.tenants.sessions import Sessions  # noqa: E402

SIGNS, PAGES = 1000, 3000
FINDER = f"/oak-lane/contact/{build.MATRIX.purposes[0].id}"


@dataclass
class Bench:
    """Two servers on one database: ours, and the floor."""

    ours: int
    floor: int
    database: str
    school: str
    sha256: str


@contextmanager
def server(app: str, environment: dict[str, str]) -> Iterator[int]:
    """An app under granian as in service: two processes, with a thread for each connection."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2",
        "--blocking-threads", str(Settings.DATABASE_POOL),
        "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "error", app,
    ]  # fmt: skip
    running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(1)
        yield port
    finally:
        running.terminate()
        running.wait(20)


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        var = Path(folder)
        say("Starting PostgreSQL (with fsync) and Valkey, and filling them…")
        services = embedded.start(var)
        try:
            migrate(services.database_owner_url, services.database_url)
            engine = create_engine(services.database_url)
            sessions = Sessions(engine)
            with sessions.trust() as session, transaction(session):
                build.a_trust(session)
                school = build.a_school(session, "oak-lane", "Oak Lane")
                build.an_edition(session)
            with sessions.school(school.id) as session, transaction(session):
                build.settings_filled(session)
                build.a_matrix(session)
                version = build.a_version(session)
                copy = copy_of(version)
            engine.dispose()
            (var / "sign.json").write_text(
                json.dumps({"school": str(school.id), "copy": copy, "body": "x" * 700})
            )
            superuser = make_url(services.database_superuser_url).set(
                drivername="postgresql", database=make_url(services.database_url).database
            )
            database = superuser.render_as_string(hide_password=False)
            ours = {
                "DATABASE_URL": services.database_url,
                "REDIS_URL": services.redis_url,
                "SECRET_KEY": KEY,
            }
            with server("wsgi:app", ours) as port:
                (var / "page.html").write_bytes(_page(port))
                (var / "finder.html").write_bytes(_page(port, FINDER))
                floor = {
                    "FLOOR_PAGE": str(var / "page.html"),
                    "FLOOR_FINDER": str(var / "finder.html"),
                    "FLOOR_SIGN": str(var / "sign.json"),
                    "FLOOR_DATABASE": services.database_url.replace("+psycopg", ""),
                }
                with server("tests.bench.floor:app", floor) as other:
                    yield Bench(port, other, database, str(school.id), version.sha256)
        finally:
            embedded.erase(var)


def _page(port: int, path: str = "/oak-lane/policy") -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def policy_page(at: Bench) -> None:
    """The code of conduct as parents load it, from the memory of two processes."""
    ours = [load.get("/oak-lane/policy", at.ours)] * PAGES
    floor = [load.get("/policy", at.floor)] * PAGES
    result = in_turns(
        lambda _: load.measure(at.ours, ours, b"200"),
        lambda _: load.measure(at.floor, floor, b"200"),
    )
    report("policy_page", *result, "pages/s", PAGES)


def finder(at: Bench) -> None:
    """The ways for one wish, which speak of this very minute."""
    ours = [load.get(FINDER, at.ours)] * PAGES
    floor = [load.get("/finder", at.floor)] * PAGES
    result = in_turns(
        lambda _: load.measure(at.ours, ours, b"200"),
        lambda _: load.measure(at.floor, floor, b"200"),
    )
    report("finder", *result, "pages/s", PAGES)


def sign(at: Bench) -> None:
    """Parents who acknowledge: each POST with its own cookie, one commit with six rows."""
    for_ours, for_floor = (people_asked(at, SIGNS * (RUNS + 1)) for _ in range(2))
    fields = {"typed_name": "Sam Sample", "answer": "signed", "read_it": "yes", "note": ""}
    fields["shown"] = at.sha256

    def ours(run: int) -> float:
        part = for_ours[run * SIGNS : (run + 1) * SIGNS]
        return load.measure(at.ours, [an_answer(at, one, fields) for one in part], b"303")

    body = urlencode({**fields, "csrf_token": "x" * 43})

    def floor(run: int) -> float:
        part = for_floor[run * SIGNS : (run + 1) * SIGNS]
        posts = [load.post(f"/sign/{one}", at.floor, body) for one in part]
        return load.measure(at.floor, posts, b"303")

    report("sign", *in_turns(ours, floor), "acknowledgements/s", SIGNS)
    with psycopg.connect(at.database) as connection:
        (signed,) = connection.execute("select count(*) from acknowledgement").fetchone() or (0,)
    assert signed == 2 * SIGNS * (RUNS + 1), signed


def an_answer(at: Bench, request_id: str, fields: dict[str, str]) -> bytes:
    """A parent's answer with the cookie of the link and the mark of its page."""
    cookie = token(KEY, "sign-page", UUID(request_id), 1)
    mark = token(KEY, f"sign-form:{cookie}", UUID(request_id), 0)
    body = urlencode({**fields, "csrf_token": mark})
    return load.post(f"/oak-lane/sign/{request_id}", at.ours, body, Cookie=f"link={cookie}")


def people_asked(at: Bench, count: int) -> list[str]:
    """That many adults who were asked, made by SQL."""
    with psycopg.connect(at.database) as connection:
        rows = connection.execute(
            """
            with version as (
              select id from policy_version where school_id = %(school)s limit 1
            ), campaign as (
              insert into campaign (school_id, id, number, version_id, started_at, started_by)
              select %(school)s, gen_random_uuid(),
                coalesce((select max(number) from campaign), 0) + 1, version.id, now(), 'bench'
              from version returning id
            ), adults as (
              insert into adult (school_id, id, name, name_key, email, added_at, version)
              select %(school)s, gen_random_uuid(), 'Sam Sample', gen_random_uuid()::text,
                'sam@parents.example', now(), 1
              from generate_series(1, %(count)s) returning id
            )
            insert into sign_request (school_id, id, campaign_id, adult_id, version_id,
              asked_at, closes_on, generation)
            select %(school)s, gen_random_uuid(), campaign.id, adults.id, version.id,
              now(), current_date + 100, 1
            from adults, campaign, version returning id::text
            """,
            {"school": at.school, "count": count},
        ).fetchall()
    return [row[0] for row in rows]


# What asks two web servers, and what asks a database of many schools.
SERVED = {"policy_page": policy_page, "finder": finder, "sign": sign}
ASKED = {
    "scope_cost": many.scope_cost,
    "overview": many.overview,
    "oversight": many.oversight,
    "reminders_due": reminders_due,
    "roll": roll,
    "campaign": campaigns.campaign,
    "send": campaigns.send,
    "status_list": campaigns.status_list,
    "merge": lambda: merge(in_turns, report),
    "letter_pdf": letter_pdf,
    "case_page": case_page,
    "search": search,
    "gate_search": gate_search,
}
BENCHES = {**SERVED, **ASKED}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHES)
    if unknown := set(wanted) - set(BENCHES):
        say(f"There is no measure {', '.join(sorted(unknown))}; there are: {', '.join(BENCHES)}.")
        return 2
    if served := [name for name in wanted if name in SERVED]:
        with bench() as at:
            for name in served:
                say(f"{name}:")
                SERVED[name](at)
    for name in wanted:
        if name in ASKED:
            say(f"{name}:")
            ASKED[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
