"""The `trustconduct` command: one door for whoever runs the service.

Everything that goes wrong by a setting, a file or a server that is down ends in
one sentence and a status: 2 for what was typed or set, 1 for the rest. A
traceback would tell an operator nothing and a log too much.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click
from redis import RedisError
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import Worker
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.base import BadSetting, Settings, from_environment
from migrations.run import migrate as migrate_database
from trustconduct import embedded, mail_catcher, preflight, supervise
from trustconduct.accounts.passwords import PasswordRefused
from trustconduct.accounts.users import UserRefused, add_user
from trustconduct.audit import proof
from trustconduct.audit.actor import COMMAND, Actor, Grant, Role
from trustconduct.csv_lists import EMAIL
from trustconduct.db import transaction
from trustconduct.demo import start as demo_start
from trustconduct.demo.details import codes
from trustconduct.jobs import bounces
from trustconduct.jobs.queue import ListedJob, connect, queue
from trustconduct.jobs.sealing import heads_in_mails, walks
from trustconduct.jobs.timetable import keep_time
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.plain_log import Failed, log_plainly
from trustconduct.policies.editions import import_edition
from trustconduct.policies.reading import AnswerRefused, PolicyUnreadable, read_policy
from trustconduct.processes import environment_of, figures_folder, secret_key, web_server
from trustconduct.refusals import Down, Refused, TryLater
from trustconduct.said import show_faults, show_reading, show_taken_in, show_walk
from trustconduct.tenants.engine import make_engine
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import Sessions

Check = Callable[[Settings], None]
LONGEST_NOTICE = 2_000_000  # bytes: what it says stands first, then the mail that came back
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0  # seconds between two looks for a Redis that is gone


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REFUSALS = (BadSetting, AnswerRefused, PolicyUnreadable, UserRefused, PasswordRefused, proof.No)


class Commands(click.Group):
    """The commands, with every refusal that we know turned into its sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except REFUSALS as no:
            raise Refused(str(no)) from None
        except (embedded.NotStarted, supervise.CannotRun) as no:
            raise Down(str(no)) from None
        except OperationalError as no:
            if why := preflight.mistake_in(no):
                raise Refused(f"A database's address can't be used: {why}.") from None
            first_line = str(no.orig).strip().partition("\n")[0]
            raise Down(f"PostgreSQL can't be used: {first_line}") from None
        except ProgrammingError as no:
            why = f"The database is not as it should be ({type(no.orig).__name__})."
            raise Down(f"{why} Run: trustconduct migrate") from None


