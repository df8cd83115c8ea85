"""One supervisor for one machine: starts the service's processes, and leaves none behind.

Without it a Ctrl-C, a crash or a `kill -9` leaves a worker that still sends
letters, or a web server that holds the port while `make demo` says that it is
taken. Three things see to that: every process has a group of its own, which is
ended as a whole; a warden, forked off and waiting on a pipe, ends the groups
the moment the supervisor dies of whatever cause; and every process carries the
supervisor's token in its environment, by which the next start finds what even
the warden could not end.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from trustconduct import embedded
from trustconduct.ready import Ready, connects, is_ready, port_of
from trustconduct.warden import TOKEN, Warden, end_marked, signal_group

GRACE = 5.0  # seconds between SIGTERM and SIGKILL
DEATHS_ALLOWED = 5  # within DEATHS_WITHIN seconds; then no more restarts
DEATHS_WITHIN = 60.0
LONGEST_PAUSE = 8.0  # seconds between a death and the restart, after doubling from FIRST_PAUSE
FIRST_PAUSE = 0.25
READY_WITHIN = 60.0
LONGEST_LINE = 65_536  # bytes; a line without an end must not fill the memory


class CannotRun(RuntimeError):
    """The supervisor refuses or gives up; the message is a sentence for whoever started it."""


@dataclass(frozen=True)
class Process:
    """One process to keep alive.

    `env` is added to the supervisor's own. `ready` says when it can be used: an
    http address that answers below 400, a TCP port of this machine, or a
    function; None counts as ready at once.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Ready = None


