"""Migrations: they add up to the models, and each goes down and up with rows in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from migrations.run import HERE, alembic, migrate
from migrations.tables import MODULES, Base
from tests import build
from tests.rules.tables import ACCOUNTS_TABLES, NOBODYS_TABLES, SCHOOL_TABLES, TRUST_TABLES
from tests.servers import EMPTY, Servers
from tests.world import consulted, signed_off
from trustconduct import clock
from trustconduct.accounts.factors import make_codes
from trustconduct.accounts.feeds import make_feed
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.kept_forms import Owner, Typed, keep
from trustconduct.accounts.signing_in import begin_whole
from trustconduct.accounts.throttle import Doing, try_once
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer
from trustconduct.acknowledgements.paper_models import How
from trustconduct.audit.actor import Grant, Role
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.models import Adult
from trustconduct.policies.editing import HeaderFields, begin_next, change_header
from trustconduct.policies.editions import newest_published
from trustconduct.reviews.models import TrustReminder
from trustconduct.schools.calendars import mark, save_year
from trustconduct.schools.inherited import Given, give_schools
from trustconduct.schools.notices import record_for_both
from trustconduct.schools.start import Head, ask_head
from trustconduct.tenants.calendars import Kind, Span
from trustconduct.tenants.models import School


def revisions() -> list[str]:
    """Every revision, the oldest first."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    return [each.revision for each in script.walk_revisions()][::-1]


@contextmanager
def owner(servers: Servers, name: str) -> Iterator[Connection]:
    engine = create_engine(servers.owner_url(name))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_the_migrations_add_up_to_the_models(servers):
    assert MODULES
    with owner(servers, EMPTY) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_module_with_tables_is_known_to_the_migrations():
    listed = SCHOOL_TABLES | TRUST_TABLES | ACCOUNTS_TABLES
    assert Base.metadata.tables.keys() == listed


def test_the_revisions_are_numbered_in_one_row():
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]


CATALOGUE = """
select 'column', table_name || '.' || column_name, data_type || is_nullable
from information_schema.columns where table_schema = 'public'
union all select 'policy', tablename || '.' || policyname, roles::text || cmd ||
  coalesce(qual, '') || coalesce(with_check, '')
from pg_policies
union all select 'key', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'public'::regnamespace
union all select 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
from pg_index where indrelid in
  (select oid from pg_class where relnamespace = 'public'::regnamespace)
union all select 'rights', relname, relacl::text || relrowsecurity || relforcerowsecurity
from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
union all select 'rights', attrelid::regclass || '.' || attname, attacl::text
from pg_attribute where attacl is not null and not attisdropped and attrelid in
  (select oid from pg_class where relnamespace = 'public'::regnamespace)
union all select 'trigger', tgname || tgrelid::regclass, pg_get_triggerdef(oid)
from pg_trigger where not tgisinternal
order by 1, 2, 3
"""


