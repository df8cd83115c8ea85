"""Ids last: none is given twice, and no edition takes the id of a school's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.made_up_documents import new_editions
from trustconduct.policies.clause_ids import (
    brought_back,
    check_edition,
    clause_id,
    ids_of,
    is_own,
    own_clause_id,
    own_section_id,
)
from trustconduct.policies.document import (
    Clause,
    Document,
    DocumentRefused,
    Form,
    Section,
    TextStanding,
    canonical,
    sha256,
)
from trustconduct.policies.reading import read_policy, template


def test_a_new_id_goes_on_from_the_highest_ever_used():
    """behaviour.3 was retired years ago: an incident may still cite it."""
    used = {"behaviour.1", "behaviour.3", "behaviour.p7", "online.9", "behaviour.local.4"}
    assert clause_id("behaviour", Form.ITEM, used) == "behaviour.4"
    assert clause_id("behaviour", Form.PARAGRAPH, used) == "behaviour.p8"
    assert own_clause_id("behaviour", used) == "behaviour.local.5"
    assert own_section_id(used) == "section.local.1"


@given(st.lists(st.sampled_from(["clause", "p", "own", "section"]), max_size=12))
def test_no_id_is_given_twice(kinds):
    used: set[str] = set()
    for kind in kinds:
        id = {
            "clause": lambda: clause_id("section", Form.ITEM, used),
            "p": lambda: clause_id("section", Form.PARAGRAPH, used),
            "own": lambda: own_clause_id("section", used),
            "section": lambda: own_section_id(used),
        }[kind]()
        assert id not in used
        assert is_own(id) == (kind in ("own", "section"))
        used.add(id)


def test_a_clause_in_a_schools_own_section_is_its_own():
    section = own_section_id(())
    first = own_clause_id(section, {section})
    assert first == "section.local.1.local.1"
    assert own_section_id({section, first}) == "section.local.2"


@given(new_editions())
def test_an_id_that_was_retired_is_named_when_it_comes_back(pair):
    one, two = pair
    retired = ids_of(one) - ids_of(two)
    assert set(brought_back(one, [one, two])) == retired
    assert brought_back(two, [one, two]) == []
    assert brought_back(one, []) == []


def test_no_edition_takes_an_id_of_a_schools():
    rule = Clause("rules.1", "Be kind.")
    check_edition(Document("Our code", (Section("rules", "Rules", (rule,)),)))
    for section in (
        Section("rules", "Rules", (Clause("rules.local.1", "Park with care."),)),
        Section("section.local.1", "Parking"),
    ):
        with pytest.raises(DocumentRefused, match=r"local\.1” is the id of a school"):
            check_edition(Document("Our code", (section,)))


# -- marks that came later than the first frozen texts


def test_a_mark_that_is_not_set_leaves_frozen_text_and_hash_as_they_were():
    """The hash was taken by the code from before clauses had marks."""
    document = read_policy(MADE_UP, filename="code.txt").document
    before = "a64a03b99c80e0453a12af08443821117b58e3e9380e997b406cc04ebdc77e61"
    assert sha256(canonical(document.to_json())) == before
    for clause in document.to_json()["sections"][0]["clauses"]:
        assert set(clause) == {"id", "text", "form", "exceptions", "about"}


def test_marks_come_back_from_json():
    clause = Clause("online.1", "Do not post.", flagged=True, standing=TextStanding.LOCKED)
    assert Clause.from_json(clause.to_json()) == clause
    assert clause.to_json()["standing"] == "locked"
    section = Section(
        "online", "Online", (clause, Clause("online.2", "So.")), TextStanding.ADAPTABLE
    )
    assert [section.standing_of(each) for each in section.clauses] == [
        TextStanding.LOCKED,
        TextStanding.ADAPTABLE,
    ]


def test_the_shipped_policy_reads_back_as_it_was():
    document = read_policy(template(), filename="template.txt").document
    assert Document.from_json(document.to_json()) == document


MADE_UP = b"""Our code

Scope: all

Welcome

Welcome, all of you.

What we do not accept

We do not accept:

- Shouting at people.
- Bringing a dog. (Guide dogs are welcome)
"""
