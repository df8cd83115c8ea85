"""A draft edition is edited clause by clause, nothing is lost, and every change can go back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import a_draft, an_edition, an_officer, the_edition
from trustconduct import clock
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.policies.document import Form, TextStanding
from trustconduct.policies.editing import (
    HeaderFields,
    begin_next,
    change_header,
    changes,
    edit,
    put_back,
)
from trustconduct.policies.editions import EditionRefused, approve, publish
from trustconduct.policies.edits import (
    AddClause,
    ChangeClause,
    EditRefused,
    MoveClause,
    Overtaken,
    RetireClause,
    mark,
)
from trustconduct.policies.models import Edition
from trustconduct.policies.section_edits import (
    AddSection,
    ChangeSection,
    MoveSection,
    RetireSection,
)


@pytest.fixture
def draft(trust):
    return a_draft(trust)


def reword(draft, id="behaviour.4", words="Shouting at staff.", **more):
    clause = draft.document.clause(id)
    return ChangeClause(id, mark(clause), words, clause.exceptions, about=clause.about, **more)


def test_a_clause_is_reworded_and_keeps_its_id(trust, draft):
    edit(trust, draft, reword(draft), by=an_officer())
    assert draft.document.clause("behaviour.4").text == "Shouting at staff."
    told = trust.scalars(select(TrustAuditEvent.event).order_by(TrustAuditEvent.id.desc())).first()
    assert told == "edition.edited"


def test_the_id_of_a_retired_clause_is_never_given_again(trust, draft):
    officer = an_officer()
    add = AddClause("behaviour", Form.ITEM, "Parking across the gate.")
    first = edit(trust, draft, add, by=officer)
    edit(trust, draft, RetireClause(first, mark(draft.document.clause(first))), by=officer)
    second = edit(trust, draft, add, by=officer)
    assert first != second
    later = a_draft(trust, "Summer Term 2031")
    third = edit(trust, later, AddClause("behaviour", Form.ITEM, "Another."), by=officer)
    assert third not in (first, second)


def test_a_clause_moves_up_and_down_and_to_another_section_with_its_id(trust, draft):
    officer, ids = an_officer(), draft.document.section("behaviour").clause_ids
    id = ids[2]
    edit(trust, draft, MoveClause(id, "up"), by=officer)
    assert draft.document.section("behaviour").clause_ids.index(id) == 1
    edit(trust, draft, MoveClause(id, "down"), by=officer)
    assert draft.document.section("behaviour").clause_ids == ids
    edit(trust, draft, MoveClause(id, "online"), by=officer)
    assert draft.document.section("online").clause_ids[-1] == id
    with pytest.raises(EditRefused, match="no longer stands"):
        edit(trust, draft, MoveClause(id, "nowhere"), by=officer)


def test_a_flagged_clause_says_why(trust, draft):
    with pytest.raises(EditRefused) as refused:
        edit(trust, draft, reword(draft, flagged=True), by=an_officer())
    assert refused.value.field == "flagged_because"
    change = reword(draft, flagged=True, flagged_because="opinion", standing=TextStanding.LOCKED)
    edit(trust, draft, change, by=an_officer())
    clause = draft.document.clause("behaviour.4")
    assert (clause.flagged, clause.flagged_because) == (True, "opinion")
    assert clause.standing is TextStanding.LOCKED


@pytest.mark.parametrize("words", ["Ring {school.fax}.", "Ring {school name}.", "Ring {", "Ring }"])
def test_an_unknown_merge_field_is_refused_by_name_at_its_field(trust, draft, words):
    with pytest.raises(EditRefused, match="is not a fact that we know") as refused:
        edit(trust, draft, reword(draft, words=words), by=an_officer())
    assert refused.value.field == "text"
    assert words.partition("Ring ")[2].rstrip(".") in str(refused.value)


def test_the_second_of_two_is_told_and_the_first_text_stands(trust, draft):
    first, second = reword(draft, words="First."), reword(draft, words="Second.")
    edit(trust, draft, first, by=an_officer())
    with pytest.raises(Overtaken) as overtaken:
        edit(trust, draft, second, by=an_officer())
    assert overtaken.value.now.text == "First."
    edit(trust, draft, replace(second, seen=mark(overtaken.value.now)), by=an_officer())
    assert draft.document.clause("behaviour.4").text == "Second."
    kept = [row.before["clause"]["text"] for row in changes(trust, draft)[0]]
    assert "First." in kept


def test_two_who_change_different_clauses_at_once_both_keep_theirs(ground):
    with ground.sessions.trust() as session, transaction(session):
        number = a_draft(session).number
    ids = ["behaviour.1", "behaviour.2", "behaviour.3", "behaviour.4"]
    todo = list(ids)

    def change():
        id = todo.pop()
        with ground.sessions.trust() as session, transaction(session):
            draft = session.scalars(select(Edition).where(Edition.number == number)).one()
            edit(session, draft, reword(draft, id, f"Words of {id}."), by=an_officer())

    at_once(4, change)
    with ground.sessions.trust(read_only=True) as session:
        document = session.scalars(select(Edition).where(Edition.number == number)).one().document
    assert [document.clause(id).text for id in ids] == [f"Words of {id}." for id in ids]


def test_what_one_person_types_in_a_clause_is_one_change(trust, draft):
    officer = an_officer()
    before = draft.document.clause("behaviour.4").text
    for words in ("S", "Sho", "Shouting."):
        edit(trust, draft, reword(draft, words=words), by=officer)
    (row,), more = changes(trust, draft)
    assert (row.before["clause"]["text"], row.after["clause"]["text"]) == (before, "Shouting.")
    assert not more


def test_a_change_is_put_back_and_leaves_what_came_later(trust, draft):
    officer, before = an_officer(), draft.document
    edit(trust, draft, reword(draft), by=officer)
    (reworded,), _ = changes(trust, draft)
    edit(trust, draft, MoveClause("behaviour.4", "up"), by=officer)
    put_back(trust, draft, reworded, by=officer)
    assert draft.document.clause("behaviour.4") == before.clause("behaviour.4")
    assert draft.document.section("behaviour").clause_ids.index("behaviour.4") == 3
    moved = changes(trust, draft)[0][1]
    put_back(trust, draft, moved, by=officer)
    assert draft.document == before


def test_a_retired_clause_is_put_back_where_it_stood(trust, draft):
    officer, before = an_officer(), draft.document
    clause = before.clause("behaviour.4")
    edit(trust, draft, RetireClause(clause.id, mark(clause)), by=officer)
    assert draft.document.clause(clause.id) is None
    put_back(trust, draft, changes(trust, draft)[0][0], by=officer)
    assert draft.document == before


def test_a_clause_that_a_note_belongs_to_is_not_retired(trust, draft):
    note = next(clause for clause in draft.document.clauses() if "." in clause.about)
    clause = draft.document.clause(note.about)
    with pytest.raises(EditRefused, match=note.id):
        edit(trust, draft, RetireClause(clause.id, mark(clause)), by=an_officer())


def test_a_section_is_added_renamed_moved_and_retired_once_it_is_empty(trust, draft):
    officer = an_officer()
    id = edit(
        trust, draft, AddSection("Car park", TextStanding.ADAPTABLE, "importance"), by=officer
    )
    assert id == "car-park"
    seen = mark(draft.document.section(id))
    edit(trust, draft, ChangeSection(id, seen, "Parking", TextStanding.LOCAL), by=officer)
    edit(trust, draft, MoveSection(id, "up"), by=officer)
    clause = edit(trust, draft, AddClause(id, Form.PARAGRAPH, "Walk."), by=officer)
    with pytest.raises(EditRefused, match="its clauses first"):
        edit(trust, draft, RetireSection(id), by=officer)
    edit(trust, draft, RetireClause(clause, mark(draft.document.clause(clause))), by=officer)
    edit(trust, draft, RetireSection(id), by=officer)
    assert draft.document.section(id) is None
    with pytest.raises(EditRefused, match="has to stay"):
        edit(trust, draft, RetireSection("ladder"), by=officer)
    again = edit(trust, draft, AddSection("Car park", TextStanding.LOCAL), by=officer)
    assert again == "car-park-2"


def test_only_a_draft_is_edited(trust, draft):
    approve(trust, draft, by=an_officer(), board_on=clock.today())
    with pytest.raises(EditionRefused, match="only a draft can be edited"):
        edit(trust, draft, reword(draft), by=an_officer())
    publish(trust, draft, by=an_officer())
    with pytest.raises(EditionRefused, match="only a draft can be edited"):
        change_header(trust, draft, HeaderFields.of(draft), by=an_officer(), seen="")


def test_the_next_edition_begins_with_the_text_of_the_last_and_its_own_dates(trust):
    last = an_edition(trust)
    first = begin_next(trust, last, by=an_officer())
    assert first.document == last.document
    assert (first.board_on, first.review_text, first.number) == (None, "", last.number + 1)
    assert begin_next(trust, last, by=an_officer()) is first  # pressed twice
    edit(trust, first, reword(first), by=an_officer())
    assert the_edition(trust).document == last.document
    with pytest.raises(EditionRefused, match="one that is published"):
        begin_next(trust, first, by=an_officer())


@pytest.mark.parametrize(
    ("review", "says"),
    [
        ("Sumer Term 2028", "not a term or a date that we know"),
        ("Term 9 2028", "no such term"),
        ("31 June 2028", "no such day"),
        ("Summer Term 2026", "over before the Board sees the text on 1 March 2027"),
    ],
)
def test_a_review_that_can_not_be_is_refused_at_its_field(trust, draft, review, says):
    fields = replace(HeaderFields.of(draft), board_on=date(2027, 3, 1), review_text=review)
    with pytest.raises(EditRefused, match=says) as refused:
        change_header(trust, draft, fields, by=an_officer(), seen=HeaderFields.of(draft).mark)
    assert refused.value.field == "review_text"


def test_the_header_is_changed_and_put_back(trust, draft):
    officer, was = an_officer(), HeaderFields.of(draft)
    fields = replace(was, title="Our code", scope="Every school", review_text="Autumn 2029")
    change_header(trust, draft, fields, by=officer, seen=was.mark)
    assert (draft.document.title, draft.scope) == ("Our code", "Every school")
    with pytest.raises(Overtaken):
        change_header(trust, draft, replace(was, scope="x"), by=an_officer(), seen=was.mark)
    put_back(trust, draft, changes(trust, draft)[0][0], by=officer)
    assert HeaderFields.of(draft) == was
