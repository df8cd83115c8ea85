"""The number on a sheet of paper: figures alone, and a last one that finds a slip of the finger.

The last figure is Damm's: one wrong figure, and two that changed places, are always found.
A pile is keyed on the number pad, and a wrong number would be another family's sheet.
"""

from __future__ import annotations

import re

FIRST = 1001  # four figures from the start, so that all look alike
_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def _check(figures: str) -> str:
    found = 0
    for figure in figures:
        found = int(_TABLE[found][int(figure)])
    return str(found)


def shown(number: int) -> str:
    """The number as it stands on the sheet: 1001 becomes 1001-3, or whatever its last figure is."""
    return f"{number}-{_check(str(number))}"


def read_reference(typed: str) -> int | None:
    """The number that somebody typed, with or without the line; None where it can't be right."""
    figures = re.sub(r"[\s-]", "", typed)
    if not (figures.isascii() and figures.isdigit() and 5 <= len(figures) <= 10):
        return None
    return int(figures[:-1]) if _check(figures) == "0" else None
