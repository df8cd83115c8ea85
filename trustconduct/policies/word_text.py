"""A Word document as the lines that the importer reads: one reader for all kinds of file.

Word's own numbering, bullets, tables and footnotes become what a person would
have typed. Nothing is run or fetched: the parts are read as data, with bounds.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from trustconduct.policies.source_text import SAVE_AS_TEXT, refusal

LARGEST_WORD = 10 * 1024 * 1024  # bytes of the file
MOST_UNPACKED = 40 * 1024 * 1024  # bytes of all its parts together
LARGEST_PART = 20 * 1024 * 1024
MOST_PARTS = 2_000
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TRACKED = ("ins", "del", "moveFrom", "moveTo")
# Characters of Word's symbol typefaces that people use for ticks and crosses.
_SYMBOLS = {"FC": "✓", "FE": "✓", "52": "✓", "FB": "✗", "FD": "✗", "A8": "☐", "6F": "☐"}
_BROKEN = (
    etree.XMLSyntaxError, zipfile.BadZipFile, ValueError, OSError, EOFError, RuntimeError,
)  # fmt: skip
_ROMAN_OR_LETTER = ("lowerLetter", "upperLetter", "lowerRoman", "upperRoman")


@dataclass(frozen=True)
class WordText:
    """The text as UTF-8, and what was left out of it, in sentences."""

    raw: bytes
    left_out: tuple[str, ...]


def is_word(raw: bytes) -> bool:
    """Whether it may be a Word document, by its first bytes."""
    return raw.startswith((ZIP, OLE))


def text_of_word(raw: bytes, *, filename: str) -> WordText:
    """The document's text. Raises PolicyUnreadable with what to do, in one sentence."""
    if len(raw) > LARGEST_WORD:
        raise refusal(filename, "it is larger than 10 MB, so send the policy's text alone")
    if raw.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            why = "it is locked with a password, so take the password off in Word (File, Info)"
            raise refusal(filename, f"{why} and bring it in again")
        raise refusal(filename, f"it is an old Word document, so {SAVE_AS_DOCX}")
    parts = _Parts(raw, filename)
    body = parts.xml("word/document.xml")
    if body is None:
        kind = "an OpenDocument file" if "mimetype" in parts.names else "no Word document"
        raise refusal(filename, f"it is {kind}, so {SAVE_AS_TEXT}")
    _no_tracked_changes(body, filename)
    writer = _Writer(parts)
    lines = writer.lines(body)
    if not any(line.strip() for line in lines):
        what = "only pictures" if next(body.iter(f"{_W}drawing"), None) is not None else "no text"
        raise refusal(filename, f"it holds {what}, so choose the file with the policy's text")
    return WordText("\n".join(lines).encode(), tuple(_left_out(parts, body)))


SAVE_AS_DOCX = "open it in Word, save it as .docx and try again"


class _Parts:
    """The parts of the package, each read once, within bounds."""

    def __init__(self, raw: bytes, filename: str) -> None:
        self._filename = filename
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise refusal(filename, f"the file is damaged, so {SAVE_AS_DOCX}") from None
        self.names = {info.filename for info in infos}
        large = any(info.file_size > LARGEST_PART for info in infos)
        if len(infos) > MOST_PARTS or large or sum(i.file_size for i in infos) > MOST_UNPACKED:
            why = "it unpacks to far more than a policy holds, so take the pictures out"
            raise refusal(filename, f"{why} and try again")
        if any(name.lower().endswith("vbaproject.bin") for name in self.names):
            why = "it holds macros, so save it in Word as “Word Document (.docx)”, without macros,"
            raise refusal(filename, f"{why} and bring it in again")
        if any(info.flag_bits & 1 for info in infos):
            raise refusal(filename, "it is locked with a password, so take the password off")

    def xml(self, name: str) -> Any:
        """A part as a tree; None where the package has none by that name."""
        if name not in self.names:
            return None
        # No entities, nothing from elsewhere: a document can't make us fetch or expand.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        try:
            with self._zip.open(name) as part:
                data = part.read(LARGEST_PART + 1)
            if len(data) > LARGEST_PART:  # more than its own directory said
                raise ValueError("larger than it says")
            return etree.fromstring(data, parser)
        except (
            etree.XMLSyntaxError,
            zipfile.BadZipFile,
            ValueError,
            OSError,
            EOFError,
            RuntimeError,
        ):
            raise refusal(self._filename, f"the file is damaged, so {SAVE_AS_DOCX}") from None


def _no_tracked_changes(body: Any, filename: str) -> None:
    found = [
        each
        for name in _TRACKED
        for each in body.iter(_W + name)
        if next(each.iter(f"{_W}t", f"{_W}delText"), None) is not None
    ]
    if found:
        words = " ".join("".join(found[0].itertext()).split())[:40]
        many = "1 tracked change" if len(found) == 1 else f"{len(found)} tracked changes"
        raise refusal(
            filename,
            f"it has {many}, the first at “{words}”, so accept or reject all changes in Word"
            " (Review) and bring it in again",
        )


