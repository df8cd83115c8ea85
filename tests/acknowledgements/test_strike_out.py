"""An answer that was noted for the wrong person: struck out, never overwritten, counted nowhere."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from tests.build import (
    a_campaign,
    a_head,
    a_request,
    a_teacher,
    a_version,
    an_adult,
    an_answer,
    the_school,
)
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.answers import hold_talk, talks
from trustconduct.acknowledgements.coverage import by_year, over_time
from trustconduct.acknowledgements.lists import Wanted, counts, lines
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.notice_facts import What, facts_of_person
from trustconduct.acknowledgements.of_person import asked_of
from trustconduct.acknowledgements.on_behalf import Keyed, just_keyed, key_answer
from trustconduct.acknowledgements.paper_models import How
from trustconduct.acknowledgements.proving import prove
from trustconduct.acknowledgements.receipts import receipts
from trustconduct.acknowledgements.reminding import remind_adults
from trustconduct.acknowledgements.signing import AnswerRefused, asked
from trustconduct.acknowledgements.strike_out import LONGEST, strike_out, struck_out
from trustconduct.audit import proof
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.untold import mark_untold
from trustconduct.policies.models import SchoolVersion

WHY = "It was the other Alex"


def key(session, adult=None, answer: Answer = Answer.SIGNED, **values):
    today = clock.today()
    given = {"typed_name": "Alex Sample", "signed_on": today, "received_on": today, **values}
    adult = adult or an_adult(session)
    assert key_answer(session, adult, Keyed(answer, How.PAPER, **given), by=a_head(session))
    newest = select(Acknowledgement.id).order_by(Acknowledgement.id.desc()).limit(1)
    return session.scalars(newest).one()


def mails(session, kind: str) -> list[SchoolMessageContent]:
    return list(
        session.scalars(
            select(SchoolMessageContent)
            .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
            .where(SchoolMessage.kind == kind)
        )
    )


def test_it_stays_says_by_whom_and_why_and_counts_nowhere(oak):
    request = a_request(oak)
    answer_id = key(oak)
    here = a_version_of(oak, request.version_id)
    assert counts(oak, here).signed == 1
    head = a_head(oak)
    assert strike_out(oak, answer_id, WHY, by=head)
    assert oak.scalar(select(func.count()).select_from(Acknowledgement)) == 1
    found = struck_out(oak, answer_id)
    assert (found.by, found.because) == (head.name, WHY)
    assert (counts(oak, here).signed, counts(oak, here).none) == (0, 1)
    assert [one.status for one in lines(oak, here, most=5)] == ["none"]
    assert over_time(oak, here)[-1].signed == 0
    assert sum(one.one for one in by_year(oak, here)) == 0
    assert receipts(oak, request.id) == []
    assert just_keyed(oak, head.id) == []
    assert [one.struck for one in asked_of(oak, [request.adult_id])[0].answers] == [True]


def a_version_of(session, version_id):
    return session.get_one(SchoolVersion, (session.school_id, version_id))


def test_as_it_stood_before_it_was_struck_out_it_is_still_there(oak):
    request = a_request(oak)
    with time_machine.travel(clock.now() + timedelta(days=1)):
        answer_id, on = key(oak), clock.today()
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert strike_out(oak, answer_id, WHY, by=a_head(oak))
        here = a_version_of(oak, request.version_id)
        assert counts(oak, here, Wanted(on=on)).signed == 1
        assert counts(oak, here, Wanted(on=clock.today())).signed == 0


def test_the_right_person_can_answer_anew_by_link_and_by_hand(oak):
    request, adult = a_request(oak), an_adult(oak)
    first = key(oak, adult)
    assert strike_out(oak, first, WHY, by=a_head(oak))
    again = asked(oak, request.id)
    assert again.answers == frozenset()
    assert an_answer(oak, again)
    assert not an_answer(oak, asked(oak, request.id))
    assert asked(oak, request.id).answers == {Answer.SIGNED}
    assert oak.scalars(select(Acknowledgement.serial).order_by(Acknowledgement.id)).all() == [0, 1]
    second = key(oak, adult, Answer.DECLINED)
    assert strike_out(oak, second, WHY, by=a_head(oak))
    assert strike_out(oak, key(oak, adult, Answer.DECLINED), WHY, by=a_head(oak))
    assert key(oak, adult, Answer.DECLINED)


def test_an_answer_by_their_own_link_is_theirs(oak):
    an_answer(oak, a_request(oak))
    own = oak.scalars(select(Acknowledgement.id)).one()
    assert not strike_out(oak, own, WHY, by=a_head(oak))
    with pytest.raises(SQLAlchemyError), oak.begin_nested():
        oak.execute(
            text("insert into answer_struck (school_id, id, struck_at) values (:s, :i, now())"),
            {"s": oak.school_id, "i": own},
        )
    assert struck_out(oak, own) is None


def test_twice_has_one_effect_and_one_mail(oak):
    a_request(oak)
    answer_id = key(oak)
    for _ in range(2):
        assert strike_out(oak, answer_id, WHY, by=a_head(oak))
    assert struck_out(oak, answer_id).because == WHY
    assert len(mails(oak, "answer_struck")) == 1


@pytest.mark.parametrize("because", ["", " \n", "x" * (LONGEST + 1)])
def test_it_needs_a_reason(oak, because):
    a_version(oak)
    answer_id = key(oak)
    with pytest.raises(AnswerRefused):
        strike_out(oak, answer_id, because, by=a_head(oak))


def test_a_teacher_may_not(oak):
    a_version(oak)
    answer_id = key(oak)
    with pytest.raises(NotAllowed):
        strike_out(oak, answer_id, WHY, by=a_teacher(oak))


def test_it_speaks_for_no_notice_any_more(oak):
    request = a_request(oak)
    assert strike_out(oak, key(oak), WHY, by=a_head(oak))
    answered = [
        one for one in facts_of_person(oak, [request.adult_id]) if one.what is What.ANSWERED
    ]
    assert [one.against for one in answered] == [f"Struck out: {WHY}"]


def test_who_was_not_asked_to_the_end_is_reminded_again(oak):
    version = a_version(oak)
    adult = an_adult(oak)
    a_campaign(oak, version)
    answer_id = key(oak, adult)
    request = oak.scalars(select(SignRequest)).one()
    assert request.remind_on is None
    assert strike_out(oak, answer_id, WHY, by=a_head(oak))
    oak.refresh(request)
    assert request.remind_on == clock.today() + timedelta(days=1)
    with time_machine.travel(clock.now() + timedelta(days=1)):
        office = {"telephone": "01632 960001", "reply_to": "office@school.example"}
        assert remind_adults(oak, the_school(oak), **office) == 1


def test_a_wish_to_talk_that_was_another_persons_waits_for_nobody(oak):
    a_request(oak)
    answer_id = key(oak, answer=Answer.TALK)
    assert len(talks(oak)) == 1
    assert strike_out(oak, answer_id, WHY, by=a_head(oak))
    assert talks(oak) == []
    assert not hold_talk(oak, answer_id, by=a_head(oak))


def test_the_adult_is_told_what_was_noted_and_what_was_struck_out(oak):
    """Nobody answers for another behind their back; the reason may name somebody else."""
    a_request(oak)
    answer_id = key(oak)
    (noted,) = mails(oak, "answer_noted")
    assert "you told us on paper that you have read our code of conduct" in noted.body
    assert "Is this not right?" in noted.body
    assert str(answer_id) in noted.attachment["page"]
    strike_out(oak, answer_id, WHY, by=a_head(oak))
    (struck,) = mails(oak, "answer_struck")
    assert "does not count for you" in struck.body
    assert WHY not in struck.body


def test_who_must_not_be_told_and_who_has_no_email_is_sent_nothing(oak):
    a_version(oak)
    hidden = an_adult(oak)
    mark_untold(oak, hidden, by=a_head(oak), because="An order")
    quiet = an_adult(oak, name="Quiet Sample", email="")
    for adult in (hidden, quiet):
        assert strike_out(oak, key(oak, adult), WHY, by=a_head(oak))
    assert mails(oak, "answer_noted") == mails(oak, "answer_struck") == []


def _bundle(session, request_id):
    row = session.get_one(SignRequest, (session.school_id, request_id))
    return prove(session, row, by=a_head(session))


def test_the_proof_says_that_it_was_struck_out_and_not_why(oak):
    request = a_request(oak)
    assert strike_out(oak, key(oak), WHY, by=a_head(oak))
    bundle = _bundle(oak, request.id)
    found = proof.check(BytesIO(bundle))
    assert found.holds, found.wrong
    assert any("struck out" in line for line in found.proved)
    with zipfile.ZipFile(BytesIO(bundle)) as files:
        assert WHY.encode() not in b"".join(files.read(name) for name in ("text.json", "text.html"))
        assert json.loads(files.read("proof.json"))["answers"][0]["struck_out_at"]


def test_a_bundle_that_hides_a_striking_out_does_not_hold(oak):
    request = a_request(oak)
    assert strike_out(oak, key(oak), WHY, by=a_head(oak))
    with zipfile.ZipFile(BytesIO(_bundle(oak, request.id))) as files:
        content = {name: files.read(name) for name in files.namelist()}
    told = json.loads(content["proof.json"])
    told["answers"][0]["struck_out_at"] = None
    content["proof.json"] = proof.canonical(told) + b"\n"
    listed = {n: proof.sha256(c) for n, c in content.items() if n != "files.json"}
    content["files.json"] = proof.canonical(listed) + b"\n"
    forged = BytesIO()
    with zipfile.ZipFile(forged, "w") as made:
        for name, each in content.items():
            made.writestr(name, each)
    assert not proof.check(forged).holds
