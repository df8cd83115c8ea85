"""Who may do what, and where."""

from __future__ import annotations

import pytest

from tests.build import an_actor
from trustconduct.accounts.permissions import (
    AT_SCHOOL,
    AT_TRUST,
    IN_ANY_SCHOOL,
    Can,
    NotAllowed,
    allowed,
    may,
    permit,
)
from trustconduct.audit.actor import Role
from trustconduct.db import new_id

OAK, ELM = new_id(), new_id()
AT_A_SCHOOL = [role for role in Role if not role.of_trust]


def test_every_role_may_do_something_and_every_thing_may_be_done_by_someone():
    assert AT_TRUST.keys() | AT_SCHOOL.keys() == set(Role)
    everything = set().union(*AT_TRUST.values(), *AT_SCHOOL.values())
    assert everything == set(Can)


@pytest.mark.parametrize("role", AT_A_SCHOOL)
def test_a_role_at_one_school_is_nothing_at_another_or_at_the_trust(role):
    grants = an_actor(role, OAK).grants
    assert allowed(grants, OAK)
    assert allowed(grants, ELM) == allowed(grants, None) == frozenset()


def test_an_officer_sets_up_any_school_and_sees_none_of_its_people():
    officer = an_actor(Role.TRUST_OFFICER)
    assert may(officer, Can.CHANGE_SETTINGS, OAK)
    for what in (Can.SEE_PEOPLE, Can.SEE_ANSWERS, Can.PUBLISH_VERSION, Can.TAKE_IN_ROLL):
        assert not may(officer, what, OAK)


def test_a_reader_of_the_trust_sees_the_console_and_says_what_they_think_of_a_text():
    reader = an_actor(Role.TRUST_READER)
    assert allowed(reader.grants, None) == {Can.SEE_CONSOLE, Can.SEE_MAIL, Can.SIGN_OFF_EDITION}
    assert allowed(reader.grants, OAK) == frozenset()
    assert IN_ANY_SCHOOL.keys() == {Role.TRUST_OFFICER}


@pytest.mark.parametrize("role", [Role.TEACHER, Role.GOVERNOR])
def test_teachers_report_governors_review_and_both_see_what_they_are_assigned_to(role):
    teacher = {Can.REPORT_INCIDENT, Can.CALL_FIRST}
    more = teacher if role is Role.TEACHER else {Can.REVIEW_BAN}
    assert allowed(an_actor(role, OAK).grants, OAK) == {Can.SEE_SCHOOL, Can.SEE_ASSIGNED} | more


def test_only_the_head_publishes():
    assert [role for role in Role if may(an_actor(role, OAK), Can.PUBLISH_VERSION, OAK)] == [
        Role.HEADTEACHER
    ]


def test_a_refusal_names_no_person():
    with pytest.raises(NotAllowed) as refused:
        permit(an_actor(Role.TEACHER, OAK, name="Ada Lovelace"), Can.CHANGE_SETTINGS, OAK)
    assert "Ada" not in str(refused.value)
