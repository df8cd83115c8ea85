"""Who must approve a draft's text, what they say, and what an edit makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.build import an_officer
from trustconduct import clock
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.db import new_id
from trustconduct.oversight.board_paper import board_paper
from trustconduct.policies.approvers import (
    Approver,
    Said,
    Standing,
    approvals,
    asked_of,
    text_mark,
    waiting_for,
)
from trustconduct.policies.document import Form
from trustconduct.policies.editing import HeaderFields, change_header, edit
from trustconduct.policies.editions import EditionRefused, approve
from trustconduct.policies.edits import AddClause
from trustconduct.policies.signing_off import (
    NotNamed,
    TextMoved,
    ask_again,
    name_approvers,
    sign_off,
)

SAM, JO, KIM = new_id(), new_id(), new_id()
DAY = timedelta(days=1)


@pytest.fixture
def draft(trust):
    return build.a_draft(trust)


def reader(id) -> Actor:
    return Actor("user", id, "A reader", frozenset({Grant(Role.TRUST_READER, None)}))


def says(trust, draft, id, said=Said.APPROVED, words="", seen=None):
    mark = seen or text_mark(draft)
    sign_off(trust, draft, by=reader(id), said=said, words=words, seen=mark)


def standings(trust, draft):
    return {one.approver.user_id: one.standing for one in approvals(trust, draft)}


def note_approval(trust, draft):
    approve(trust, draft, by=an_officer(), board_on=clock.today())


def test_all_who_are_named_must_approve_before_the_boards_day_is_noted(trust, draft):
    build.approvers(trust, draft, SAM, JO)
    says(trust, draft, SAM)
    with pytest.raises(EditionRefused, match="still to approve the text as it stands: Approver 1"):
        note_approval(trust, draft)
    says(trust, draft, JO)
    note_approval(trust, draft)
    assert draft.approved_at is not None


def test_of_any_one_who_is_named_one_is_enough(trust, draft):
    build.approvers(trust, draft, SAM, JO, all_of=False)
    with pytest.raises(EditionRefused, match="One of these people must approve"):
        note_approval(trust, draft)
    says(trust, draft, JO)
    note_approval(trust, draft)


def test_who_asks_for_changes_does_not_approve_and_says_what(trust, draft):
    build.approvers(trust, draft, SAM)
    with pytest.raises(EditionRefused, match="Say what should change"):
        says(trust, draft, SAM, Said.NOT_YET)
    says(trust, draft, SAM, Said.NOT_YET, "ladder.3 is too harsh")
    assert standings(trust, draft) == {SAM: Standing.ASKS_FOR_CHANGES}
    with pytest.raises(EditionRefused):
        note_approval(trust, draft)


def test_an_edit_makes_an_approval_one_of_an_earlier_text(trust, draft):
    build.approvers(trust, draft, SAM, JO)
    says(trust, draft, SAM)
    says(trust, draft, JO, Said.NOT_YET, "Add a line")
    edit(trust, draft, AddClause("importance", Form.PARAGRAPH, "More"), by=an_officer())
    assert standings(trust, draft) == {SAM: Standing.EARLIER_TEXT, JO: Standing.CHANGED_SINCE}
    assert len(waiting_for(draft, approvals(trust, draft))) == 2
    for each in (SAM, JO):
        says(trust, draft, each)
    note_approval(trust, draft)


def test_the_days_of_the_board_and_the_union_are_no_change_of_the_text(trust, draft):
    build.approvers(trust, draft, SAM)
    says(trust, draft, SAM)
    now = HeaderFields.of(draft)
    later = HeaderFields(**{**vars(now), "board_on": clock.today(), "author": "Another"})
    change_header(trust, draft, later, by=an_officer(), seen=now.mark)
    assert standings(trust, draft) == {SAM: Standing.APPROVES}
    moved = HeaderFields(**{**vars(later), "review_text": "Autumn Term 2032"})
    change_header(trust, draft, moved, by=an_officer(), seen=later.mark)
    assert standings(trust, draft) == {SAM: Standing.EARLIER_TEXT}


def test_only_who_is_named_answers_and_of_the_text_that_they_read(trust, draft):
    build.approvers(trust, draft, SAM)
    with pytest.raises(NotNamed):
        says(trust, draft, JO)
    seen = text_mark(draft)
    edit(trust, draft, AddClause("importance", Form.PARAGRAPH, "More"), by=an_officer())
    with pytest.raises(TextMoved):
        says(trust, draft, SAM, seen=seen)
    assert standings(trust, draft) == {SAM: Standing.SILENT}


def test_who_is_taken_off_the_list_is_waited_for_no_more_and_can_come_back(trust, draft):
    build.approvers(trust, draft, SAM, JO)
    says(trust, draft, SAM)
    build.approvers(trust, draft, JO)
    assert standings(trust, draft) == {JO: Standing.SILENT}
    with pytest.raises(NotNamed):
        says(trust, draft, SAM)
    build.approvers(trust, draft, SAM)
    assert standings(trust, draft) == {SAM: Standing.APPROVES}
    build.approvers(trust, draft)
    note_approval(trust, draft)


def test_each_new_name_gets_one_mail_and_is_asked_again_once_a_day(trust, draft):
    people = build.approvers(trust, draft, SAM, JO)
    build.approvers(trust, draft, SAM, JO)  # the same list sent twice
    sam = people[SAM].email
    (mail,) = build.mailed(trust, sam)
    assert build.ASKING.address in mail.body
    with pytest.raises(EditionRefused, match="nobody to ask again today"):
        ask_again(trust, draft, by=an_officer(), asking=build.ASKING)
    says(trust, draft, JO)
    with time_machine.travel(clock.now() + DAY):
        assert ask_again(trust, draft, by=an_officer(), asking=build.ASKING) == 1
        says(trust, draft, SAM, Said.NOT_YET, "Not like this")
    with time_machine.travel(clock.now() + 2 * DAY), pytest.raises(EditionRefused):
        ask_again(trust, draft, by=an_officer(), asking=build.ASKING)
    assert len(build.mailed(trust, sam)) == 2
    assert len(build.mailed(trust, people[JO].email)) == 1


def test_nobody_without_a_role_at_the_trust_is_named(trust, draft):
    with pytest.raises(EditionRefused, match="role at the Trust"):
        name_approvers(
            trust, draft, by=an_officer(), chosen=[KIM], people={}, all_of=True, asking=build.ASKING
        )
    assert approvals(trust, draft) == []


def test_nobody_approves_while_people_are_asked_about_the_draft(trust):
    draft = build.a_draft(trust)
    build.approvers(trust, draft, SAM)
    build.consult(trust, draft)
    with pytest.raises(EditionRefused, match="still being asked"):
        says(trust, draft, SAM)
    with pytest.raises(EditionRefused, match="still being asked"):
        build.approvers(trust, draft, SAM, JO)


def test_a_person_is_told_of_the_drafts_that_wait_for_them_alone(trust, draft):
    build.approvers(trust, draft, SAM)
    assert [edition.number for edition, _ in asked_of(trust, SAM)] == [draft.number]
    assert asked_of(trust, JO) == []
    says(trust, draft, SAM)
    note_approval(trust, draft)
    assert asked_of(trust, SAM) == []


def test_the_boards_paper_says_who_approved_the_text(trust, draft):
    assert board_paper(trust, draft, by=an_officer()).approved_by == []
    build.approvers(trust, draft, SAM, JO)
    says(trust, draft, SAM)
    said = board_paper(trust, draft, by=an_officer()).approved_by
    today = clock.day(clock.today())
    assert said == [
        "All of them must approve the text.",
        f"Approver 0: approves it, {today}.",
        "Approver 1: not answered yet.",
    ]


def test_what_an_approver_said_can_not_be_changed(trust, draft):
    build.approvers(trust, draft, SAM)
    says(trust, draft, SAM)
    assert trust.scalars(select(Approver.user_id)).one() == SAM
    for change in ("update policy_sign_off set said = 'not_yet'", "delete from policy_sign_off"):
        with pytest.raises(DBAPIError), trust.begin_nested():
            trust.execute(text(change))