def run(
    processes: Sequence[Process],
    var: Path,
    *,
    on_ready: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> None:
    """Keep the processes alive until Ctrl-C, SIGTERM or SIGHUP; then end all, servers included.

    `on_ready` is called once, when every process has been ready. Raises CannotRun.
    """
    with alone(var):
        watch(processes, var, on_ready=on_ready, say=say)


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Be the one supervisor of this folder; on leaving, stop its embedded servers.

    For work before `watch`, such as starting the servers and migrating: inside,
    SIGTERM and SIGHUP end it as Ctrl-C does, by KeyboardInterrupt. What an
    earlier supervisor left running is ended first. Raises CannotRun if another
    one is at work.
    """
    var.mkdir(parents=True, exist_ok=True)
    with open(var / "supervisor.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = _record(var).get("pid", "unknown")
            raise CannotRun(
                f"The service already runs from {var} (process {pid}): stop that one first."
            ) from None
        before = {each: signal.signal(each, _interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
        try:
            _end_leftovers(var)
            yield
        finally:
            before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
            for each in before:  # a second Ctrl-C must not cut the stopping short
                signal.signal(each, signal.SIG_IGN)
            embedded.stop(var)
            (var / "supervisor.json").unlink(missing_ok=True)
            for each, action in before.items():
                signal.signal(each, action)


def watch(
    processes: Sequence[Process],
    var: Path,
    *,
    on_ready: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> None:
    """What `run` does, for one who holds `alone` already."""
    _Watch(processes, var, say).until_told(on_ready)


def end_other(var: Path, seconds: float = 60.0) -> None:
    """Ask the supervisor of this folder, if there is one, to stop as by Ctrl-C; wait until it has.

    Raises CannotRun if it does not stop in time.
    """
    record = _record(var)
    try:
        other = psutil.Process(int(str(record["pid"])))
        if other.create_time() != record["started"]:
            return
        other.terminate()
        other.wait(seconds)
    except (KeyError, ValueError, psutil.NoSuchProcess):
        return
    except psutil.TimeoutExpired:
        raise CannotRun(f"Process {record['pid']} runs the service and does not stop.") from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Child:
    """One process, with its log, its deaths and when it may start again."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log_path = log
        embedded.rotate(log)
        self.log: IO[bytes] = open(log, "ab", buffering=0)  # noqa: SIM115 -- closed by _Watch
        self.popen: subprocess.Popen[bytes] | None = None
        self.deaths: deque[float] = deque()
        self.start_at = 0.0
        self.ready = False
        self.rest = b""  # a line whose end has not come yet

    def start(self, token: str) -> subprocess.Popen[bytes]:
        self.popen = subprocess.Popen(
            self.process.argv,
            env={**os.environ, **self.process.env, TOKEN: token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self.popen

    def take(self, output: bytes) -> None:
        *lines, self.rest = (self.rest + output).split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            lines, self.rest = [*lines, self.rest], b""
        for line in lines:
            self.log.write(self.process.name.encode() + b" | " + line + b"\n")

    def note(self, text: str) -> None:
        self.take(f"-- {datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {text}\n".encode())

    def last_words(self) -> str:
        return embedded.end_of(self.log_path)


class _Watch:
    def __init__(self, processes: Sequence[Process], var: Path, say: Callable[[str], None]) -> None:
        self.var = var
        self.say = say
        self.token = secrets.token_hex(16)
        self.told_to_stop = False
        (var / "log").mkdir(parents=True, exist_ok=True)
        self.children = [_Child(each, var / "log" / f"{each.name}.log") for each in processes]
        self.output = selectors.DefaultSelector()

    def until_told(self, on_ready: Callable[[], None]) -> None:
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {each: signal.signal(each, self._stop_soon) for each in signals}
        self.warden = Warden(GRACE)
        try:
            self._refuse_taken_ports()
            self._keep_alive(on_ready)
        finally:
            self._end_all()
            self.warden.dismiss()
            self.output.close()
            for child in self.children:
                child.log.close()
            for each, action in before.items():
                signal.signal(each, action)

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _refuse_taken_ports(self) -> None:
        """Else a stranger on the port would pass for our own web server, ready at once."""
        for child in self.children:
            port = port_of(child.process.ready)
            if port and connects(port):
                raise CannotRun(
                    f"Something else already answers on port {port}, which {child.process.name}"
                    f" needs: stop it, or choose another port (PORT={port + 1})."
                )

    def _keep_alive(self, on_ready: Callable[[], None]) -> None:
        all_ready = False
        began = time.monotonic()
        while not self.told_to_stop:
            for child in self.children:
                self._look_after(child)
            self._read(0.05 if not all_ready else 0.25)
            if not all_ready:
                all_ready = all(child.ready for child in self.children)
                if all_ready:
                    on_ready()
                elif time.monotonic() - began > READY_WITHIN:
                    late = next(child for child in self.children if not child.ready)
                    raise CannotRun(
                        f"{late.process.name} was not ready within {READY_WITHIN:.0f} seconds;"
                        f" {late.log_path} ends with:\n{late.last_words()}"
                    )

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        name = child.process.name
        if child.popen is None:
            if now >= child.start_at:
                self._start(child)
        elif (status := child.popen.poll()) is not None:
            self._bury(child)
            child.note(f"ended ({_how(status)})")
            child.deaths.append(now)
            while child.deaths[0] < now - DEATHS_WITHIN:
                child.deaths.popleft()
            times = len(child.deaths)
            if times >= DEATHS_ALLOWED:
                raise CannotRun(
                    f"{name} ended {times} times within a minute, so it is not started again;"
                    f" {child.log_path} ends with:\n{child.last_words()}"
                )
            pause = min(FIRST_PAUSE * 2 ** (times - 1), LONGEST_PAUSE)
            child.start_at = now + pause
            self.say(f"{name} ended ({_how(status)}); starting it again.")
        elif not child.ready and is_ready(child.process.ready):
            child.ready = True
            self.say(f"{name} is ready.")

    def _start(self, child: _Child) -> None:
        child.ready = False
        child.note(f"starting {' '.join(child.process.argv)}")
        try:
            popen = child.start(self.token)
        except OSError as refused:
            raise CannotRun(f"{child.process.name} can't be started: {refused}") from None
        self.warden.add(popen.pid)
        assert popen.stdout is not None
        os.set_blocking(popen.stdout.fileno(), False)
        self.output.register(popen.stdout, selectors.EVENT_READ, child)
        self._write_record()

    def _read(self, seconds: float) -> None:
        if not self.output.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.output.select(seconds):
            self._drain(key.fileobj, key.data)  # type: ignore[arg-type]

    def _drain(self, pipe: IO[bytes], child: _Child) -> None:
        with suppress(BlockingIOError):
            while chunk := os.read(pipe.fileno(), 65_536):
                child.take(chunk)
                if len(chunk) < 65_536:  # the others want their turn
                    return
            self.output.unregister(pipe)  # the other end is closed

    def _bury(self, child: _Child) -> None:
        """What is left of its group goes too: an orphan would keep the port."""
        popen = child.popen
        assert popen is not None
        assert popen.stdout is not None
        signal_group(popen.pid, signal.SIGKILL)
        with suppress(KeyError):
            self._drain(popen.stdout, child)
            self.output.unregister(popen.stdout)
        popen.stdout.close()
        if child.rest:
            child.take(b"\n")
        self.warden.remove(popen.pid)
        child.popen = None

    def _end_all(self) -> None:
        """SIGTERM for all at once, five seconds, SIGKILL; their last lines are still logged."""
        alive = [child for child in self.children if child.popen]
        for child in alive:
            assert child.popen is not None
            signal_group(child.popen.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while time.monotonic() < until and any(c.popen and c.popen.poll() is None for c in alive):
            self._read(0.05)
        for child in alive:
            assert child.popen is not None
            signal_group(child.popen.pid, signal.SIGKILL)
            status = child.popen.wait()
            self._bury(child)
            child.note(f"stopped ({_how(status)})")
            self.say(f"{child.process.name} has stopped.")
        end_marked(self.token, GRACE)

    def _write_record(self) -> None:
        """For the next start, should this process and the warden both be killed."""
        alive = [child for child in self.children if child.popen]
        record = {
            "pid": os.getpid(),
            "started": psutil.Process().create_time(),
            "token": self.token,
            "processes": {c.process.name: c.popen.pid for c in alive if c.popen},
        }
        embedded.write_private(self.var / "supervisor.json", json.dumps(record, indent=1))


def _record(var: Path) -> dict[str, object]:
    try:
        record: dict[str, object] = json.loads((var / "supervisor.json").read_text())
    except (OSError, ValueError):
        return {}
    return record


def _end_leftovers(var: Path) -> None:
    token = _record(var).get("token")
    if isinstance(token, str):
        end_marked(token, GRACE)


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
