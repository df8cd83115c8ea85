"""Nothing outlives the supervisor: groups ended as a whole, a warden, and a token to know ours by.

Apart from `supervise` because it must work when the supervisor no longer does.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import psutil

TOKEN = "TRUSTCONDUCT_SUPERVISOR"  # noqa: S105 -- the name of a variable


class Warden:
    """A fork that reads a pipe: when its other end closes, the supervisor is dead, however it died.

    The kernel's own "signal me when my parent dies" reaches only the child
    itself; a web server's workers would live on.
    """

    def __init__(self, grace: float) -> None:
        self.grace = grace  # seconds between SIGTERM and SIGKILL
        read_end, self.pipe = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._wait(read_end)
            finally:
                os._exit(0)  # never back into the supervisor's code
        os.close(read_end)

    def _wait(self, read_end: int) -> None:
        os.setsid()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        os.dup2(read_end, 0)
        os.closerange(
            1, os.sysconf("SC_OPEN_MAX")
        )  # the lock above all: it must die with its owner
        groups: set[int] = set()
        rest = ""
        while told := os.read(0, 4096):
            *words, rest = (rest + told.decode()).split("\n")
            for word in words:
                (groups.add if word[0] == "+" else groups.discard)(int(word[1:]))
        for number, pause in ((signal.SIGTERM, self.grace), (signal.SIGKILL, 0.0)):
            for group in groups:
                signal_group(group, number)
            until = time.monotonic() + pause
            while time.monotonic() < until and any(signal_group(each, 0) for each in groups):
                time.sleep(0.05)

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def _tell(self, word: str) -> None:
        with suppress(BrokenPipeError):  # someone killed the warden: the next start's sweep remains
            os.write(self.pipe, word.encode())

    def dismiss(self) -> None:
        os.close(self.pipe)
        os.waitpid(self.pid, 0)


def end_marked(token: str, seconds: float) -> None:
    """Kill whatever carries the token, also what left its group. A reused pid never carries it."""
    found = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            if each.environ().get(TOKEN) == token:
                each.kill()
                found.append(each)
    psutil.wait_procs(found, timeout=seconds)


def signal_group(group: int, number: int) -> bool:
    """Is there still such a group to signal?"""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
