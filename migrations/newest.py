"""Whether a database is of this release: asked before a process starts, and by `/readyz`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text


@cache
def newest() -> str:
    """The number of the newest migration of this release."""
    found = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return max(path.name.partition("_")[0] for path in found)


def is_migrated(scalar: Callable[..., Any]) -> bool:
    """Whether the tables are of this release, by the `scalar` of a session or connection.

    It must stand in `tc_accounts`, the one role that may read the number. Tables of
    a later release serve this one too, while it is being replaced.
    """
    return (scalar(text("select version_num from alembic_version")) or "") >= newest()
