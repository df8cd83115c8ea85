"""`make test-services`: the tests against Debian's PostgreSQL 15 and Redis 7.

The oldest releases that the service promises to run on, over TCP and with
passwords, set up as docs/operator.md says: by the very statements that stand
there. Both servers are this run's own, in a folder and on ports of its own; no
service of the machine is started, stopped or asked. They end with the run, also
by Ctrl-C; those of a run that was killed are ended by the next one.

What is given on the command line goes to pytest; nothing means everything but
the browser and the tests of the embedded servers.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import redis

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
REDIS = Path("/usr/bin/redis-server")
PACKAGES = {"postgresql-15": PROGRAMS / "postgres", "redis-server": REDIS}
RUNS = Path(tempfile.gettempdir()) / "trustconduct-services"
NO_APT = 75  # status of a machine that is no Debian: there is nothing to test against
LEFT_OUT = ("tests/test_embedded.py", "tests/test_supervise.py")
LONGEST_START = 30  # seconds


class NotHere(Exception):
    """These servers can't be had here; the message is one sentence."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# -- having them


def install() -> None:
    """Install what is missing, by Debian's own apt."""
    missing = [name for name, program in PACKAGES.items() if not program.exists()]
    if not missing:
        return
    names = " ".join(missing)
    if shutil.which("apt-get") is None:
        raise NotHere(f"{names} can't be installed: this is no Debian, it has no apt-get.", NO_APT)
    if os.geteuid() != 0:
        raise NotHere(f"Run this as root, or install it first: apt-get install {names}")
    say(f"Installing {names}…")
    # As Debian's policy asks: what it finds here, apt starts no service by.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        apt("update")
        apt("install", "-y", "--no-install-recommends", *missing)
    finally:
        if ours:
            policy.unlink()
    if left := [name for name, program in PACKAGES.items() if not program.exists()]:
        raise NotHere(f"{' '.join(left)} was installed, yet its program is not where it belongs.")


