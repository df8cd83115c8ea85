"""What could not be sent: who sees it, who sees to it, and that both are written down."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, text, update

from tests.build import a_head, a_reader, a_teacher, an_actor, an_office, an_officer
from tests.outbox.sending import a_mail
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.db import new_id
from trustconduct.outbox.models import SchoolMessage, TrustMessage
from trustconduct.outbox.write import Link, write
from trustconduct.schools.undelivered import (
    how_many,
    mark_of,
    one_unsent,
    settle,
    standings,
    try_again,
    try_all_again,
    unsent,
)


def written(session, *, parked: bool = False, **values) -> UUID:
    """A mail of the session's scope, and its id."""
    model = SchoolMessage if session.scope.school_id else TrustMessage
    before = set(session.scalars(select(model.id)))
    write(session, [a_mail(**values)])
    [message_id] = set(session.scalars(select(model.id))) - before
    if parked:
        gone = {"parked_at": clock.now(), "tries": 6, "outcome": "refused", "broken": 2}
        session.execute(update(model).where(model.id == message_id).values(**gone))
    session.expire_all()
    return message_id


def happened(session) -> list[str]:
    return list(session.scalars(select(SchoolAuditEvent.event).order_by(SchoolAuditEvent.id)))


def test_what_was_given_up_and_what_waits_are_two_lists_the_oldest_first(oak):
    head = a_head(oak)
    with time_machine.travel(clock.now() - timedelta(hours=1)):
        first = written(oak, parked=True, to_name="First")
    second = written(oak, parked=True, to_name="Second")
    waits = written(oak, to_name="Waits")
    assert [each.id for each in unsent(oak, by=head, parked=True, most=9)] == [first, second]
    assert [each.id for each in unsent(oak, by=head, parked=False, most=9)] == [waits]
    assert how_many(oak, by=head).parked == 2
    assert how_many(oak, by=head).waiting == 1
    page = unsent(oak, by=head, parked=True, most=1)
    assert len(page) == 2, "one more where there are more"
    onward = unsent(oak, by=head, parked=True, most=1, after=mark_of(page[0]))
    assert [each.id for each in onward] == [second]
    for made_up in ("x", "|", "2020-01-01|x", f"2020-01-01T00:00:00|{second}"):
        assert len(unsent(oak, by=head, parked=True, most=9, after=made_up)) == 2


def test_a_sent_one_is_in_neither_list_nor_can_it_be_opened(oak):
    gone = written(oak)
    oak.execute(update(SchoolMessage).values(sent_at=clock.now()))
    head = a_head(oak)
    assert unsent(oak, by=head, parked=False, most=9) == []
    assert one_unsent(oak, gone, by=head) is None
    assert not try_again(oak, gone, by=head)
    assert not settle(oak, gone, by=head)


def test_try_again_begins_anew_and_keeps_the_reference(oak):
    message_id = written(oak, parked=True)
    oak.execute(update(SchoolMessage).values(reference="kept@x.example"))
    oak.info.pop("rings", None)
    assert try_again(oak, message_id, by=an_office(oak))
    oak.flush()
    message = oak.get(SchoolMessage, (oak.school_id, message_id), populate_existing=True)
    assert (message.parked_at, message.tries, message.broken, message.outcome) == (None, 0, 0, "")
    assert message.reference == "kept@x.example"
    assert message.due_at <= clock.now()
    assert oak.info["rings"], "the worker is rung for"
    assert happened(oak) == ["message.tried_again"]


def test_all_are_tried_again_by_one_event(oak):
    for _ in range(3):
        written(oak, parked=True)
    settled = written(oak, parked=True)
    assert settle(oak, settled, by=a_head(oak))
    assert try_all_again(oak, by=a_head(oak)) == 3
    assert try_all_again(oak, by=a_head(oak)) == 0
    assert happened(oak) == ["message.settled", "message.tried_again"]
    details = oak.scalars(select(SchoolAuditDetail.details).order_by(SchoolAuditDetail.id))
    assert {"messages": 3}.items() <= details.all()[-1].items()


