"""Reading a policy: nothing is lost, nothing is silently guessed, bad files are named."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustconduct.policies.document import Document, Form
from trustconduct.policies.reading import (
    NOT_APPLICABLE,
    AnswerRefused,
    PolicyUnreadable,
    Reading,
    read_policy,
)

SEED = Path(__file__).resolve().parents[2].parent / "shared/seed"
SOURCE = next(iter(sorted(SEED.glob("*.txt"))), None) if SEED.exists() else None
needs_source = pytest.mark.skipif(SOURCE is None, reason="the source policy is not here")

SMALL = "Scope: all\n\nOur code\n\nWelcome, all of you.\n\n"
TABLE = "How to contact us\n\nI want to\tAsk\tPay\n"


def read(text: str, **more) -> Reading:
    return read_policy(text.encode(), filename="charter.txt", **more)


@pytest.fixture(scope="module")
def charter(made_up_policy) -> Reading:
    return read(made_up_policy)


@pytest.fixture(scope="module")
def made_up_policy() -> str:
    return (Path(__file__).parent / "made_up_policy.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def source() -> Reading:
    return read_policy(SOURCE.read_bytes(), filename=SOURCE.name)


def bare_words(line: str) -> Counter[str]:
    """The words of a source line without its marker and footnote marks; ticks are words."""
    line = re.sub(r"^\s*(?:[-*•]|#+(?: \d+\.)?|\(?\d+[.)]|[a-z]\))\s+", "", line)
    line = re.sub(r"\^?\[\^?\d+\]:?", "", line)
    return Counter(re.findall(r"\w+|✓", line.replace("✔", "✓")))


def lost_words(reading: Reading, text: str, words=bare_words) -> dict[str, Counter[str]]:
    """For each thing that lines became: the words of theirs that it doesn't have."""
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for line in reading.lines:
        wanted[line.became] += words(line.text)
    became = reading.became()
    lost = {where: wanted[where] - words("x" * 9 + " " + became[where]) for where in wanted}
    numbers = {n for n, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if line.strip()}
    assert [line.number for line in reading.lines] == sorted(numbers)
    return {where: words for where, words in lost.items() if words}


# The source itself


