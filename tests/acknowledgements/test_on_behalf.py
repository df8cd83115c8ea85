"""Answers that staff write down, and the numbers on sheets of paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.build import (
    a_campaign,
    a_head,
    a_looked,
    a_request,
    a_teacher,
    a_version,
    an_adult,
    an_answer,
)
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.on_behalf import (
    Keyed,
    how_it_came,
    just_keyed,
    key_answer,
    sounds_like,
)
from trustconduct.acknowledgements.paper_models import How
from trustconduct.acknowledgements.reference import read_reference, shown
from trustconduct.acknowledgements.signing import AnswerRefused
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.doubles import merge
from trustconduct.people.untold import mark_untold

DAY = timedelta(days=1)


def keyed(answer: Answer = Answer.SIGNED, how: How = How.PAPER, **values) -> Keyed:
    today = clock.today()
    given = {"typed_name": "Alex Sample", "signed_on": today, "received_on": today, **values}
    return Keyed(answer, how, **given)


def answers(session) -> int:
    return session.scalar(select(func.count()).select_from(Acknowledgement)) or 0


def test_an_answer_on_paper_says_how_it_came(oak):
    version = a_version(oak)
    adult, head = an_adult(oak, email=""), a_head(oak)
    assert key_answer(oak, adult, keyed(witness="Mx Sample", scan=a_looked("x")), by=head)
    given = oak.scalars(select(Acknowledgement)).one()
    assert given.sha256 == version.sha256
    came = how_it_came(oak, given.id)
    assert (came.how, came.keyed_by, came.witness) == (How.PAPER, head.name, "Mx Sample")
    assert came.scan_id
    assert came.number is None
    assert oak.scalar(select(SignRequest.campaign_id)) is None
    assert [one.name for one in just_keyed(oak, head.id)] == ["Alex Sample"]
    event = oak.scalars(
        select(SchoolAuditEvent).where(SchoolAuditEvent.event == "answer.keyed")
    ).one()
    assert event.thing_id == given.id


def test_nothing_is_overwritten_and_another_answer_is_added(oak):
    request = a_request(oak)
    adult = an_adult(oak)
    an_answer(oak, request, Answer.DECLINED)
    assert not key_answer(oak, adult, keyed(Answer.DECLINED), by=a_head(oak))
    assert key_answer(oak, adult, keyed(), by=a_head(oak))
    assert not key_answer(oak, adult, keyed(), by=a_head(oak))
    assert answers(oak) == 2


def test_a_doubles_answer_is_the_persons(oak):
    request = a_request(oak)
    adult = an_adult(oak)
    an_answer(oak, request)
    kept = an_adult(oak, "Alexandra Sample", email="sandra@parents.example")
    merge(oak, adult, kept, by=a_head(oak))
    assert not key_answer(oak, kept, keyed(), by=a_head(oak))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"signed_on": clock.today() + DAY, "received_on": clock.today() + DAY}, "received_on"),
        ({"received_on": clock.today() - DAY}, "signed_on"),
        ({"signed_on": clock.today() - 400 * DAY}, "signed_on"),
        ({"typed_name": " "}, "typed_name"),
        ({"how": How.INTERPRETER}, "witness"),
    ],
)
def test_days_and_names_that_can_not_be_are_refused(oak, values, field):
    a_version(oak)
    with pytest.raises(AnswerRefused) as refused:
        key_answer(oak, an_adult(oak), keyed(**values), by=a_head(oak))
    assert refused.value.field == field
    assert answers(oak) == 0


def test_who_must_not_be_told_may_have_answered_and_nothing_goes_to_them(oak):
    a_version(oak)
    adult = an_adult(oak)
    mark_untold(oak, adult, by=a_head(oak), because="A court order")
    assert key_answer(oak, adult, keyed(), by=a_head(oak))
    assert oak.scalar(select(func.count()).select_from(SchoolMessage)) == 0


def test_an_answer_that_was_keyed_stops_the_reminders(oak):
    a_version(oak)
    adult = an_adult(oak)
    a_campaign(oak)
    key_answer(oak, adult, keyed(Answer.TALK), by=a_head(oak))
    assert oak.scalar(select(SignRequest.remind_on)) is None


def test_a_teacher_keys_nothing(oak):
    a_version(oak)
    with pytest.raises(NotAllowed):
        key_answer(oak, an_adult(oak), keyed(), by=a_teacher(oak))


@given(number=st.integers(1001, 999_999_999), place=st.integers(0, 20), figure=st.integers(0, 9))
def test_one_wrong_figure_or_two_that_changed_places_are_found(number, place, figure):
    typed = shown(number).replace("-", "")
    assert read_reference(shown(number)) == number == read_reference(f" {typed} ")
    at = place % len(typed)
    wrong = f"{typed[:at]}{figure}{typed[at + 1 :]}"
    assert wrong == typed or read_reference(wrong) is None
    swapped = f"{typed[:at]}{typed[at + 1 : at + 2]}{typed[at]}{typed[at + 2 :]}"
    assert swapped == typed or read_reference(swapped) is None


def test_a_name_of_the_adults_own_is_known_again(oak):
    adult = an_adult(oak)
    assert sounds_like(adult, "A. SAMPLE")
    assert not sounds_like(adult, "Jo Other")
