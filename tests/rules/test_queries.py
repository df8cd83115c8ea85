"""A page asks the database as often for sixty rows as for one: no query in a loop.

The number of each page's queries stands in queries.txt. A new page is in it or the
build fails; one that asks more often than it did shows in the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.browser import Browser
from tests.copies import copy
from tests.rules.test_wrong_school import NO_IDS, Crawl, ids_of
from tests.world import World, WorldSchool
from trustconduct.audit.actor import Grant, Role

LIST = Path(__file__).parent / "queries.txt"
AGAIN = "UPDATE_QUERIES=1 .venv/bin/python -m pytest tests/rules/test_queries.py -n 0"
MANY = 60
# Pages that must be longer with more rows, or the growing below has missed them.
LISTS = {
    "answers.show",
    "console.index",
    "editions.index",
    "people.show",
    "schools.index_view",
    "users.index_view",
}


def grow(connection: psycopg.Connection, school: WorldSchool) -> None:
    """Sixty more of whatever a page could list, at the school and at the Trust."""
    rows = f"(select n, gen_random_uuid() as id from generate_series(1001, {1000 + MANY}) n)"
    of = f"school_id = '{school.id}'"
    # Without triggers: rows that never change and keys to others are not what this is about.
    connection.execute("set session_replication_role = replica")
    own = {"id": "m.id"}
    name = {"name": "'Wren ' || m.n", "name_key": "'wren ' || m.n"}
    connection.execute(f"create temporary table made as {rows[1:-1]}")
    copy(connection, "adult", "made", of=of, **own, **name)
    copy(connection, "pupil", "made", of=of, **own, **name)
    copy(connection, "care", "made", of=of, **own, adult_id="m.id", pupil_id="m.id")
    copy(connection, "sign_request", "made", of=of, **own, adult_id="m.id")
    copy(
        connection, "acknowledgement", "made", of=f"{of} and answer = 'talk'",
        **own, request_id="m.id",
    )  # fmt: skip
    copy(connection, "acknowledgement_words", "made", of=of, **own)
    copy(connection, "contact_matrix", "made", of=of, **own, number="m.n")
    copy(connection, "policy_version", "made", of=of, **own, number="m.n")
    copy(connection, "policy_in_force", "made", of=of, **own, version_id="m.id",
         during="'empty'::daterange")  # fmt: skip
    for table in ("audit_event_school", "audit_detail_school", "outbox_content_school"):
        copy(connection, table, "made", of=of, **own)
    copy(connection, "outbox_school", "made", of=of, **own, parked_at="now()")
    for table in ("audit_event_trust", "audit_detail_trust"):
        copy(connection, table, "made", **own)
    copy(connection, "school", "made", **own, slug="'wren-' || m.n", name="'Wren ' || m.n")
    copy(connection, "policy_edition", "made", **own, number="m.n", published_at="null",
         approved_at="null", board_on="null")  # fmt: skip
    copy(connection, "account_user", "made", **own, email="m.n || '@wren.example'", name="'Wren'")
    copy(connection, "account_grant", "made", **own, user_id="m.id")
    connection.execute("set session_replication_role = origin")


@pytest.fixture
def pages(app, world) -> dict[str, Crawl]:
    """Who asks: parents are nobody, a school's pages are its head's, the rest the officer's."""

    def crawl(user: Any) -> Crawl:
        client: Browser = app.test_client()
        client.strict = False  # correctness is the crawl's
        grants: frozenset[Grant] = frozenset()
        if user:
            client.sign_in(user)
            grants = frozenset({Grant(user.role, world.oak.id if user.slug else None)})
        return Crawl(app, client, world, grants, "", [])

    directory = app.extensions["trustconduct"].directory
    directory.SECONDS = 3600.0
    assert directory.schools()
    return {
        "nobody": crawl(None),
        "head": crawl(world.oak.users[Role.HEADTEACHER]),
        "officer": crawl(world.trust_users[Role.TRUST_OFFICER]),
    }


def counted_on_every_page(app: Any, pages: dict[str, Crawl], world: World, queries: Any) -> Any:
    """Each page's queries and its length, by endpoint. Asked twice: the second time counts."""
    engine = app.extensions["trustconduct"].sessions.engine
    found: dict[str, tuple[int, int]] = {}
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in NO_IDS:
            continue
        needs = app.view_functions[rule.endpoint].needs
        who = "nobody" if needs is None else "head" if "school" in rule.arguments else "officer"
        if rule.endpoint.startswith("account."):
            who = "head"
        crawl = pages[who]
        ids = ids_of(rule, world).own
        crawl.open(rule, "GET", ids)
        with queries(engine) as counted:
            response = crawl.open(rule, "GET", ids)
        assert response.status_code < 400, (rule.endpoint, response.status)
        found[rule.endpoint] = (counted.n, len(response.get_data()))
    return found


def test_a_page_asks_as_often_for_sixty_rows_as_for_one(app, world, servers, pages, queries):
    few = counted_on_every_page(app, pages, world, queries)
    with psycopg.connect(
        servers.superuser_url(world.name).replace("+psycopg", ""), autocommit=True
    ) as connection:
        grow(connection, world.oak)
    many = counted_on_every_page(app, pages, world, queries)
    assert {name: n for name, (n, _) in many.items()} == {name: n for name, (n, _) in few.items()}
    for name in LISTS:
        assert many[name][1] > few[name][1] + 20 * MANY, f"{name} shows no more rows"

    lines = [f"{name} {few[name][0]}" for name in sorted(few)]
    if os.environ.get("UPDATE_QUERIES"):
        LIST.write_text("\n".join(lines) + "\n", "utf-8")
    listed = LIST.read_text("utf-8").splitlines()
    assert lines == listed, f"a page asks more or less often, or is new; if that is meant: {AGAIN}"