def _is_embedded() -> bool:
    """Whether this machine's own servers are used. Half an address is a mistake, not a wish."""
    database, redis = (os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL"))
    if bool(database) != bool(redis):
        raise BadSetting("Set both DATABASE_URL and REDIS_URL, or neither for the embedded ones.")
    return not database


def _var() -> Path:
    return Path(os.environ.get("VAR") or Settings.VAR).resolve()


def _settings(start: Callable[[Path], embedded.Services], **given: Any) -> Settings:
    """What the environment says; `start` gives the embedded servers if they are wanted."""
    if not _is_embedded():
        return from_environment(**given)
    if not os.environ.get("SECRET_KEY"):
        given["SECRET_KEY"] = secret_key(_var())
    from_environment(**given)  # what is wrong must show before a server is started
    services = start(_var())
    return from_environment(
        VAR=_var(),
        DATABASE_URL=services.database_url,
        DATABASE_OWNER_URL=services.database_owner_url,
        DATABASE_BACKUP_URL=services.database_backup_url,
        REDIS_URL=services.redis_url,
        **given,
    )


@contextmanager
def _short() -> Iterator[tuple[Settings, Sessions]]:
    """What a short command works with. Servers that it had to start stop with it."""
    with ExitStack() as stack:

        def start(var: Path) -> embedded.Services:
            if found := embedded.running(var):
                return found
            stack.enter_context(supervise.alone(var))
            return embedded.start(var)

        settings = _settings(start)
        engine = make_engine(settings.DATABASE_URL, pool_size=1)
        stack.callback(engine.dispose)
        yield settings, Sessions(engine)


def _for_long(check: Check = preflight.check_if_up, **given: Any) -> Settings:
    """Settings for a process that stays, in its environment too. Servers are left running."""
    settings = _settings(embedded.start, **given)
    check(settings)
    os.environ.update(environment_of(settings))
    return settings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The parents' code of conduct of a Trust: run it and look after it.

    Settings come from the environment; docs/operator.md lists them. Without
    addresses of a database and of Redis, servers of this machine are used.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Answer web requests."""
    here = {"BASE_URL": f"http://127.0.0.1:{port}"}
    more = here if _is_embedded() and not os.environ.get("BASE_URL") else {}
    settings = _for_long(preflight.check, **more)
    os.environ.update(figures_folder(settings.VAR, port))
    argv = web_server(host, port, workers=workers, threads=settings.DATABASE_POOL)
    os.execv(argv[0], argv)  # noqa: S606 -- our own interpreter, no shell


class ListedWorker(Worker):
    """RQ's worker, without the words of exceptions in its log and in Redis."""

    max_connection_wait_time = LONGEST_WAIT
    told_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.told_to_stop = True
        super().request_stop(signum, frame)

    def _finalize_failure(self, job: Any, queue: Any, execution: Any, exc_info: Any) -> None:
        kind, _, trace = exc_info
        plain = Failed(f"{kind.__module__}.{kind.__qualname__}")
        super()._finalize_failure(job, queue, execution, (Failed, plain, trace))


@main.command()
def worker() -> None:
    """Send the mail and do the other work that waits."""
    settings = _for_long()
    log = log_plainly(as_json=settings.log_as_json)

    def work() -> bool:
        redis = connect(settings.REDIS_URL)
        one = ListedWorker(
            [queue(redis)], connection=redis, serializer=JSONSerializer, job_class=ListedJob
        )
        try:
            one.work()
        except RedisError:
            if not one.told_to_stop:
                raise
        return one.told_to_stop

    _until_told(work, log)


@main.command()
def timetable() -> None:
    """Ring, by the clock in London, for what may be due."""
    settings = _for_long()
    log = log_plainly(as_json=settings.log_as_json)
    sessions = Sessions(make_engine(settings.DATABASE_URL, pool_size=1))

    def keep() -> bool:
        keep_time(sessions, connect(settings.REDIS_URL))
        return True

    _until_told(keep, log)


def _until_told(work: Callable[[], bool], log: Any) -> None:
    """Do a piece of work until it says that it was told to stop; wait for a server that is gone.

    Redis loses nothing of ours and PostgreSQL comes back, so neither is a reason to end.
    """
    told = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True
        raise StopRequested

    def listen() -> None:  # again and again: RQ puts its own handlers in their place
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, stop)

    wait = FIRST_WAIT
    with suppress(StopRequested):
        while not told:
            listen()
            began = time.monotonic()
            try:
                told = work() or told
            except RedisError as gone:
                log.warning("Redis does not answer.", error=type(gone).__name__)
            except OperationalError as gone:
                log.warning("PostgreSQL did not answer.", error=type(gone).__name__)
            listen()
            if not told:
                worked = time.monotonic() - began > LONGEST_WAIT
                wait = FIRST_WAIT if worked else min(wait * 2, LONGEST_WAIT)
                time.sleep(wait)
    log.info("Stopped.")


@main.command("mail-catcher")
@click.option("--port", default=1025, show_default=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False))
def catch_mail(port: int, folder: Path | None) -> None:
    """Take mail on this machine and keep it as files, instead of sending it."""
    try:
        mail_catcher.serve(folder or _var() / "mail", port)
    except OSError as taken:
        raise Down(f"Port {port} can't be used: {taken.strerror or taken}.") from None


@main.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--codes", "only_codes", is_flag=True, help="Print everyone's sign-in code of now.")
def demo(port: int, only_codes: bool) -> None:
    """Run the whole service here, with made-up schools. Ctrl-C stops it."""
    if only_codes:
        click.echo("\n".join(codes(_var())))
    else:
        demo_start.run(_var(), port, secret_key(_var()), say=click.echo)


@main.command()
def migrate() -> None:
    """Bring the database to this release."""
    with _short() as (settings, _):
        if not settings.DATABASE_OWNER_URL:
            raise BadSetting("DATABASE_OWNER_URL must name the owner of the tables.")
        migrate_database(settings.DATABASE_OWNER_URL, settings.DATABASE_URL)
    click.echo("The database is up to date.")