@needs_source
def test_every_part_of_the_source_is_found(source):
    assert source.found == {
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
    assert source.warnings == ()


@needs_source
def test_no_word_of_the_source_is_lost(source):
    assert lost_words(source, SOURCE.read_text("utf-8")) == {}


@needs_source
def test_the_source_has_its_facts_as_fields(source):
    assert source.facts.keys() == {
        "school.name",
        "school.police_force",
        "school.policies_url",
        "school.app_name",
    }
    places = {(place.fact, place.where): place.line for place in source.fact_places}
    assert places["school.police_force", "ladder.4"] == 52
    assert places["school.policies_url", "complaints.p1"] == 86
    assert len([fact for fact, _ in places if fact == "school.name"]) == 2
    for text in source.document.texts():
        assert not any(value in text for value in source.facts.values())
    assert "arbor" not in str(source.document.matrix.to_json()).lower()


@needs_source
def test_the_source_has_its_header(source):
    header = source.header
    assert header.board_on == date(2024, 7, 10)
    assert header.review.text == "Summer Term 2028"
    assert header.review.academic_year == 2027
    assert header.union == NOT_APPLICABLE
    assert header.statutory is False
    assert header.author_role == "TEO"
    assert len(header.author.split()) == 2


@needs_source
def test_the_sources_swapped_mark_is_asked_about_and_the_right_one_is_not(source):
    (question,) = source.questions
    assert (question.id, question.suggested, question.answer) == ("note.1.about", "ladder", None)
    assert source.unanswered == (question,)
    assert source.document.clause("note.1").about == "ladder"
    assert source.document.clause("note.2").about == "ladder.3"


@needs_source
def test_an_answer_moves_the_note():
    again = read_policy(SOURCE.read_bytes(), filename="s", answers={"note.1.about": "ladder.1"})
    assert again.document.clause("note.1").about == "ladder.1"
    assert again.unanswered == ()


@needs_source
def test_the_sources_exceptions_stand_apart_from_what_is_forbidden(source):
    for id, word in (("behaviour.9", "events"), ("behaviour.10", "guide")):
        clause = source.document.clause(id)
        assert len(clause.exceptions) == 1
        assert word in clause.exceptions[0]
        assert "(" not in clause.text


# Another Trust's wording


def test_another_trusts_wording_is_read_as_well(charter):
    assert (
        charter.document.title == charter.header.name == "Hollybush Learning Trust: Family Charter"
    )
    found = charter.found
    assert (found["behaviours"], found["ladder_actions"], found["online"]) == (3, 4, 2)
    assert (found["concern_steps"], found["notes"], found["ticks"]) == (2, 2, 3)
    assert (found["routes"], found["purposes"], found["unrecognised"]) == (3, 2, 1)
    assert [section.id for section in charter.document.sections] == [
        "hello",
        "behaviour",
        "ladder",
        "note",
        "concern",
        "online",
        "complaints",
        "contact",
        "unrecognised",
    ]


def test_another_trusts_words_are_all_kept(charter, made_up_policy):
    assert lost_words(charter, made_up_policy) == {}


def test_a_lost_word_would_be_seen(charter, made_up_policy):
    value = charter.document.to_json()
    value["sections"][1]["clauses"][0]["text"] = "Queue at the gate"
    broken = replace(charter, document=Document.from_json(value))
    assert lost_words(broken, made_up_policy) == {"behaviour.1": Counter(["jumping"])}


def test_a_header_in_a_table_is_read(charter):
    header = charter.header
    assert header.scope == "All academies"
    assert header.board_on == date(2025, 3, 3)
    assert (header.review.season, header.review.year) == ("autumn", 2027)
    assert header.union == date(2025, 1, 14)
    assert header.statutory is True
    assert (header.author, header.author_role) == ("P. Quill", "CEO")


def test_other_facts_are_found_by_their_shape(charter):
    assert charter.facts == {
        "school.name": "St. Wilfrid's Primary School",
        "school.police_force": "Borsetshire Constabulary",
        "school.policies_url": "https://stwilfrids.example/policies",
        "school.app_name": "Squirrel",
    }
    assert charter.document.clause("ladder.4").text.startswith("{school.police_force}")


def test_a_note_marked_in_two_places_is_asked_about(charter):
    assert [question.id for question in charter.questions] == ["note.2.about"]
    assert charter.document.clause("note.1").about == "ladder.3"
    assert charter.document.clause("note.2").about == "ladder"


def test_hard_wrapped_lines_are_one_clause(charter):
    assert charter.document.clause("behaviour.3").text.endswith("children cross there.")
    assert charter.document.clause("behaviour.p1").text.startswith("(This list")
    assert [line.number for line in charter.lines if line.became == "behaviour.3"] == [22, 23]


def test_a_page_number_is_kept_as_it_stands(charter):
    (line,) = charter.unrecognised
    assert line.became == "unrecognised.1"
    assert charter.document.clause("unrecognised.1").text == line.text


@pytest.mark.parametrize(
    "bullet", ["-", "*", "•", "–", "1.", "1)", "(1)", "a)", "(a)", "(i)", "2.1"]
)
def test_every_kind_of_bullet_makes_an_item(bullet):
    reading = read(f"{SMALL}What we do not accept:\n\n{bullet} Spitting at people, ever.\n")
    assert reading.document.clause("behaviour.1").text == "Spitting at people, ever."
    assert reading.document.clause("behaviour.1").form is Form.ITEM


@pytest.mark.parametrize(
    ("heading", "id"),
    [
        ("Unacceptable behaviour", "behaviour"),
        ("Things we cannot allow", "behaviour"),
        ("Zero tolerance", "behaviour"),
        ("Unacceptable behaviour online", "online"),
        ("What is not welcome on social media", "online"),
        ("Breaching the code", "ladder"),
        ("What the school may do", "ladder"),
        ("If a parent breaks these rules", "ladder"),
        ("Raising a concern", "concern"),
        ("Our aims", "our-aims"),
        ("Expected behaviour", "expected-behaviour"),
    ],
)
def test_a_list_is_known_by_the_words_of_its_heading(heading, id):
    reading = read(f"{SMALL}{heading}\n\n- First of them.\n- Second.\n")
    assert reading.document.clause(f"{id}.2").text == "Second."


def test_a_heading_without_a_list_is_prose():
    reading = read(f"{SMALL}Unacceptable behaviour\n\nWe talk about it first.\n")
    assert reading.found["behaviours"] == 0
    assert reading.document.clause("unacceptable-behaviour.p1")
    assert any("not tolerated" in warning for warning in reading.warnings)


def test_a_bracket_that_excepts_nothing_stays_in_the_clause():
    reading = read(
        f"{SMALL}What we do not accept\n\n- Rude posts (and emails)\n- Dogs (unless blind).\n"
    )
    assert reading.document.clause("behaviour.1").exceptions == ()
    assert reading.document.clause("behaviour.2").text == "Dogs."
    assert reading.document.clause("behaviour.2").exceptions == ("unless blind",)


def test_text_files_of_windows_and_mac_are_read(made_up_policy, charter):
    for raw in (
        b"\xef\xbb\xbf" + made_up_policy.encode(),
        made_up_policy.encode("utf-16"),
        made_up_policy.replace("\n", "\r\n").encode(),
        made_up_policy.replace("\n", "\r").encode(),
    ):
        assert read_policy(raw, filename="w.txt").document == charter.document


# The matrix


@pytest.mark.parametrize("tick", ["✓", "✔", "√", "x", "X", "Y", "y", "yes", "Yes", "•"])
def test_every_kind_of_tick_is_one(tick):
    reading = read(f"{SMALL}{TABLE}Ring\t{tick}\nWrite\t\t{tick}\nVisit")
    assert reading.document.matrix.ticks == {("ring", "ask"), ("write", "pay")}


def test_columns_of_spaces_are_read_by_their_place():
    table = "            Ask     Pay\nRing                ✓\nWrite       ✓\n"
    assert read(SMALL + table).document.matrix.ticks == {("ring", "pay"), ("write", "ask")}


def test_a_row_without_ticks_does_not_end_the_table():
    reading = read(f"{SMALL}{TABLE}Ring\t✓\nVisit\nWrite\t\t✓\n")
    assert [route.id for route in reading.document.matrix.routes] == ["ring", "visit", "write"]


def test_two_rows_with_the_same_words_have_two_ids():
    reading = read(f"{SMALL}{TABLE}Ring\t✓\nRing\t\t✓\n")
    assert [route.id for route in reading.document.matrix.routes] == ["ring", "ring-2"]


def test_a_table_without_ticks_is_kept_as_it_stands():
    reading = read(f"{SMALL}Name\tRoom\tDay\nMs A\tB\tC\n")
    assert [line.number for line in reading.unrecognised] == [7, 8]


# Any text at all


def test_our_own_fields_and_lone_braces_stand():
    reading = read(f"{SMALL}Dear {{school.name}} {{ and }} all: }}{{.\n")
    assert reading.document.clause("welcome.p2").text == "Dear {school.name} { and } all: }{."


def test_an_answer_that_is_none_of_the_options_is_refused():
    for answers in ({"note.2.about": "moon"}, {"note.9.about": "ladder"}):
        with pytest.raises(AnswerRefused):
            read((Path(__file__).parent / "made_up_policy.txt").read_text(), answers=answers)


FRAGMENTS = [
    *("\t", "  ", " ", "|", "(", ")", "[1]", "^[1]", "{", "}", "*", "**", "_", ":", ".", "<", ">"),
    *(
        "- ",
        "1. ",
        "2. ",
        "a) ",
        "# ",
        "---",
        "✓",
        "x",
        "•",
        "²",
        "At ",
        "School",
        "Police",
        " App ",
    ),
    *("behaviour ", "not ", "concerns ", "breaks ", "happens ", "online ", "Notes:", "unless "),
    *(
        "https://",
        "policies ",
        "Scope: ",
        "Review date: ",
        "Welcome ",
        "Oakfield ",
        "steps ",
        "banned ",
    ),
]
PRINTED = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]), max_size=6)
LINES = st.lists(st.sampled_from(FRAGMENTS) | PRINTED, max_size=7).map("".join)
TEXTS = st.lists(LINES | st.sampled_from(["", *SMALL.split("\n")]), max_size=25).map("\n".join)


def long_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W\d_⁰¹²³⁴-⁹]{6,}", text.casefold()))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_is_read_without_losing_a_line_or_is_refused(text):
    try:
        reading = read(SMALL + text)
    except PolicyUnreadable:
        return
    assert lost_words(reading, SMALL + text, long_words) == {}
    assert Document.from_json(reading.document.to_json()) == reading.document
