"""The default PostgreSQL and Valkey: killed, started twice, and far down a path."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from trustconduct import embedded

ROOT = Path(__file__).parents[1]


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    var = tmp_path / "var"
    yield var
    embedded.erase(var)


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def servers(var: Path) -> list[psutil.Process]:
    """Every process that stands in one of the two folders."""
    places = {str((var / name).resolve()) for name in ("postgres", "valkey")}
    found = []
    for each in psutil.process_iter():
        try:
            if each.cwd() in places:
                found.append(each)
        except psutil.Error:
            continue
    return found


def kill_all(processes: list[psutil.Process]) -> None:
    for each in processes:
        each.kill()
    psutil.wait_procs(processes, timeout=5)


def remember(services: embedded.Services) -> None:
    with connect(services.database_owner_url) as database:
        database.execute("create table kept (what text)")
        database.execute("insert into kept values ('signature')")
    with redis.Redis.from_url(services.redis_url) as valkey:
        valkey.set("kept", "bell")


def remembered(services: embedded.Services) -> tuple[str, str]:
    with connect(services.database_owner_url) as database:
        row = database.execute("select what from kept").fetchone()
    with redis.Redis.from_url(services.redis_url, decode_responses=True) as valkey:
        return row[0], valkey.get("kept")


def test_a_second_start_adopts_and_a_stop_keeps_what_was_written(var):
    services = embedded.start(var, fsync=False)
    remember(services)
    before = {each.pid for each in servers(var) if each.ppid() in (0, 1)}

    assert embedded.start(var, fsync=False) == services
    assert embedded.running(var) == services
    assert {each.pid for each in servers(var) if each.ppid() in (0, 1)} == before

    embedded.stop(var)
    assert servers(var) == []
    assert embedded.running(var) is None
    assert not Path(services.sockets).exists()
    embedded.stop(var)  # nothing to stop is no error

    assert embedded.start(var, fsync=False) == services
    assert remembered(services) == ("signature", "bell")


def test_the_login_roles_have_no_more_rights_than_they_need(var):
    services = embedded.start(var, fsync=False)
    with connect(services.database_superuser_url) as database:
        roles = database.execute(
            "select rolname, rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb"
            " from pg_roles where rolname like 'trustconduct%' order by 1"
        ).fetchall()
        made = database.execute(
            "select pg_get_userbyid(datdba), pg_encoding_to_char(encoding),"
            " current_setting('TimeZone')"
            " from pg_database where datname = 'trustconduct'"
        ).fetchone()
    assert roles == [
        ("trustconduct_app", False, False, False, False, False),
        ("trustconduct_backup", False, True, True, False, False),
        ("trustconduct_owner", False, False, True, True, False),
    ]
    assert made == ("trustconduct_owner", "UTF8", "UTC")
    with connect(services.database_owner_url) as database:
        database.execute("create table t (school_id int, exclude using gist (school_id with =))")
    with connect(services.database_url) as database:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("select * from t")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("create table mine ()")
    with connect(services.database_backup_url) as database:
        assert database.execute("select count(*) from t").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            database.execute("create table mine ()")


def test_passwords_are_for_nobody_elses_eyes(var):
    services = embedded.start(var, fsync=False)
    for name in ("secrets.json", "services.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600
    key = services.redis_url.split("@")[0].split(":")[-1]
    assert key not in repr(services)
    for each in psutil.process_iter(["cmdline"]):
        assert key not in " ".join(each.info["cmdline"] or [])
    stranger = redis.Redis(unix_socket_path=f"{services.sockets}/valkey.sock")
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_after_kill_9_of_everything_a_start_recovers_what_was_written(var):
    services = embedded.start(var)
    remember(services)
    time.sleep(1.1)  # Valkey writes its file once a second
    kill_all(servers(var))
    assert embedded.running(var) is None

    assert embedded.start(var) == services
    assert remembered(services) == ("signature", "bell")


def test_after_kill_9_of_one_process_the_orphans_do_not_stand_in_the_way(var):
    services = embedded.start(var)
    remember(services)
    pid = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(pid).kill()

    embedded.start(var)
    assert remembered(services) == ("signature", "bell")


def test_a_pid_file_that_names_a_stranger_does_not_stand_in_the_way(var):
    services = embedded.start(var)
    remember(services)
    pid_file = var / "postgres" / "postmaster.pid"
    rest = pid_file.read_text().split("\n", 1)[1]
    owner = pid_file.stat()
    kill_all(servers(var))
    drop = {} if os.geteuid() else {"user": owner.st_uid, "group": owner.st_gid}
    with subprocess.Popen(["sleep", "60"], cwd="/", **drop) as stranger:
        try:
            pid_file.write_text(f"{stranger.pid}\n{rest}")
            embedded.start(var)
            assert stranger.poll() is None
        finally:
            stranger.kill()
    assert remembered(services) == ("signature", "bell")


def test_a_valkey_that_lost_its_socket_is_ended_before_another_writes(var):
    services = embedded.start(var)
    remember(services)
    shutil.rmtree(services.sockets)

    embedded.start(var)
    assert remembered(services) == ("signature", "bell")
    assert len([each for each in servers(var) if each.name() == "valkey-server"]) == 1


def test_two_starts_at_once_give_one_pair_of_servers(var):
    code = (
        "import sys; from pathlib import Path; from trustconduct import embedded;"
        "print(embedded.start(Path(sys.argv[1]), fsync=False).redis_url)"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(var)]
    starts = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {each.communicate(timeout=60)[0] for each in starts}
    assert [each.returncode for each in starts] == [0, 0, 0]
    assert len(answers) == 1
    assert len([each for each in servers(var) if each.name() == "valkey-server"]) == 1
    pid = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
    postgres = [each for each in servers(var) if each.name() == "postgres"]
    assert all(pid in (each.pid, each.ppid()) for each in postgres)


def test_a_clone_far_down_a_path_of_odd_names_works(tmp_path):
    var = tmp_path / "a folder with 'quotes', \"more\" and $HOME" / ("deep" * 30) / "var"
    try:
        services = embedded.start(var, fsync=False)
        assert len(f"{services.sockets}/pg/.s.PGSQL.5432") < 100
        remember(services)
        assert remembered(services) == ("signature", "bell")
    finally:
        embedded.erase(var)


def test_a_home_closed_to_others_stays_closed(tmp_path):
    """Root's PostgreSQL is another user: it must not be let in by opening the home."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    var = home / "clone" / "var"
    before = [stat.S_IMODE(each.stat().st_mode) for each in home.parents]
    try:
        remember(embedded.start(var, fsync=False))
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert [stat.S_IMODE(each.stat().st_mode) for each in home.parents] == before
        place = (var / "postgres").resolve()
        assert place.is_relative_to(embedded.STATE_OF_ROOT if os.geteuid() == 0 else var)
    finally:
        embedded.erase(var)
    assert not place.exists()


def test_a_copied_folder_does_not_take_the_first_ones_database(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root's database can lie outside of the folder")
    first, copy = tmp_path / "first", tmp_path / "copy"
    try:
        services = embedded.start(first, fsync=False)
        shutil.copytree(first, copy, symlinks=True)
        with pytest.raises(embedded.NotStarted, match="is the database of"):
            embedded.start(copy, fsync=False)
        embedded.erase(copy)
        assert embedded.running(first) == services
    finally:
        embedded.erase(first)
