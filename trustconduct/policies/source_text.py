"""From the bytes of a file to its lines, or one sentence that says why not.

Everything after this file may trust what it gets: real text, of a bounded
size, in lines of a bounded length. Without these bounds one upload could hold
a worker for minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST = 1024 * 1024  # bytes; the longest policy that we have met has 60,000
LONGEST_LINE = 10_000  # characters; a page of print has about 3,000
MOST_LINES = 5_000  # lines with something in them

SAVE_AS_TEXT = "open it in the program it was made with, save it as text (.txt) and try again"
SAVE_AS_UTF8 = "save it as text in UTF-8 and try again"


class PolicyUnreadable(ValueError):
    """The file is no policy that we can read; the message says where and what to do."""


class LineRefused(ValueError):
    """A line cannot be read. The reader adds the file's name, which the parts don't know."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


@dataclass(frozen=True)
class SourceLine:
    """A line with something in it. `after_gap` says that a blank line stands before it."""

    number: int
    text: str
    after_gap: bool


def refusal(filename: str, why: str, line: int | None = None) -> PolicyUnreadable:
    """The refusal of a file, in one sentence that names it and the line."""
    name = " ".join(filename.split())[:120] or "The file"
    place = f"“{name}”" if line is None else f"Line {line} of “{name}”"
    return PolicyUnreadable(f"{place} can't be read: {why}.")


def source_lines(raw: bytes, *, filename: str) -> tuple[SourceLine, ...]:
    """The lines of a text file that are not blank. Raises PolicyUnreadable."""
    if len(raw) > LARGEST:
        raise refusal(filename, "it is larger than 1 MB, so send the policy's text alone")
    for magic, kind in _MAGIC.items():
        if raw.startswith(magic):
            raise refusal(filename, f"it is {kind}, not text, so {SAVE_AS_TEXT}")
    found: list[SourceLine] = []
    gap = True
    for number, line in enumerate(_BREAK.split(_decoded(raw, filename)), start=1):
        if not line.strip():
            gap = True
            continue
        if len(line) > LONGEST_LINE:
            why = f"it is {len(line):,} characters long, so break it into paragraphs"
            raise refusal(filename, why, number)
        if _NOT_TEXT.search(line):
            raise refusal(
                filename, f"it holds characters that are not text, so {SAVE_AS_TEXT}", number
            )
        found.append(SourceLine(number, line, gap))
        gap = False
        if len(found) > MOST_LINES:
            why = f"the file has more than {MOST_LINES:,} lines, so send the policy's text alone"
            raise refusal(filename, why, number)
    if not found:
        raise refusal(filename, "it is empty, so choose the file that holds the policy's text")
    return tuple(found)


def _decoded(raw: bytes, filename: str) -> str:
    """Text out of UTF-8 or, where it says so itself, UTF-16.

    Windows-1252 is refused and not guessed: every byte means something there,
    so a wrong guess would put wrong letters into a text that parents sign.
    """
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, errors="ignore")
        why = f"it is not in UTF-8, so {SAVE_AS_UTF8}"
        raise refusal(filename, why, len(_BREAK.split(before))) from None


_MAGIC = {
    b"PK\x03\x04": "a Word document or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Word document",
    b"%PDF": "a PDF",
    b"{\\rtf": "rich text (.rtf)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_BREAK = re.compile(r"\r\n|\n|\r")
# Control characters but tab, and the page and column breaks that pdftotext writes;
# and the marks that turn the order of letters, since a reader would see another text
# than the one that is signed.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