def _pairs(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(each.partition("=")[::2] for each in given)
    if not all(pairs.values()):
        raise click.BadParameter("write it as QUESTION=ANSWER, for example note.1.about=ladder")
    return pairs


@main.command("import-policy")
@click.argument("file", type=FILE)
@click.option("--answer", "answers", multiple=True, callback=_pairs, metavar="QUESTION=ANSWER")
@click.option("--suggested", is_flag=True, help="Take the suggestion where there is no answer.")
@click.option("--save", is_flag=True, help="Keep it as a draft edition.")
def import_policy(file: Path, answers: dict[str, str], suggested: bool, save: bool) -> None:
    """Read a policy out of a text file and say what was recognised."""
    raw = file.read_bytes()
    reading = read_policy(raw, filename=file.name, answers=answers)
    show_reading(reading)
    if not save:
        click.echo("\nNothing was saved. With --save it becomes a draft edition.")
        return
    if reading.unanswered and not suggested:
        first = reading.unanswered[0].id
        raise Refused(f"Answer {first} first, by --answer {first}=…, or add --suggested.")
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if utf16 else "utf-8-sig")
    with _short() as (_, sessions), sessions.trust() as session, transaction(session):
        edition = import_edition(
            session, reading, by=COMMAND, source_name=file.name, source_text=text
        )
    click.echo(f"\nSaved as edition {edition.number}, a draft.")


@main.command("take-bounce")
@click.option("--to", "address", default="", help="Whom it was sent to, as the mail server says.")
def take_bounce_(address: str) -> None:
    """Take a mail that came back, on standard input: its message becomes a task of the office.

    For the mail server to call with all that is sent to BOUNCE_ADDRESS. What is no such
    mail is let go, with status 0; with the records away it is 75: try again later.
    """
    raw = sys.stdin.buffer.read(LONGEST_NOTICE)
    while sys.stdin.buffer.read(1 << 16):  # or the mail server finds nobody who reads
        pass
    try:
        with _short() as (settings, sessions):
            click.echo(bounces.take_in(sessions, settings.SECRET_KEY, raw, address))
    except OperationalError:
        raise TryLater("The records are away. The mail server tries again.") from None


@main.command("verify-audit")
@click.option("--mail", "mails", multiple=True, type=FILE, help="A mail of seals, saved as a file.")
def verify_audit(mails: tuple[Path, ...]) -> None:
    """Walk every seal and event of every school, and say whatever was changed."""
    known = heads_in_mails(mail.read_bytes() for mail in mails)
    with _short() as (_, sessions):
        faults = sum(show_walk(name, walk) for name, walk in walks(sessions, known))
    if faults:
        raise Refused(f"{faults} {'fault' if faults == 1 else 'faults'} found. Keep a backup.")
    click.echo("Every event stands as it was sealed.")


@main.command("verify-proof")
@click.argument("file", type=FILE)
@click.option("--head", "heads", multiple=True, metavar="NUMBER:HASH", help="Of a mail of seals.")
def verify_proof(file: Path, heads: tuple[str, ...]) -> None:
    """Check a proof bundle, and say in plain words what it proves and what not."""
    found = proof.check(file, proof.heads_in(list(heads)))
    click.echo(proof.told(found))
    if not found.holds:
        raise Refused("Do not rely on this bundle.")


@main.command("import-roll")
@click.argument("school")
@click.argument("file", type=FILE)
@click.option("--whole", is_flag=True, help="Everybody is in it: who is not has left.")
@click.option("--save", is_flag=True, help="Take it in, all of it or nothing.")
def import_roll(school: str, file: Path, whole: bool, save: bool) -> None:
    """Read a school's roll (CSV) and say what it would add. SCHOOL is the slug."""
    roll = read_roll(file.read_bytes())
    if roll.faults:
        show_faults(file.name, roll)
        raise Refused(f"{file.name} was not taken in: nothing was saved.")
    with _short() as (_, sessions):
        with sessions.accounts(read_only=True) as session:
            school_id = session.scalar(select(School.id).where(School.slug == school))
        if school_id is None:
            raise Refused(f"There is no school “{school}”.")
        # Who types here stands in for that school's office, and for no other school.
        by = Actor("command", None, COMMAND.name, frozenset({Grant(Role.OFFICE, school_id)}))
        with (
            sessions.school(school_id) as session,  # what is not committed is undone
            transaction(session) if save else nullcontext(),
        ):
            found = take_in(session, roll, by=by, whole=whole)
    show_taken_in(found, saved=save)


@main.command("create-officer")
@click.argument("email")
@click.argument("name")
def create_officer(email: str, name: str) -> None:
    """Add an officer of the Trust. The password is asked for, or read from standard input."""
    if not EMAIL.fullmatch(email.strip()):
        raise Refused(f"“{email}” is not an email address.")
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    grants = [Grant(Role.TRUST_OFFICER)]
    with _short() as (settings, sessions), sessions.accounts() as session, transaction(session):
        add_user(session, by=COMMAND, email=email, name=name, password=password, grants=grants)
    click.echo(
        f"{name} may sign in at {settings.BASE_URL}/account/sign-in."
        " The authenticator is set up at the first sign-in."
    )


if __name__ == "__main__":
    main()
