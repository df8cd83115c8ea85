"""A database that a test had is as the template before the next test has it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.lent import TABLES, Lent
from tests.servers import WORLD, Servers


@pytest.fixture
def lent(servers: Servers, worker_id: str) -> Iterator[Lent]:
    lent = Lent(servers, lambda what: f"tc_lent_{worker_id}_{what}")
    yield lent
    lent.end()


def reach(servers: Servers, name: str) -> psycopg.Connection:
    url = servers.superuser_url(name).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def rows(servers: Servers, name: str) -> dict[str, list[str]]:
    with reach(servers, name) as connection:
        tables = [row[0] for row in connection.execute(TABLES)]
        return {
            each: sorted(row[0] for row in connection.execute(f"select t::text from {each} t"))
            for each in tables
        }


# What a row is made of; PostgreSQL works out the rest by itself.
COLUMNS = """
    select quote_ident(attname) from pg_attribute
    where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    order by attnum
"""


@pytest.mark.parametrize(
    "change",
    [
        "delete from {}",
        "create temporary table copied as select {1} from {0}; delete from {0};"
        " insert into {0} ({1}) select * from copied",
        "begin; delete from {0} where ctid = (select ctid from {0} limit 1); commit",
    ],
)
def test_every_table_has_its_rows_again(servers, lent, change):
    with lent.of(WORLD) as name:
        before = rows(servers, name)
        with reach(servers, name) as connection:
            connection.execute("set session_replication_role = replica")
            for table in before:
                columns = ", ".join(row[0] for row in connection.execute(COLUMNS, [table]))
                statement = change.format(table, columns).replace("copied", f"copied_{table}")
                connection.execute(statement)
    with lent.of(WORLD) as again:
        assert rows(servers, again) == before
        assert len(before["adult"]) > 3


def test_a_row_that_was_changed_is_as_before(servers, lent):
    with lent.of(WORLD) as name:
        before = rows(servers, name)
        with reach(servers, name) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute("update adult set name = 'Somebody else'")
    with lent.of(WORLD) as again:
        assert again == name, "it was made anew, for a few rows"
        assert rows(servers, again) == before


@pytest.mark.parametrize(
    "change",
    [
        "truncate adult cascade",
        "alter table adult disable row level security",
        "grant delete on trust to tc_school",
        "grant update (name) on trust to tc_school",
        "create table left_behind ()",
        "drop policy {policy} on adult",
        "alter table audit_event_school disable trigger all",
        "alter database {name} set work_mem = '8MB'",
        "alter database {name} connection limit 50",
    ],
)
def test_more_than_rows_was_changed_and_the_next_test_has_another(servers, lent, change):
    with lent.of(WORLD) as name, reach(servers, name) as connection:
        [[policy]] = connection.execute(
            "select polname from pg_policy where polrelid = 'adult'::regclass limit 1"
        )
        table = connection.execute(
            "select tgrelid::regclass::text from pg_trigger where not tgisinternal limit 1"
        ).fetchone()[0]
        changed = change.replace("audit_event_school", table)
        connection.execute(changed.format(policy=policy, name=name))
        old = connection.execute(
            "select oid from pg_database where datname = current_database()"
        ).fetchone()
    with lent.of(WORLD) as again, reach(servers, again) as connection:
        assert (
            old
            != connection.execute(
                "select oid from pg_database where datname = current_database()"
            ).fetchone()
        )


def test_a_connection_that_a_test_left_open_is_ended(servers, lent):
    with lent.of(WORLD) as name:
        left = reach(servers, name)
    with pytest.raises(psycopg.OperationalError):
        left.execute("select 1")
