"""What every table shares, and the one place where a door commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from psycopg import Cursor
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Date, DateTime, MetaData, Select, Table, Text, Uuid
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator):
    """An instant, kept and given in UTC.

    A time without its zone is refused: read in London in summer, it would be
    an hour wrong in a letter.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """Every table. Names of constraints are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, date: Date, UUID: Uuid, str: Text}  # noqa: RUF012


def new_id() -> UUID:
    """A UUIDv7: unique, and in the order in which rows are made.

    Made here because PostgreSQL 15 cannot make one.
    """
    return uuid_utils.compat.uuid7()


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def prepared(statement: Select) -> str:
    """The SQL of a statement, made once, to be given to `straight`.

    For the few queries that a thousand parents ask at once: SQLAlchemy works
    out anew each time which SQL a statement is, and that costs more than the
    query. Columns come as psycopg gives them.
    """
    return str(statement.compile(dialect=_dialect))


def kept(statement: Select) -> tuple[str, dict[str, Any]]:
    """As `prepared`, with the values that stand fixed in the statement: those of its named
    places are None, for the caller to fill in.
    """
    compiled = statement.compile(dialect=_dialect)
    return str(compiled), dict(compiled.params)


_dialect = psycopg_dialect()


def straight(connection: Connection, sql: str, values: dict[str, Any]) -> Cursor:
    """Run a statement by psycopg alone, in the transaction that the connection is in.

    For what a thousand parents ask at once: on its way through SQLAlchemy a
    statement costs the processor as much again as psycopg does.
    """
    driver = _driver(connection, sql)
    with _as_sqlalchemy_says(connection, driver, sql):
        return driver.execute(sql, values)


def begin(connection: Connection, sql: str) -> None:
    """Begin a transaction by these statements, the first of them `begin`, in one journey.

    psycopg would make one journey for its own `begin` and another for what sets
    the scope; where it finds a transaction it begins none. The statements take no
    values: what stands in them must be our own.
    """
    driver = _driver(connection, sql)
    with _as_sqlalchemy_says(connection, driver, sql):
        result = driver.pgconn.exec_(sql.encode())
        if driver.closed:  # cut: what PostgreSQL said last is not always there
            raise psycopg.OperationalError("The connection was cut.")
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)


def _driver(connection: Connection, sql: str) -> psycopg.Connection:
    """The connection under SQLAlchemy's; who listens to its statements hears of this one."""
    connection.dispatch.before_cursor_execute(connection, None, sql, None, None, False)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


@contextmanager
def _as_sqlalchemy_says(
    connection: Connection, driver: psycopg.Connection, sql: str
) -> Iterator[None]:
    """Raise what goes wrong as SQLAlchemy would, since the pages that say so know its errors.

    A connection that broke is not used again.
    """
    try:
        yield
    except psycopg.Error as error:
        broken = driver.closed
        if broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,  # values are nobody's business
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=broken,
            dialect=connection.dialect,
        ) from error


def copy_in(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Pour rows into a temporary table, as they come; give how many.

    PostgreSQL takes no COPY into a table with row-level security: what is poured in
    here is put into those by statements that it holds to the school.
    """
    sql = f"copy {table} ({', '.join(columns)}) from stdin"
    driver = _driver(connection, sql)
    number = 0
    with (
        _as_sqlalchemy_says(connection, driver, sql),
        driver.cursor() as cursor,
        cursor.copy(sql) as copy,
    ):
        for row in rows:
            copy.write_row(row)
            number += 1
    return number


Row = tuple[Table, dict[str, Any]]


def insert_rows(session: Session, rows: Sequence[Row], *, unless: Sequence[str] = ()) -> bool:
    """Insert one row into each of several tables by one statement.

    One journey to the database instead of one a table: what a parent's answer
    costs is mostly these. With `unless`, the columns of a unique key of the
    first table, nothing at all is inserted where that key is there already, and
    False is given: so of fifty that come at once one has an effect.
    """
    shape = (tuple((table.name, tuple(row)) for table, row in rows), tuple(unless))
    if shape not in _statements:
        _statements[shape] = _statement(rows, unless)
    values = {
        f"p{n}_{name}": Jsonb(value) if isinstance(value, dict) else value
        for n, (_, row) in enumerate(rows)
        for name, value in row.items()
    }
    inserted = straight(session.connection(), _statements[shape], values).fetchone()
    return bool(inserted and inserted[0])


_statements: dict[tuple, str] = {}


def _statement(rows: Sequence[Row], unless: Sequence[str]) -> str:
    """The statement for rows of these tables and columns; the names are all our own."""
    parts = []
    for n, (table, row) in enumerate(rows):
        values = ", ".join(
            f"%(p{n}_{name})s::{table.c[name].type.compile(_dialect)}" for name in row
        )
        first = n == 0
        parts.append(
            f"r{n} as (insert into {table.name} ({', '.join(row)}) select {values}"  # noqa: S608
            + ("" if first else " from r0")
            + (f" on conflict ({', '.join(unless)}) do nothing" if first and unless else "")
            + " returning 1)"
        )
    return f"with {', '.join(parts)} select count(*) from r0"  # noqa: S608


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit what a rule did, or nothing of it.

    It takes over the transaction that loading the rows began, so that the rule
    decides on the very rows that its door looked at. Rules never commit: two
    rules called by one door must stand or fall together.
    """
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
