"""Parents' pages are in short sentences: 15 words on average, in each place of ours."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import pytest
import textstat

from tests import catalogue
from trustconduct.languages.spoken import ENGLISH
from trustconduct.policies.in_short import EASY_READ, IN_SHORT
from trustconduct.policies.reading import read_policy

pytestmark = pytest.mark.static

MOST, EASY = 15, 10  # words a sentence, on average
FIELDS = re.compile(r"%\(\w+\)s|\{[\w.]+\}")
TEMPLATE = catalogue.ROOT / "policies/template.txt"


def sentences_in(texts) -> str:
    """As one text, for textstat: each is at least one sentence of its own."""
    plain = (FIELDS.sub("one", text).strip() for text in texts)
    return " ".join(text if text[-1:] in ".?!" else f"{text}." for text in plain if text)


def average(texts) -> float:
    return textstat.words_per_sentence(sentences_in(texts))


@cache
def by_place() -> dict[str, list[str]]:
    """Our sentences, and no mere labels, by the file that says them."""
    found = defaultdict(list)
    for message in catalogue.messages():
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in texts:
            if text and re.search(r"[.?!:]$", text) and " " in text:
                for place, _ in message.locations:
                    found[place].append(text)
    return found


def test_all_that_we_say_to_parents_is_in_short_sentences():
    texts = [text for said in by_place().values() for text in said]
    assert len(texts) > 150
    assert average(texts) <= MOST


@pytest.mark.parametrize("place", sorted(by_place()))
def test_each_place_is_in_short_sentences(place):
    assert average(by_place()[place]) <= MOST


def test_the_code_that_ships_is_in_short_sentences():
    document = read_policy(TEMPLATE.read_bytes(), filename="template.txt").document
    texts = [clause.text for section in document.sections for clause in section.clauses]
    assert len(texts) > 20
    assert average(texts) <= MOST


def test_the_easy_read_is_in_shorter_sentences_still():
    easy = [ENGLISH.say(one) for _, _, sentences in EASY_READ for one in sentences]
    assert average(easy) <= EASY
    assert all(len(sentence.split()) <= 15 for text in easy for sentence in text.split(". "))
    assert average(IN_SHORT) <= MOST


def test_a_long_sentence_is_found():
    long = "This is a sentence that goes on and on " * 3
    assert average([long]) > MOST
    assert average(["Short. And short again."]) < 5
