"""Alembic's entry: run by `trustconduct migrate` with a connection of the owner."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from migrations.tables import Base

# A migration that waits behind a long transaction holds up everybody behind it.
# It gives up after four seconds and can be run again; so can a slow statement.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "4s", "5s"


def run() -> None:
    connection = context.config.attributes["connection"]
    connection.execute(
        text(
            f"select set_config('lock_timeout', '{LOCK_TIMEOUT}', false),"
            f" set_config('statement_timeout', '{STATEMENT_TIMEOUT}', false)"
        )
    )
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
