"""PDFs that were printed once, kept as files: the same page is never printed twice.

They lie in VAR/pdf, so that all web processes of a machine share them, and are named
by the hash of what they were made from: a new version, another telephone number or a
new badge is another file. Losing the folder loses nothing.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from trustconduct.sealed.room import Busy, room

MOST_FILES = 1_000
MOST_BYTES = 100 * 1024 * 1024
WAITS = 8.0  # seconds for the same page, that another request is printing
WAITS_FOR_PLACE = 3.0  # seconds; each waiting request holds one of a process's few threads


def key_of(page: bytes) -> str:
    return hashlib.sha256(page).hexdigest()


@dataclass
class Printed:
    """The kept PDFs of this machine."""

    folder: Path
    _turns: dict[str, threading.Lock] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pdf(self, page: bytes) -> bytes:
        """The page, which is whole in itself, as PDF; from its file if it was printed before.

        Raises Failed of `sealed`: Busy where too many pages are being printed.
        """
        kept = self._path(key_of(page))
        if found := _bytes(kept):
            return found
        with self._turn(kept.name):
            if found := _bytes(kept):  # printed while we waited
                return found
            pdf = room().do("print", page, wait=WAITS_FOR_PLACE).content
            self._keep(kept, pdf)
            return pdf

    def size(self, page: bytes) -> int | None:
        """How many bytes it has, where that is known already."""
        with suppress(OSError):
            return self._path(key_of(page)).stat().st_size
        return None

    def changed(self) -> int:
        """A number that changes when another page has been printed, by whichever process."""
        with suppress(OSError):
            return self.folder.stat().st_mtime_ns
        return 0

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.pdf"

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """One request prints a page; the others who want it wait for that one."""
        with self._lock:
            turn = self._turns.setdefault(name, threading.Lock())
            self._waiting[name] += 1
        try:
            if not turn.acquire(timeout=WAITS):
                raise Busy("the same page is still being printed")
            try:
                yield
            finally:
                turn.release()
        finally:
            with self._lock:
                self._waiting[name] -= 1
                if not self._waiting[name]:
                    del self._waiting[name], self._turns[name]

    def _keep(self, path: Path, pdf: bytes) -> None:
        """Write it beside and move it in place: nobody reads half a file. A full disk is no error.

        Permissions as for everything in VAR: this user's alone.
        """
        mine = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                mine.write_bytes(pdf)
                mine.replace(path)
            finally:
                mine.unlink(missing_ok=True)
            self._make_room()

    def _make_room(self) -> None:
        """Drop the oldest files beyond the limits."""
        files = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process drops them too
                    files.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
        files.sort(reverse=True)
        size = 0
        for number, (_, bytes_, path) in enumerate(files, start=1):
            size += bytes_
            if number > MOST_FILES or size > MOST_BYTES:
                Path(path).unlink(missing_ok=True)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
