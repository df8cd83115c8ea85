"""A wrong setting stops the start: one sentence that says what to do, and status 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from config.base import BadSetting, Settings, from_environment
from tests.build import SECRET_KEY
from tests.servers import OTHERS, Servers
from trustconduct import preflight
from trustconduct.cli import main
from trustconduct.processes import environment_of
from trustconduct.tenants.engine import make_engine

LOGIN = "postgresql+psycopg://trustconduct_app:key@db.example/trustconduct"
LOOK_LIKE = "must look like postgresql+psycopg://user:password@host/database."
POST = "SMTP_URL must look like smtp://user:password@host:587."
BASE = "BASE_URL must begin with https://, or with http://127.0.0.1 on one machine."
NO_PATH = "BASE_URL must end with the host and port: it has no path."
NOTIFY = "NOTIFY_URL must begin with https://, or with http://127.0.0.1 in tests."
HOSTS = (
    "TRUSTED_HOSTS must be names with commas between, such as old.trust.example, without https://."
)
RETURNS = "BOUNCE_ADDRESS must be one short address, or left out."
RETURNS = "BOUNCE_ADDRESS must be one short address, or left out."
SENDER = "MAIL_FROM must be one address, such as no-reply@trust.example."
NO_LOGIN = (
    "DATABASE_URL must name a login that is no superuser, owns no table and has no"
    " BYPASSRLS: see docs/operator.md."
)
NOT_MIGRATED = "The database is not up to date: run trustconduct migrate."

WRONG = [
    ("DATABASE_URL", "nonsense", f"DATABASE_URL {LOOK_LIKE}"),
    ("DATABASE_URL", "sqlite:///trust.db", f"DATABASE_URL {LOOK_LIKE}"),
    ("DATABASE_URL", "postgresql+psycopg://db.example", f"DATABASE_URL {LOOK_LIKE}"),
    (
        "DATABASE_URL",
        "postgresql+psycopg://a@db.example:port/x",
        "DATABASE_URL is no address: look at its brackets and its port.",
    ),
    ("DATABASE_OWNER_URL", "db.example", f"DATABASE_OWNER_URL {LOOK_LIKE}"),
    (
        "DATABASE_OWNER_URL",
        LOGIN,
        "DATABASE_URL and DATABASE_OWNER_URL must name different logins: see docs/operator.md.",
    ),
    ("DATABASE_BACKUP_URL", "https://db.example/x", f"DATABASE_BACKUP_URL {LOOK_LIKE}"),
    (
        "DATABASE_BACKUP_URL",
        LOGIN,
        "DATABASE_URL and DATABASE_BACKUP_URL must name different logins: see docs/operator.md.",
    ),
    ("REDIS_URL", "localhost:6379", "REDIS_URL must begin with redis://, rediss:// or unix://."),
    (
        "REDIS_URL",
        "redis://cache.example:x/0",
        "REDIS_URL is no address: look at its brackets and its port.",
    ),
    ("SMTP_URL", "mail.example", POST),
    ("SMTP_URL", "smtp://", POST),
    ("SMTP_URL", "http://mail.example", POST),
    (
        "SMTP_URL",
        "smtp://mail.example:port",
        "SMTP_URL is no address: look at its brackets and its port.",
    ),
    ("MAIL_FROM", "The Trust", SENDER),
    ("BOUNCE_ADDRESS", "bounces", RETURNS),
    (
        "BOUNCE_ADDRESS",
        f"{'b' * 30}@x.example",
        RETURNS,
    ),
    ("MAIL_FROM", "a@b.example, c@d.example", SENDER),
    ("MAIL_FROM", "a@b.example\nBcc: c@d.example", SENDER),
    ("SMS_PROVIDER", "pigeon", "SMS_PROVIDER must be notify, files, or left out."),
    (
        "SMS_PROVIDER",
        "notify",
        "SMS_PROVIDER=notify needs a whole NOTIFY_API_KEY and NOTIFY_TEMPLATE_ID.",
    ),
    (
        "NOTIFY_API_KEY",
        "half-a-key",
        "NOTIFY_API_KEY must be a whole key: it has 73 characters or more.",
    ),
    (
        "NOTIFY_TEMPLATE_ID",
        "Our template",
        "NOTIFY_TEMPLATE_ID must be a template's id as GOV.UK Notify shows it, with 36"
        " letters, digits and hyphens.",
    ),
    ("NOTIFY_URL", "http://notify.example", NOTIFY),
    ("NOTIFY_URL", "notify.example", NOTIFY),
    ("SECRET_KEY", "short", "SECRET_KEY must be set to at least 32 characters of your own."),
    ("SECRET_KEY", "", "SECRET_KEY must be set to at least 32 characters of your own."),
    ("BASE_URL", "http://trust.example", BASE),
    ("BASE_URL", "http://127.0.0.1.evil.example", BASE),
    ("BASE_URL", "https://", BASE),
    ("BASE_URL", "trust.example", BASE),
    ("BASE_URL", "https://trust.example/parents", NO_PATH),
    ("BASE_URL", "https://trust.example?x", NO_PATH),
    ("DATABASE_POOL", "0", "DATABASE_POOL must be 1 or more."),
    ("DATABASE_POOL", "many", "DATABASE_POOL must be a whole number, not “many”."),
    ("SIGN_LINK_DAYS", "0", "SIGN_LINK_DAYS must be 1 or more."),
    ("IDLE_MINUTES", "-5", "IDLE_MINUTES must be a whole number, not “-5”."),
    ("SIGNED_IN_HOURS", "", "SIGNED_IN_HOURS must be a whole number, not “”."),
    ("LOG_FORMAT", "xml", "LOG_FORMAT must be json, words or blank."),
    (
        "METRICS_TOKEN",
        "short",
        "METRICS_TOKEN must have at least 16 characters, or be blank.",
    ),
    ("TRUSTED_HOSTS", "https://old.trust.example", HOSTS),
    ("TRUSTED_HOSTS", "10.0.0.5 old.trust.example", HOSTS),
    ("MAX_CONTENT_LENGTH", "12", "MAX_CONTENT_LENGTH must be 65536 or more."),
    ("VAR", __file__, "VAR must be a folder, and is a file."),
]


def test_every_setting_has_a_wrong_value_in_this_table():
    assert {setting.name for setting in fields(Settings)} == {name for name, _, _ in WRONG}


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_a_wrong_setting_is_told_in_one_sentence(name, value, sentence):
    right = {"DATABASE_URL": LOGIN, "REDIS_URL": "redis://cache.example", "SECRET_KEY": SECRET_KEY}
    from_environment(right)
    with pytest.raises(BadSetting) as refused:
        from_environment({**right, name: value})
    assert str(refused.value) == sentence


def test_the_settings_of_the_guide_are_right():
    """docs/operator.md shows one of each; and the smallest ones stand alone."""
    from_environment({"SECRET_KEY": SECRET_KEY})
    from_environment(
        {
            "DATABASE_URL": f"{LOGIN}?sslmode=verify-full",
            "DATABASE_OWNER_URL": LOGIN.replace("_app", "_owner"),
            "DATABASE_BACKUP_URL": LOGIN.replace("_app", "_backup"),
            "REDIS_URL": "rediss://:key@cache.example:6379/0",
            "SMTP_URL": "smtps://user:p%40ss@mail.example:465",
            "MAIL_FROM": "no-reply@trust.example",
            "BASE_URL": "https://code.trust.example/",
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_POOL": "4",
            "SMS_PROVIDER": "notify",
            "NOTIFY_API_KEY": "k" * 73,
            "NOTIFY_TEMPLATE_ID": "01a20f57-0000-7000-8000-00000000beef",
            "LOG_FORMAT": "json",
            "METRICS_TOKEN": "a token of our own",
            "TRUSTED_HOSTS": "10.0.0.5, old.trust.example",
        }
    )


# -- what only the servers can tell


@pytest.fixture
def start(settings) -> Callable[..., tuple[int, str]]:
    """Start the web with these settings; it must not come further than its checks."""
    service = environment_of(settings)

    def command(name: str = "serve", **env: str) -> tuple[int, str]:
        told = CliRunner().invoke(main, [name], env={**service, **env})
        assert isinstance(told.exception, SystemExit), told.exception
        return told.exit_code, told.output

    return command


def with_password(url: str, password: str) -> str:
    return url.replace(f":{urlsplit(url).password}@", f":{password}@")


def test_a_wrong_password_is_told(start, world):
    status, said = start(DATABASE_URL=with_password(world.url, "wrong"))
    sentence = "DATABASE_URL can't be used: the password, or the name of the login, is wrong.\n"
    assert (status, said) == (2, sentence)


def test_a_host_that_is_not_there_is_told(start):
    status, said = start(DATABASE_URL="postgresql+psycopg://a:b@no-such-host.invalid/trustconduct")
    assert (status, said) == (
        2,
        "DATABASE_URL can't be used: there is no machine of that name.\n",
    )


def test_a_database_that_is_not_there_is_told(start, world):
    status, said = start(DATABASE_URL=world.url.replace(world.name, "no_such_database"))
    assert (status, said) == (
        2,
        "DATABASE_URL can't be used: there is no such database or login.\n",
    )


def test_a_server_that_is_down_is_no_wrong_setting(start):
    status, said = start(DATABASE_URL="postgresql+psycopg://a:b@127.0.0.1:9/x")
    assert status == 1
    assert said.startswith("PostgreSQL can't be used: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["serve", "worker", "timetable"])
def test_a_database_without_tables_is_told(start, servers: Servers, name):
    empty = f"tc_unmade_{name}"
    servers.create(empty, "template0")
    try:
        assert start(name, DATABASE_URL=servers.url(empty)) == (2, NOT_MIGRATED + "\n")
    finally:
        servers.drop(empty)


def test_a_database_of_an_older_release_is_told(start, servers, world):
    owner = make_engine(servers.owner_url(world.name), pool_size=1)
    with owner.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))
    owner.dispose()
    assert start() == (2, NOT_MIGRATED + "\n")


@pytest.mark.parametrize("who", ["superuser_url", "owner_url", "backup_url"])
def test_a_login_with_too_many_rights_is_refused(start, servers, world, who):
    assert start(DATABASE_URL=getattr(servers, who)(world.name)) == (2, NO_LOGIN + "\n")


@pytest.mark.parametrize("name", ["serve", "worker", "timetable"])
def test_a_password_that_redis_does_not_take_is_told(start, redis_url, name):
    status, said = start(name, REDIS_URL=with_password(redis_url, "wrong"))
    assert (status, said) == (2, "REDIS_URL can't be used: Redis does not take its password.\n")


def test_a_redis_that_is_down_is_waited_for(settings, tmp_path: Path):
    preflight.check(Settings(**{**vars(settings), "REDIS_URL": f"unix://{tmp_path}/nothing"}))


def test_the_addresses_of_other_servers_go_over_tcp(servers):
    """What `make test-services` is for; the embedded ones have no port at all."""
    assert ("127.0.0.1" in servers.services.database_url) == OTHERS


def test_no_statement_runs_or_waits_for_long(world):
    engine = make_engine(world.url, pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(text("show statement_timeout")) == "5s"
        assert connection.scalar(text("show lock_timeout")) == "4s"
    engine.dispose()
    theirs = f"{world.url}{'&' if '?' in world.url else '?'}options=-c%20statement_timeout%3D9s"
    engine = make_engine(theirs, pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(text("show statement_timeout")) == "9s"
        assert connection.scalar(text("show lock_timeout")) == "4s"
    engine.dispose()


def test_the_services_own_connections_have_the_time_outs(app):
    with app.extensions["trustconduct"].sessions.trust() as session:
        assert session.scalar(text("show statement_timeout")) == "5s"
