"""`trustconduct demo`: from an empty folder to a Trust that one can look around in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from config.base import Settings, from_environment
from migrations.run import migrate
from trustconduct import embedded, supervise
from trustconduct.demo.details import details, told, write
from trustconduct.demo.load import NotOurs, load
from trustconduct.demo.processes import free_port, of_demo
from trustconduct.jobs.queue import connect, ring
from trustconduct.mail_catcher import HOST
from trustconduct.tenants.sessions import Sessions

Say = Callable[[str], None]


def run(var: Path, port: int, key: str, *, say: Say) -> None:
    """Run the demo until Ctrl-C. Raises NotStarted or CannotRun, each with a sentence."""
    began = time.monotonic()
    try:
        with supervise.alone(var):
            _run(var, port, key, say, began)
    except KeyboardInterrupt:
        pass
    say("Stopped.")


def _run(var: Path, port: int, key: str, say: Say, began: float) -> None:
    with _timed("PostgreSQL and Valkey are running", say):
        services = embedded.start(var)
    mail_port = free_port()
    # A demo is told nothing by the environment: with the addresses of a real
    # service in it, made-up people would be loaded there, and real ones written to.
    settings = from_environment(
        {},
        DATABASE_URL=services.database_url,
        DATABASE_OWNER_URL=services.database_owner_url,
        REDIS_URL=services.redis_url,
        SMTP_URL=f"smtp://{HOST}:{mail_port}",
        SECRET_KEY=key,
        BASE_URL=f"http://{HOST}:{port}",
        VAR=var,
    )
    with _timed("The tables are up to date", say):
        migrate(settings.DATABASE_OWNER_URL, settings.DATABASE_URL)
    _load(settings, var / "mail", say)
    # What waits since the last stop leaves as soon as the worker is there.
    ring(connect(settings.REDIS_URL))

    def ready() -> None:
        say(f"Ready after {time.monotonic() - began:.1f} seconds.")
        for line in told(found, var):
            say(line)

    found = _describe(settings, var)
    supervise.watch(of_demo(settings, port, mail_port, var / "mail"), var, on_ready=ready, say=say)


def _load(settings: Settings, mail_dir: Path, say: Say) -> None:
    mail_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.DATABASE_URL)
    began = time.monotonic()
    try:
        loaded = load(Sessions(engine), link_days=settings.SIGN_LINK_DAYS, key=settings.SECRET_KEY)
    except NotOurs as no:
        raise supervise.CannotRun(f"{no} Begin anew with make demo-reset.") from None
    finally:
        engine.dispose()
    what = "The sample schools are loaded" if loaded else "What was there last time is kept"
    say(_line(what, began))


def _describe(settings: Settings, var: Path) -> dict:
    engine = create_engine(settings.DATABASE_URL)
    try:
        found = details(
            Sessions(engine),
            base_url=settings.BASE_URL,
            key=settings.SECRET_KEY,
            mail_dir=var / "mail",
        )
    finally:
        engine.dispose()
    write(var, found)
    return found


def _line(what: str, began: float) -> str:
    return f"{what} ({time.monotonic() - began:.1f} s)."


@contextmanager
def _timed(what: str, say: Say) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(_line(what, began))