def _left_out(parts: _Parts, body: Any) -> Iterator[str]:
    if next(body.iter(f"{_W}commentReference"), None) is not None:
        yield "Comments are left out."
    if next(body.iter(f"{_W}drawing", f"{_W}pict"), None) is not None:
        yield "Pictures and text boxes are left out."
    for name in sorted(parts.names):
        if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name):
            tree = parts.xml(name)
            if tree is not None and "".join(t.text or "" for t in tree.iter(f"{_W}t")).strip():
                yield "What stands at the top and the foot of each page is left out."
                return


@dataclass
class _Level:
    format: str = "decimal"
    start: int = 1


@dataclass
class _Numbering:
    """Word's lists: by list and level, what stands before an item and where it begins."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Any) -> _Numbering:
        made = cls()
        if tree is None:
            return made
        abstract: dict[str, dict[int, _Level]] = {}
        for one in tree.iter(f"{_W}abstractNum"):
            abstract[one.get(f"{_W}abstractNumId", "")] = {
                _int(level.get(f"{_W}ilvl")): _Level(
                    _val(level.find(f"{_W}numFmt"), "decimal"),
                    _int(_val(level.find(f"{_W}start"), "1"), 1),
                )
                for level in one.iter(f"{_W}lvl")
            }
        for one in tree.iter(f"{_W}num"):
            base = abstract.get(_val(one.find(f"{_W}abstractNumId"), ""), {})
            levels = {number: _Level(each.format, each.start) for number, each in base.items()}
            for over in one.iter(f"{_W}lvlOverride"):
                start = over.find(f"{_W}startOverride")
                if start is not None:
                    level = levels.setdefault(_int(over.get(f"{_W}ilvl")), _Level())
                    level.start = _int(_val(start, "1"), 1)
            made.levels[one.get(f"{_W}numId", "")] = levels
        return made

    def marker(self, list_id: str, number: int) -> str:
        """What stands before the next item of a list: "- ", "3. "."""
        level = self.levels.get(list_id, {}).get(number, _Level("bullet"))
        if level.format in ("bullet", "none") or number > 0:
            return "- "
        for deeper in [key for key in self.counts if key[0] == list_id and key[1] > number]:
            del self.counts[deeper]
        key = (list_id, number)
        self.counts[key] = self.counts.get(key, level.start - 1) + 1
        if level.format in _ROMAN_OR_LETTER and self.counts[key] <= 26:
            return f"{chr(ord('a') + self.counts[key] - 1)}) "
        return f"{self.counts[key]}. "


class _Writer:
    """Writes the lines, from the document's beginning to its end, and the footnotes after it."""

    def __init__(self, parts: _Parts) -> None:
        self._numbering = _Numbering.of(parts.xml("word/numbering.xml"))
        self._styles = _styles(parts.xml("word/styles.xml"))
        self._links = _links(parts.xml("word/_rels/document.xml.rels"))
        self._notes = _footnotes(parts.xml("word/footnotes.xml"), parts.xml("word/endnotes.xml"))
        self._cited: list[str] = []

    def lines(self, body: Any) -> list[str]:
        lines: list[str] = []
        in_list = False
        for block in _blocks(body):
            if block.tag == f"{_W}tbl":
                lines += ["", *self._table(block)]
                in_list = False
                continue
            text, is_item = self._paragraph(block)
            if not text:
                continue
            if not (in_list and is_item):
                lines.append("")
            lines.append(text)
            in_list = is_item
        if self._cited:
            lines += ["", "# Notes", ""]
            for number, id in enumerate(self._cited, start=1):
                lines.append(f"[{number}] {self._notes.get(id, '')}")
        return lines

    def _paragraph(self, paragraph: Any) -> tuple[str, bool]:
        text = self._text(paragraph)
        if not text:
            return "", False
        properties = paragraph.find(f"{_W}pPr")
        style = self._styles.get(_val(_in(properties, "pStyle"), ""), _Style())
        numbers = _in(properties, "numPr")
        list_id = _val(_in(numbers, "numId"), "") or style.list_id
        level = _int(_val(_in(numbers, "ilvl"), "")) if numbers is not None else style.list_level
        heading = style.heading or _heading_level(properties)
        if heading:
            return f"{'#' * min(heading, 6)} {text}", False
        if list_id and list_id != "0":
            return self._numbering.marker(list_id, level) + text, True
        if _all_bold(paragraph) and len(text) <= 100 and "*" not in text:
            return f"**{text}**", False
        return text, False

    def _table(self, table: Any) -> list[str]:
        rows = [
            [" ".join(self._text(p) for p in cell.iter(f"{_W}p")).strip() for cell in _cells(row)]
            for row in table.iter(f"{_W}tr")
        ]
        rows = [row for row in rows if any(row)]
        ticked = any(cell in ("✓", "✔", "x", "X", "✗", "☑") for row in rows for cell in row)
        if not ticked and all(len(row) == 2 for row in rows):
            # Labels and values: how a policy's version control is laid out.
            return [f"{label.rstrip(':')}: {value}" if label else value for label, value in rows]
        return ["\t".join(row) for row in rows]

    def _text(self, paragraph: Any) -> str:
        said: list[str] = []
        self._gather(paragraph, said)
        text = "".join(said).replace("\xa0", " ").replace("☒", "✓")
        return " ".join(text.split())

    def _gather(self, element: Any, said: list[str]) -> None:
        for child in element:
            name = str(child.tag).replace(_W, "")
            if name == "t":
                said.append(child.text or "")
            elif name in ("tab", "br", "cr"):
                said.append(" ")
            elif name == "noBreakHyphen":
                said.append("-")
            elif name == "sym":
                code = (child.get(f"{_W}char") or "").upper().removeprefix("F0")
                said.append(_SYMBOLS.get(code, ""))
            elif name in ("footnoteReference", "endnoteReference"):
                said.append(self._mark(f"{name[:4]}{child.get(f'{_W}id')}"))
            elif name == "hyperlink":
                words: list[str] = []
                self._gather(child, words)
                said.append(self._link("".join(words), child.get(f"{_R}id") or ""))
            elif name not in ("drawing", "pict", "object", "pPr", "rPr", "txbxContent"):
                self._gather(child, said)

    def _mark(self, id: str) -> str:
        if not self._notes.get(id):
            return ""
        if id not in self._cited:
            self._cited.append(id)
        return f" [{self._cited.index(id) + 1}]"

    def _link(self, words: str, id: str) -> str:
        address = self._links.get(id, "")
        if not address.startswith(("https://", "http://", "mailto:")) or not words.strip():
            return words
        bare = address.removeprefix("mailto:")
        if words.strip().rstrip("/") in (bare, bare.rstrip("/")):
            return words if address.startswith("mailto:") else f"<{address}>"
        return f"[{words.strip()}]({address})" if "]" not in words else words


