"""The contact matrix as a table in a text: tabs, pipes, or columns of spaces.

A tick in the wrong column sends a parent to the wrong person, so a row that
does not fit the heading row is refused by its line and never shifted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route, slug
from trustconduct.policies.facts import FIELD
from trustconduct.policies.found_facts import with_fields
from trustconduct.policies.line_kinds import is_rule
from trustconduct.policies.source_text import LineRefused, SourceLine

TICKS = frozenset(["✓", "✔", "√", "☑", "✅", "x", "y", "yes", "•", "●"])
CHECKS = frozenset(["✓", "✔", "√", "☑", "✅"])
CROSSES = frozenset(["", "-", "–", "—", "n", "no", "✗", "✘", "☐", "❌"])
MOST_ROUTES = 60
MOST_PURPOSES = 30


@dataclass(frozen=True)
class TableRead:
    """The matrix, and what each line became."""

    matrix: Matrix
    became: tuple[tuple[SourceLine, str], ...]


@dataclass(frozen=True)
class Table:
    """Lines that stand as a table, first and after-last place, and whether it has ticks."""

    first: int
    end: int
    ticked: bool


def tables(lines: Sequence[SourceLine]) -> list[Table]:
    """Every run of two or more lines in columns."""
    found = []
    place = 0
    while place < len(lines):
        if not (sign := _sign(lines[place].text)):
            place += 1
            continue
        end = place + 1
        while end < len(lines) and _belongs(lines, end, sign):
            end += 1
        rows = [line for line in lines[place:end] if not is_rule(line.text)]
        ticked = len(rows) > 1 and all(
            any(cell.lower() in TICKS for cell in cells[1:]) or not any(cells[1:])
            for cells in (_cells(line.text, sign) for line in rows[1:])
        )
        # Two spaces also stand between sentences: only ticks make columns of them.
        if len(rows) > 1 and (ticked or sign != " "):
            found.append(Table(place, end, ticked or _has_ticks(rows[1:], sign)))
        place = end
    return found


def _belongs(lines: Sequence[SourceLine], place: int, sign: str) -> bool:
    """Whether a line goes on with the table. A row without ticks may have no columns at all."""
    line = lines[place]
    if line.after_gap:
        return sign != " " and _sign(line.text) == sign
    if _sign(line.text) == sign or is_rule(line.text) or (sign == "\t" and "\t" in line.text):
        return True
    after = lines[place + 1] if place + 1 < len(lines) else None
    return after is not None and not after.after_gap and _sign(after.text) == sign


def _has_ticks(rows: Sequence[SourceLine], sign: str) -> bool:
    return any(
        cell.lower() in TICKS for line in rows for cell in _cells(line.text, sign)[1:] if cell
    )


def _sign(text: str) -> str:
    """What parts the columns of a line: a tab, a pipe, spaces; or "" for a line of prose."""
    if "\t" in text.strip() and not re.match(r"\s*(?:\S|[0-9]{1,3}[.)])\t[^\t]*$", text):
        return "\t"
    if text.strip().startswith("|") or text.count("|") >= 2:
        return "|"
    return " " if re.search(r"\S {2,}\S", text) else ""


def _cells(text: str, sign: str) -> list[str]:
    if sign == "\t":
        return [" ".join(cell.split()) for cell in text.split("\t")]
    if sign == "|":
        bare = text.strip().removeprefix("|")
        bare = bare.removesuffix("|") if not bare.endswith("\\|") else bare
        return [" ".join(cell.split()) for cell in bare.split("|")]
    return [found[0] for found in _RUN.finditer(text)]


def read_table(lines: Sequence[SourceLine], facts: Mapping[str, str]) -> TableRead:
    """The matrix out of a table with ticks. Raises LineRefused by the line.

    `facts` are what the school's own words are: no id may hold one of them, since
    another school's matrix has to have the same id.
    """
    sign = _sign(lines[0].text)
    corner, *heads = _trimmed(_cells(lines[0].text, sign))
    if sign == " " and lines[0].text[:1] == " ":
        corner, heads = "", [corner, *heads]
    if len(heads) > MOST_PURPOSES or len(lines) > MOST_ROUTES:
        why = f"the contact matrix may have {MOST_PURPOSES} columns and {MOST_ROUTES} rows"
        raise LineRefused(lines[0].number, f"{why} at most, so shorten it")
    if "" in heads or not heads:
        why = f"column {heads.index('') + 2 if heads else 2} of the contact matrix has no heading"
        raise LineRefused(lines[0].number, f"{why}, so write what it is for")
    purposes = tuple(Purpose(id, text) for id, text in _with_ids(heads, "purpose", facts))
    starts = [found.start() for found in _RUN.finditer(lines[0].text)][-len(heads) :]
    rows: list[tuple[SourceLine, list[str]]] = []
    became: list[tuple[SourceLine, str]] = [(lines[0], "matrix.purposes")]
    for line in lines[1:]:
        if is_rule(line.text):
            became.append((line, "matrix"))
        else:
            cells = _placed(line.text, starts) if sign == " " else _trimmed(_cells(line.text, sign))
            rows.append((line, _fitting(line, cells, len(heads))))
    _refuse_mixed(rows)
    ids = _with_ids([cells[0] for _, cells in rows], "route", facts)
    routes = tuple(Route(id, text) for id, text in ids)
    ticks = set()
    for route, (line, cells) in zip(routes, rows, strict=True):
        became.append((line, f"matrix.route.{route.id}"))
        for purpose, cell in zip(purposes, cells[1:], strict=False):
            if _is_tick(line, cell):
                ticks.add((route.id, purpose.id))
    return TableRead(Matrix(purposes, routes, frozenset(ticks), corner), tuple(became))


def _fitting(line: SourceLine, cells: list[str], columns: int) -> list[str]:
    """The cells of a row. Missing ones at the end are blank; one too many is refused."""
    if len(cells) > columns + 1:
        why = f"this row of the contact matrix has {len(cells)} cells and its heading {columns + 1}"
        raise LineRefused(line.number, f"{why}, so take out what is too much")
    if not cells[0]:
        raise LineRefused(line.number, "this row has no name, so write which way to reach us it is")
    return cells


def _refuse_mixed(rows: Sequence[tuple[SourceLine, list[str]]]) -> None:
    """An x beside a ✓ may mean "no": then nobody but the writer can tell."""
    signs = {cell.lower() for _, cells in rows for cell in cells[1:]}
    if signs & CHECKS and "x" in signs:
        line = next(line for line, cells in rows if "x" in map(str.lower, cells[1:]))
        why = "the table has both ✓ and x, so put a ✓ for yes and nothing for no"
        raise LineRefused(line.number, why)


def _is_tick(line: SourceLine, cell: str) -> bool:
    if cell.lower() in CROSSES:
        return False
    if cell.lower() in TICKS:
        return True
    why = f"“{cell[:40]}” is neither a tick nor blank, so put a ✓ or nothing in that cell"
    raise LineRefused(line.number, why)


def _placed(text: str, starts: list[int]) -> list[str]:
    """Cells by where they stand below the headings, for columns made of spaces."""
    cells = [""] * (len(starts) + 1)
    for found in _RUN.finditer(text):
        column = sum(start <= found.start() + 1 for start in starts)
        cells[column] = f"{cells[column]} {found[0]}".strip()
    return cells


def _trimmed(cells: list[str]) -> list[str]:
    last = max((place for place, cell in enumerate(cells) if cell), default=0)
    return cells[: last + 1]


def _with_ids(texts: Sequence[str], word: str, facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each text with an id of its own, even where two are cut to the same words."""
    used: set[str] = set()
    pairs = []
    for place, text in enumerate(texts, start=1):
        base = id = slug(FIELD.sub("", with_fields(text, facts))) or f"{word}-{place}"
        again = 2
        while id in used:
            id, again = f"{base}-{again}", again + 1
        used.add(id)
        pairs.append((id, text))
    return pairs


_RUN = re.compile(r"\S+(?: \S+)*")
