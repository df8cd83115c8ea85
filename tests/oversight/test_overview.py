"""The Trust sees where every school stands: true counts, in a fixed number of queries."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.build import (
    a_campaign,
    a_head,
    a_reader,
    a_school,
    a_version,
    an_actor,
    an_adult,
    an_edition,
    an_officer,
)
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.lists import Counts, counts
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.overview import overview
from trustconduct.policies.versions import version_in_force


def test_three_schools_and_thirty_take_as_many_queries(world, queries):
    def took() -> tuple[int, int]:
        with world.sessions.trust(read_only=True) as session:
            with queries(world.sessions.engine) as counted:
                found = overview(session, by=an_officer())
            return len(found.schools), counted.n

    assert took() == (3, 3)
    with world.sessions.trust() as trust, transaction(trust):
        ids = [a_school(trust, f"school-{number}").id for number in range(27)]
    for school_id in ids[:5]:
        with world.sessions.school(school_id) as session, transaction(session):
            an_adult(session)
            a_campaign(session)
    assert took() == (30, 3)


def test_the_counts_are_what_each_school_counts_itself(world):
    with world.sessions.school(world.elm.id) as session, transaction(session):
        an_adult(session, "New Parent", email="new@parents.example")
        a_campaign(session)
    with world.sessions.trust() as session:
        found = overview(session, by=an_officer())
    for standing in found.schools:
        with world.sessions.school(standing.school_id) as session:
            version = version_in_force(session)
            assert standing.counts == counts(session, version)
            assert (standing.version, standing.edition) == (version.number, 1)
    by_slug = {standing.slug: standing.counts for standing in found.schools}
    assert by_slug["oak-lane"] == Counts(asked=4, signed=1, declined=1, talk=1)
    assert by_slug["elm-park"].asked == 5
    assert found.total == Counts(asked=13, signed=3, declined=3, talk=3)


def test_schools_stand_by_name(world):
    with world.sessions.trust() as session:
        found = overview(session, by=an_officer())
    assert [school.name for school in found.schools] == ["Ash Grove", "Elm Park", "Oak Lane"]


def test_answers_about_an_older_version_do_not_count_for_the_new_one(world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        a_version(session, by=world.oak.head)
    with world.sessions.trust() as session:
        found = {each.slug: each for each in overview(session, by=an_officer()).schools}
    assert found["oak-lane"].counts == Counts()
    assert found["oak-lane"].version == 2
    assert found["elm-park"].counts.asked == 4


def test_a_school_that_has_not_adopted_the_newest_edition_is_behind(world):
    with world.sessions.trust() as session, transaction(session):
        an_edition(session, "Autumn Term 2029")
    with world.sessions.school(world.oak.id) as session, transaction(session):
        a_version(session, by=world.oak.head)
    with world.sessions.trust() as session, transaction(session):
        a_school(session, "new-school")
    with world.sessions.trust() as session:
        found = overview(session, by=an_officer())
    behind = {school.slug: school.behind for school in found.schools}
    assert found.newest == 2
    assert behind == {
        "oak-lane": False,
        "elm-park": True,
        "ash-grove": True,
        "new-school": True,
    }
    [new] = [school for school in found.schools if school.slug == "new-school"]
    assert (new.edition, new.version, new.review, new.counts) == (None, None, None, Counts())


def test_a_reader_may_look_and_a_head_may_not(trust, oak):
    assert overview(trust, by=a_reader()).newest == 1
    with pytest.raises(NotAllowed):
        overview(trust, by=a_head(oak))
    with pytest.raises(NotAllowed):
        overview(trust, by=an_actor(Role.GOVERNOR, oak.school_id))


def test_the_trust_counts_requests_of_every_school_without_reading_a_name(world):
    with world.sessions.trust() as session:
        schools = set(session.scalars(select(SignRequest.school_id)))
    assert schools == {school.id for school in world.schools.values()}
