"""The program behind `room`: loads what is slow to load once, then forks a child for each job.

    python -m trustconduct.sealed.warm SECONDS MEGABYTES

Its standard input is a socket. One byte comes with each job, and with the byte the
end of another socket, on which the job comes and its answer goes. When nobody holds
the other end any more, however that came, it ends: no service leaves one behind.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
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
_TIME = (signal.SIGALRM, signal.SIGXCPU)


def jobs() -> dict[str, Job]:
    known: dict[str, Job] = {
        "picture": pictures.clean_picture,
        "document": documents.clean_document,
    }
    return known | {"print": printing.print_page} if printing else known


def serve(control: socket.socket, seconds: int, megabytes: int) -> None:
    """Fork a child for each job, until nobody asks any more."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    waiting = selectors.DefaultSelector()
    waiting.register(control, selectors.EVENT_READ)
    waiting.register(woken, selectors.EVENT_READ)
    children: dict[int, int] = {}
    while True:
        for key, _ in waiting.select():
            if key.fileobj == woken:
                with suppress(BlockingIOError):
                    os.read(woken, 1024)
                _bury(children)
                continue
            told, ends, _, _ = socket.recv_fds(control, 1, 1)
            if not told:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return
            pid = os.fork()
            if pid == 0:
                _do(ends[0], seconds, megabytes)
            children[pid] = ends[0]


def _bury(children: dict[int, int]) -> None:
    """Tell whoever waits how a child died that could not say so itself."""
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            continue
        end = children.pop(pid)
        if status:
            how = "broken"
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TIME:
                how = "time"
            elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_MEMORY:
                how = "memory"
            with suppress(OSError):
                os.write(end, _line({"failed": how}))
        os.close(end)


def _do(end: int, seconds: int, megabytes: int) -> None:
    """The child: one job, one answer, and out, without any of its parent's tidying up."""
    try:
        signal.set_wakeup_fd(-1)
        for each in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(each, signal.SIG_DFL)
        os.dup2(end, 0)
        os.closerange(3, seal.OPEN_FILES * 16)
        seal.limit(seconds, megabytes)
        seal.watch()
        _write(*_answer(_read()))
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException:  # whatever it is, it must not run on as a second parent
        os._exit(1)


def _answer(asked: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, body = asked.partition(b"\n")
    job = json.loads(head)
    try:
        return jobs()[job["job"]](body, job)
    except Refused as no:
        return {"refused": no.why}, b""


def _read() -> bytes:
    parts, size = [], 0
    while part := os.read(0, 1 << 16):
        size += len(part)
        if size > LARGEST:
            raise MemoryError
        parts.append(part)
    return b"".join(parts)


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