def test_what_was_given_by_hand_is_no_task_any_more_and_never_sent(oak):
    message_id, head = written(oak, parked=True), a_head(oak)
    assert settle(oak, message_id, by=head)
    assert settle(oak, message_id, by=head), "twice has one effect"
    assert how_many(oak, by=head).parked == 0
    assert one_unsent(oak, message_id, by=head).settled_at is not None
    assert not try_again(oak, message_id, by=head)
    assert happened(oak) == ["message.settled"]


def test_what_still_waits_is_not_given_by_hand(oak):
    assert not settle(oak, written(oak), by=a_head(oak))


def test_one_has_its_words_and_never_its_link(oak):
    link = Link("/x/", "sign", new_id(), 1)
    one = one_unsent(oak, written(oak, link=link), by=a_head(oak))
    assert (one.body, one.has_link) == ("Dear Alex\n\n{link}\n", True)
    assert not hasattr(one, "link")


def test_an_unknown_one_is_none(oak):
    head, unknown = a_head(oak), new_id()
    assert one_unsent(oak, unknown, by=head) is None
    assert not try_again(oak, unknown, by=head)
    assert not settle(oak, unknown, by=head)


SEES = (
    lambda session, by: how_many(session, by=by),
    lambda session, by: unsent(session, by=by, parked=True, most=1),
    lambda session, by: one_unsent(session, new_id(), by=by),
)
SEES_TO = (
    lambda session, by: try_again(session, new_id(), by=by),
    lambda session, by: try_all_again(session, by=by),
    lambda session, by: settle(session, new_id(), by=by),
)


@pytest.mark.parametrize("act", [*SEES, *SEES_TO])
def test_head_and_office_see_a_schools_mail_and_nobody_else_does(oak, act):
    for may in (a_head(oak), an_office(oak)):
        act(oak, may)
    pastoral = an_actor(Role.PASTORAL, oak.school_id)
    elsewhere = an_actor(Role.OFFICE, new_id())
    for may_not in (a_teacher(oak), pastoral, elsewhere, an_officer(), a_reader()):
        with pytest.raises(NotAllowed):
            act(oak, may_not)


@pytest.mark.parametrize("act", SEES)
def test_the_trusts_officer_and_reader_see_the_trusts_own_mail(trust, schools, act):
    act(trust, an_officer())
    act(trust, a_reader())
    with pytest.raises(NotAllowed):
        act(trust, an_actor(Role.HEADTEACHER, schools.oak.id))


@pytest.mark.parametrize("act", SEES_TO)
def test_only_the_officer_sees_to_the_trusts_own_mail(trust, act):
    act(trust, an_officer())
    with pytest.raises(NotAllowed):
        act(trust, a_reader())


def test_the_trusts_own_is_seen_to_in_the_trusts_session(trust):
    message_id = written(trust, parked=True)
    assert one_unsent(trust, message_id, by=a_reader()).to_name == "Alex Sample"
    assert settle(trust, message_id, by=an_officer())


def test_of_each_school_the_trust_sees_numbers_and_times(world):
    with world.sessions.school(world.oak.id) as session:
        session.execute(text("update outbox_school set sent_at = now() where kind <> 'test'"))
        with time_machine.travel("2020-01-01T12:00:00Z"):
            written(session)
        written(session, parked=True)
        settled = written(session, parked=True)
        assert settle(session, settled, by=a_head(session))
        session.commit()
    with world.sessions.trust() as session:
        [oak] = [
            each for each in standings(session, by=a_reader()) if each.school_id == world.oak.id
        ]
        with pytest.raises(NotAllowed):
            standings(session, by=an_actor(Role.HEADTEACHER, world.oak.id))
    assert (oak.parked, oak.waiting, oak.oldest_at.year) == (1, 1, 2020)
