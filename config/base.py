"""Every setting, its default, and one line of why.

Settings come from the environment by these very names. Without addresses of a
database and of Redis, the embedded servers are used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

ROOT = Path(__file__).resolve().parent.parent


class BadSetting(ValueError):
    """A setting is missing or wrong; the message is one sentence that says which and how."""


@dataclass(frozen=True)
class Settings:
    # The three database addresses: the service's own login, the owner of the tables
    # (migrations only), and a read-only one that sees every row (backups only).
    DATABASE_URL: str = ""
    DATABASE_OWNER_URL: str = ""
    DATABASE_BACKUP_URL: str = ""
    # The doorbell between the doors and the worker; losing it loses nothing.
    REDIS_URL: str = ""
    # Where mail goes: smtp://user:password@host:587, or smtp://127.0.0.1:1025 in a demo.
    SMTP_URL: str = "smtp://127.0.0.1:1025"
    # Who mail comes from; the school's name is put in front.
    MAIL_FROM: str = "no-reply@trustconduct.example"
    # Where mail that does not arrive comes back to: bounces@mail.trust.example. Its server
    # gives all that comes to bounces+…@ to `trustconduct take-bounce`. Blank: to MAIL_FROM.
    BOUNCE_ADDRESS: str = ""
    # Who takes text messages: nobody (blank), "files" (VAR/texts) or "notify" (GOV.UK Notify).
    SMS_PROVIDER: str = ""
    NOTIFY_API_KEY: str = ""
    # A template of Notify's for text messages that says ((message)) and nothing else.
    NOTIFY_TEMPLATE_ID: str = ""
    NOTIFY_URL: str = "https://api.notifications.service.gov.uk"
    # Personal links are derived from it: whoever has it can open every link.
    SECRET_KEY: str = ""
    # The address in every link. Never taken from a request's Host header.
    BASE_URL: str = "http://127.0.0.1:8000"
    # Where the embedded servers, logs and demo mail live.
    VAR: Path = field(default=ROOT / "var")
    # Connections a process keeps; each web process has as many threads. Two threads answered
    # a tenth more signatures than four on two cores: they wait for each other's Python.
    DATABASE_POOL: int = 2
    # How long a parent's link works: a term and a half, since a parent may answer late.
    SIGN_LINK_DAYS: int = 180
    # Signed-in people are asked again after this long without a click, and after this
    # long whatever they do.
    IDLE_MINUTES: int = 30
    SIGNED_IN_HOURS: int = 12
    # How the log is written: "json" for a machine, "words" for a person; blank takes json
    # where BASE_URL is https.
    LOG_FORMAT: str = ""
    # Whoever has it may read /metrics; blank: with https nobody, without it this machine.
    METRICS_TOKEN: str = ""
    # More names by which this service may be asked for, with commas between: a health check
    # by address, an old name. All else is answered 400, since links must not follow it.
    TRUSTED_HOSTS: str = ""
    # The largest request that is read at all; the importer has its own, smaller limit.
    MAX_CONTENT_LENGTH: int = 22 * 1024 * 1024

    def __post_init__(self) -> None:
        if len(self.SECRET_KEY) < 32:
            raise BadSetting("SECRET_KEY must be set to at least 32 characters of your own.")
        _check_texts(self)
        _check_addresses(self)
        _check_base_url(self.BASE_URL)
        if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", self.MAIL_FROM):
            raise BadSetting("MAIL_FROM must be one address, such as no-reply@trust.example.")
        if not re.fullmatch(r"([\w.-]{1,20}@[\w.-]+\.\w+)?", self.BOUNCE_ADDRESS):
            raise BadSetting("BOUNCE_ADDRESS must be one short address, or left out.")
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise BadSetting(f"{name} must be {least} or more.")
        if self.VAR.exists() and not self.VAR.is_dir():
            raise BadSetting("VAR must be a folder, and is a file.")
        _check_log_and_hosts(self)

    @property
    def log_as_json(self) -> bool:
        return self.LOG_FORMAT == "json" or (not self.LOG_FORMAT and self.secure)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that a request may ask for; ports do not count."""
        ours = [urlsplit(self.BASE_URL).hostname or ""]
        ours += [] if self.secure else ["127.0.0.1", "localhost"]
        return (*ours, *(name.strip() for name in self.TRUSTED_HOSTS.split(",") if name.strip()))

    @property
    def secure(self) -> bool:
        """Whether cookies may only travel by https."""
        return self.BASE_URL.startswith("https://")