def catalogue(connection: Connection) -> list[tuple]:
    found = [tuple(row) for row in connection.execute(text(CATALOGUE))]
    connection.rollback()
    return found


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table holds, whoever may see them."""
    found = (
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    )
    names = list(connection.scalars(text(found)))
    counts = {
        name: connection.scalar(text(f"select count(*) from {name}")) or 0
        for name in names
        if name not in NOBODYS_TABLES
    }
    connection.rollback()
    return counts


@contextmanager
def superuser(servers: Servers, name: str) -> Iterator[Connection]:
    engine = create_engine(servers.superuser_url(name))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


# What a release before would get wrong, so that going down to it is refused: each has a test.
REFUSE = {"policy_withdrawal"}
# Rows that go because the release before would take them for something else.
GO = {"0010": {"account_grant": 1}}  # a role with days would be one for good
# Rows that a migration begins for what is there already.
BEGIN = {
    "0024": {"policy_rollout": 3},  # one edition is published, and there are three schools
    "0032": {"campaign_plan": 3},  # each school has asked once
}


def test_each_migration_goes_down_and_up_again_with_rows_in_it(world, servers):
    fill_the_rest(world)
    with owner(servers, world.name) as connection, superuser(servers, world.name) as all_rows:
        whole, counted = catalogue(connection), rows(all_rows)
        assert len(whole) > 300
        assert {name for name, many in counted.items() if not many} == REFUSE
        numbers = revisions()
        for revision, before in zip(numbers[::-1], [*numbers[-2::-1], "base"], strict=True):
            alembic(connection, command.downgrade, before)
            below, kept = catalogue(connection), rows(all_rows)
            gone = {name: counted[name] - many for name, many in kept.items()}
            lost = {name: many for name, many in gone.items() if many}
            assert lost == GO.get(revision, {}), f"{revision} loses rows"
            alembic(connection, command.upgrade, revision)
            assert catalogue(connection) != below, f"{revision} does nothing"
            again = rows(all_rows)
            begun = {name: kept.get(name, 0) for name in again} | BEGIN.get(revision, {})
            assert again == begun, f"{revision} loses rows"
            alembic(connection, command.downgrade, before)
            assert catalogue(connection) == below, f"{revision} leaves something behind"
            counted = rows(all_rows)
        assert {row[1].split(".")[0] for row in below if row[0] == "column"} == NOBODYS_TABLES
        alembic(connection, command.upgrade, "head")
        assert catalogue(connection) == whole


def test_who_answered_without_a_campaign_gets_one_in_the_release_before(world, servers):
    name = f"Chris {world.oak.canary}"
    with world.sessions.school(world.oak.id) as session, transaction(session):
        chris = session.get_one(Adult, (world.oak.id, world.oak.adults[name]))
        today = clock.today()
        answer = Keyed(Answer.SIGNED, How.PAPER, "Chris", today, today)
        assert key_answer(session, chris, answer, by=world.oak.head)
    none = text("select count(*) from sign_request where campaign_id is null")
    both = text(
        "select count(*), count(p.id) from campaign c"
        " left join campaign_plan p on p.school_id = c.school_id and p.id = c.id"
    )
    with owner(servers, world.name) as connection, superuser(servers, world.name) as all_rows:
        assert all_rows.scalar(none) == 1
        all_rows.rollback()
        alembic(connection, command.downgrade, "0032")
        assert all_rows.scalar(none) == 0
        assert tuple(all_rows.execute(both).one()) == (4, 4)
        all_rows.rollback()
        alembic(connection, command.upgrade, "head")


def fill_the_rest(world) -> None:
    """A row in each table in which the world has none."""
    officer = build.an_officer()
    consulted(world)
    signed_off(world)
    with world.sessions.trust() as session, transaction(session):
        school = session.get_one(School, world.oak.id)
        ask_head(session, school, Head("Jo Sample", "jo@sample.example"), by=officer)
        record_for_both(session, Event.SCHOOL_RESUMED, school, by=officer, since="2026-05-04")
        draft = begin_next(session, build.the_edition(session), by=officer)
        before = HeaderFields.of(draft)
        after = replace(before, author="Somebody else")
        trust = build.the_trust(session)
        app = {"app_name": Given("Arbor")}
        give_schools(session, app, by=officer, seen_version=trust.version)
        change_header(session, draft, after, by=officer, seen=before.mark)
        autumn = Span(date(2031, 9, 3), date(2031, 12, 19), Kind.TERM, "autumn")
        save_year(session, 2031, [autumn], by=officer, seen=mark(()))
        session.add(
            TrustReminder(kind="two_terms", subject_id=draft.id, local_day=date(2031, 9, 3))
        )
    with world.sessions.accounts() as session, transaction(session):
        user = invite(
            session,
            by=officer,
            email="nia@trust.example",
            name="Nia Sample",
            grants=[Grant(Role.TRUST_READER)],
            trust_name="Lantern Trust",
            last_on=date(2031, 9, 3),
        )
        make_codes(session, user, by=officer, sealer=build.SEALER)
        begin_whole(session, user)
        make_feed(session, user, by=replace(officer, id=user.id))
        owner = Owner(user.id, "a browser")
        keep(session, Typed("/admin/trust/", "a form", "", ()), owner=owner, key="k" * 32)
        try_once(session, build.SEALER, Doing.PASSWORD, user.email, "192.0.2.1")


def test_the_words_of_older_tables_survive_what_comes_after(world, servers):
    with owner(servers, world.name) as connection:
        alembic(connection, command.downgrade, "0004")
        alembic(connection, command.upgrade, "head")
    with world.sessions.school(world.oak.id) as session:
        name = session.scalar(text("select app_name from school_settings"))
        assert name == f"App {world.oak.canary}"


def test_what_was_published_before_there_were_days_is_still_offered_to_all_without_one(
    world, servers
):
    with owner(servers, world.name) as connection:
        alembic(connection, command.downgrade, "0023")
        alembic(connection, command.upgrade, "head")
    with world.sessions.trust() as session:
        rows = session.execute(text("select adopt_by_on, asked_at from policy_rollout")).all()
    assert [row.adopt_by_on for row in rows] == [None] * len(world.schools)
    with world.sessions.school(world.oak.id) as session:
        edition = newest_published(session)
        assert edition is not None
        assert edition.number == 1


def test_a_migration_does_not_wait_long_for_a_lock_nor_run_for_long(servers):
    with owner(servers, EMPTY) as connection:
        alembic(connection, command.upgrade, "head")
        assert connection.scalar(text("show lock_timeout")) == "4s"
        assert connection.scalar(text("show statement_timeout")) == "5s"


def test_the_owner_migrates_an_empty_database_without_a_superuser(servers):
    """btree_gist is a trusted extension, and `trustconduct migrate` adds it by itself."""
    name = "tc_bare"
    servers.create(name, "template0")
    try:
        migrate(servers.owner_url(name), servers.url(name))
        with owner(servers, name) as connection:
            assert (
                connection.scalar(text("select rolsuper from pg_roles where rolname = user"))
                is False
            )
            assert connection.scalar(
                text("select count(*) from pg_extension where extname = 'btree_gist'")
            )
    finally:
        servers.drop(name)


def test_migrating_again_changes_nothing(world, servers):
    with owner(servers, world.name) as connection:
        before = catalogue(connection)
        migrate(servers.owner_url(world.name), world.url)
        assert catalogue(connection) == before
        forces = connection.scalar(text("select count(*) from police_force"))
    assert forces > 40


@pytest.mark.static
def test_no_migration_makes_or_drops_a_role():
    """Roles belong to the whole server: two databases migrated at once would collide."""
    for path in (HERE / "versions").glob("*.py"):
        words = path.read_text("utf-8").lower()
        assert "create role" not in words, path.name
        assert "drop role" not in words, path.name
