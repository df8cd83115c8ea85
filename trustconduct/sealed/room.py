"""A room without doors, for work on what others wrote: printing a page, taking in a file.

Whoever reads a PDF or a picture from outside runs hundreds of thousands of lines of C
over bytes that someone chose. Here that happens in a child process that has no
network, no files, ten seconds and 512 MB: at worst one answer is lost. The child is
forked from a process that has everything loaded, so that a page takes a tenth of a
second and not one and a half. That process starts with the first job and ends with
the process that it serves.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).parents[2]
SECONDS = 10  # of the clock, and of the processor
MEGABYTES = 512
AT_ONCE = 2  # jobs of one process: more would share the same two cores
STARTS_WITHIN = 30.0  # seconds, on a machine that is busy
GRACE = 5.0  # seconds for the kernel to end what is over time
LARGEST = 64 * 1024 * 1024  # bytes of an answer


class Failed(RuntimeError):
    """The job was not done; the message says why, in a word for a log."""


class TookTooLong(Failed):
    pass


class TooMuchMemory(Failed):
    pass


class Busy(Failed):
    """Too many at once; it may work in a minute."""


class CannotPrint(Failed):
    """This machine has no Pango, which WeasyPrint needs."""


class Refused(ValueError):
    """What came can't be taken; `why` is one word: "encrypted", "pixels", …"""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Done:
    about: dict[str, Any]
    content: bytes


Do = Callable[..., Done]  # as `Room.do`


@dataclass
class Room:
    """One a process. Threads share it; so do children that are forked after its start."""

    seconds: int = SECONDS
    megabytes: int = MEGABYTES
    prints: bool = True
    kept_from: tuple[str, ...] = ()
    _control: socket.socket | None = None
    _process: subprocess.Popen[bytes] | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(AT_ONCE)
    )

    def do(self, job: str, content: bytes, *, wait: float = 30.0, **asked: Any) -> Done:
        """Have a job done: "print", "picture" or "document"; `asked` is what it takes besides.

        `wait`: seconds for a free place, then Busy. Raises Refused for what can't be
        taken, and Failed for what went wrong; the room itself goes on.
        """
        return self._do(job, content, wait, asked)

    @contextmanager
    def run(self) -> Iterator[Do]:
        """Have several jobs done that belong together, all by one child: what it is to be
        kept from of one of them it may know of the other.

        Each has its own ten seconds; the memory is for all of them. A child that dies takes
        the one job with it, and the next one has another child.
        """
        kept: list[socket.socket] = []
        try:
            yield lambda job, content, wait=30.0, **asked: self._do(job, content, wait, asked, kept)
        finally:
            for end in kept:
                end.close()

    def _do(
        self,
        job: str,
        content: bytes,
        wait: float,
        asked: dict[str, Any],
        kept: list[socket.socket] | None = None,
    ) -> Done:
        head = {**asked, "job": job, "size": len(content), "run": kept is not None}
        if not self._places.acquire(timeout=wait):
            raise Busy("every place is taken")
        try:
            return _read(self._asked(json.dumps(head).encode() + b"\n" + content, job, kept))
        finally:
            self._places.release()

    def _asked(self, asked: bytes, job: str, kept: list[socket.socket] | None) -> bytes:
        if kept:  # the child of the run; gone, where it did its share or nobody asked for long
            if answer := self._talk(kept[0], asked):
                return answer
            kept.pop().close()
        for last_try in (False, True):
            ours, theirs = socket.socketpair()
            with theirs:
                control = self.start()
                if job == "print" and not self.prints:
                    ours.close()
                    raise CannotPrint("Pango is not installed")
                try:
                    socket.send_fds(control, [b"."], [theirs.fileno()])
                except OSError:  # someone killed it: once more, with a new one
                    ours.close()
                    self._forget(control)
                    if last_try:
                        raise Failed("the process that forks can't be reached") from None
                    continue
            try:
                answer = self._talk(ours, asked)
            finally:
                if kept is None:
                    ours.close()
                else:
                    kept.append(ours)
            if answer or last_try:
                return answer
            self._forget(control)  # it died with this job in its hands
        raise AssertionError("unreachable")

    def _talk(self, end: socket.socket, asked: bytes) -> bytes:
        """Tell a child its job; what it answers, or less of it where it died."""
        until = time.monotonic() + self.seconds + GRACE
        came = bytearray()
        size = -1  # of the whole answer, once its first line is there
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # its answer says why
                end.settimeout(self.seconds + GRACE)
                end.sendall(asked)
            while size < 0 or len(came) < size:
                end.settimeout(max(until - time.monotonic(), 0.001))
                if not (part := end.recv(1 << 18)):
                    break
                came += part
                if size < 0 and (line := came.find(b"\n")) >= 0:
                    size = line + 1 + _size_in(bytes(came[:line]))
                if len(came) > LARGEST:
                    raise TooMuchMemory("the answer is too large")
        except TimeoutError:
            raise TookTooLong(f"no answer in {self.seconds} seconds") from None
        except ConnectionResetError:
            pass
        return bytes(came)

    def start(self) -> socket.socket:
        """Start the process that forks, unless it is there. Raises Failed."""
        with self._starting:
            if self._control is not None:
                return self._control
            ours, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-P", "-s", "-m", "trustconduct.sealed.warm"]
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                    [*command, str(self.seconds), str(self.megabytes)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # a library's warning may quote a page
                    env=_environment(),
                    cwd="/",
                )
            ours.settimeout(STARTS_WITHIN)
            try:
                told = json.loads(ours.makefile("rb").readline())
            except (OSError, ValueError):
                ours.close()
                self._end_process()
                raise Failed("the process that forks did not start") from None
            ours.settimeout(None)
            self.prints, self.kept_from = told["prints"], tuple(told["kept_from"])
            self._control = ours
            atexit.register(self.close)
            return ours

    def close(self) -> None:
        """End the process that forks, and what it is doing. The next job starts another."""
        if self._control is not None:
            self._forget(self._control)
        atexit.unregister(self.close)

    def _forget(self, control: socket.socket) -> None:
        with self._starting:
            if self._control is not control:
                return  # another thread has started a new one already
            self._control = None
            control.close()
            self._end_process()

    def _end_process(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _environment() -> dict[str, str]:
    """Nothing of ours: no key, no address of a database. A parser's fault can't tell them."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FONTCONFIG_FILE": str(Path(__file__).parent / "fonts.conf"),
    }


def _size_in(head: bytes) -> int:
    """How many bytes follow the first line of an answer."""
    with suppress(ValueError, TypeError):
        return int(json.loads(head).get("size", 0))
    return 0


def _read(answer: bytes) -> Done:
    head, _, body = answer.partition(b"\n")
    try:
        about = json.loads(head)
    except ValueError:
        raise Failed("the job ended without an answer") from None
    if why := about.get("refused"):
        raise Refused(why)
    if how := about.get("failed"):
        kinds = {"time": TookTooLong, "memory": TooMuchMemory}
        raise kinds.get(how, Failed)(how)
    if len(body) != about.pop("size"):
        raise Failed("the job ended within its answer")
    return Done(about, body)


@cache
def room() -> Room:
    """The room of this process."""
    return Room()
