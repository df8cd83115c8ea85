"""Taking up a new edition: nothing is lost, nothing is doubled, nothing is guessed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.made_up_documents import new_editions, schools, three
from trustconduct.policies.clause_ids import ids_of, is_own
from trustconduct.policies.decisions import Choice, Decision, as_json, decide, fitting
from trustconduct.policies.document import (
    Clause,
    Document,
    DocumentRefused,
    Form,
    Section,
    TextStanding,
)
from trustconduct.policies.facts import Fact
from trustconduct.policies.merge import NoLongerFits, Undecided, merged, whole
from trustconduct.policies.merge_plan import MergeRefused, Outcome, Part, Plan, plan


def decided(data: st.DataObject, found: Plan, *, more: bool = True) -> list[Decision]:
    """A choice for every conflict, and now and then for what came or stayed by itself."""
    decisions = []
    for item in found.items:
        must = item.outcome is Outcome.CONFLICT
        if must or (more and item.may_be_decided and data.draw(st.integers(0, 5)) == 0):
            choice = data.draw(st.sampled_from(Choice))
            decisions.append(decide(item, choice, text="Written anew.", reason="It fits us."))
    return decisions


def homes(document: Document) -> dict[str, str]:
    return {c.id: section.id for section in document.sections for c in section.clauses}


def order(document: Document) -> list[str]:
    return [id for s in document.sections for id in (s.id, *(c.id for c in s.clauses))]


# -- what must hold for any three texts


@given(new_editions())
def test_with_no_local_change_the_school_gets_the_edition_exactly(pair):
    base, theirs = pair
    assert merged(base, base, theirs) == theirs


@given(schools())
def test_with_no_change_by_the_trust_the_school_keeps_its_text_exactly(pair):
    base, ours = pair
    assert merged(base, ours, base) == ours


@given(three())
def test_each_section_and_clause_of_the_three_stands_in_the_plan_once(texts):
    ids = [item.id for item in plan(*texts).items if item.part is not Part.TITLE]
    assert sorted(ids) == sorted(ids_of(*texts))


@given(three(), st.data())
def test_no_clause_is_lost_and_none_is_doubled(texts, data):
    """A clause is in the result just when the plan or a person says so, with those words."""
    found = plan(*texts)
    decisions = {each.id: each for each in decided(data, found)}
    result = whole(found, decisions.values())
    there = [clause.id for clause in result.clauses()]
    assert len(there) == len(set(there))
    for item in found.items:
        if item.part is not Part.CLAUSE:
            continue
        decision = decisions.get(item.id)
        said = decision.words(item) if decision else item.by_itself
        clause = result.clause(item.id)
        if said is None:
            assert clause is None, item
        else:
            assert clause is not None, item
            assert (clause.text, clause.exceptions) == (said.text, said.exceptions)
            assert homes(result)[item.id] == item.section


@given(three())
def test_what_only_one_side_changed_needs_nobody(texts):
    """An oracle of its own for the outcomes, by the words alone."""
    for item in plan(*texts).items:
        sides = item.ours == item.base, item.theirs == item.base
        if item.ours == item.theirs:
            expected = {Outcome.UNCHANGED if sides[0] else Outcome.SAME}
        elif item.is_locked:
            expected = {Outcome.TAKEN if sides[0] else Outcome.LOCKED}
        elif sides[0]:
            expected = {Outcome.TAKEN}
        elif sides[1]:
            expected = {Outcome.KEPT}
        else:
            expected = {Outcome.CONFLICT, Outcome.KEPT}
        if item.section_gone:
            expected = {Outcome.CONFLICT, Outcome.KEPT}
        assert item.outcome in expected, item


@given(three())
def test_every_conflict_is_named_once_until_it_is_decided(texts):
    found = plan(*texts)
    conflicts = [item.id for item in found.conflicts]
    assert len(conflicts) == len(set(conflicts))
    for item in found.conflicts:
        assert item.ours != item.theirs
        assert not item.is_locked
    if conflicts:
        with pytest.raises(Undecided) as told:
            merged(*texts)
        assert [item.id for item in told.value.items] == conflicts
        assert conflicts[0] in str(told.value)
    else:
        merged(*texts)


@given(three(), st.data())
def test_what_is_locked_equals_the_trusts(texts, data):
    theirs = texts[2]
    found = plan(*texts)
    result = whole(found, decided(data, found))
    for section in theirs.sections:
        got = result.section(section.id)
        if section.standing is TextStanding.LOCKED:
            assert got is not None
            assert got.heading == section.heading
            assert [c.id for c in got.clauses] == [c.id for c in section.clauses]
        for clause in section.clauses:
            if section.standing_of(clause) is TextStanding.LOCKED:
                there = result.clause(clause.id)
                assert there is not None
                assert (there.text, there.exceptions) == (clause.text, clause.exceptions)


@given(three(), st.data())
def test_marks_are_the_trusts(texts, data):
    found = plan(*texts)
    result = whole(found, decided(data, found))
    for clause in texts[2].clauses():
        if got := result.clause(clause.id):
            assert (got.standing, got.flagged) == (clause.standing, clause.flagged)


@given(three(), st.data())
def test_merging_again_changes_nothing(texts, data):
    theirs = texts[2]
    found = plan(*texts)
    result = whole(found, decided(data, found))
    assert merged(theirs, result, theirs) == result


@given(three(), st.data())
def test_the_order_is_whole_and_the_same_each_time(texts, data):
    found = plan(*texts)
    decisions = decided(data, found)
    result = whole(found, decisions)
    again = tuple(Document.from_json(text.to_json()) for text in texts)
    assert order(merged(*again, decisions[::-1])) == order(result)
    assert len(order(result)) == len(set(order(result)))


@given(three(), st.data())
def test_a_clause_of_the_schools_keeps_its_neighbour(texts, data):
    """Between it and what stood before it in its section, there is nothing of the Trust's."""
    ours, theirs = texts[1], texts[2]
    found = plan(*texts)
    result = whole(found, decided(data, found, more=False))
    from_trust = {id for id in ids_of(theirs) if id not in ids_of(ours)}
    for section in result.sections:
        now = [clause.id for clause in section.clauses]
        was = ours.section(section.id)
        if was is None:
            continue
        before = [clause.id for clause in was.clauses]
        for id in filter(is_own, now):
            if id not in before:
                continue
            nearest = [each for each in before[: before.index(id)] if each in now]
            start = now.index(nearest[-1]) + 1 if nearest else 0
            assert start <= now.index(id)
            assert not from_trust.intersection(now[start : now.index(id)])


