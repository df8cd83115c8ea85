"""Who must not be told is in nothing that leaves: marked, cleared, kept apart."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from tests.build import (
    a_campaign,
    a_head,
    a_request,
    a_roll,
    a_version,
    an_actor,
    an_adult,
    an_answer,
    an_office,
    asked_again,
    the_school,
)
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements import asking, mails
from trustconduct.acknowledgements.campaigns import NobodyToAsk, reach
from trustconduct.acknowledgements.links import send_again
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.signing import asked
from trustconduct.audit.actor import Role
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.outbox.delivery import begin_next
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.outbox.untold import untold
from trustconduct.people.models import Adult, UntoldMark
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.people.untold import (
    ReasonMissing,
    clear_untold,
    end_apart,
    keep_apart,
    mark_untold,
)
from trustconduct.schools.undelivered import one_unsent, unsent

JO = {"name": "Jo Sample", "email": "jo@parents.example", "relationship": "father"}


def marked(session, adult, because="A court says so"):
    return mark_untold(session, adult, by=a_head(session), because=because)


def why(session) -> dict:
    return dict(session.execute(select(untold())).all())


def written_to(session) -> set[str]:
    return set(session.scalars(select(SchoolMessageContent.to_name)))


def test_who_is_marked_is_not_asked(oak):
    a_version(oak)
    an_adult(oak)
    jo = an_adult(oak, **JO)
    marked(oak, jo)
    a_campaign(oak)
    assert written_to(oak) == {"Alex Sample"}
    assert oak.scalars(select(SignRequest.adult_id)).all() != [jo.id]


def test_marking_takes_back_what_has_not_left_and_closes_the_link(oak):
    request = a_request(oak)
    adult = oak.scalars(select(Adult)).one()
    marked(oak, adult)
    message = oak.scalars(select(SchoolMessage).execution_options(populate_existing=True)).one()
    assert message.settled_at is not None
    assert asked(oak, request.id) is None
    given = {"link_days": 9, "telephone": "", "reply_to": ""}
    assert send_again(oak, the_school(oak), {request.id: 1}, by=a_head(oak), **given) == 0


def test_nobody_else_with_that_address_is_written_to(oak):
    a_version(oak)
    an_adult(oak)
    jo = an_adult(oak, name="Jo Sample", relationship="father")
    marked(oak, jo)
    assert sorted(why(oak).values()) == ["marked", "shared"]
    with pytest.raises(NobodyToAsk):
        a_campaign(oak)


def test_two_who_must_not_learn_of_each_other_are_written_to_unless_one_address_is_theirs(oak):
    a_version(oak)
    alex, jo = an_adult(oak), an_adult(oak, **JO)
    keep_apart(oak, alex, jo, by=a_head(oak), because="They parted")
    assert why(oak) == {}
    jo.email = alex.email
    oak.flush()
    assert set(why(oak).values()) == {"apart"}
    with pytest.raises(NobodyToAsk):
        a_campaign(oak)
    end_apart(oak, jo, alex, by=a_head(oak), because="They are friends again")
    assert why(oak) == {}


def test_no_mail_names_another_adult(oak):
    a_version(oak)
    an_adult(oak)
    an_adult(oak, name="Jo Sample", relationship="father")
    a_campaign(oak)
    for content in oak.scalars(select(SchoolMessageContent)):
        other = {"Alex Sample": "Jo Sample", "Jo Sample": "Alex Sample"}[content.to_name]
        assert other not in f"{content.subject}{content.body}{content.letter}"


def test_no_roll_clears_a_mark(oak):
    jo = an_adult(oak, **JO)
    marked(oak, jo)
    for line in ("Sam Sample,4,Jo Sample,father,jo@parents.example", "Kim Sample,2,Pat,aunt,"):
        take_in(oak, read_roll(a_roll(line)), by=an_office(oak))
        assert why(oak)[jo.id] == "marked"


def test_marking_and_clearing_need_a_reason_a_permission_and_leave_an_event(oak):
    adult = an_adult(oak)
    for because in ("", "  "):
        with pytest.raises(ReasonMissing):
            marked(oak, adult, because)
    assert marked(oak, adult)
    assert not marked(oak, adult)
    with pytest.raises(NotAllowed):
        clear_untold(oak, adult, by=an_office(oak), because="They are friends")
    with pytest.raises(ReasonMissing):
        clear_untold(oak, adult, by=a_head(oak), because=" ")
    assert clear_untold(oak, adult, by=a_head(oak), because="The order ended")
    assert not clear_untold(oak, adult, by=a_head(oak), because="The order ended")
    mark = oak.scalars(select(UntoldMark)).one()
    assert (mark.because, mark.ended_because) == ("A court says so", "The order ended")
    events = oak.execute(
        select(SchoolAuditEvent.event, SchoolAuditDetail.details["because"].astext)
        .join(SchoolAuditDetail, SchoolAuditDetail.id == SchoolAuditEvent.id)
        .where(SchoolAuditEvent.thing_id == adult.id)
        .order_by(SchoolAuditEvent.id)
    ).all()
    assert events == [
        ("adult.marked", "A court says so"),
        ("adult.cleared", "The order ended"),
    ]


def test_pastoral_staff_mark_and_do_not_clear(oak):
    adult, by = an_adult(oak), an_actor(Role.PASTORAL, oak.school_id)
    assert mark_untold(oak, adult, by=by, because="Seen a court order")
    with pytest.raises(NotAllowed):
        clear_untold(oak, adult, by=by, because="No")


def test_a_receipt_carries_whom_it_is_for(oak):
    request = a_request(oak)
    an_answer(oak, asked_again(oak, request.id))
    adults = set(oak.scalars(select(SchoolMessage.adult_id)))
    assert adults == {request.adult_id}


def test_the_page_before_a_campaign_counts_them_apart(oak):
    version = a_version(oak)
    an_adult(oak)
    jo = an_adult(oak, **JO)
    marked(oak, jo)
    found = reach(oak, version)
    assert (found.to_ask, found.untold, found.without_email) == (1, 1, 0)


def test_asking_costs_little_where_nobody_is_marked(oak):
    """PostgreSQL takes the function apart, and so begins with the few that are marked."""
    an_adult(oak)
    plan = "\n".join(oak.scalars(text("explain select id from tc_untold()")))
    assert "Function Scan" not in plan


def test_a_double_of_somebody_marked_is_told_nothing_either(oak):
    from trustconduct.people.doubles import merge, separate  # noqa: PLC0415 - only here

    first, second = an_adult(oak), an_adult(oak, email="alex@other.example", child="Kim Sample")
    marked(oak, second)
    merge(oak, second, first, by=a_head(oak))
    assert set(why(oak)) == {first.id, second.id}
    separate(oak, second, by=a_head(oak))
    assert set(why(oak)) == {second.id}
    assert oak.scalar(select(func.count()).select_from(Adult)) == 2


def test_every_mail_to_a_parent_says_whom_it_is_for():
    """Without it nothing could hold a mail back: read out of the code, for those to come."""
    calls = [
        node
        for path in Path(mails.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Mail", "TextMessage")
    ]
    assert calls
    # What asks and reminds is written by one statement: it names the adult as well.
    assert "insert into outbox_school (school_id, id, adult_id," in asking._CHOOSE
    for call in calls:
        assert "adult_id" in {one.arg for one in call.keywords}, call.lineno


def test_what_was_written_a_moment_before_the_mark_does_not_leave(oak):
    """The worker asks again at the moment it sends."""
    a_request(oak)
    adult = oak.scalars(select(Adult)).one()
    oak.add(UntoldMark(adult_id=adult.id, because="An order", said_by="A head"))
    oak.flush()
    envelope = Envelope(key="k" * 32, base_url="https://trust.example", mail_from="a@trust.example")
    assert begin_next(oak, envelope) is None
    message = oak.scalars(select(SchoolMessage)).one()
    assert (message.sent_at, message.settled_at is None) == (None, False)


def test_nobody_prints_a_letter_to_somebody_marked(oak):
    a_request(oak)
    adult, message = oak.scalars(select(Adult)).one(), oak.scalars(select(SchoolMessage)).one()
    message.parked_at = message.written_at
    oak.flush()
    assert one_unsent(oak, message.id, by=a_head(oak)) is not None
    marked(oak, adult)
    assert one_unsent(oak, message.id, by=a_head(oak)) is None
    assert unsent(oak, by=a_head(oak), parked=True, most=9) == []
