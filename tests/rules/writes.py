"""Seeing what is written: every statement of an engine that changes something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

WRITTEN = re.compile(r"\s*(insert|update|delete|merge|truncate)\b|\binsert into\b", re.I)


@contextmanager
def written(engine: Any) -> Iterator[list[str]]:
    """The statements that change something, whoever sends them and whether kept or not."""
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if WRITTEN.search(statement):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
