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
from sqlalchemy import select, update
from werkzeug.routing import Rule

from tests import build
from tests.browser import Browser
from tests.copies import copy
from tests.rules.test_wrong_school import NO_IDS, Crawl, ids_of, own_words
from tests.world import World, WorldSchool, consulted
from trustconduct import clock
from trustconduct.accounts.feeds import feed_of, make_feed
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.links import Purpose, fresh
from trustconduct.accounts.models import AccountLink, User, UserGrant
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.outbox.models import SchoolMessage, TrustMessage
from trustconduct.policies.editing import edit
from trustconduct.policies.fact_edits import DeclareFact
from trustconduct.web.kept import Pages

LIST = Path(__file__).parent / "queries.txt"
AGAIN = "UPDATE_QUERIES=1 .venv/bin/python -m pytest tests/rules/test_queries.py -n 0"
MANY = 60
# Pages that must be longer with more rows, or the growing below has missed them.
LISTS = {
    "answers.show",
    "console.index",
    "editions.index",
    "look_back.show",
    "mail.show",
    "own_reviews.show",
    "people.show",
    "reviews.index",
    "schools.index_view",
    "timetable.show",
    "trust_mail.index",
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
    for table in ("audit_event_school", "audit_detail_school"):
        copy(connection, table, "made", of=of, **own)
    copy(connection, "outbox_content_school", "made", of=of, **own, to_name="'Wren'")
    copy(connection, "campaign", "made", of=of, **own, number="m.n")
    copy(connection, "campaign_plan", "made", of=of, **own)
    copy(connection, "outbox_school", "made", of=of, **own, parked_at="now()")
    for table in ("audit_event_trust", "audit_detail_trust", "outbox_content_trust"):
        copy(connection, table, "made", **own)
    copy(connection, "outbox_trust", "made", **own, parked_at="now()")
    for table in ("stored_file", "stored_file_content"):
        copy(connection, table, "made", of=of, **own)
    copy(connection, "calendar_span_school", "made", of=of, **own, begins="m.n + 1100")
    copy(connection, "review_school", "made", of=f"{of} and done_on is not null", **own)
    copy(connection, "review_done_school", "made", of=of, **own)
    copy(connection, "review_school", "made", of=f"{of} and done_on is null", school_id="m.id",
         **own)  # fmt: skip
    copy(connection, "school", "made", **own, slug="'wren-' || m.n", name="'Wren ' || m.n")
    copy(connection, "policy_edition", "made", **own, number="m.n", published_at="null",
         approved_at="null", board_on="null")  # fmt: skip
    copy(connection, "policy_rollout", "made", **own, to_school_id="m.id")
    copy(connection, "timetable_run", "made", **own, error="'KeyError'",
         slot_at="now() + m.n * interval '1 minute'")  # fmt: skip
    copy(connection, "account_user", "made", **own, email="m.n || '@wren.example'", name="'Wren'")
    copy(connection, "account_grant", "made", **own, user_id="m.id")
    connection.execute("set session_replication_role = origin")


@pytest.fixture
def pages(app, world) -> dict[str, Crawl]:
    """Who asks; `half` has given the password and no code yet."""

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
    half = crawl(None)
    half.client.send("/account/sign-in", email=world.trust_users[Role.TRUST_READER].email,
                     password=build.PASSWORD, to="")  # fmt: skip
    return {
        "nobody": crawl(None),
        "half": half,
        "head": crawl(world.oak.users[Role.HEADTEACHER]),
        "officer": crawl(world.trust_users[Role.TRUST_OFFICER]),
    }


@pytest.fixture
def more_ids(world) -> dict[str, dict[str, Any]]:
    """By an endpoint or its blueprint, what its address needs and the crawl's ids have not.

    Two links of staff, a message of the Trust that was given up, a role. One of the
    school's was given up as well: it is a task. The school has words of its own, and is
    taking up an edition.
    """
    own_words(world)
    guest_id, said = consulted(world)
    with world.sessions.accounts() as session, transaction(session):
        officer, reader = build.an_officer(), world.trust_users[Role.TRUST_READER]
        invited = invite(
            session, by=officer, email="wren@trust.example", name="Wren", trust_name="Lantern",
            grants=[Grant(Role.TRUST_READER)],
        )  # fmt: skip
        link = select(AccountLink).where(AccountLink.user_id == invited.id)
        invitation = a_link(Purpose.INVITE, session.scalars(link).one())
        fresh(session, session.get_one(User, reader.id), Purpose.RESET)
        link = select(AccountLink).where(AccountLink.user_id == reader.id)
        reset = a_link(Purpose.RESET, session.scalars(link).one())
        role = session.scalars(
            select(UserGrant.id).where(UserGrant.user_id == world.ash.users[Role.GOVERNOR].id)
        ).one()
        head = session.get_one(User, world.oak.users[Role.HEADTEACHER].id)
        make_feed(session, head, by=officer)
        feed = feed_of(session, head.id, build.SECRET_KEY)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        one = select(SchoolMessage.id).limit(1).scalar_subquery()
        session.execute(
            update(SchoolMessage).where(SchoolMessage.id == one).values(parked_at=clock.now())
        )
    with world.sessions.trust() as session, transaction(session):
        message = session.scalars(
            update(TrustMessage).values(parked_at=clock.now()).returning(TrustMessage.id)
        ).first()
        edition = build.a_draft(session)
        fact = DeclareFact("school.bus_line", "Bus line", "The school bus.", "telephone")
        edit(session, edition, fact, by=officer)
        draft = {"number": edition.number, "fact_name": fact.name}
    return {
        "languages.one": {"code": "ur"},
        "languages.clause": {"code": "ur", "clause_id": "behaviour.1"},
        **{f"editions.{page}": draft for page in EDITING},
        "guests": {
            "guest_id": guest_id,
            "secret": token(build.SECRET_KEY, "consultation", guest_id, 1),
        },
        "editions.comment": said,
        "feed": {"feed_id": feed.feed_id, "secret": feed.secret},
        "mailed": {"place": "invitation", **invitation},
        "mailed.open_reset": reset,
        "mailed.new_password": reset,
        "trust_mail": {"message_id": message},
        "users": {"grant_id": role},
    }


# The pages that are there for a draft alone.
EDITING = (
    "edit", "changes", "header", "clause", "add", "section", "add_section",
    "fact", "facts", "add_fact",
)  # fmt: skip


def a_link(purpose: Purpose, row: AccountLink) -> dict[str, Any]:
    secret = token(build.SECRET_KEY, purpose.value, row.id, row.generation)
    return {"link_id": row.id, "secret": secret}


def who_opens(rule: Rule, needs: Any) -> str:
    """Parents are nobody, a school's pages are its head's, the console's the officer's."""
    if rule.endpoint in ("account.code", "account.recovery_code"):
        return "half"
    if needs is None:
        own = rule.endpoint.startswith(("account.", "you.", "confirm."))
        return "head" if own else "nobody"
    return "head" if "school" in rule.arguments else "officer"


def counted_on_every_page(
    app: Any, pages: dict[str, Crawl], world: World, more_ids: Any, queries: Any
) -> Any:
    """Each page's queries and its length, by endpoint. Asked three times: the last one counts.

    The first prints a PDF, upon which pages that say how large it is are made anew.
    """
    engine = app.extensions["trustconduct"].sessions.engine
    found: dict[str, tuple[int, int]] = {}
    # Backwards: a link with its secret is opened before the page that then needs its cookie.
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule, reverse=True):
        if "GET" not in rule.methods or rule.endpoint in NO_IDS:
            continue
        crawl = pages[who_opens(rule, app.view_functions[rule.endpoint].needs)]
        more = more_ids.get(rule.endpoint.partition(".")[0], {})
        ids = {**ids_of(rule, world).own, **more, **more_ids.get(rule.endpoint, {})}
        for _ in range(2):
            crawl.open(rule, "GET", ids)
        with queries(engine) as counted:
            response = crawl.open(rule, "GET", ids)
        assert response.status_code < 400, (rule.endpoint, response.status)
        found[rule.endpoint] = (counted.n, len(response.get_data()))
    return found


def test_a_page_asks_as_often_for_sixty_rows_as_for_one(
    app, world, servers, pages, more_ids, queries, monkeypatch
):
    # Looked at again once a second, a page would cost one query more on a slow machine.
    monkeypatch.setattr(Pages, "SECONDS", 600.0)
    few = counted_on_every_page(app, pages, world, more_ids, queries)
    with psycopg.connect(
        servers.superuser_url(world.name).replace("+psycopg", ""), autocommit=True
    ) as connection:
        grow(connection, world.oak)
    many = counted_on_every_page(app, pages, world, more_ids, queries)
    assert {name: n for name, (n, _) in many.items()} == {name: n for name, (n, _) in few.items()}
    for name in LISTS:
        assert many[name][1] > few[name][1] + 20 * MANY, f"{name} shows no more rows"

    lines = [f"{name} {few[name][0]}" for name in sorted(few)]
    if os.environ.get("UPDATE_QUERIES"):
        LIST.write_text("\n".join(lines) + "\n", "utf-8")
    listed = LIST.read_text("utf-8").splitlines()
    assert lines == listed, f"a page asks more or less often, or is new; if that is meant: {AGAIN}"
