"""The servers of one test run, and databases made from templates.

They are started by whoever needs them first, so that the static checks need
none, and stopped by the process that the person started.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine

from migrations.run import migrate
from tests import world
from trustconduct import embedded
from trustconduct.tenants.sessions import Sessions

RUNS = Path(tempfile.gettempdir()) / "trustconduct-tests"
EMPTY, GROUND, WORLD = "tc_empty", "tc_ground", "tc_world"


def new_run() -> Path:
    """A folder for this run's servers. Those of runs that were killed are stopped first."""
    RUNS.mkdir(exist_ok=True)
    for left in RUNS.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            end_run(left)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=RUNS))


def end_run(run: Path) -> None:
    embedded.erase(run)
    shutil.rmtree(run, ignore_errors=True)
    with suppress(OSError):
        RUNS.rmdir()


@dataclass(frozen=True)
class Servers:
    services: embedded.Services
    run: Path

    @classmethod
    def of_run(cls, run: Path) -> Servers:
        """Start the servers and fill the templates, once a run; later callers find them."""
        with _alone(run):
            servers = cls(embedded.start(run, fsync=False), run)
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
        return self.services.database_url.replace("/trustconduct?", f"/{name}?")

    def owner_url(self, name: str) -> str:
        return self.services.database_owner_url.replace("/trustconduct?", f"/{name}?")

    def superuser_url(self, name: str) -> str:
        return self.services.database_superuser_url.replace("/postgres?", f"/{name}?")

    def create(self, name: str, template: str) -> None:
        with self._superuser() as connection:
            connection.execute(
                sql.SQL("create database {} template {} owner trustconduct_owner").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def drop(self, name: str) -> None:
        with self._superuser() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    @contextmanager
    def open(self, name: str, **more) -> Iterator[Engine]:
        """An engine of the service's login. A connection left open fails the test."""
        engine = create_engine(self.url(name), **more)
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


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
