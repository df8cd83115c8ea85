"""The audit is sealed, and a change of it is found: every one."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import create_engine, text

from tests import build
from trustconduct import clock
from trustconduct.audit import proof, seals
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id, transaction
from trustconduct.jobs import sealing


def happen(session, number=1, **details):
    for n in range(number):
        record(
            session, Event.ADULT_CHANGED, by=build.a_head(session), about_kind="adult",
            about_id=new_id(), n=n, **details,
        )  # fmt: skip


def test_what_is_unsealed_is_sealed_once_and_chained(oak):
    seals.seal(oak)
    before = seals.newest_seal(oak)
    happen(oak, 3)
    assert seals.seal(oak) == 3
    assert seals.seal(oak) == 0
    after = seals.newest_seal(oak)
    assert (after.leaves, after.number) == (3, (before.number if before else 0) + 1)
    assert after.previous == (before.head if before else proof.NO_SEAL)
    walk = seals.verify(oak)
    assert walk.faults == []
    assert walk.unsealed == 0
    assert walk.head == after.head


def test_an_event_that_has_just_happened_waits_for_the_next_seal(oak):
    seals.seal(oak)
    happen(oak)
    walk = seals.verify(oak)
    assert (walk.unsealed, walk.faults) == (1, [])


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7, 8, 9, 100])
def test_every_leaf_climbs_to_the_root_and_no_other_does(number):
    leaves = [proof.leaf_hash({"n": n}) for n in range(number)]
    root = proof.root_of(leaves)
    for at, leaf in enumerate(leaves):
        path = proof.path_to(leaves, at)
        assert proof.climbed(leaf, path) == root
        assert proof.climbed(proof.leaf_hash({"n": -1}), path) != root


def test_a_branch_is_never_taken_for_a_leaf():
    one, other = proof.leaf_hash({"n": 1}), proof.leaf_hash({"n": 2})
    assert proof.root_of([one, other]) != proof.sha256(bytes.fromhex(one) + bytes.fromhex(other))


# -- what somebody does who may do everything in the database

CHANGES = {
    "an event's name": "update audit_event_school set event = 'adult.left' where id = :id",
    "who did it": "update audit_event_school set actor_id = gen_random_uuid() where id = :id",
    "as what": "update audit_event_school set actor_kind = 'clock' where id = :id",
    "to what": "update audit_event_school set thing_id = gen_random_uuid() where id = :id",
    "the kind": "update audit_event_school set thing_kind = 'pupil' where id = :id",
    "when": "update audit_event_school set at = at + interval '1 microsecond' where id = :id",
    "the hash": "update audit_event_school set details_sha256 = repeat('0', 64) where id = :id",
    "its words": "update audit_detail_school set details = details - 'n' where id = :id",
    "its salt": "update audit_detail_school set salt = 'x' where id = :id",
    "its words taken away": "delete from audit_detail_school where id = :id",
    "deleted": "delete from audit_detail_school where id = :id;"
    " delete from audit_event_school where id = :id",
    "its leaf deleted": "delete from audit_leaf_school where id = :id",
    "its leaf changed": "update audit_leaf_school set hash = repeat('0', 64) where id = :id",
    "its leaf moved": "update audit_leaf_school set position = 500 where id = :id",
    "the seal's root": "update audit_seal_school set root = repeat('0', 64)",
    "the seal's time": "update audit_seal_school set sealed_at = sealed_at - interval '1 h'",
    "the seal's head": "update audit_seal_school set head = repeat('0', 64)",
    "the seal's count": "update audit_seal_school set leaves = leaves + 1",
}


@pytest.fixture
def sealed(world):
    """A school of which everything is sealed, in two seals; some of its newest events."""
    with world.sessions.school(world.oak.id) as session:
        with transaction(session):
            seals.seal(session)
        with transaction(session):
            happen(session, 20)
        with transaction(session):
            seals.seal(session)
        ids = list(
            session.scalars(
                text("select id from audit_event_school order by at desc, id desc limit 20")
            )
        )
    return ids


def as_owner(servers, database, *statements, **values):
    """Do it past every guard: triggers off, as a superuser."""
    engine = create_engine(servers.superuser_url(database))
    try:
        with engine.begin() as connection:
            connection.execute(text("set session_replication_role = replica"))
            for each in statements:
                connection.execute(text(each), values)
    finally:
        engine.dispose()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_behind_the_services_back_is_found(world, servers, sealed, change):
    statements = CHANGES[change].split(";")
    as_owner(servers, world.name, *statements, id=random.Random(change).choice(sealed))
    with world.sessions.school(world.oak.id) as session:
        assert seals.verify(session).faults


def test_two_events_that_change_places_are_found(world, servers, sealed):
    as_owner(
        servers, world.name,
        "update audit_leaf_school set position = -1 where id = :one",
        "update audit_leaf_school set position = position + 1 where id = :other",
        "update audit_leaf_school a set position = b.position - 1 from audit_leaf_school b"
        " where a.id = :one and b.id = :other and a.school_id = b.school_id",
        one=sealed[0], other=sealed[1],
    )  # fmt: skip
    with world.sessions.school(world.oak.id) as session:
        assert any("does not fit" in fault for fault in seals.verify(session).faults)


@pytest.mark.parametrize("then_sealed", [False, True])
def test_an_event_put_in_with_an_earlier_day_is_found(world, sealed, then_sealed):
    with world.sessions.school(world.oak.id) as session:
        with transaction(session), time_machine.travel(clock.now() - timedelta(hours=2)):
            happen(session)
        if then_sealed:
            with transaction(session):
                seals.seal(session)
        assert any("was put in later" in fault for fault in seals.verify(session).faults)


def test_seals_made_anew_are_found_by_the_mail(world, servers, sealed):
    with world.sessions.school(world.oak.id) as session:
        last = seals.newest_seal(session)
        known = {last.number: last.head}
        assert seals.verify(session, known).faults == []
    as_owner(
        servers, world.name,
        "delete from audit_leaf_school", "delete from audit_seal_school",
        "delete from audit_seal_mailed",
        "delete from audit_detail_school where id = :id",
        "delete from audit_event_school where id = :id", id=sealed[0],
    )  # fmt: skip
    with world.sessions.school(world.oak.id) as session:
        with transaction(session):
            seals.seal(session)
        assert seals.verify(session).faults == []  # alone it can't be seen
        assert any("was mailed" in fault for fault in seals.verify(session, known).faults)


def test_of_a_thousand_changes_each_is_found(oak):
    """quality.md, 32: on the values themselves, as the walk compares them."""
    happen(oak, 50)
    seals.seal(oak)
    events = oak.execute(
        text("select * from audit_event_school order by at, id")
    ).all()  # fmt: skip
    of = oak.school_id
    leaves = [proof.leaf_hash(seals.sealed_event(event, of)) for event in events]
    root, chance = proof.root_of(leaves), random.Random(20260907)
    for _ in range(1_000):
        changed = list(leaves)
        at = chance.randrange(len(changed))
        kind = chance.choice(["changed", "deleted", "moved", "inserted"])
        if kind == "changed":
            changed[at] = proof.leaf_hash({"n": chance.random()})
        elif kind == "deleted":
            del changed[at]
        elif kind == "moved":
            changed.insert(chance.choice([n for n in range(len(changed)) if n != at]),
                           changed.pop(at))  # fmt: skip
        else:
            changed.insert(at, proof.leaf_hash({"n": chance.random()}))
        assert proof.root_of(changed) != root, (kind, at)


# -- the clock


def test_the_clock_seals_every_school_and_the_trust(world):
    with world.sessions.school(world.elm.id) as session, transaction(session):
        happen(session, 2)
    assert sealing.seal_all(world.sessions) == 2
    assert sealing.seal_all(world.sessions) == 0
    found = list(sealing.walks(world.sessions, {}))
    assert len(found) == 4
    assert [walk.faults for _, walk in found] == [[]] * 4
    assert all(walk.events and not walk.unsealed for _, walk in found)


def test_which_schools_have_something_to_seal_is_one_query_of_the_trust(world, queries):
    sealing.seal_all(world.sessions)
    with world.sessions.school(world.elm.id) as session, transaction(session):
        happen(session)
    with (
        world.sessions.trust(read_only=True) as session,
        queries(world.sessions.engine) as counted,
    ):
        assert seals.schools_to_seal(session) == [world.elm.id]
    assert counted.n == 1


def test_the_newest_seals_go_to_the_trust_by_mail_once_a_day_and_prove_a_change(world):
    sealing.seal_all(world.sessions)
    with world.sessions.trust() as session:
        with transaction(session):
            build.the_trust(session).email = ""
            session.flush()
            assert not sealing.mail_heads(session)
        with transaction(session):
            build.the_trust(session).email = "seals@trust.example"
            session.flush()
            assert sealing.mail_heads(session)
        with transaction(session):
            assert not sealing.mail_heads(session)
        body = session.scalar(
            text("select body from outbox_content_trust where subject like 'Keep this email%'")
        )
    known = sealing.heads_in_mails([b"Subject: x\r\n\r\n" + body.encode()])
    assert len(known) == 4
    with world.sessions.school(world.oak.id) as session:
        assert seals.verify(session, known[world.oak.id]).faults == []
        wrong = {number: "0" * 64 for number in known[world.oak.id]}
        assert seals.verify(session, wrong).faults


def test_a_file_without_seals_is_refused():
    with pytest.raises(proof.NoHead, match="no seal in that file"):
        sealing.heads_in_mails([b"Subject: hello\r\n\r\nHello"])


def test_an_event_of_a_school_is_seen_by_the_trust_as_an_id_and_a_time_only(world):
    with world.sessions.trust(read_only=True) as session:
        assert session.execute(text("select school_id, id, at from audit_event_school")).all()
    for column in ("event", "actor_id", "thing_id", "details_sha256", "*"):
        with (
            world.sessions.trust(read_only=True) as session,
            pytest.raises(Exception, match="permission denied"),
        ):
            session.execute(text(f"select {column} from audit_event_school"))
