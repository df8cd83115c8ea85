"""Whose names stand in a letter: who may sign, no staff where the school says so, no child."""

from __future__ import annotations

import pytest

from tests import build
from tests.letters import rows
from trustconduct.letters.approve import NotWhole
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Way
from trustconduct.letters.parts import PartRefused, check_fields
from trustconduct.letters.signatories import noted, who_may_sign
from trustconduct.letters.staff_names import (
    MOST_NAMES,
    NamesRefused,
    change_staff_names,
    unnamed,
)
from trustconduct.letters.write import begin_letter, choose_way
from trustconduct.people.models import Care, Pupil
from trustconduct.schools.settings import settings_of


def named_in_settings(oak, lines):
    settings = settings_of(oak)
    settings.signatories = lines
    oak.add(settings)
    oak.flush()


def test_whom_the_settings_name_may_sign_and_no_longer_than_they_do(oak):
    head = build.a_head(oak)
    rows.ready(oak)
    named_in_settings(oak, "Ash Pattern, Chair of governors\nJo Sample, Headteacher\nno role")
    found = {(one.name, one.role): one for one in who_may_sign(oak)}
    assert found.keys() == {
        ("Ash Pattern", "Chair of governors"), ("Jo Sample", "Headteacher"),
    }  # fmt: skip
    chair = noted(oak, found["Ash Pattern", "Chair of governors"].id)
    letter = rows.a_letter(oak)
    choose_way(oak, letter, KINDS["invitation"], by=head, way=Way.POST, signatory=chair,
               seen=letter.version)  # fmt: skip
    assert draft_of(oak, letter).composed.signed_as == "Chair of governors"
    named_in_settings(oak, "Lee Sample, Chair of governors")
    with pytest.raises(NotWhole, match="Ash Pattern may not sign letters today"):
        rows.approved(oak, letter)
    with pytest.raises(PartRefused, match="may not sign"):
        choose_way(oak, letter, KINDS["invitation"], by=head, way=Way.POST, signatory=chair,
                   seen=letter.version)  # fmt: skip
    named_in_settings(oak, "Ash Pattern, Chair of governors")
    rows.approved(oak, letter)


def test_an_id_of_nobody_signs_nothing(oak):
    assert noted(oak, rows.an_addressee(oak).id) is None


NAMES = ["Kaya", "Jo Kaya", "O’Brien-Smith"]


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("You shouted at Mrs Kaya.", "You shouted at a member of staff."),
        ("Jo Kaya asked you to stop.", "A member of staff asked you to stop."),
        ("You stopped. KAYA left.", "You stopped. A member of staff left."),
        ("It was Ms. O’Brien-Smith’s room", "It was a member of staff’s room"),
        ("Mr  Jo\nKaya", "A member of staff"),
        ("Kayaking is fun", "Kayaking is fun"),
        ("Nobody", "Nobody"),
    ],
)
def test_a_name_of_staff_gives_way(written, stands):
    assert unnamed(written, NAMES) == stands


def test_letters_leave_out_names_of_staff_where_the_school_says_so_and_the_letter_does(oak):
    head, kind = build.a_head(oak), KINDS["plain"]
    rows.ready(oak)
    change_staff_names(oak, by=head, wanted=True, typed="Jo Kaya\n\nKaya\nJo Kaya")
    assert settings_of(oak).letters_staff == "Jo Kaya\nKaya"
    letter = begin_letter(oak, rows.an_addressee(oak), kind, by=head)
    letter.parts = {"body": "You shouted at Mr Kaya.", "contact": "Jo Kaya, on 01632 960001"}
    oak.flush()
    text = draft_of(oak, letter).composed.text
    assert "You shouted at a member of staff." in text
    assert "Jo Kaya, on 01632" in text  # whom to speak to has a name
    choose_way(oak, letter, kind, by=head, way=Way.HAND, signatory=rows.a_signatory(oak),
               seen=letter.version, unnamed=False)  # fmt: skip
    assert "Mr Kaya" in draft_of(oak, letter).composed.text


@pytest.mark.parametrize("typed", ["", "x", "n" * 101, "\n".join(map(str, range(900, 1300)))])
def test_a_list_of_names_that_could_not_be_found_is_refused(oak, typed):
    assert MOST_NAMES < 400
    with pytest.raises(NamesRefused):
        change_staff_names(oak, by=build.a_head(oak), wanted=True, typed=typed)


def test_the_first_name_of_their_own_child_is_no_initial(oak):
    adult = rows.an_addressee(oak)
    child = Pupil(name="Will Sample", name_key="will sample")
    oak.add(child)
    oak.flush()
    oak.add(Care(adult_id=adult.id, pupil_id=child.id, relationship="Mother"))
    letter = rows.a_letter(oak, "plain", adult=adult)
    for body, words in (("We will meet.", ""), ("Will was sad.", "Use initials: W.S.")):
        letter.parts = {**letter.parts, "body": body}
        oak.flush()
        against = " ".join(one.words for one in draft_of(oak, letter).against)
        assert against == words or (words and words in against)


def test_a_merge_field_that_the_kind_does_not_know_is_refused():
    for words in ("{school.fax}", "{meeting.day}", "{0.__class__}"):
        with pytest.raises(PartRefused, match="is no field"):
            check_fields(KINDS["plain"], words)
    with pytest.raises(PartRefused, match="brace stands alone"):
        check_fields(KINDS["plain"], "{ {school.name}")
    check_fields(KINDS["invitation"], "{meeting.day} {answer} {school.governing_body}")


def test_the_governing_body_stands_in_a_decision_by_its_name(oak):
    rows.ready(oak)
    settings = settings_of(oak)
    settings.governing_body = "Local Governing Board"
    oak.add(settings)
    oak.flush()
    assert "the Local Governing Board have" in draft_of(oak, rows.a_letter(oak, "confirmed")
                                                        ).composed.text  # fmt: skip


def test_a_blank_that_the_trusts_words_name_is_no_letter(oak):
    letter = rows.a_letter(oak, "plain")
    wording = draft_of(oak, letter).wording
    oak.expunge(wording)
    settings = settings_of(oak)
    settings.telephone = ""
    oak.add(settings)
    oak.flush()
    found = " ".join(one.words for one in draft_of(oak, letter).against)
    assert "telephone or email for a reply is blank" in found


def test_twenty_pages_of_facts_are_no_letter_wherever_they_come_from(oak):
    letter = rows.a_letter(oak)
    letter.parts = {**letter.parts, "facts": "words and more words. " * 3_000}
    oak.flush()
    with pytest.raises(NotWhole, match="“What happened” is too long for a letter: 66,000"):
        rows.approved(oak, letter)
    letter = rows.a_letter(oak, "confirmed")
    long = dict.fromkeys(("reasons", "weighed", "scope"), "words. " * 800)
    letter.parts = {**letter.parts, **long}
    oak.flush()
    with pytest.raises(NotWhole, match="The letter is too long: 16,"):
        rows.approved(oak, letter)


def test_somebody_without_any_address_is_written_to_by_hand_alone(oak):
    letter = rows.a_letter(oak, adult=rows.an_addressee(oak, address=""), way=Way.HAND)
    rows.approved(oak, letter)
    other = rows.a_letter(oak, adult=rows.an_addressee(oak, "Lee", address=""), way=Way.HAND)
    for way, words in (("post", "No postal address"), ("email", "No email address")):
        other.way = way
        oak.flush()
        with pytest.raises(NotWhole, match=words):
            rows.approved(oak, other)
