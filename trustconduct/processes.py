"""The commands and the environment of the service's processes."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from config.base import ROOT, BadSetting, Settings
from trustconduct import embedded

# The addresses that only migrations and backups need: no running process is given them.
OWNERS_ONLY = ("DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")
BACKLOG = 1024  # connections that wait while every thread is busy
FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # the name that prometheus-client looks for
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


def figures_folder(var: Path, port: int) -> dict[str, str]:
    """An empty folder where the workers of one web server put what they count.

    As their environment. Emptied at each start: what processes left that have
    gone would pile up. Raises BadSetting where it can't be written to.
    """
    place = var / "figures" / str(port)
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(parents=True)
    except OSError:
        raise BadSetting(f"VAR must be a folder that can be written to: {var} is not.") from None
    return {FIGURES: str(place)}


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
