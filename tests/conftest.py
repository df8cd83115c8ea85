"""What the tests stand on: real servers, a database of their own, and a strict browser."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import time_machine
from jinja2 import FileSystemBytecodeCache
from redis import Redis
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from config.base import Settings
from tests.browser import Browser
from tests.build import SECRET_KEY
from tests.lent import Lent
from tests.mail import Mailbox
from tests.servers import GROUND, WORLD, Servers, end_run, new_run
from tests.world import World
from trustconduct.tenants.engine import make_engine
from trustconduct.tenants.sessions import ScopedSession, Sessions

RUN = pytest.StashKey[Path]()
CLOCK = pytest.StashKey[Any]()
_numbers = count()


# -- the run


def pytest_configure(config: pytest.Config) -> None:
    # Each test makes an app of many thousand objects: looking through all of them as often
    # as Python does by itself is a fifth of the run.
    gc.set_threshold(50_000, 25, 25)
    config.addinivalue_line(
        "markers", "static: reads files only; `make check` runs these, in seconds"
    )
    # How long one example takes says what else the machine does, and nothing of our code.
    hypothesis.settings.register_profile("house", deadline=None)
    hypothesis.settings.load_profile("house")
    if worker := getattr(config, "workerinput", None):
        config.stash[RUN] = Path(worker["run"])
    else:
        config.stash[RUN] = new_run()
        # Ended by `kill`: clean up as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if at := os.environ.get("TEST_CLOCK"):
        config.stash[CLOCK] = time_machine.travel(at, tick=True)
        config.stash[CLOCK].start()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()  # what is imported by now stays


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run"] = str(node.config.stash[RUN])


def pytest_unconfigure(config: pytest.Config) -> None:
    if clock := config.stash.get(CLOCK, None):
        clock.stop()
    if not hasattr(config, "workerinput") and (run := config.stash.get(RUN, None)):
        end_run(run)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    return Servers.of_run(pytestconfig.stash[RUN])


def _new_name(what: str) -> str:
    return f"tc_{what}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"


# -- one scope: everything is rolled back


@pytest.fixture(scope="session")
def _rules(servers: Servers) -> Iterator[tuple[Sessions, World]]:
    name = _new_name("rules")
    servers.create(name, GROUND)
    with servers.open(name) as engine:
        yield Sessions(engine), servers.ground()


@pytest.fixture
def sessions(_rules: tuple[Sessions, World]) -> Sessions:
    """Over a database of the worker's, for tests that commit nothing."""
    return _rules[0]


@pytest.fixture
def schools(_rules: tuple[Sessions, World]) -> World:
    """The ids of the three schools behind `oak`, `elm` and `trust`."""
    return _rules[1]


@contextmanager
def _rolled_back(session: ScopedSession) -> Iterator[ScopedSession]:
    """A rule never commits. A test that does would leave its rows to the next one."""

    def refuse(_: Any) -> None:
        raise AssertionError("A test that commits takes `world`: this database is shared.")

    event.listen(session, "before_commit", refuse)
    try:
        yield session
    finally:
        session.rollback()
        session.close()


@pytest.fixture
def oak(sessions: Sessions, schools: World) -> Iterator[ScopedSession]:
    with _rolled_back(sessions.school(schools.oak.id)) as session:
        yield session


@pytest.fixture
def elm(sessions: Sessions, schools: World) -> Iterator[ScopedSession]:
    with _rolled_back(sessions.school(schools.elm.id)) as session:
        yield session


@pytest.fixture
def trust(sessions: Sessions) -> Iterator[ScopedSession]:
    with _rolled_back(sessions.trust()) as session:
        yield session


@pytest.fixture
def accounts(sessions: Sessions) -> Iterator[ScopedSession]:
    with _rolled_back(sessions.accounts()) as session:
        yield session


# -- two scopes, HTTP or jobs: a database of one's own


@pytest.fixture(scope="session")
def lent(servers: Servers) -> Iterator[Lent]:
    lent = Lent(servers, _new_name)
    yield lent
    lent.end()