def apt(*words: str) -> None:
    done = subprocess.run(
        ["apt-get", "-q", *words],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        say("\n".join(done.stdout.splitlines()[-15:]))
        raise NotHere(
            "apt could not install Debian's PostgreSQL 15 and Redis 7; Debian 12 has both."
        )


# -- running them


def end_left_behind() -> None:
    """End the servers of runs that were killed: a folder's name begins with its run's pid."""
    for folder in RUNS.iterdir() if RUNS.exists() else ():
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and psutil.pid_exists(int(pid)):
            continue
        standing = []
        for each in psutil.process_iter():
            with suppress(psutil.Error):
                if each.cwd().startswith(f"{folder}/"):
                    standing.append(each)
        for each in standing:
            with suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(standing, timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start_postgres(folder: Path, stack: ExitStack) -> str:
    """Give the superuser's address. PostgreSQL does not run as root: then as Debian's postgres."""
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    place, password, port = folder / "postgres", secrets.token_urlsafe(12), free_port()
    place.mkdir(mode=0o700)
    key = folder / "password"
    key.write_text(password)
    if user:
        shutil.chown(place, **user)
        shutil.chown(key, **user)
    locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
    command = [PROGRAMS / "initdb", "-U", "postgres", "--auth=scram-sha-256", "--no-sync"]
    subprocess.run(
        [*command, *locale, f"--pwfile={key}", "-D", place],
        check=True, stdout=subprocess.DEVNULL, cwd=place, **user,
    )  # fmt: skip
    key.unlink()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": place,
        "timezone": "Pacific/Auckland",  # whatever it is, it must not matter
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    run(
        folder,
        "postgres",
        [PROGRAMS / "postgres", "-D", place, *options],
        signal.SIGINT,
        stack,
        user,
    )
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    def answers() -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return True
        return False

    wait_for("PostgreSQL", answers, folder)
    return url


def start_redis(folder: Path, stack: ExitStack) -> str:
    password, port = secrets.token_urlsafe(12), free_port()
    place = folder / "redis"
    place.mkdir(mode=0o700)
    settings = {
        "bind": "127.0.0.1", "port": port, "requirepass": password,
        "dir": place, "save": "", "appendonly": "yes", "appendfsync": "no",
    }  # fmt: skip
    options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    run(folder, "redis", [REDIS, *options], signal.SIGTERM, stack)
    url = f"redis://:{password}@127.0.0.1:{port}/0"

    def answers() -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(url) as asked:
            return bool(asked.ping())
        return False

    wait_for("Redis", answers, folder)
    return url


def run(
    folder: Path, name: str, command: list, ending: int, stack: ExitStack, user: dict | None = None
) -> None:
    """Start a server that ends with the run, in a session of its own: Ctrl-C is for pytest."""
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder / name,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **(user or {}),
        )

    def end() -> None:
        started.send_signal(ending)
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()

    stack.callback(end)


def wait_for(what: str, answers, folder: Path) -> None:
    until = time.monotonic() + LONGEST_START
    while not answers():
        if time.monotonic() > until:
            for log in folder.glob("*.log"):
                say(log.read_text("utf-8", "replace")[-2000:])
            raise NotHere(f"{what} did not start; its last words stand above.")
        time.sleep(0.1)


# -- setting them up, as an operator would


def set_up(superuser: str) -> dict[str, str]:
    """Run the statements of docs/operator.md; give the three addresses that come of them."""
    guide = (ROOT / "docs" / "operator.md").read_text("utf-8")
    found = re.search(r"```sql\n(.*?)```", guide, re.S)
    assert found, "docs/operator.md says no more how to set the database up"
    passwords: dict[str, str] = {}

    def choose(match: re.Match) -> str:
        passwords[match[1]] = secrets.token_urlsafe(12)
        return f"{match[0].partition('PASSWORD')[0]}PASSWORD '{passwords[match[1]]}'"

    sql = re.sub(r"CREATE ROLE (\w+)[^;]*PASSWORD '[^']*'", choose, found[1])
    with psycopg.connect(superuser, autocommit=True) as connection:
        for statement in sql.split(";"):
            if statement.strip():
                connection.execute(statement.encode())
    assert passwords.keys() == {f"trustconduct_{each}" for each in ("owner", "app", "backup")}
    host = superuser.rpartition("@")[2].partition("/")[0]
    return {
        setting: f"postgresql+psycopg://{role}:{passwords[role]}@{host}/trustconduct"
        for setting, role in (
            ("DATABASE_URL", "trustconduct_app"),
            ("DATABASE_OWNER_URL", "trustconduct_owner"),
            ("DATABASE_BACKUP_URL", "trustconduct_backup"),
        )
    }


def main(words: list[str]) -> int:
    with ExitStack() as stack:
        try:
            install()
            RUNS.mkdir(exist_ok=True)
            end_left_behind()
            folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=RUNS))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.chmod(0o711)  # PostgreSQL's user must pass
            superuser = start_postgres(folder, stack)
            environment = set_up(superuser)
            environment["REDIS_URL"] = start_redis(folder, stack)
        except NotHere as no:
            say(str(no))
            return no.status
        environment["TEST_SUPERUSER_URL"] = superuser.replace("postgresql:", "postgresql+psycopg:")
        with psycopg.connect(superuser) as connection:
            found = connection.execute("show server_version").fetchone()
        with redis.Redis.from_url(environment["REDIS_URL"], decode_responses=True) as asked:
            say(f"PostgreSQL {found[0]}, Redis {asked.info('server')['redis_version']}")
        left_out = [f"--ignore={path}" for path in LEFT_OUT]
        command = [sys.executable, "-m", "pytest", "-m", "not browser", *left_out, *words]
        tests = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
        while True:
            try:
                return tests.wait()
            except KeyboardInterrupt:  # pytest had it too: let it end in its own way
                continue


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
