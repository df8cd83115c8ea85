"""What a sealed process may still do: read its fonts and its own code, and answer.

Three fences, one behind the other. The kernel's: no network of its own (a network
namespace without devices), no files but fonts and libraries (Landlock), limits of
time and memory. Python's: an audit hook that refuses sockets, new processes and
files. And the parsers' own settings, where each is used. A kernel or a container
that does not give the first two leaves the others.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import sysconfig
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FONTS = HERE.parent / "web" / "static" / "build" / "print"
# What may be read, by the kernel's rule and by Python's: nothing that is anybody's secret.
READABLE = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(HERE),
    str(FONTS),
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/var/cache/fontconfig",
    "/usr/lib",
    "/lib",
    "/lib64",
    "/dev/urandom",  # qpdf wants it before it says that a PDF is locked
)
OPEN_FILES = 64
MEGABYTE = 1024 * 1024

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_NO_NEW_PRIVILEGES, _DUMPABLE = 38, 4
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights an ABI knows; 16 from 5 on
_TCP_RIGHTS = 0b11  # bind and connect, from ABI 4 on


class SealBroken(PermissionError):
    """Something tried what a sealed process may not do."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def close_the_doors() -> tuple[str, ...]:
    """Take network and files from this process and its children, for good.

    Returns what the kernel gave, for whoever wants to know: "network", "files".
    """
    given = []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)  # nobody of this user reads its memory
    if libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) == 0:
        given.append("network")
    if _landlock(libc, READABLE):
        given.append("files")
    return tuple(given)


def _landlock(libc: Any, readable: Iterable[str]) -> bool:
    """Allow reading beneath these folders, and no other use of any file."""
    abi = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if abi < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(abi, 16)) - 1
    wanted = _Ruleset(rights, _TCP_RIGHTS if abi >= 4 else 0)
    size = ctypes.sizeof(wanted) if abi >= 4 else 8
    rules = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(wanted), size, 0)
    if rules < 0:
        return False
    for folder in {os.path.realpath(path) for path in readable}:
        with suppress(OSError):
            opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            rights = _READ_FILE | (_READ_DIR if os.path.isdir(folder) else 0)
            beneath = _Beneath(rights, opened)
            libc.syscall(_LANDLOCK_ADD, rules, 1, ctypes.byref(beneath), 0)
            os.close(opened)
    done = libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return done


def limit_memory(megabytes: int) -> None:
    """End this process at so much memory. A file can't grow, and few can be open."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def limit_time(seconds: int, in_all: int) -> None:
    """End this process so many seconds from now, of the clock or of the processor.

    The alarm's own action ends it, in the middle of C code too. `in_all`: seconds of the
    processor that it can never come back from, whatever it sets for itself.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    used = int(time.process_time()) + 1  # what it used before its job came
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    hard = used + in_all + 1
    if most != resource.RLIM_INFINITY:
        hard = min(hard, most)
    resource.setrlimit(resource.RLIMIT_CPU, (min(used + seconds, hard), hard))


def rest() -> None:
    """Nothing is being done: the clock stands still until the next job."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def last_job() -> None:
    """The time that is left for this job is all that is left."""
    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 1))


_REFUSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.listdir",
    "os.scandir",
    "shutil.",
    "tempfile.",
    "ctypes.dlopen",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch() -> None:
    """Refuse sockets, processes and other people's files to Python. It can't be taken off again."""
    readable = tuple(os.path.realpath(path) + os.sep for path in READABLE)

    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if isinstance(path, int):
                return
            if flags & _WRITES or not os.path.realpath(os.fsdecode(path)).startswith(readable):
                raise SealBroken(event)
        elif event.startswith(_REFUSED):
            raise SealBroken(event)

    sys.addaudithook(refuse)