@contextmanager
def _own(servers: Servers, name: str, ids: World) -> Iterator[World]:
    # More connections than the default fifteen: some tests have fifty threads.
    with servers.open(name, pool_size=4, max_overflow=20) as engine:
        yield replace(ids, name=name, url=servers.url(name), sessions=Sessions(engine))


@pytest.fixture
def world(servers: Servers, lent: Lent) -> Iterator[World]:
    """The whole world, committed, in a database that only this test has."""
    with lent.of(WORLD) as name, _own(servers, name, servers.world()) as world:
        yield world


@pytest.fixture
def ground(servers: Servers, lent: Lent) -> Iterator[World]:
    """A Trust, three schools without anything and one edition, to commit to."""
    with lent.of(GROUND) as name, _own(servers, name, servers.ground()) as ground:
        yield ground


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """A database of Valkey's that no test just before had: one that ends may still write."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    number = int(worker) % 3 * 5 + next(_numbers) % 5
    return servers.redis_url(number)


@pytest.fixture
def valkey(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        redis.flushdb()
        yield redis


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def settings(
    world: World, servers: Servers, valkey: Redis, redis_url: str, tmp_path: Path
) -> Settings:
    return Settings(
        DATABASE_URL=world.url,
        DATABASE_OWNER_URL=servers.owner_url(world.name),
        REDIS_URL=redis_url,
        SECRET_KEY=SECRET_KEY,
        VAR=tmp_path,
    )


@pytest.fixture(scope="session", autouse=True)
def _addresses_compiled_once() -> Iterator[None]:
    """Let werkzeug read an address, and write the code that builds it, once and not in each app.

    Both depend on the rule alone and on the converters that it names, and are most of
    what making an app takes.
    """
    compiled: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder
    parsed: dict[Any, Any] = {}
    parse_rule = Rule._parse_rule

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (tuple(rule._trace), frozenset(rule.arguments), append_unknown)
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    def parse_once(rule: Rule, address: str) -> Any:
        """The parts; what reading leaves in the rule besides is its trace and its converters."""
        key = (address, tuple(rule.map.converters.items()))
        if key not in parsed:
            before = len(rule._trace)
            parts = list(parse_rule(rule, address))
            trace = rule._trace[before:]
            # In the address's order, by which werkzeug tells what stands for which.
            converters = {name: rule._converters[name] for variable, name in trace if variable}
            parsed[key] = (parts, trace, converters)
        else:
            parts, trace, converters = parsed[key]
            rule._trace.extend(trace)
            rule._converters.update(converters)
            rule.arguments.update(converters)
        return parts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        patch.setattr(Rule, "_parse_rule", parse_once)
        yield


@cache
def _engine(url: str, *, pool_size: int) -> Engine:
    """An app's engine, kept from test to test: what it has compiled it need not compile again."""
    return make_engine(url, pool_size=pool_size)


@pytest.fixture
def app(settings: Settings, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from trustconduct import app as made  # noqa: PLC0415 - rule tests run without the doors

    monkeypatch.setattr(made, "make_engine", _engine)
    app = made.create_app(settings)
    # A template costs as much to compile as a test to run: once a run will do.
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(servers.run))
    app.testing = False  # errors become pages, as they do in service
    app.test_client_class = Browser
    yield app
    engine = app.extensions["trustconduct"].sessions.engine
    checked_out = engine.pool.checkedout()
    engine.dispose()
    assert checked_out == 0, "a request left its session open"


@pytest.fixture
def client(app: Any) -> Browser:
    return app.test_client()


# -- counting


@dataclass
class Counted:
    """The statements of an engine, without the one that enters the scope."""

    statements: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.statements)


@contextmanager
def _counted(engine: Engine) -> Iterator[Counted]:
    counted = Counted()

    def note(connection, cursor, statement, parameters, context, executemany):
        if not statement.startswith("begin "):
            counted.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def queries() -> Callable[[Engine], AbstractContextManager[Counted]]:
    """`with queries(engine) as counted: …` and then `assert counted.n == 3`."""
    return _counted
