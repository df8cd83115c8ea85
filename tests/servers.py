"""The servers of one test run, and databases made from templates.

They are started by whoever needs them first, so that the static checks need
none, and stopped by the process that the person started. `make test-services`
(tests/debian.py) brings servers of its own, and says so by TEST_SUPERUSER_URL:
never by DATABASE_URL alone, which may be somebody's service.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url

from migrations.run import migrate
from tests import world
from trustconduct import embedded
from trustconduct.tenants.sessions import Sessions

RUNS = Path(tempfile.gettempdir()) / "trustconduct-tests"
EMPTY, GROUND, WORLD = "tc_empty", "tc_ground", "tc_world"
# Whether the servers are others than the embedded ones, which tests of those must know.
OTHERS = "TEST_SUPERUSER_URL" in os.environ


def new_run() -> Path:
    """A folder for this run's servers. Those of runs that were killed are stopped first."""
    RUNS.mkdir(exist_ok=True)
    for left in RUNS.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            end_run(left)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=RUNS))


def end_run(run: Path) -> None:
    """The folder of runs stays: another run may be about to make its own in it."""
    embedded.erase(run)
    shutil.rmtree(run, ignore_errors=True)


_engines: dict[Any, Engine] = {}


@dataclass(frozen=True)
class Servers:
    services: embedded.Services
    run: Path

    @classmethod
    def of_run(cls, run: Path) -> Servers:
        """Start the servers and fill the templates, once a run; later callers find them."""
        with _alone(run):
            servers = cls(_others() if OTHERS else embedded.start(run, fsync=False), run)
            if not (run / "world.pickle").exists():
                servers._fill_templates()
        return servers

    def _fill_templates(self) -> None:
        for name in (EMPTY, GROUND, WORLD):  # of an attempt that failed
            self.drop(name)
        self.create(EMPTY, "trustconduct")
        migrate(self.owner_url(EMPTY), self.url(EMPTY))
        self.create(GROUND, EMPTY)
        with self.open(GROUND) as engine:
            ground = world.make_ground(Sessions(engine))
        self.create(WORLD, GROUND)
        with self.open(WORLD) as engine:
            whole = world.make_world(Sessions(engine), ground)
        (self.run / "ground.pickle").write_bytes(pickle.dumps(ground))
        (self.run / "world.pickle").write_bytes(pickle.dumps(whole))

    def ground(self) -> world.World:
        return pickle.loads((self.run / "ground.pickle").read_bytes())

    def world(self) -> world.World:
        return pickle.loads((self.run / "world.pickle").read_bytes())

    def url(self, name: str) -> str:
        return _of_database(self.services.database_url, name)

    def owner_url(self, name: str) -> str:
        return _of_database(self.services.database_owner_url, name)

    def backup_url(self, name: str) -> str:
        return _of_database(self.services.database_backup_url, name)

    def superuser_url(self, name: str) -> str:
        return _of_database(self.services.database_superuser_url, name)

    def redis_url(self, number: int) -> str:
        """One of the sixteen databases of Valkey or Redis."""
        url = self.services.redis_url
        if url.startswith("unix:"):
            return url.replace("db=0", f"db={number}")
        return f"{url.rpartition('/')[0]}/{number}"

    def create(self, name: str, template: str) -> None:
        """Copy a template. By its files: by the log, as PostgreSQL does else, takes four times
        as long.
        """
        with self._superuser() as connection:
            connection.execute(
                sql.SQL(
                    "create database {} template {} owner trustconduct_owner strategy file_copy"
                ).format(sql.Identifier(name), sql.Identifier(template))
            )

    def drop(self, name: str) -> None:
        with self._superuser() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    @contextmanager
    def open(self, name: str, **more) -> Iterator[Engine]:
        """An engine of the service's login. A connection left open fails the test.

        The same one for the same database, since it knows by then how each statement is
        compiled; its connections are new.
        """
        key = (self.url(name), *sorted(more.items()))
        if key not in _engines:
            _engines[key] = create_engine(self.url(name), **more)
        engine = _engines[key]
        try:
            yield engine
            assert engine.pool.checkedout() == 0, "a session was not closed"
        finally:
            engine.dispose()

    @contextmanager
    def _superuser(self) -> Iterator[psycopg.Connection]:
        url = self.services.database_superuser_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


def _of_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _others() -> embedded.Services:
    """The servers that the environment names."""
    return embedded.Services(
        database_url=os.environ["DATABASE_URL"],
        database_owner_url=os.environ["DATABASE_OWNER_URL"],
        database_backup_url=os.environ["DATABASE_BACKUP_URL"],
        database_superuser_url=os.environ["TEST_SUPERUSER_URL"],
        redis_url=os.environ["REDIS_URL"],
        sockets="",
    )


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
