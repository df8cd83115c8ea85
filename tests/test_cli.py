"""The commands, as an operator types them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from config.base import ROOT
from tests.build import a_roll
from tests.world import World
from trustconduct.accounts.models import User
from trustconduct.cli import main
from trustconduct.jobs import models
from trustconduct.jobs.queue import ListedJob, connect, enqueue, queue, ring
from trustconduct.jobs.timetable import TIMETABLE
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.models import Adult
from trustconduct.policies.models import Edition, State
from trustconduct.policies.reading import template
from trustconduct.processes import environment_of, secret_key

Run = Callable[..., Result]
DELIVER = "trustconduct.jobs.tasks.deliver_mail"
real_time = pytest.mark.skipif(
    "TEST_CLOCK" in os.environ, reason="a process of its own has the real time"
)


@pytest.fixture
def run(settings) -> Run:
    """Run a command as in a service with servers of its own; `env` changes its settings."""
    service = {**environment_of(settings), "DATABASE_OWNER_URL": settings.DATABASE_OWNER_URL}

    def command(*words: object, typed: str = "", **env: str | None) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words], typed, {**service, **env})
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return command


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "code.txt"
    file.write_bytes(template())
    return file


def doubtful(policy: Path) -> None:
    """Take the mark of the second note away, as in a copy that someone typed out."""
    text = policy.read_text("utf-8")
    assert "your side.[2]" in text
    policy.write_text(text.replace("your side.[2]", "your side."), "utf-8")


def editions(world: World) -> list[Edition]:
    with world.sessions.trust() as session:
        return list(session.scalars(select(Edition).order_by(Edition.number)))


# -- import-policy


def test_a_policy_is_shown_before_it_is_saved(run, world, policy):
    told = run("import-policy", policy)
    assert told.exit_code == 0
    assert "10 behaviours, 8 online" in told.output
    assert "Review date: Summer Term 2028" in told.output
    assert "Nothing was saved" in told.output
    assert len(editions(world)) == 1


def test_a_saved_policy_is_a_draft_edition_with_its_source(run, world, policy):
    told = run("import-policy", policy, "--save")
    assert told.exit_code == 0, told.output
    saved = editions(world)[-1]
    assert (saved.number, saved.state) == (2, State.DRAFT)
    assert (saved.source_name, saved.source_text) == ("code.txt", template().decode())


def test_a_policy_with_an_open_question_is_not_saved(run, world, policy):
    doubtful(policy)
    told = run("import-policy", policy, "--save")
    assert told.exit_code == 2
    assert "note.2.about" in told.output
    assert "ladder.3: If it goes on" in told.output
    assert len(editions(world)) == 1


@pytest.mark.parametrize("how", [("--answer", "note.2.about=ladder.2"), ("--suggested",)])
def test_an_answer_or_the_suggestion_settles_a_question(run, world, policy, how):
    doubtful(policy)
    assert run("import-policy", policy, "--save", *how).exit_code == 0
    note = editions(world)[-1].document.clause("note.2")
    assert note.about == ("ladder.2" if len(how) == 2 else "ladder.3")


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (b"%PDF-1.7", (), "it is a PDF"),
        (template(), ("--answer", "note.9.about=ladder"), "asks no question"),
    ],
)
def test_a_policy_that_cant_be_read_ends_in_one_sentence(run, policy, content, words, sentence):
    policy.write_bytes(content)
    told = run("import-policy", policy, *words)
    assert told.exit_code == 2
    assert sentence in told.output
    assert len(told.output.splitlines()) == 1


# -- import-roll


def adults(world: World) -> int:
    with world.sessions.school(world.oak.id) as session:
        return session.scalar(select(func.count()).select_from(Adult))


def test_a_roll_is_tried_before_it_is_taken_in(run, world, tmp_path):
    file = tmp_path / "roll.csv"
    file.write_bytes(a_roll("Wren Sample,4,Fern Sample,mother,fern@parents.example"))
    before = adults(world)
    assert "It would add 1 adults" in run("import-roll", "oak-lane", file).output
    assert adults(world) == before
    assert "Added 1 adults" in run("import-roll", "oak-lane", file, "--save").output
    assert adults(world) == before + 1


def test_a_roll_with_a_fault_is_not_taken_in_at_all(run, world, tmp_path):
    file = tmp_path / "roll.csv"
    good = "Wren Sample,4,Fern Sample,mother,fern@parents.example"
    file.write_bytes(a_roll(good, "Lark Sample,3,,father,no address"))
    before = adults(world)
    told = run("import-roll", "oak-lane", file, "--save")
    assert told.exit_code == 2
    assert "roll.csv, line 3, adult: This is blank." in told.output
    assert "roll.csv, line 3, email: “no address” is not" in told.output
    assert adults(world) == before


def test_a_roll_needs_a_school_that_there_is(run, tmp_path):
    file = tmp_path / "roll.csv"
    file.write_bytes(a_roll("Wren Sample,4,Fern Sample,mother,fern@parents.example"))
    told = run("import-roll", "no-such-school", file)
    assert (told.exit_code, told.output) == (2, "There is no school “no-such-school”.\n")


# -- create-officer


def test_an_officer_is_made_with_a_password_from_standard_input(run, world):
    told = run("create-officer", "New@Trust.example", "Nia Sample", typed="quite a long one\n")
    assert told.exit_code == 0, told.output
    assert "first sign-in" in told.output
    with world.sessions.accounts() as session:
        user = session.scalars(select(User).where(User.email == "new@trust.example")).one()
        assert [grant.role for grant in user.grants] == ["trust_officer"]


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("new@trust.example", "short", "at least 12 characters"),
        ("not an address", "quite a long one", "is not an email address"),
    ],
)
def test_a_wrong_officer_is_refused_in_one_sentence(run, email, password, sentence):
    told = run("create-officer", email, "Nia Sample", typed=f"{password}\n")
    assert told.exit_code == 2
    assert sentence in told.output


# -- settings


@pytest.mark.parametrize(
    ("env", "status", "sentence"),
    [
        ({"SECRET_KEY": "short"}, 2, "SECRET_KEY must be set"),
        ({"BASE_URL": "http://school.example"}, 2, "BASE_URL must begin with https://"),
        ({"DATABASE_POOL": "many"}, 2, "DATABASE_POOL must be a whole number"),
        ({"REDIS_URL": None}, 2, "Set both DATABASE_URL and REDIS_URL"),
        ({"REDIS_URL": "localhost"}, 2, "REDIS_URL must begin with"),
        ({"DATABASE_OWNER_URL": ""}, 2, "DATABASE_OWNER_URL must name"),
        ({"DATABASE_OWNER_URL": "nonsense"}, 2, "DATABASE_OWNER_URL must look like"),
        (
            {"DATABASE_OWNER_URL": "postgresql+psycopg://x@127.0.0.1:9/x"},
            1,
            "PostgreSQL can't be used",
        ),
    ],
)
def test_a_wrong_setting_ends_in_one_sentence(run, env, status, sentence):
    told = run("migrate", **env)
    assert told.exit_code == status
    assert told.output.startswith(sentence)
    assert len(told.output.splitlines()) == 1


def test_migrating_a_database_that_is_up_to_date_changes_nothing(run):
    told = run("migrate")
    assert (told.exit_code, told.output) == (0, "The database is up to date.\n")


def test_the_web_does_not_start_as_a_superuser(run, servers, world):
    told = run("serve", DATABASE_URL=servers.superuser_url(world.name))
    assert told.exit_code == 2
    assert told.output.startswith("DATABASE_URL must name a login that is no superuser")


def test_the_key_of_a_machine_is_made_once_and_is_its_users_alone(tmp_path):
    first = secret_key(tmp_path / "var")
    assert secret_key(tmp_path / "var") == first
    assert len(first) >= 32
    (file,) = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# -- processes that stay


@pytest.fixture
def running(settings) -> Callable:
    @contextmanager
    def started(*words: object, **env: str) -> Iterator[subprocess.Popen]:
        process = subprocess.Popen(
            [sys.executable, "-m", "trustconduct.cli", *map(str, words)],
            env={**os.environ, **environment_of(settings), **env},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return started


def within(seconds: float, question: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def ended(process: subprocess.Popen) -> str:
    """What a process said, once SIGTERM has ended it well."""
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=15)
    assert process.returncode == 0, said
    return said


@real_time
def test_the_worker_sends_what_waits_and_stops_when_told(running, world, valkey, mailbox):
    ring(valkey)
    with world.sessions.school(world.oak.id) as session:
        waiting = session.scalar(select(func.count()).select_from(SchoolMessage))
    with running("worker", SMTP_URL=mailbox.url) as worker:
        assert within(20, lambda: len(mailbox.messages) >= waiting > 0)
        said = ended(worker)
    assert DELIVER in said
    assert "@" not in said


@real_time
def test_a_job_that_fails_leaves_no_words_in_redis_or_in_the_log(running, settings, valkey):
    """An error of the database quotes the row that it is about."""
    enqueue(valkey, DELIVER)
    failed = FailedJobRegistry(queue=queue(valkey))
    nowhere = "postgresql+psycopg://somebody@127.0.0.1:9/x"
    with running("worker", DATABASE_URL=nowhere) as worker:
        assert within(20, lambda: failed.count == 1)
        said = ended(worker)
    (job_id,) = failed.get_job_ids()
    with connect(settings.REDIS_URL) as redis:
        job = ListedJob.fetch(job_id, connection=redis, serializer=JSONSerializer)
        kept = str(job.latest_result().exc_string)
    for text in (kept, said):
        assert "OperationalError" in text
        assert "127.0.0.1" not in text


@pytest.mark.parametrize("name", ["worker", "timetable"])
def test_a_redis_that_is_down_is_waited_for(running, name, tmp_path):
    with running(name, REDIS_URL=f"unix://{tmp_path}/nothing.sock") as process:
        assert process.stdout is not None
        lines = (process.stdout.readline() for _ in range(20))
        assert any("Redis does not answer" in line for line in lines)
        assert process.poll() is None
        assert ended(process).endswith("Stopped.\n")


@real_time
def test_two_timetables_at_once_ring_once_for_each_entry(running, world, settings):
    def waiting() -> list[str]:
        with connect(settings.REDIS_URL) as redis:
            return sorted(job.func_name for job in queue(redis).jobs)

    listed = sorted(entry.function for entry in TIMETABLE)
    with running("timetable") as one, running("timetable") as other:
        assert within(30, lambda: waiting() == listed)
        time.sleep(2)  # the second has looked as well
        assert waiting() == listed
        said = ended(one) + ended(other)
    assert said.count("The timetable rang.") == len(listed)
    with world.sessions.trust() as session:
        once = select(func.count()).where(models.Run.started_at.is_(None)).group_by(models.Run.task)
        assert session.scalars(once).all() == [1] * len(listed)


def test_the_web_answers_until_it_is_told_to_stop(running):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def answers() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as page:
                return page.read() == b"ok\n"
        except OSError:
            return False

    with running("serve", "--port", port, "--workers", 1) as web:
        assert within(30, answers)
        ended(web)
