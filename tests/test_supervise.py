"""The supervisor, with real processes: what it starts again, and that it leaves none behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from trustconduct import embedded, supervise

ROOT = Path(__file__).parents[1]
SLEEPER = "import time; print('hello', flush=True); time.sleep(600)"
STUBBORN = (  # a parent and a child, neither of which takes SIGTERM
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork();"
    " time.sleep(600)"
)
RUN = """
import json, sys
from pathlib import Path
from trustconduct import embedded, supervise
asked = json.loads(sys.argv[1])
var = Path(asked["var"])
supervise.GRACE = asked["grace"]
processes = [supervise.Process(*each) for each in asked["processes"]]
try:
    with supervise.alone(var):
        if asked["servers"]:
            embedded.start(var, fsync=False)
        supervise.watch(processes, var, on_ready=lambda: print("all ready", flush=True))
except supervise.CannotRun as refused:
    sys.exit(str(refused))
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def eventually(question: Callable[[], object], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def a_free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class Supervisor:
    """One in a process of its own, and what it says."""

    def __init__(self, var: Path, processes: list, *, servers: bool = False, grace: float = 1.0):
        asked = {"var": str(var), "processes": processes, "servers": servers, "grace": grace}
        self.var = var
        self.said = var / "said"
        var.mkdir(exist_ok=True)
        with open(self.said, "w") as said:
            self.popen = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", RUN, json.dumps(asked)],
                cwd=ROOT,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def says(self, words: str) -> bool:
        return eventually(lambda: words in self.said.read_text(), 20)

    def record(self) -> dict:
        return json.loads((self.var / "supervisor.json").read_text())

    def end(self, number: int = signal.SIGINT) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(15)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def make(*processes: tuple, **options) -> Supervisor:
        made.append(Supervisor(tmp_path / "var", list(processes), **options))
        return made[-1]

    yield make
    for each in made:
        if each.popen.poll() is None:
            each.end(signal.SIGTERM)
    embedded.erase(tmp_path / "var")


def marked(token: str) -> list[psutil.Process]:
    found = []
    for each in psutil.process_iter():
        try:
            if each.environ().get(supervise.TOKEN) == token:
                found.append(each)
        except psutil.Error:
            continue
    return found


def below(popen: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(popen.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    alive = [each for each in processes if each.is_running()]
    return all(each.status() == psutil.STATUS_ZOMBIE for each in alive)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_its_kin_leave_nothing_behind(supervisor, number):
    mine = supervisor(("sleeper", python(SLEEPER)), ("stubborn", python(STUBBORN)))
    assert mine.says("all ready")
    assert eventually(lambda: len(marked(mine.record()["token"])) == 3)
    started = below(mine.popen)
    assert mine.end(number) == 0
    assert gone(started)
    assert not (mine.var / "supervisor.json").exists()
    assert (mine.var / "log" / "sleeper.log").read_text().count("sleeper | hello") == 1


def test_the_embedded_servers_stop_last(supervisor):
    mine = supervisor(("sleeper", python(SLEEPER)), servers=True)
    assert mine.says("all ready")
    assert embedded.running(mine.var)
    assert mine.end() == 0
    assert embedded.running(mine.var) is None
    assert embedded._standing_in((mine.var / "postgres").resolve(), "postgres") == []


def test_a_killed_supervisor_takes_its_processes_with_it(supervisor):
    mine = supervisor(("sleeper", python(SLEEPER)), ("stubborn", python(STUBBORN)), grace=0.3)
    assert mine.says("all ready")
    assert eventually(lambda: len(marked(mine.record()["token"])) == 3)
    started = below(mine.popen)
    mine.end(signal.SIGKILL)
    assert eventually(lambda: gone(started))


def test_what_even_the_warden_could_not_end_is_ended_by_the_next_start(supervisor):
    mine = supervisor(("stubborn", python(STUBBORN)), servers=True)
    assert mine.says("all ready")
    token = mine.record()["token"]
    assert eventually(lambda: len(marked(token)) == 2)
    started = below(mine.popen)
    warden = [each for each in started if each.ppid() == mine.popen.pid and not marks(each, token)]
    assert len(warden) == 1
    warden[0].kill()
    mine.end(signal.SIGKILL)
    assert len(marked(token)) == 2
    assert embedded.running(mine.var)

    again = supervisor(("sleeper", python(SLEEPER)), servers=True)
    assert again.says("all ready")
    assert marked(token) == []
    assert again.end() == 0
    assert embedded.running(mine.var) is None


def marks(process: psutil.Process, token: str) -> bool:
    return process in marked(token)


def test_a_process_that_dies_is_started_again(supervisor):
    mine = supervisor(("sleeper", python(SLEEPER)))
    assert mine.says("all ready")
    first = mine.record()["processes"]["sleeper"]
    os.kill(first, signal.SIGKILL)
    assert mine.says("sleeper ended (signal 9); starting it again.")
    assert eventually(lambda: mine.record()["processes"]["sleeper"] != first)
    assert mine.end() == 0


def test_one_that_dies_again_and_again_is_given_up_with_its_last_words(supervisor):
    mine = supervisor(
        ("broken", python("import sys; sys.exit('no such table')")), ("sleeper", python(SLEEPER))
    )
    assert mine.popen.wait(20) == 1
    said = mine.said.read_text()
    assert "broken ended 5 times within a minute, so it is not started again" in said
    assert "broken | no such table" in said
    assert "sleeper has stopped." in said


def test_a_web_server_is_ready_when_it_answers(supervisor, tmp_path):
    port = a_free_port()
    serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "-d", str(tmp_path)]
    mine = supervisor(
        ("web", [*serve, str(port)], {}, f"http://127.0.0.1:{port}/"),
        ("port", python(SLEEPER), {}, None),
    )
    assert mine.says("web is ready.")
    assert mine.says("all ready")
    assert mine.end() == 0


def test_a_taken_port_is_told_before_anything_starts(supervisor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        mine = supervisor(("web", python(SLEEPER), {}, port))
        assert mine.popen.wait(10) == 1
    assert f"Something else already answers on port {port}" in mine.said.read_text()
    assert "Traceback" not in mine.said.read_text()


def test_a_second_supervisor_is_refused_in_one_sentence(supervisor):
    mine = supervisor(("sleeper", python(SLEEPER)))
    assert mine.says("all ready")
    asked = {"var": str(mine.var), "processes": [], "servers": False, "grace": 1.0}
    second = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(asked)], cwd=ROOT, capture_output=True, text=True
    )
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"The service already runs from {mine.var} (process {mine.popen.pid}): stop that one first."
    )
    supervise.end_other(mine.var)
    assert mine.popen.wait(1) == 0
    supervise.end_other(mine.var)  # nobody there is no error


def test_ctrl_c_before_everything_runs_stops_the_servers_too(tmp_path):
    var = tmp_path / "var"
    code = (
        "import sys, time; from pathlib import Path; from trustconduct import embedded, supervise\n"
        "with supervise.alone(Path(sys.argv[1])):\n"
        "    embedded.start(Path(sys.argv[1]), fsync=False); print('migrating', flush=True)\n"
        "    time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(var)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cli:
        assert cli.stdout.readline() == b"migrating\n"
        cli.send_signal(signal.SIGTERM)
        cli.communicate(timeout=15)
    try:
        assert embedded.running(var) is None
        assert embedded._standing_in(var / "valkey", "valkey-server") == []
    finally:
        embedded.erase(var)