@given(three())
def test_without_a_base_nothing_of_the_schools_goes_silently(texts):
    _, ours, theirs = texts
    found = plan(None, ours, theirs)
    for item in found.items:
        if item.ours is not None and item.ours != item.theirs:
            shown = (Outcome.CONFLICT, Outcome.LOCKED)
            assert item.outcome in shown or item.by_itself == item.ours
    decisions = [decide(item, Choice.OURS, reason="Ours.") for item in found.conflicts]
    result = whole(found, decisions)
    locked = {item.id for item in found.items if item.outcome is Outcome.LOCKED}
    for clause in ours.clauses():
        if clause.id not in locked:
            got = result.clause(clause.id)
            assert got is not None
            assert got.text == clause.text


@given(three(), st.data())
def test_decisions_are_saved_and_taken_up_again(texts, data):
    found = plan(*texts)
    decisions = decided(data, found)
    saved = as_json(decisions)
    again = [Decision.from_json(each) for each in json.loads(saved)]
    assert again == decisions
    assert whole(found, again) == whole(found, decisions)
    half = again[: len(again) // 2]
    assert fitting(found, half).kept == tuple(half)
    assert fitting(found, half).dropped == ()


# -- cases that a person would meet


def a_document(*clauses: Clause, standing=TextStanding.ADAPTABLE, **more) -> Document:
    return Document("Our code", (Section("rules", "Rules", clauses, standing, **more),))


def item(number: int, text: str, *exceptions: str, **more) -> Clause:
    return Clause(f"rules.{number}", text, Form.ITEM, exceptions, **more)


BASE = a_document(item(1, "Be kind."), item(2, "No dogs.", "guide dogs"), item(3, "No smoking."))


def reworded(document: Document, id: str, text: str, *exceptions: str) -> Document:
    section = document.sections[0]
    clauses = tuple(
        replace(each, text=text, exceptions=exceptions) if each.id == id else each
        for each in section.clauses
    )
    return replace(document, sections=(replace(section, clauses=clauses),))


def without(document: Document, id: str) -> Document:
    section = document.sections[0]
    clauses = tuple(each for each in section.clauses if each.id != id)
    return replace(document, sections=(replace(section, clauses=clauses),))


def outcomes(*texts) -> dict[str, Outcome]:
    return {item.id: item.outcome for item in plan(*texts).items}


def test_two_different_clauses_changed_by_two_sides_both_come():
    ours = reworded(BASE, "rules.1", "Be kind and calm.")
    theirs = reworded(BASE, "rules.3", "No smoking or vaping.")
    told = outcomes(BASE, ours, theirs)
    assert told["rules.1"] is Outcome.KEPT
    assert told["rules.2"] is Outcome.UNCHANGED
    assert told["rules.3"] is Outcome.TAKEN
    texts = [clause.text for clause in merged(BASE, ours, theirs).clauses()]
    assert texts == ["Be kind and calm.", "No dogs.", "No smoking or vaping."]


def test_a_clause_that_both_changed_is_decided_side_by_side():
    ours = reworded(BASE, "rules.2", "No dogs, please.", "guide dogs")
    theirs = reworded(BASE, "rules.2", "No dogs.", "guide dogs", "police dogs")
    with pytest.raises(Undecided, match=r"Not decided yet: rules\.2\."):
        merged(BASE, ours, theirs)
    (conflict,) = plan(BASE, ours, theirs).conflicts
    for choice, expected in (
        (Choice.OURS, ("No dogs, please.", ("guide dogs",))),
        (Choice.THEIRS, ("No dogs.", ("guide dogs", "police dogs"))),
        (Choice.TEXT, ("No animals.", ("guide dogs", "a hamster"))),
    ):
        decision = decide(
            conflict, choice, text=" No animals. ", exceptions=["guide dogs", "", "a hamster"],
            reason="We have a farm next door.",
        )  # fmt: skip
        clause = merged(BASE, ours, theirs, [decision]).clause("rules.2")
        assert (clause.text, clause.exceptions) == expected


def test_the_same_change_on_both_sides_is_no_conflict():
    both = reworded(BASE, "rules.1", "Be kind to all.")
    assert outcomes(BASE, both, both)["rules.1"] is Outcome.SAME
    gone = without(BASE, "rules.1")
    assert outcomes(BASE, gone, gone)["rules.1"] is Outcome.SAME
    assert merged(BASE, gone, gone) == gone


@pytest.mark.parametrize("school_removed", [True, False])
def test_one_side_removed_what_the_other_reworded(school_removed):
    removed, changed = without(BASE, "rules.3"), reworded(BASE, "rules.3", "No vaping.")
    ours, theirs = (removed, changed) if school_removed else (changed, removed)
    (conflict,) = plan(BASE, ours, theirs).conflicts
    assert conflict.id == "rules.3"
    to_go = Choice.OURS if school_removed else Choice.THEIRS
    to_stay = Choice.THEIRS if school_removed else Choice.OURS
    went = decide(conflict, to_go, reason="Another policy says so.")
    assert merged(BASE, ours, theirs, [went]).clause("rules.3") is None
    stayed = decide(conflict, to_stay, reason="We need it.")
    assert merged(BASE, ours, theirs, [stayed]).clause("rules.3").text == "No vaping."


def test_a_locked_clause_is_the_trusts_and_the_schools_words_are_shown():
    locked = a_document(item(1, "Be kind."), standing=TextStanding.LOCKED)
    ours = reworded(locked, "rules.1", "Be nice.")
    theirs = reworded(locked, "rules.1", "Be kind to all.")
    (told,) = (each for each in plan(locked, ours, theirs).items if each.id == "rules.1")
    assert told.outcome is Outcome.LOCKED
    assert told.ours.text == "Be nice."
    assert merged(locked, ours, theirs) == theirs


def test_one_locked_clause_among_adaptable_ones():
    base = a_document(item(1, "Be kind.", standing=TextStanding.LOCKED), item(2, "No dogs."))
    ours = without(reworded(base, "rules.2", "No cats."), "rules.1")
    result = merged(base, ours, base)
    assert [clause.text for clause in result.clauses()] == ["Be kind.", "No cats."]


def test_nothing_goes_from_a_locked_section_though_a_school_may_reword_it():
    base = a_document(
        item(1, "Be kind."),
        item(2, "No dogs.", standing=TextStanding.ADAPTABLE),
        standing=TextStanding.LOCKED,
    )
    assert merged(base, without(base, "rules.2"), base) == base
    ours = reworded(base, "rules.2", "No cats.")
    assert merged(base, ours, base) == ours


def test_a_schools_clause_in_a_section_that_was_locked_since_is_shown_as_it_goes():
    own = Clause("rules.local.1", "Park with care.")
    ours = replace(BASE, sections=(replace(BASE.sections[0], clauses=(own, *BASE.clauses())),))
    theirs = replace(BASE, sections=(replace(BASE.sections[0], standing=TextStanding.LOCKED),))
    (told,) = (each for each in plan(BASE, ours, theirs).items if each.id == own.id)
    assert (told.outcome, told.ours.text) == (Outcome.LOCKED, "Park with care.")
    assert merged(BASE, ours, theirs) == theirs


def test_in_a_local_section_the_schools_words_stand_without_asking():
    base = a_document(item(1, "Say where to park."), standing=TextStanding.LOCAL)
    ours = reworded(base, "rules.1", "Park in Mill Lane.")
    theirs = reworded(base, "rules.1", "Say where to park and to stop.")
    assert outcomes(base, ours, theirs)["rules.1"] is Outcome.KEPT
    assert merged(base, ours, theirs) == ours


def test_a_schools_clause_whose_section_the_trust_removed_is_decided():
    own = Clause("rules.local.1", "Park with care.")
    more = Section("more", "More", (Clause("more.1", "Thank you."),), TextStanding.ADAPTABLE)
    base = replace(BASE, sections=(*BASE.sections, more))
    ours = replace(base, sections=(replace(BASE.sections[0], clauses=(*BASE.clauses(), own)), more))
    theirs = replace(base, sections=(more,))
    (conflict,) = plan(base, ours, theirs).conflicts
    assert conflict.id == own.id
    assert conflict.section_gone
    went = decide(conflict, Choice.THEIRS)
    assert merged(base, ours, theirs, [went]) == theirs
    stayed = decide(conflict, Choice.OURS, reason="The lane is narrow.")
    result = merged(base, ours, theirs, [stayed])
    assert order(result) == ["rules", "rules.local.1", "more", "more.1"]


def test_a_schools_clause_follows_the_neighbour_that_the_trust_moved():
    own = Clause("rules.local.1", "Leads at all times.")
    one, two, three_ = BASE.clauses()
    ours = a_document(one, two, own, three_)
    theirs = a_document(two, one, three_)
    ids = [clause.id for clause in merged(BASE, ours, theirs).clauses()]
    assert ids == ["rules.2", "rules.local.1", "rules.1", "rules.3"]


def test_both_moved_and_both_moves_count():
    base = a_document(*(item(n, f"Rule {n}.") for n in range(1, 7)))
    c = {clause.id[-1]: clause for clause in base.clauses()}
    ours = a_document(*(c[n] for n in "612345"))
    theirs = a_document(*(c[n] for n in "134526"))
    found = plan(base, ours, theirs)
    assert [each.id for each in found.items if each.moved_by_school] == ["rules.6"]
    assert [each.id for each in found.items if each.moved_by_trust] == ["rules.2"]
    assert [clause.id[-1] for clause in whole(found).clauses()] == list("613452")


def test_what_both_moved_stands_where_the_trust_has_it():
    base = a_document(*(item(n, f"Rule {n}.") for n in range(1, 7)))
    c = {clause.id[-1]: clause for clause in base.clauses()}
    ours = a_document(*(c[n] for n in "612345"))
    theirs = a_document(*(c[n] for n in "126345"))
    assert merged(base, ours, theirs) == theirs


def test_a_section_that_was_locked_since_has_the_trusts_order():
    one, two, three_ = BASE.clauses()
    ours = a_document(three_, one, two)
    theirs = a_document(one, two, three_, standing=TextStanding.LOCKED)
    assert merged(BASE, ours, theirs) == theirs


def test_a_note_whose_step_went_belongs_to_the_section():
    """A page would leave it out otherwise."""
    steps = Section("ladder", "Steps", (Clause("ladder.1", "A letter."),), TextStanding.ADAPTABLE)
    note = Section("note", "Notes", (Clause("note.1", "Soon.", about="ladder"),))
    base = Document("Our code", (steps, note))
    ours = replace(base, sections=(replace(steps, clauses=()), note))
    about = replace(note, clauses=(replace(note.clauses[0], about="ladder.1"),))
    theirs = replace(base, sections=(steps, about))
    assert merged(base, ours, theirs).clause("note.1").about == "ladder"


def test_without_a_base_what_only_one_side_has_is_asked():
    ours = without(BASE, "rules.1")
    theirs = without(BASE, "rules.3")
    assert [each.id for each in plan(None, ours, theirs).conflicts] == ["rules.1", "rules.3"]
    assert plan(None, BASE, BASE).conflicts == ()


def test_no_edition_can_take_the_id_of_a_schools_clause():
    taken = a_document(Clause("rules.local.1", "Park with care."))
    for texts in ((BASE, BASE, taken), (taken, BASE, BASE)):
        with pytest.raises(DocumentRefused, match=r"rules\.local\.1"):
            plan(*texts)


def test_an_id_of_a_section_and_of_a_clause_is_refused_by_name():
    theirs = Document("Our code", (Section("rules.1", "Rules"),))
    with pytest.raises(MergeRefused, match=r"rules\.1.*a section in one text and a clause"):
        plan(BASE, BASE, theirs)


# -- decisions


def a_conflict():
    ours = reworded(BASE, "rules.1", "Be nice.")
    theirs = reworded(BASE, "rules.1", "Be kind to all.")
    (conflict,) = plan(BASE, ours, theirs).conflicts
    return ours, theirs, conflict


def test_a_decision_about_words_that_were_published_anew_is_dropped_and_named():
    ours, _, conflict = a_conflict()
    decision = decide(conflict, Choice.OURS, reason="Shorter.")
    again = reworded(BASE, "rules.1", "Be kind to everyone.")
    fit = fitting(plan(BASE, ours, again), [decision])
    assert (fit.kept, fit.dropped) == ((), (decision,))
    with pytest.raises(NoLongerFits, match=r"look again: rules\.1\."):
        merged(BASE, ours, again, [decision])
    with pytest.raises(Undecided):
        merged(BASE, ours, again, fit.kept)


def test_of_two_decisions_about_one_clause_the_later_counts():
    ours, theirs, conflict = a_conflict()
    first = decide(conflict, Choice.OURS, reason="Shorter.")
    then = decide(conflict, Choice.THEIRS)
    assert merged(BASE, ours, theirs, [first, then]) == theirs


def test_what_stayed_by_itself_may_be_turned_round():
    ours = reworded(BASE, "rules.1", "Be nice.")
    (kept,) = (each for each in plan(BASE, ours, BASE).items if each.outcome is Outcome.KEPT)
    assert merged(BASE, ours, BASE, [decide(kept, Choice.THEIRS)]) == BASE


@pytest.mark.parametrize(
    ("choice", "given", "told"),
    [
        (Choice.OURS, {}, "Say why “rules.1” differs"),
        (Choice.OURS, {"reason": "  "}, "Say why “rules.1” differs"),
        (Choice.TEXT, {"text": " ", "reason": "So."}, "Write the words for “rules.1”"),
        (Choice.TEXT, {"text": "Be {kind}.", "reason": "So."}, "“{kind}” is not a fact"),
    ],
)
def test_a_decision_that_lacks_something_says_what(choice, given, told):
    _, _, conflict = a_conflict()
    with pytest.raises(ValueError, match=told):
        decide(conflict, choice, **given)


def test_there_is_nothing_to_decide_where_nothing_differs_or_the_trusts_words_stand():
    locked = a_document(item(1, "Be kind."), standing=TextStanding.LOCKED)
    found = plan(locked, reworded(locked, "rules.1", "Be nice."), locked)
    with pytest.raises(ValueError, match="the Trust's words stand there"):
        decide(found.by_id["rules.1"], Choice.OURS, reason="So.")
    with pytest.raises(ValueError, match="nothing differs there"):
        decide(plan(BASE, BASE, BASE).by_id["rules.1"], Choice.THEIRS)


@pytest.mark.parametrize("value", [{}, {"id": "a", "choice": "mine"}, [], None])
def test_a_saved_decision_that_cannot_be_read_says_so(value):
    with pytest.raises(ValueError, match="decide that clause again"):
        Decision.from_json(value)


def test_a_fact_that_the_trust_declares_no_more_stays_while_the_schools_words_name_it():
    bus = Fact("school.bus_line", "Bus line", "The school bus.", "telephone")
    lunch = Fact("school.lunch", "Lunch", "Who cooks.", "text")
    words = Clause("importance.p1", "Be kind.")
    base = Document(
        "Code", (Section("importance", "", (words,), TextStanding.ADAPTABLE),), facts=(bus, lunch)
    )
    own = replace(words, text="Ring {school.bus_line}.")
    ours = replace(base, sections=(replace(base.sections[0], clauses=(own,)),))
    theirs = replace(base, facts=())
    assert merged(base, ours, theirs).facts == (bus,)
    assert merged(base, base, theirs).facts == ()
