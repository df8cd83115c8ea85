"""People added and changed by hand, their children, doubles, and who comes and goes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.build import a_campaign, a_head, a_request, a_version, an_adult, an_answer
from trustconduct.acknowledgements.campaigns import NobodyToAsk
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.of_person import asked_of, messages_to
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.people.change import (
    ChangedMeanwhile,
    NoSuchChild,
    add_adult,
    add_care,
    change_adult,
    change_care,
    come_back,
    end_care,
    leave,
)
from trustconduct.people.doubles import CannotMerge, doubles, merge, separate
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.person import people_page, whole
from trustconduct.people.untold import keep_apart

NIA = {"name": "Nia Sample", "kind": "carer", "email": "nia@parents.example", "telephone": "",
       "address": "1 Made-up Lane"}  # fmt: skip
SAID = {"relationship": "aunt", "parental_responsibility": False, "lives_with": None,
        "may_collect": True, "court_order": "Sees him on Sundays only"}  # fmt: skip


def events(session) -> list[str]:
    query = select(SchoolAuditEvent.event).order_by(SchoolAuditEvent.id)
    return [one for one in session.scalars(query) if one.startswith(("adult", "care"))]


def test_a_person_is_added_by_hand_with_a_child(oak):
    adult = add_adult(oak, by=a_head(oak), **NIA)
    care = add_care(oak, adult, by=a_head(oak), child="Sam Sample", year="4", **SAID)
    assert (adult.by_hand, care.by_hand, care.may_collect) == (True, True, True)
    person = whole(oak, adult.id)
    assert [one.pupil.name for one in person.belongs] == ["Sam Sample"]
    assert events(oak) == ["adult.added", "care.changed"]


def test_a_child_that_is_there_is_not_made_again(oak):
    an_adult(oak)
    nia = add_adult(oak, by=a_head(oak), **NIA)
    add_care(oak, nia, by=a_head(oak), child="sam  sample", year="", **SAID)
    assert oak.scalar(select(func.count()).select_from(Pupil)) == 1
    an_adult(oak, year="2")
    with pytest.raises(NoSuchChild):
        add_care(oak, nia, by=a_head(oak), child="Sam Sample", year="", **SAID)


def test_the_second_of_two_who_change_one_person_is_told(oak):
    adult = add_adult(oak, by=a_head(oak), **NIA)
    seen = adult.version
    assert change_adult(oak, adult, by=a_head(oak), seen=seen, **{**NIA, "name": "Nia New"})
    with pytest.raises(ChangedMeanwhile):
        change_adult(oak, adult, by=a_head(oak), seen=seen, **{**NIA, "name": "Nia Other"})
    assert adult.name == "Nia New"
    assert not change_adult(
        oak, adult, by=a_head(oak), seen=adult.version, **{**NIA, "name": "Nia New"}
    )


def test_what_was_said_of_a_relationship_can_be_changed_and_ended(oak):
    an_adult(oak)
    care, pupil = oak.scalars(select(Care)).one(), oak.scalars(select(Pupil)).one()
    assert care.parental_responsibility is None
    assert change_care(oak, care, pupil, by=a_head(oak), seen=1, **SAID)
    with pytest.raises(ChangedMeanwhile):
        change_care(oak, care, pupil, by=a_head(oak), seen=1, **SAID)
    assert end_care(oak, care, pupil, by=a_head(oak))
    assert not end_care(oak, care, pupil, by=a_head(oak))
    assert people_page(oak)[0].cares_for == ()


def test_who_has_left_is_asked_no_more_until_they_come_back(oak):
    a_version(oak)
    adult = an_adult(oak)
    assert leave(oak, adult, by=a_head(oak))
    assert not leave(oak, adult, by=a_head(oak))
    with pytest.raises(NobodyToAsk):
        a_campaign(oak)
    assert [one.name for one in people_page(oak, show="left")] == ["Alex Sample"]
    assert people_page(oak) == []
    assert come_back(oak, adult, by=a_head(oak))
    assert a_campaign(oak)


def two(session) -> tuple[Adult, Adult]:
    return an_adult(session), an_adult(session, email="alex@other.example")


def test_doubles_are_suggested_and_a_person_decides(oak):
    first, second = two(oak)
    an_adult(oak, "Jo Sample", email="jo@parents.example")
    [pair] = doubles(oak)
    assert {pair.one, pair.other} == {first.id, second.id}
    assert pair.why == "child"
    second.email = first.email
    oak.flush()
    assert doubles(oak)[0].why == "email"
    merge(oak, second, first, by=a_head(oak))
    assert doubles(oak) == []
    separate(oak, second, by=a_head(oak))
    assert len(doubles(oak)) == 1
    keep_apart(oak, first, second, by=a_head(oak), because="Two people")
    assert doubles(oak) == []


def test_two_of_one_name_with_nothing_in_common_are_not_suggested(oak):
    an_adult(oak)
    an_adult(oak, email="alex@other.example", child="Kim Other")
    assert doubles(oak) == []


def test_one_page_shows_the_answers_of_both_and_one_mail_is_sent(oak):
    first, second = two(oak)
    request = a_request(oak, second)
    an_answer(oak, request)
    merge(oak, second, first, by=a_head(oak))
    person = whole(oak, first.id)
    given = [answer for one in asked_of(oak, person.ids) for answer in one.answers]
    assert len(given) == 1
    assert len(messages_to(oak, person.ids)) == 3  # both were asked before, and one receipt
    a_version(oak)
    a_campaign(oak)
    newest = oak.scalars(select(SignRequest.adult_id).order_by(SignRequest.id.desc()).limit(1))
    assert newest.one() == first.id
    assert oak.scalar(select(func.count()).select_from(SignRequest)) == 3


def test_who_was_asked_as_one_is_not_asked_as_the_other(oak):
    second = an_adult(oak, email="alex@other.example")
    a_request(oak, second)
    first = an_adult(oak)
    merge(oak, second, first, by=a_head(oak))
    with pytest.raises(NobodyToAsk):
        a_campaign(oak)


def test_undoing_a_merge_leaves_all_as_it_was(oak):
    first, second = two(oak)
    before = [(one.id, one.name, one.cares_for) for one in people_page(oak)]
    assert merge(oak, second, first, by=a_head(oak))
    assert not merge(oak, second, first, by=a_head(oak))
    [line] = people_page(oak)
    assert line.id == first.id
    assert separate(oak, second, by=a_head(oak))
    assert not separate(oak, second, by=a_head(oak))
    assert [(one.id, one.name, one.cares_for) for one in people_page(oak)] == before


def test_what_cannot_be_merged_is_refused_with_what_to_do(oak):
    first, second = two(oak)
    third = an_adult(oak, email="alex@third.example")
    merge(oak, second, first, by=a_head(oak))
    for pair in ((first, first), (second, third), (third, second), (first, third)):
        with pytest.raises(CannotMerge):
            merge(oak, *pair, by=a_head(oak))
    keep_apart(oak, third, first, by=a_head(oak), because="Two people")
    with pytest.raises(CannotMerge):
        merge(oak, third, first, by=a_head(oak))


def test_a_name_is_found_by_a_part_of_it_and_signs_are_letters(oak):
    an_adult(oak)
    an_adult(oak, "Jo 100% Real", email="jo@parents.example")
    assert [one.name for one in people_page(oak, named="ALEX s")] == ["Alex Sample"]
    assert [one.name for one in people_page(oak, named="0%")] == ["Jo 100% Real"]
    assert people_page(oak, named="_") == []