# The least that each number can be without making the service useless.
LEAST = {
    "DATABASE_POOL": 1,
    "SIGN_LINK_DAYS": 1,
    "IDLE_MINUTES": 1,
    "SIGNED_IN_HOURS": 1,
    "MAX_CONTENT_LENGTH": 65_536,
}


def _check_addresses(settings: Settings) -> None:
    logins: dict[str, str] = {}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL"):
        if not (address := getattr(settings, name)):
            continue
        url = _split(name, address)
        if url.scheme not in ("postgresql", "postgresql+psycopg") or not url.path.strip("/"):
            raise BadSetting(
                f"{name} must look like postgresql+psycopg://user:password@host/database."
            )
        if (user := url.username or "") in logins:
            raise BadSetting(
                f"{logins[user]} and {name} must name different logins: see docs/operator.md."
            )
        logins[user] = name
    if settings.REDIS_URL and _split("REDIS_URL", settings.REDIS_URL).scheme not in (
        "redis",
        "rediss",
        "unix",
    ):
        raise BadSetting("REDIS_URL must begin with redis://, rediss:// or unix://.")
    post = _split("SMTP_URL", settings.SMTP_URL)
    if post.scheme not in ("smtp", "smtps") or not post.hostname or post.path.strip("/"):
        raise BadSetting("SMTP_URL must look like smtp://user:password@host:587.")


def _check_texts(settings: Settings) -> None:
    if settings.SMS_PROVIDER not in ("", "files", "notify"):
        raise BadSetting("SMS_PROVIDER must be notify, files, or left out.")
    if settings.SMS_PROVIDER == "notify" and not (
        len(settings.NOTIFY_API_KEY) >= 73 and settings.NOTIFY_TEMPLATE_ID
    ):
        raise BadSetting("SMS_PROVIDER=notify needs a whole NOTIFY_API_KEY and NOTIFY_TEMPLATE_ID.")
    if settings.NOTIFY_API_KEY and len(settings.NOTIFY_API_KEY) < 73:
        raise BadSetting("NOTIFY_API_KEY must be a whole key: it has 73 characters or more.")
    if settings.NOTIFY_TEMPLATE_ID and not re.fullmatch(
        r"[0-9a-f-]{36}", settings.NOTIFY_TEMPLATE_ID
    ):
        raise BadSetting(
            "NOTIFY_TEMPLATE_ID must be a template's id as GOV.UK Notify shows it, with 36"
            " letters, digits and hyphens."
        )
    notify = _split("NOTIFY_URL", settings.NOTIFY_URL)
    local = notify.scheme == "http" and notify.hostname in ("127.0.0.1", "localhost")
    if not notify.hostname or not (notify.scheme == "https" or local):
        raise BadSetting("NOTIFY_URL must begin with https://, or with http://127.0.0.1 in tests.")


def _check_log_and_hosts(settings: Settings) -> None:
    if settings.LOG_FORMAT not in ("", "json", "words"):
        raise BadSetting("LOG_FORMAT must be json, words or blank.")
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 16:
        raise BadSetting("METRICS_TOKEN must have at least 16 characters, or be blank.")
    if re.search(r"/|[^\s,]\s+[^\s,]", settings.TRUSTED_HOSTS):
        raise BadSetting(
            "TRUSTED_HOSTS must be names with commas between, such as old.trust.example,"
            " without https://."
        )


def _check_base_url(address: str) -> None:
    url = _split("BASE_URL", address)
    local = url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost")
    if not url.hostname or not (url.scheme == "https" or local):
        raise BadSetting(
            "BASE_URL must begin with https://, or with http://127.0.0.1 on one machine."
        )
    if url.path.strip("/") or url.query or url.fragment or url.username:
        raise BadSetting("BASE_URL must end with the host and port: it has no path.")


def _split(name: str, address: str) -> SplitResult:
    try:
        url = urlsplit(address)
        _ = url.port  # a port that is no number shows only when it is asked for
    except ValueError:
        raise BadSetting(f"{name} is no address: look at its brackets and its port.") from None
    return url


def from_environment(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """Read the settings; `given` is what is known already (embedded servers' addresses).

    Raises BadSetting with one sentence.
    """
    values: dict[str, object] = {}
    for setting in fields(Settings):
        if (text := environment.get(setting.name)) is None:
            continue
        if setting.type == "int":
            if not text.isdigit():
                raise BadSetting(f"{setting.name} must be a whole number, not “{text}”.")
            values[setting.name] = int(text)
        else:
            values[setting.name] = Path(text) if setting.type == "Path" else text
    return Settings(**{**values, **given})  # type: ignore[arg-type]
