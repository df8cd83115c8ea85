"""A document that comes back changed keeps the ids of its clauses."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.policies.made_up_documents import editions
from trustconduct.policies.differences import Change, differences
from trustconduct.policies.document import Clause, Document, Form, Section
from trustconduct.policies.matching import matched
from trustconduct.policies.reading import read_policy, template


def read(text: str) -> Document:
    return read_policy(text.encode(), filename="code.txt").document


def test_a_clause_reworded_moved_or_taken_out_keeps_or_loses_its_own_id():
    base = read(template().decode())
    text = template().decode()
    text = text.replace("- Shouting, swearing or losing your temper with people.\n", "")
    text = text.replace("that belong to the school.", "that belong to the school or to somebody.")
    filming = "- Filming people without their agreement.\n"
    text = text.replace("- Bringing a dog", f"{filming}- Bringing a dog")
    ids = {clause.text: clause.id for clause in base.clauses()}
    found = matched(base, read(text), {"behaviour.99"})
    told = differences(base, found.document).clauses()
    assert {one.id: one.change for one in told if one.is_changed} == {
        ids["Shouting, swearing or losing your temper with people."]: Change.REMOVED,
        ids["Breaking or spoiling things that belong to the school."]: Change.REWORDED,
        "behaviour.100": Change.ADDED,
    }


def test_a_clause_that_went_to_another_section_is_moved():
    base = read(template().decode())
    line = "- Using threats or bad language to scare our staff.\n"
    text = template().decode().replace(line, "")
    text = text.replace("- Bringing a dog onto our site.", f"{line}- Bringing a dog onto our site.")
    found = differences(base, matched(base, read(text)).document)
    (moved,) = [one for one in found.clauses() if one.is_changed]
    assert (moved.id, moved.moved, moved.came_from) == ("online.7", True, "online")


def test_what_the_trust_marked_stays_marked():
    base = read(template().decode())
    section = base.section("online")
    because = "It may be fair criticism."
    marked = replace(section.clauses[0], flagged=True, flagged_because=because)
    own = replace(section, clauses=(marked, *section.clauses[1:]))
    base = replace(base, sections=tuple(own if s.id == own.id else s for s in base.sections))
    again = matched(base, read(template().decode())).document
    assert again.clause(marked.id).flagged_because == because
    assert differences(base, again).is_empty


@given(editions())
def test_the_same_text_again_is_no_change(document):
    again = matched(document, document).document
    assert differences(document, again).counts["added"] == 0
    assert differences(document, again).counts["removed"] == 0


@given(editions(), editions(), st.sets(st.sampled_from(["part-0.1", "part-1.9", "note.4"])))
def test_no_clause_is_lost_or_doubled_and_no_id_is_used_again(base, new, used):
    found = matched(base, new, used)
    there = list(new.clauses())
    made = list(found.document.clauses())
    assert [clause.text for clause in made] == [clause.text for clause in there]
    assert len({clause.id for clause in made}) == len(there)
    stood = {clause.id for clause in base.clauses()}
    for clause in made:
        assert clause.id in stood or clause.id not in used
    for note, before in zip(made, there, strict=True):
        assert bool(note.about) == bool(before.about)


def test_two_hundred_clauses_are_matched_in_a_moment():
    def section(number: int, word: str) -> Section:
        id = f"part-{number}"
        texts = [f"Rule {number} {n} about {word} and other things." for n in range(1, 21)]
        inside = [Clause(f"{id}.{n}", text, Form.ITEM) for n, text in enumerate(texts, start=1)]
        return Section(id, f"Part {number}", tuple(inside))

    def document(word: str) -> Document:
        return Document("Code", tuple(section(number, word) for number in range(10)))

    found = matched(document("dogs"), document("cats"))
    assert {clause.id for clause in found.document.clauses()} == {
        clause.id for clause in document("dogs").clauses()
    }
