"""The program behind `room`: loads what is slow to load once, then forks a child for each job.

    python -m trustconduct.sealed.warm SECONDS MEGABYTES

Its standard input is a socket. One byte comes with each job, and with the byte the
end of another socket, on which the job comes and its answer goes. When nobody holds
the other end any more, however that came, it ends: no service leaves one behind.

The child of the next job is forked before that job comes, and has printed a page of no
account: so a job waits neither for the fork nor for the pages of memory that a child
copies when it first writes on them. It does one job, or those of one run, and is gone.
"""

from __future__ import annotations

import gc
import json
import os
import select
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trustconduct.sealed import documents, pictures, seal
from trustconduct.sealed.answers import Refused

try:
    from trustconduct.sealed import printing
except OSError:  # no Pango on this machine: what WeasyPrint's own import says
    printing = None  # type: ignore[assignment]

Job = Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]
LARGEST = 32 * 1024 * 1024  # bytes of a job
OUT_OF_MEMORY = 3  # a child's status
MOST_OF_A_RUN = 50  # jobs of one child
IDLE = 10.0  # seconds for the next job of a run
# A child does one job within its memory and is gone: to collect what a letter leaves would
# take time, and copy the parent's memory. A long document is still collected.
SELDOM = (100_000, 20, 50)
_TIME = (signal.SIGALRM, signal.SIGXCPU)


def jobs() -> dict[str, Job]:
    known: dict[str, Job] = {
        "picture": pictures.clean_picture,
        "document": documents.clean_document,
    }
    return known | {"print": printing.print_page} if printing else known


@dataclass(frozen=True)
class _Spare:
    """A child that waits for a job, and our end of the socket on which it is told."""

    pid: int
    ours: socket.socket

    def give(self, end: int) -> bool:
        """Hand it a job; False where somebody has killed it."""
        try:
            socket.send_fds(self.ours, [b"."], [end])
        except OSError:
            return False
        finally:
            self.ours.close()
        return True


def serve(control: socket.socket, seconds: int, megabytes: int) -> None:
    """Give each job to a child of its own, until nobody asks any more."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    waiting = selectors.DefaultSelector()
    waiting.register(control, selectors.EVENT_READ)
    waiting.register(woken, selectors.EVENT_READ)
    children: dict[int, int] = {}
    spare = _fork(seconds, megabytes)
    while True:
        for key, _ in waiting.select():
            if key.fileobj == woken:
                with suppress(BlockingIOError):
                    os.read(woken, 1024)
                _bury(children)
                continue
            told, ends, _, _ = socket.recv_fds(control, 1, 1)
            if not told:
                for pid in (*children, spare.pid):
                    os.kill(pid, signal.SIGKILL)
                return
            while not spare.give(ends[0]):
                spare = _fork(seconds, megabytes)
            children[spare.pid] = ends[0]
            spare = _fork(seconds, megabytes)


def _fork(seconds: int, megabytes: int) -> _Spare:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _wait_and_do(theirs, seconds, megabytes)
    theirs.close()
    return _Spare(pid, ours)


def _bury(children: dict[int, int]) -> None:
    """Tell whoever waits how a child died that could not say so itself."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            end = children.pop(pid, None)
            if end is None:
                continue  # a spare that was killed: `give` finds out
            if status:
                how = "broken"
                if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TIME:
                    how = "time"
                elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_MEMORY:
                    how = "memory"
                with suppress(OSError):
                    os.write(end, _line({"failed": how}))
            os.close(end)


def _wait_and_do(told: socket.socket, seconds: int, megabytes: int) -> None:
    """The child: one job, one answer, and out, without any of its parent's tidying up.

    Its time is counted from the job on.
    """
    try:
        signal.set_wakeup_fd(-1)
        for each in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(each, signal.SIG_DFL)
        os.dup2(told.fileno(), 0)
        os.closerange(3, told.fileno())
        os.closerange(told.fileno() + 1, seal.OPEN_FILES * 16)
        gc.set_threshold(*SELDOM)
        if printing:
            printing.warm_child()
        seal.limit_memory(megabytes)
        seal.watch()
        came, ends, _, _ = socket.recv_fds(told, 1, 1)
        if not came:
            os._exit(0)
        os.dup2(ends[0], 0)
        os.closerange(3, seal.OPEN_FILES)
        for done in range(MOST_OF_A_RUN):
            if done and not select.select([0], [], [], IDLE)[0]:
                break
            seal.limit_time(seconds, seconds * (MOST_OF_A_RUN - done))
            if (asked := _read()) is None:
                break
            _write(*_answer(*asked))
            seal.rest()
            if done % 10 == 9:
                gc.collect()
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException:  # whatever it is, it must not run on as a second parent
        os._exit(1)


def _answer(job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    if not job.get("run"):
        seal.last_job()
    try:
        return jobs()[job["job"]](body, job)
    except Refused as no:
        return {"refused": no.why}, b""


def _read() -> tuple[dict[str, Any], bytes] | None:
    """A job, as `room` sends it: a line of JSON, then so many bytes. None: no more come."""
    came = b""
    while b"\n" not in came:
        if not (part := os.read(0, 1 << 16)):
            return None
        came += part
    head, _, body = came.partition(b"\n")
    job = json.loads(head)
    if job["size"] > LARGEST:
        raise MemoryError
    parts, left = [body], job["size"] - len(body)
    while left > 0:
        if not (part := os.read(0, min(left, 1 << 16))):
            return None
        parts.append(part)
        left -= len(part)
    return job, b"".join(parts)


def _write(head: dict[str, Any], body: bytes) -> None:
    rest = memoryview(_line({**head, "size": len(body)}) + body)
    while rest:
        rest = rest[os.write(0, rest) :]


def _line(head: dict[str, Any]) -> bytes:
    return json.dumps(head).encode() + b"\n"


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: it ends with whoever it serves
    control = socket.socket(fileno=0)
    if printing:
        printing.warm_up()
    kept = seal.close_the_doors()
    gc.collect()
    gc.freeze()  # children share these pages: collecting would copy them
    control.sendall(_line({"prints": printing is not None, "kept_from": kept}))
    serve(control, int(sys.argv[1]), int(sys.argv[2]))


if __name__ == "__main__":
    main()
