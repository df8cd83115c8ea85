"""How far each school is from the newest edition: the Trust sees it, with the reasons."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.build import a_head, a_version, an_edition, an_officer
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.drift import BEHIND, OWN, drift

AT = "/admin/drift/"


def seen(world, **more):
    with world.sessions.trust(read_only=True) as session:
        return {one.slug: one for one in drift(session, by=an_officer(), most=50, **more)}


def test_who_is_behind_and_for_how_long(world):
    assert {one.days_behind for one in seen(world).values()} == {None}
    assert seen(world, only=BEHIND) == {}
    with world.sessions.trust() as session, transaction(session):
        an_edition(session, "Autumn Term 2029")
    with time_machine.travel(clock.now() + timedelta(days=9), tick=False):
        assert {one.days_behind for one in seen(world).values()} == {9}
        assert set(seen(world, only=BEHIND)) == {"oak-lane", "elm-park", "ash-grove"}


def test_the_school_that_follows_is_behind_no_more(ground):
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        a_version(session)
    found = seen(ground)
    assert (found["oak-lane"].edition, found["oak-lane"].days_behind) == (1, None)
    assert (found["elm-park"].edition, found["elm-park"].days_behind) == (None, 0)


def test_own_words_are_listed_with_their_reason(world):
    [difference] = seen(world, only=OWN)["oak-lane"].differences
    assert (difference.clause, difference.kind.word) == ("online.local.1", "Added")
    assert world.oak.canary in difference.reason


def test_it_is_paged_and_asks_twice_for_any_number(world, queries):
    with world.sessions.trust(read_only=True) as session:
        session.connection()
        with queries(world.sessions.engine) as counted:
            first = drift(session, by=an_officer(), most=2)
        assert (len(first), counted.n) == (3, 2)
        after = f"{first[1].name}|{first[1].school_id}"
        assert [one.slug for one in drift(session, by=an_officer(), after=after, most=2)] == [
            first[2].slug
        ]


def test_no_school_sees_how_others_differ(world):
    with world.sessions.school(world.oak.id) as oak:
        head = a_head(oak)
    with world.sessions.trust(read_only=True) as session, pytest.raises(NotAllowed):
        drift(session, by=head, most=50)


def test_the_page_shows_it_to_the_trust(client, world):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    page = client.get(AT).text
    assert "How schools differ" in page
    assert f"For {world.oak.canary}" in page
    assert "Up to date" in page
    assert world.oak.name in client.get(f"{AT}?only=own").text
    assert "No school here" in client.get(f"{AT}?only=behind").text
