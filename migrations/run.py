"""`trustconduct migrate`: the roles, the tables, and the reference data, in this order."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.dialects.postgresql import insert

from trustconduct.tenants.models import PoliceForce
from trustconduct.tenants.sessions import ROLES, SCHOOL

HERE = Path(__file__).resolve().parent


def migrate(owner_url: str, login_url: str, revision: str = "head") -> None:
    """Bring a database to a revision; run it again and nothing changes.

    The three roles belong to the whole server, so they are made here and by no
    migration: two databases that are migrated at once would collide.
    """
    engine = create_engine(owner_url)
    try:
        make_roles(engine, make_url(login_url).username or "")
        with engine.connect() as connection:
            # A trusted extension: the database's owner may add it without a superuser.
            connection.execute(text("create extension if not exists btree_gist"))
            # A school's roll is compared in temporary tables: see people/matching.py.
            quote = connection.dialect.identifier_preparer.quote
            name = quote(make_url(owner_url).database or "")
            connection.execute(text(f"grant temporary on database {name} to {SCHOOL}"))
            connection.commit()
            alembic(connection, command.upgrade, revision)
        if revision == "head":
            with engine.begin() as connection:
                load_police_forces(connection)
    finally:
        engine.dispose()


def alembic(connection: Connection, run, revision: str) -> None:
    """Run one of Alembic's commands over an open connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    run(config, revision)


def make_roles(engine: Engine, login: str) -> None:
    """Make the roles of the three scopes and let the service's login step into them.

    The login itself inherits nothing: outside a scope it may do nothing at all.
    """
    with engine.begin() as connection:
        # Two that migrate at once take turns.
        connection.execute(text("select pg_advisory_xact_lock(hashtext('trustconduct.roles'))"))
        there = set(
            connection.scalars(
                text("select rolname from pg_roles where rolname = any(:names)"),
                {"names": list(ROLES)},
            )
        )
        quote = connection.dialect.identifier_preparer.quote
        for role in ROLES:
            if role not in there:
                connection.execute(text(f"create role {role} nologin noinherit"))
            granted = connection.scalar(
                text("select pg_has_role(:login, :role, 'member')"), {"login": login, "role": role}
            )
            if not granted:
                connection.execute(text(f"grant {role} to {quote(login)}"))


def load_police_forces(connection: Connection) -> None:
    """Bring the police forces up to the list that ships with this release."""
    found = resources.files("trustconduct.tenants").joinpath("police_forces.json")
    forces = json.loads(found.read_text("utf-8"))
    new = insert(PoliceForce).values(forces)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={name: new.excluded[name] for name in forces[0] if name != "id"},
        )
    )
