"""A log that says what broke and where, and nothing about anybody."""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Plain(logging.Formatter):
    """A log without personal data: an exception's text may quote a row, its place never does."""

    def formatException(self, ei: Any) -> str:
        return super().formatException(without_words(ei))


class Failed(Exception):
    """Stands in for an exception, by the name of its class."""


def log_plainly() -> logging.Logger:
    """Log to standard output, without personal data."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Plain("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    return logging.getLogger("trustconduct")


def without_words(ei: Any) -> ExcInfo:
    """An exception's class and place without its text: the database's own quotes rows."""
    return Failed, Failed(ei[0].__qualname__), ei[2]