@dataclass(frozen=True)
class _Style:
    heading: int = 0
    list_id: str = ""
    list_level: int = 0


def _styles(tree: Any) -> dict[str, _Style]:
    found: dict[str, _Style] = {}
    for style in () if tree is None else tree.iter(f"{_W}style"):
        name = _val(style.find(f"{_W}name"), "").lower()
        properties = style.find(f"{_W}pPr")
        level = re.fullmatch(r"heading ([1-9])", name)
        numbers = _in(properties, "numPr")
        found[style.get(f"{_W}styleId", "")] = _Style(
            int(level[1]) if level else _heading_level(properties),
            _val(_in(numbers, "numId"), ""),
            _int(_val(_in(numbers, "ilvl"), "")),
        )
    return found


def _heading_level(properties: Any) -> int:
    outline = _in(properties, "outlineLvl")
    level = _int(_val(outline, "9"), 9) if outline is not None else 9
    return level + 1 if level < 9 else 0


def _links(tree: Any) -> dict[str, str]:
    if tree is None:
        return {}
    return {one.get("Id", ""): one.get("Target", "") for one in tree.iter(_RELATION)}


def _footnotes(*trees: Any) -> dict[str, str]:
    """Notes by the word that cites them: footnotes and endnotes are numbered together."""
    found: dict[str, str] = defaultdict(str)
    for tree, kind in zip(trees, ("foot", "endn"), strict=True):
        if tree is None:
            continue
        for note in tree.iter(f"{_W}footnote", f"{_W}endnote"):
            if note.get(f"{_W}type"):  # the line between text and notes
                continue
            text = "".join(each.text or "" for each in note.iter(f"{_W}t"))
            found[f"{kind}{note.get(f'{_W}id')}"] = " ".join(text.split())
    return found


def _blocks(element: Any) -> Iterator[Any]:
    """Paragraphs and tables in their order, also those within a content control."""
    for child in element:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}body", f"{_W}sdt", f"{_W}sdtContent"):
            yield from _blocks(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent"):
            yield from _cells(child)


def _all_bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.iter(f"{_W}r") if run.find(f"{_W}t") is not None]
    return bool(runs) and all(_is_bold(run) for run in runs)


def _is_bold(run: Any) -> bool:
    bold = _in(run.find(f"{_W}rPr"), "b")
    return bold is not None and _val(bold, "true") not in ("0", "false")


def _in(element: Any, name: str) -> Any:
    return None if element is None else element.find(_W + name)


def _val(element: Any, default: str) -> str:
    return default if element is None else element.get(f"{_W}val", default)


def _int(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default
