"""How old a reader must be, about, to read words with ease: a figure to write by, no verdict.

Flesch and Kincaid's grade plus five years. Syllables by the hyphenation of British English
that our printing uses already: the usual library for it fetches word lists from the network.
"""

from __future__ import annotations

import re
from functools import cache

import pyphen

YOUNGEST, OLDEST = 5, 22
FEWEST_WORDS = 20  # fewer say nothing
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")


def reading_age(text: str) -> int | None:
    """Years, or None where there are too few words to say."""
    words = _WORD.findall(text)
    if len(words) < FEWEST_WORDS:
        return None
    sentences = max(1, len(re.findall(r"[.!?:]+(?=\s|$)|\n", text.strip() + "\n")))
    syllables = sum(_syllables(word.lower()) for word in words)
    grade = 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59
    return min(max(round(grade + 5), YOUNGEST), OLDEST)


@cache
def _hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_GB", left=1, right=1)


def _syllables(word: str) -> int:
    """By hyphenation or by groups of vowels, whichever finds more."""
    vowels = re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouyl])e$", "", word))
    return max(1, len(vowels), len(_hyphens().positions(word)) + 1)
