"""The version control block at the top of a policy: who, for whom, until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

from trustconduct.clock import Term, TermRefused
from trustconduct.policies.line_kinds import is_rule, looks_like_heading, marked_heading, marker
from trustconduct.policies.source_text import LineRefused, SourceLine

# The unions need not be asked about every policy: that is an answer, not a blank.
NOT_APPLICABLE: Final = "N/A"


@dataclass(frozen=True)
class HeaderRow:
    """One line of the block as it stands: `field` says what we took it for."""

    field: str
    label: str
    value: str


@dataclass(frozen=True)
class Header:
    """What the block says. `rows` keeps every line of it, in its own words."""

    name: str = ""
    scope: str = ""
    board_on: date | None = None
    review: Term | None = None
    union: date | Literal["N/A"] | None = None
    statutory: bool = False
    author: str = ""
    author_role: str = ""
    rows: tuple[HeaderRow, ...] = ()


@dataclass
class HeaderRead:
    """The block, the title, what each line became, and how many lines it took."""

    header: Header = field(default_factory=Header)
    title: str = ""
    became: list[tuple[SourceLine, str]] = field(default_factory=list)
    taken: int = 0


def read_header(lines: Sequence[SourceLine]) -> HeaderRead:
    """Read the lines before the first paragraph or item.

    Raises LineRefused for a date or term that cannot be one: a review date that
    nobody can read is a review that nobody is reminded of.
    """
    labelled = _labelled(lines)
    read = HeaderRead()
    last = max(labelled, default=-1)
    first = min(labelled, default=0)
    rows: list[HeaderRow] = []
    used: set[str] = set()

    def keep(line: SourceLine, field: str, label: str, value: str) -> None:
        if not field or field in used:
            field = f"other.{1 + len(rows)}"
        used.add(field)
        rows.append(HeaderRow(field, label, value))
        read.became.append((line, f"header.{field}"))

    for index, line in enumerate(lines[: last + 1]):
        if index in labelled:
            keep(line, *labelled[index])
        elif is_rule(line.text):
            read.became.append((line, "header"))
        else:
            words = _bare(line.text)
            keep(line, "name" if index == 0 else "heading" if index < first else "", "", words)
    read.header = _header(rows, {f"header.{row.field}": row for row in rows}, read.became)
    read.taken = last + 1
    _take_title(lines, read)
    return read


def _labelled(lines: Sequence[SourceLine]) -> dict[int, tuple[str, str, str]]:
    """The lines that say "label: value", by their place, as far as the block reaches."""
    found: dict[int, tuple[str, str, str]] = {}
    for index, line in enumerate(lines):
        if row := _row(line.text):
            found[index] = row
        elif not (is_rule(line.text) or _is_top_line(line.text)):
            break
    # A stray "Word: words" is no block; a known label makes one.
    if not any(field for field, _, _ in found.values()):
        return {}
    last = max(index for index, (field, _, _) in found.items() if field)
    while last + 1 in found and not lines[last + 1].after_gap:
        last += 1
    return {index: row for index, row in found.items() if index <= last}


def _is_top_line(text: str) -> bool:
    return bool(marked_heading(text)) or (looks_like_heading(text) and not marker(text))


def _row(text: str) -> tuple[str, str, str] | None:
    """(field or "", label, value) of a line such as "Review date:<tab>Summer Term 2028"."""
    if marked_heading(text):
        return None
    bare = text.strip().strip("|").strip()
    found = _LABEL.match(bare)
    if not found:
        return None
    label = found["label"].strip("*_: ")
    value = " ".join(bare[found.end() :].strip().strip("*").split())
    words = label.lower()
    field = next((name for name, pattern in _FIELDS if pattern.fullmatch(words)), "")
    in_table = text.strip().startswith("|") or "\t" in bare
    if not field and (
        not (in_table or ":" in found[0]) or not value or len(value) > 100 or marker(text)
    ):
        return None
    return field, label, value


def _header(
    rows: list[HeaderRow], by_field: dict[str, HeaderRow], became: list[tuple[SourceLine, str]]
) -> Header:
    """The values out of the rows, each refused by its own line."""
    values: dict = {"rows": tuple(rows)}
    for line, where in became:
        row = by_field.get(where)
        if row is None or not row.value:
            continue
        match row.field:
            case "name" | "scope":
                values[row.field] = row.value
            case "board":
                values["board_on"] = None if _is_not(row.value) else _day(line, row.value)
            case "review":
                values["review"] = _term(line, row.value)
            case "union":
                no = _is_not(row.value)
                values["union"] = NOT_APPLICABLE if no else _day(line, row.value)
            case "statutory":
                values["statutory"] = row.value.lower().startswith(("statutory", "yes"))
            case "author":
                values["author"], values["author_role"] = _author(row.value)
    return Header(**values)


def _is_not(value: str) -> bool:
    return value.lower().replace(" ", "").strip(".-–—") in (
        "n/a",
        "na",
        "notapplicable",
        "none",
        "",
    )


def _term(line: SourceLine, value: str) -> Term:
    try:
        return replace(Term.parse(_ORDINAL.sub("", value)), text=value)
    except TermRefused as refused:
        why = str(refused) if len(value) <= 60 else "this is no term or date that we know."
        raise LineRefused(line.number, why.rstrip(".")) from None


def _day(line: SourceLine, value: str) -> date:
    day = _term(line, value).day
    if day is None:
        why = f"“{value[:60]}” is a term and a day is needed here, so write it like 31 July 2028"
        raise LineRefused(line.number, why)
    return day


def _author(value: str) -> tuple[str, str]:
    """The name and the role code: "A Name - TEO", "A Name (TEO)", "A Name, TEO"."""
    for sign, end in ((" - ", ""), (" – ", ""), (" — ", ""), (" (", ")"), (", ", "")):
        name, found, role = value.rpartition(sign)
        if found and role.endswith(end):
            return name.strip(), role.removesuffix(end).strip()
    return value, ""


def _take_title(lines: Sequence[SourceLine], read: HeaderRead) -> None:
    """The title is the heading after the block, if it names a policy; else the name above it."""
    place = read.taken
    while place < len(lines) and is_rule(lines[place].text):
        read.became.append((lines[place], "header"))
        place += 1
    after = lines[place] if place < len(lines) else None
    if after and _is_top_line(after.text) and not after.text.rstrip().endswith((":", "?")):
        words = _bare(after.text)
        if not read.header.name or _POLICY.search(words):
            read.title = words
            read.became.append((after, "title"))
            place += 1
            if not read.header.name:
                read.header = replace(read.header, name=words)
    read.title = read.title or read.header.name
    read.taken = place


def _bare(text: str) -> str:
    return " ".join((marked_heading(text) or text).strip().strip("|").split())


_LABEL = re.compile(r"(?P<label>[^:\t|]{2,60}?)\s{0,9}(?:\*{0,2}:\*{0,2}|\t|\|)")
_BOARD = (
    r"(?:date )?(?:to|approved by|adopted by|ratified by)?\s?(?:the )?(?:trust )?board(?: date)?"
    r"|board approval(?: date)?|date (?:approved|adopted|ratified)|approved on"
)
_AUTHOR = r"(?:policy )?(?:author|owner|lead)(?:\s?/\s?reviewer)?|author and reviewer|written by"
_FIELDS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("scope", r"scope|appl(?:ies|icable) to"),
        ("board", _BOARD),
        ("review", r"(?:next |date of (?:next )?|due for )?review(?: date| due| by)?"),
        ("union", r"union consultation(?: date)?|(?:date of )?consultation with unions"),
        ("statutory", r"statutory(?: or non-?\s?statutory)?(?: policy)?|status"),
        ("author", _AUTHOR),
    )
)
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b", re.I)
_POLICY = re.compile(r"policy|code|charter|agreement|conduct", re.I)
