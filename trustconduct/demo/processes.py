"""The processes of the service, and what each of them is started with."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from config.base import ROOT, Settings
from trustconduct import embedded
from trustconduct.mail_catcher import HOST
from trustconduct.supervise import Process

# The addresses that only migrations and backups need: no running process is given them.
OWNERS_ONLY = ("DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")
BACKLOG = 1024  # connections that wait while every thread is busy
STOPS_WITHIN = 10  # seconds for the requests that run when the server is told to stop


def secret_key(var: Path) -> str:
    """The key of a service with embedded servers: made once, readable by its user alone.

    With a new key at each start every link in a mail would be dead by then.
    """
    kept = var / "secret_key"
    if not kept.exists():
        var.mkdir(parents=True, exist_ok=True)
        mine = var / f"secret_key.{os.getpid()}"
        embedded.write_private(mine, secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # two begin at once: the first one's key counts
            os.link(mine, kept)
        mine.unlink()
    return kept.read_text()


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a running process finds them; blank for what it must not know."""
    found = {each.name: str(getattr(settings, each.name)) for each in fields(Settings)}
    return {**found, **dict.fromkeys(OWNERS_ONLY, "")}


def web_server(host: str, port: int, *, workers: int, threads: int) -> list[str]:
    """The command of the web server. Each worker has a thread for each of its connections.

    No access log: a parent's link stands in the path.
    """
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": port,
        "--http": "1",
        "--workers": workers,
        "--blocking-threads": threads,
        "--backlog": BACKLOG,
        "--workers-kill-timeout": STOPS_WITHIN,
        "--working-dir": ROOT,
        "--log-level": "warning",
    }
    words = [str(word) for option in options.items() for word in option]
    switches = ["--no-ws", "--no-access-log", "--respawn-failed-workers"]
    return [sys.executable, "-m", "granian", *words, *switches, "wsgi:app"]


class Plain(logging.Formatter):
    """A log without personal data: an exception's text may quote a row, its place never does."""

    def formatException(self, ei: Any) -> str:
        return super().formatException((Failed, Failed(ei[0].__qualname__), ei[2]))


class Failed(Exception):
    """Stands in for an exception, by the name of its class."""


def log_plainly() -> logging.Logger:
    """Log to standard output, without personal data."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Plain("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    return logging.getLogger("trustconduct")


def _command(*words: object) -> list[str]:
    return [sys.executable, "-P", "-m", "trustconduct.cli", *map(str, words)]


def free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind((HOST, 0))
        port: int = any_port.getsockname()[1]
        return port


def of_demo(settings: Settings, port: int, mail_port: int, mail_dir: Path) -> list[Process]:
    """All that runs in a demo, but for the embedded servers."""
    env: Mapping[str, str] = {**environment_of(settings), "PYTHONPATH": str(ROOT)}
    web = web_server(HOST, port, workers=2, threads=settings.DATABASE_POOL)
    catcher = _command("mail-catcher", "--port", mail_port, "--dir", mail_dir)
    return [
        Process("web", web, env, ready=f"{settings.BASE_URL}/healthz"),
        Process("mail", catcher, env, ready=mail_port),
        Process("worker", _command("worker"), env),
        Process("timetable", _command("timetable"), env),
    ]
