"""Doing the same thing many times at the very same moment, as many people would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def at_once(times: int, do: Callable[[], Any]) -> list[Any]:
    """What each of `times` threads got, or the error that it got instead."""
    start = threading.Barrier(times)

    def run(_: int) -> Any:
        start.wait(timeout=30)
        try:
            return do()
        except Exception as error:
            return error

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))
