"""The template that ships: read without a question, in our own plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trustconduct.policies.reading import NOT_APPLICABLE, Reading, read_policy, template

SEED = Path(__file__).resolve().parents[2].parent / "shared/seed"
SOURCE = next(iter(sorted(SEED.glob("*.txt"))), None) if SEED.exists() else None
FACTS = {
    "school.name": "Oak School",
    "school.police_force": "Kent Police",
    "school.policies_url": "our website",
    "school.app_name": "Arbor",
}


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_policy(template(), filename="template.txt")


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z’']+", text.lower()))


def sentences(text: str) -> list[str]:
    return [plain(each) for each in re.split(r"[.?!:\n\t]", text) if len(plain(each).split()) > 1]


def grade(reading: Reading) -> tuple[float, float]:
    """Words a sentence, and the Flesch-Kincaid grade; a reading age is 5 years more."""
    said: list[str] = []
    for section in reading.document.filled(FACTS).sections:
        for clause in section.clauses:
            for text in (clause.text, *clause.exceptions):
                said += [s for s in re.split(r"(?<=[.?!:…])\s+", text) if plain(s)]
    words = [word for sentence in said for word in plain(sentence).split()]
    sounds = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", w)))) for w in words)
    length = len(words) / len(said)
    return length, 0.39 * length + 11.8 * sounds / len(words) - 15.59


def test_the_template_is_read_without_a_question(reading):
    assert reading.questions == reading.unrecognised == reading.warnings == ()
    assert reading.facts == {}
    assert reading.found == {
        "sections": 12,
        "behaviours": 10,
        "online": 8,
        "concern_steps": 3,
        "ladder_actions": 5,
        "notes": 2,
        "routes": 6,
        "purposes": 6,
        "ticks": 16,
        "unrecognised": 0,
    }


def test_the_templates_header_is_complete(reading):
    header = reading.header
    assert header.review.text == "Summer Term 2028"
    assert header.union == NOT_APPLICABLE
    assert header.board_on is None
    assert header.statutory is False
    assert header.author == "Trust education officer"


def test_the_template_names_each_fact_that_a_school_fills_in(reading):
    assert reading.document.facts_named() == FACTS.keys()


def test_the_templates_notes_stand_at_the_steps_and_at_the_ban(reading):
    assert reading.document.clause("note.1").about == "ladder"
    assert reading.document.clause("note.2").about == "ladder.3"
    assert "ban" in reading.document.clause("ladder.3").text


def test_the_police_must_be_told_of_threats_and_may_be_told_of_insults(reading):
    must, consider = re.split(r"(?<=\.) ", reading.document.clause("ladder.4").text)
    assert "must" in must
    assert all(word in must for word in ("violence", "threats", "harassment"))
    assert "consider" in consider
    assert "insulting" in consider
    assert "must" not in consider


def test_alcohol_at_our_events_and_assistance_dogs_are_excepted(reading):
    allowed = [clause.exceptions for clause in reading.document.clauses() if clause.exceptions]
    assert len(allowed) == 2
    assert "events" in allowed[0][0]
    assert "assistance dogs" in allowed[1][0]


def test_every_purpose_of_the_template_has_a_way(reading):
    matrix = reading.document.matrix
    assert all(matrix.ways_to(purpose) for purpose in matrix.purposes)


def test_a_child_of_eleven_can_read_the_template(reading):
    length, level = grade(reading)
    assert length <= 15
    assert 4 <= level <= 6


@pytest.mark.skipif(SOURCE is None, reason="the source policy is not here")
def test_the_template_shares_no_sentence_with_the_source():
    theirs = set(sentences(SOURCE.read_text("utf-8")))
    ours = [each for each in sentences(template().decode()) if len(each.split()) > 4]
    title = "code of conduct for parents and carers"
    assert [each for each in ours if each in theirs and each != title] == []
    runs = {" ".join(run) for each in theirs for run in windows(each.split())}
    assert [run for each in ours for run in windows(each.split()) if " ".join(run) in runs] == []


def windows(words: list[str], size: int = 8) -> list[list[str]]:
    return [words[start : start + size] for start in range(len(words) - size + 1)]
