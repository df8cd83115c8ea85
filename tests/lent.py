"""Databases that tests borrow: each finds exactly the template's rows, and may do what it likes.

Copying a template takes half a second of both processors, and most tests change a
few rows or none. So a worker keeps one copy of each template. When it comes back,
whatever has changed is put right: PostgreSQL notes on every row which transaction
wrote it (`xmin`), so a table is as it was if it has as many rows as before and none
is younger than the copy. Tables that differ get their rows anew. A copy whose
tables, rights, policies or settings were touched is thrown away, and so is one that
can't be reached or has grown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.servers import Servers

TABLES = """
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""
# Whatever a statement that defines something writes to, but for statistics.
CATALOGUES = (
    "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_proc", "pg_policy",
    "pg_trigger", "pg_type", "pg_namespace", "pg_rewrite", "pg_extension", "pg_default_acl",
    "pg_description", "pg_event_trigger",
)  # fmt: skip
SETTINGS = """
    select 'its settings', count(*) + (select count(*) from pg_db_role_setting),
        max(xmin::text::int8)
    from pg_database where datname = current_database()
"""
SEQUENCES = "select 'sequences', coalesce(sum(last_value), 0)::int8, 0::int8 from pg_sequences"
END_OTHERS = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
# A table with more dead or living rows than this is slower to read than a copy is to make.
MANY = 2_000


class Changed(Exception):
    """More than rows: the copy can't be put right."""


class Copy:
    """One copy of a template."""

    def __init__(self, name: str, connection: psycopg.Connection) -> None:
        self.name = name
        self._connection = connection
        self.tables = [row[0] for row in connection.execute(TABLES)]
        count = "select {0}, count(*), coalesce(max(xmin::text::int8), 0) from {1}"
        counts = [
            sql.SQL(count).format(each, sql.SQL(each)) for each in (*self.tables, *CATALOGUES)
        ]
        self._look = sql.SQL(" union all ").join([*counts, sql.SQL(SETTINGS), sql.SQL(SEQUENCES)])
        self._rows = {each: self._read(each) for each in self.tables}
        self._counted = {what: n for what, n, _ in self._looked()}
        self._written = 0
        self._newest = self._now()

    def put_right(self) -> None:
        """Make it what the template is. Raises Changed or psycopg.Error if that can't be."""
        self._connection.execute(END_OTHERS)
        wrong = [
            what
            for what, n, newest in self._looked()
            if n != self._counted[what] or newest > self._newest
        ]
        if not wrong:
            return
        if others := set(wrong) - set(self.tables):
            raise Changed(others)
        with self._connection.transaction():
            # No trigger fires and no reference is checked: the rows fitted before.
            self._connection.execute("set local session_replication_role = replica")
            for table in wrong:
                self._written += self._connection.execute(f"delete from {table}").rowcount
            for table in wrong:
                with self._connection.cursor().copy(
                    f"copy {table} from stdin (format binary)"
                ) as into:
                    into.write(self._rows[table])
            self._newest = self._now()
        if self._written > MANY:
            raise Changed("too many rows were written")

    def close(self) -> None:
        self._connection.close()

    def _looked(self) -> list[tuple[str, int, int]]:
        return self._connection.execute(self._look, prepare=True).fetchall()

    def _read(self, table: str) -> bytes:
        with self._connection.cursor().copy(f"copy {table} to stdout (format binary)") as rows:
            return b"".join(bytes(each) for each in rows)

    def _now(self) -> int:
        """The number of a transaction after all those that wrote what is there."""
        [[number]] = self._connection.execute("select pg_current_xact_id()::text::int8")
        return number


class Lent:
    """A worker's copies, one of each template."""

    def __init__(self, servers: Servers, new_name: Callable[[str], str]) -> None:
        self._servers, self._new_name = servers, new_name
        self._free: dict[str, Copy] = {}

    @contextmanager
    def of(self, template: str) -> Iterator[str]:
        """The name of a database that is as the template."""
        copy = self._free.pop(template, None) or self._new(template)
        try:
            yield copy.name
        finally:
            try:
                copy.put_right()
            except (Changed, psycopg.Error):
                self._throw_away(copy)
            else:
                self._free[template] = copy

    def end(self) -> None:
        for copy in self._free.values():
            self._throw_away(copy)

    def _new(self, template: str) -> Copy:
        name = self._new_name(template.removeprefix("tc_"))
        self._servers.create(name, template)
        url = self._servers.superuser_url(name).replace("+psycopg", "")
        return Copy(name, psycopg.connect(url, autocommit=True))

    def _throw_away(self, copy: Copy) -> None:
        copy.close()
        self._servers.drop(copy.name)
