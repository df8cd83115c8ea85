"""One text against another, word by word: what was kept, removed and added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Run(StrEnum):
    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Words:
    """Words in a row that share their fate. They are inline Markdown, whole in themselves."""

    run: Run
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


# Where a difference never cuts, so that each run of words is Markdown of its own:
# an escaped mark, a merge field, a link, an address, and words within emphasis.
_WHOLE = re.compile(
    r"\\."
    r"|\{[^{}\s]+\}"
    r"|\[[^\[\]]*\]\([^()]*\)"
    r"|<[^<>\s]+>"
    r"|(?P<marks>\*{1,3}|_{1,3})(?![\s*_])[^*_]*[^\s*_](?P=marks)"
)

# Texts longer than this are compared more coarsely, so that no text takes for ever.
_LONG = 1_000
# With fewer of the words kept than this, two texts are easier to read one after the other.
_ALIKE = 0.3


def split(text: str) -> list[str]:
    """The words of a text, at its single spaces: joined by a space they give it again exactly."""
    if not text:
        return []
    words = [""]
    done = 0
    for whole in _WHOLE.finditer(text):
        _append(words, text[done : whole.start()])
        words[-1] += whole[0]
        done = whole.end()
    _append(words, text[done:])
    return words


def _append(words: list[str], text: str) -> None:
    first, *more = text.split(" ")
    words[-1] += first
    words += more


def before(runs: Sequence[Words]) -> str:
    """The text that the runs lead away from."""
    return " ".join(words.text for words in runs if words.run is not Run.ADDED)


def after(runs: Sequence[Words]) -> str:
    """The text that the runs lead to."""
    return " ".join(words.text for words in runs if words.run is not Run.REMOVED)


def compared(old: str, new: str) -> tuple[Words, ...]:
    """The runs that lead from one text to another. `before` and `after` give both back."""
    a, b = split(old), split(new)
    if a == b:
        return tuple(_runs([(a, a)]))
    lead = _same_at_start(a, b)
    tail = _same_at_start(a[lead:][::-1], b[lead:][::-1])
    inner_a, inner_b = a[lead : len(a) - tail], b[lead : len(b) - tail]
    pieces = [(a[:lead], a[:lead]), *_pieces(inner_a, inner_b)]
    if tail:
        pieces.append((a[-tail:], a[-tail:]))
    kept = sum(len(one) for one, other in pieces if one == other)
    if kept < _ALIKE * max(len(a), len(b)) and a and b:
        return tuple(_runs([(a, b)]))
    return tuple(_runs(_joined(pieces)))


def _same_at_start(a: Sequence[str], b: Sequence[str]) -> int:
    same = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        same += 1
    return same


_Piece = tuple[list[str], list[str]]  # what stood there, and what stands there now


def _pieces(a: list[str], b: list[str]) -> Iterator[_Piece]:
    if not a or not b:
        yield a, b
        return
    matcher = SequenceMatcher(None, a, b, autojunk=max(len(a), len(b)) > _LONG)
    for _, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        yield a[a_from:a_to], b[b_from:b_to]


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Small words between two changes go with them: "to" alone helps nobody to read on."""
    joined: list[_Piece] = []
    for place, (old, new) in enumerate(pieces):
        small = len(old) == 1 and old == new and len(old[0]) <= 3
        between = 0 < place < len(pieces) - 1
        changed = joined and joined[-1][0] != joined[-1][1]
        if (old != new or (small and between)) and changed:
            joined[-1] = (joined[-1][0] + old, joined[-1][1] + new)
        else:
            joined.append((old, new))
    return joined


def _runs(pieces: list[_Piece]) -> Iterator[Words]:
    for old, new in pieces:
        if old == new:
            if old:
                yield Words(Run.KEPT, tuple(old))
            continue
        if old:
            yield Words(Run.REMOVED, tuple(old))
        if new:
            yield Words(Run.ADDED, tuple(new))
