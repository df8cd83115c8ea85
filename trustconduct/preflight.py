"""What must be so before a process starts: whatever is wrong is one sentence now.

Without it a wrong password shows as a hundred pages of 503, a database of the last
release as a 500 on the one page that reads a new column, and a login with too many
rights not at all: row-level security would not bind it.
"""

from __future__ import annotations

from contextlib import suppress

from redis import AuthenticationError, RedisError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.base import BadSetting, Settings
from migrations.newest import is_migrated
from trustconduct.jobs.queue import connect
from trustconduct.tenants.engine import make_engine
from trustconduct.tenants.sessions import ACCOUNTS, ROLES

# What libpq says of a wrong address or login, which is no outage but a mistake.
MISTAKES = {
    "password authentication failed": "the password, or the name of the login, is wrong",
    "no password supplied": "it has no password, and PostgreSQL asks for one",
    "no pg_hba.conf entry": "PostgreSQL does not let this login in from this machine",
    "failed to resolve host": "there is no machine of that name",
    "could not translate host name": "there is no machine of that name",
    "does not exist": "there is no such database or login",
    "server does not support SSL": "PostgreSQL there speaks no TLS, which sslmode asks for",
}


def check(settings: Settings) -> None:
    """Refuse to start with settings that can't work. Raises BadSetting with one sentence.

    A server that is down is no wrong setting: its OperationalError is left to the
    caller, and a Redis that is away is waited for.
    """
    engine = make_engine(settings.DATABASE_URL, pool_size=1)
    try:
        with engine.connect() as connection:
            _refuse_rights(connection)
            _refuse_older(connection)
    except OperationalError as error:
        if why := mistake_in(error):
            raise BadSetting(f"DATABASE_URL can't be used: {why}.") from None
        raise
    finally:
        engine.dispose()
    with connect(settings.REDIS_URL) as redis:
        try:
            redis.ping()
        except AuthenticationError:
            raise BadSetting("REDIS_URL can't be used: Redis does not take its password.") from None
        except RedisError:
            return


def check_if_up(settings: Settings) -> None:
    """The same for a process that waits for a PostgreSQL that is down."""
    with suppress(OperationalError):
        check(settings)


def mistake_in(error: OperationalError) -> str:
    """What is wrong with the address, or nothing where the server is only away."""
    said = str(error.orig)
    return next((why for words, why in MISTAKES.items() if words in said), "")


def check_login(engine: Engine) -> None:
    """Refuse a login that row-level security does not bind; each web process asks again."""
    with engine.connect() as connection:
        _refuse_rights(connection)


def _refuse_rights(connection: Connection) -> None:
    strong = connection.execute(
        text(
            "select rolsuper or rolbypassrls, exists (select from pg_class c"
            " where c.relowner = r.oid and c.relkind = 'r')"
            " from pg_roles r where rolname = current_user"
        )
    ).one()
    if any(strong):
        raise BadSetting(
            "DATABASE_URL must name a login that is no superuser, owns no table and has no"
            " BYPASSRLS: see docs/operator.md."
        )


def _refuse_older(connection: Connection) -> None:
    roles = connection.scalars(
        text(
            "select rolname from pg_roles where rolname = any(:names)"
            " and pg_has_role(current_user, oid, 'member')"
        ),
        {"names": list(ROLES)},
    )
    there = False
    if not set(ROLES) - set(roles):
        connection.execute(text(f"set local role {ACCOUNTS}"))
        with suppress(ProgrammingError):  # no tables at all
            there = is_migrated(connection.scalar)
    if not there:
        raise BadSetting("The database is not up to date: run trustconduct migrate.")
