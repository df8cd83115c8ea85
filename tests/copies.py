"""Many rows from one, by SQL: what the rules would take an hour for."""

from __future__ import annotations

import psycopg


def copy(
    connection: psycopg.Connection, table: str, many: str, *, of: str = "true", **changed: str
) -> None:
    """Copy a table's first row, once for each row `m` of `many`, with these columns `changed`.

    Whatever other columns the table has, they come along. `of` is the condition of
    the row that is copied.
    """
    columns = [
        row[0]
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass"
            " and attnum > 0 and not attisdropped order by attnum",
            [table],
        )
    ]
    values = ", ".join(changed.get(name, f"r.{name}") for name in columns)
    connection.execute(
        f"insert into {table} ({', '.join(columns)}) select {values}"
        f" from (select * from {table} where {of} order by id limit 1) r, {many} m"
    )
