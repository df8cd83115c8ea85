"""The `var` folder of the embedded servers: what lies where, and which processes stand in it.

Both servers need the same care: one starter at a time, passwords that only
their user reads, logs that don't grow for ever, and a server known by the
folder it stands in, never by a pid read from a file [embedded.py].
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import psutil

DATABASE = "trustconduct"
TEMPORARY = Path("/tmp")  # noqa: S108 -- a socket's path must be short; folders in it are checked
PATIENCE = 60.0  # seconds for a server to answer: recovery after a crash takes a while
ROTATE_AT = 10_000_000  # bytes of a server's log, at its start


class NotStarted(RuntimeError):
    """A server can't be started; the message is a sentence for whoever typed the command."""


@dataclass(frozen=True)
class Services:
    """Where the servers of one `var` folder answer. Hidden from repr: each holds a password.

    `database_superuser_url` is for tests, which make databases; the service
    itself refuses to start with it.
    """

    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    database_backup_url: str = field(repr=False)
    database_superuser_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    sockets: str


@dataclass(frozen=True)
class Place:
    """Where the servers of one `var` folder keep their things."""

    var: Path
    keys: dict[str, str] = field(repr=False)

    @property
    def sockets(self) -> Path:
        """A short folder: a socket's path may have 107 bytes, and a clone may lie deeper.

        Its name can't be guessed, is the same after every start, and is another
        one for a copy of the folder.
        """
        name = hashlib.sha256(f"{self.var} {self.keys['sockets']}".encode()).hexdigest()[:12]
        return TEMPORARY / f"tc-{name}"

    @property
    def postgres(self) -> Path:
        return (self.var / "postgres").resolve()

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    def copied_from(self) -> Path | None:
        """The folder that `var/postgres` really belongs to, if ours is a copy: hands off then."""
        note = self.postgres.parent / "var"
        if not (self.var / "postgres").is_symlink() or not note.exists():
            return None
        first = Path(note.read_text())
        return first if first != self.var and (first / "postgres").is_symlink() else None

    def make_sockets(self) -> None:
        """Root's PostgreSQL is another user, who must pass through: 0711, else 0700."""
        try:
            self.sockets.mkdir(mode=0o700)
        except FileExistsError:
            found = self.sockets.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise NotStarted(f"{self.sockets} belongs to someone else: remove it.") from None
        self.sockets.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def services(self) -> Services:
        def url(user: str, key: str, database: str = DATABASE) -> str:
            where = f"host={self.sockets}/pg&port=5432"
            return f"postgresql+psycopg://{user}:{self.keys[key]}@/{database}?{where}"

        return Services(
            database_url=url("trustconduct_app", "app"),
            database_owner_url=url("trustconduct_owner", "owner"),
            database_backup_url=url("trustconduct_backup", "backup"),
            database_superuser_url=url("postgres", "superuser", "postgres"),
            redis_url=f"unix://:{self.keys['redis']}@{self.sockets}/valkey.sock?db=0",
            sockets=str(self.sockets),
        )


def keys_of(var: Path, *, make: bool = True) -> dict[str, str]:
    """The passwords of this folder's servers, made once."""
    path = var / "secrets.json"
    if make and not path.exists():
        if (var / "postgres").exists():
            raise NotStarted(f"{path} is missing: bring it back, or run make demo-reset.")
        names = ("superuser", "app", "owner", "backup", "redis", "sockets")
        made = {name: secrets.token_urlsafe(24) for name in names}
        write_private(path, json.dumps(made, indent=1))
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def write_private(path: Path, text: str) -> None:
    half = path.with_name(f"{path.name}.half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    half.replace(path)


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Two starts at once: the second waits here, then adopts. The kernel frees it on any death."""
    with open(var / "services.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def appended(log: Path) -> Iterator[int]:
    """A log that the server writes by the handle we give: its own user may not reach the file."""
    rotate(log)
    with open(log, "a") as file:
        yield file.fileno()


def rotate(log: Path) -> None:
    """Set a long log aside before its next writer opens it; else it fills the disk in time."""
    if log.exists() and log.stat().st_size > ROTATE_AT:
        log.replace(log.with_name(f"{log.name}.1"))


def end_of(log: Path, lines: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def within(seconds: float, question: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def run(
    *command: str | Path,
    output: int = subprocess.DEVNULL,
    user: tuple[int, int] | None = None,
    env: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Run a program to its end, with none of our environment: PGPORT and its kin would mislead."""
    return subprocess.run(
        command,
        user=user and user[0],
        group=user and user[1],
        extra_groups=user and [],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **env},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        check=False,
    ).returncode


def standing_in(folder: Path, name: str) -> list[psutil.Process]:
    """The processes of this name at work in this folder, or in one deleted under their feet."""
    places = {str(folder), f"{folder} (deleted)"}
    found = []
    for each in psutil.process_iter(["name"]):
        try:
            if each.info["name"] == name and each.cwd() in places:
                found.append(each)
        except psutil.Error:
            continue
    return found


def end(processes: list[psutil.Process]) -> None:
    """Kill what no longer answers. Both servers recover from that; waiting is what matters."""
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
