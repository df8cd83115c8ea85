"""The demo's world, loaded into an empty database by the rules themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from sqlalchemy import func, select

from tests.servers import EMPTY
from trustconduct.accounts.models import User
from trustconduct.acknowledgements.answers import talks
from trustconduct.acknowledgements.entrance import EntranceNotice
from trustconduct.acknowledgements.lists import counts
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.notice_models import TextOpened, ToldAdult
from trustconduct.acknowledgements.paper_models import PaperSheet
from trustconduct.acknowledgements.signing import answer, asked
from trustconduct.acknowledgements.struck_models import AnswerStruck
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.demo.details import codes, details, told, write
from trustconduct.demo.load import NotOurs, load
from trustconduct.mail_catcher import REFUSED
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.models import Adult, Care
from trustconduct.policies.models import Edition, State
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.badge import badge_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import Sessions

KEY = "a key that is used by tests and by nothing else"
BASE = "http://127.0.0.1:8123"


@pytest.fixture
def loaded(servers, request) -> Iterator[Sessions]:
    name = f"tc_demo_{abs(hash(request.node.nodeid))}"
    servers.create(name, EMPTY)
    try:
        with servers.open(name) as engine:
            sessions = Sessions(engine)
            assert load(sessions, link_days=180, key=KEY) is True
            yield sessions
    finally:
        servers.drop(name)


def described(sessions: Sessions, base_url: str = BASE) -> dict[str, Any]:
    return details(sessions, base_url=base_url, key=KEY, mail_dir=Path("var/mail"))


def links(found: dict[str, Any]) -> Counter:
    return Counter(link["school"] for link in found["sign_links"])


def test_the_demo_has_everyone_that_one_may_want_to_be(loaded, tmp_path):
    found = described(loaded)
    assert list(found) == ["base_url", "users", "schools", "sign_links", "mail_dir"]
    assert {tuple(user) for user in found["users"]} == {
        ("role", "school", "email", "password", "totp_secret")
    }
    staffed = {(user["role"], user["school"]) for user in found["users"]}
    assert {role for role, _ in staffed} == {role.value for role in Role}
    at_school = {role.value for role in Role if not role.of_trust}
    for slug in ("oak-lane", "elm-park"):
        assert {role for role, school in staffed if school == slug} == at_school
    assert {"role": "headteacher", "school": "willow-bank"}.items() <= found["users"][-2].items()
    assert [school["slug"] for school in found["schools"]] == [
        "oak-lane",
        "elm-park",
        "willow-bank",
        "hazel-hill",
    ]
    assert links(found)["oak-lane"] >= 5
    assert links(found)["elm-park"] >= 3
    assert all(
        link["url"].startswith(f"{BASE}/{link['school']}/sign/") for link in found["sign_links"]
    )

    write(tmp_path, found)
    assert json.loads((tmp_path / "demo.json").read_text()) == found
    first = found["users"][0]
    assert f"{pyotp.TOTP(first['totp_secret']).now()}  {first['email']}" in list(codes(tmp_path))
    printed = "\n".join(told(found, tmp_path))
    assert all(user["email"] in printed for user in found["users"])


def test_the_demo_has_parents_of_every_state(loaded):
    with loaded.trust() as session:
        states = session.scalars(select(Edition).order_by(Edition.number)).all()
        assert [edition.state for edition in states] == [State.PUBLISHED, State.DRAFT]
        ids = dict(session.execute(select(School.slug, School.id)).all())
    with loaded.school(ids["oak-lane"]) as oak:
        now = counts(oak, version_in_force(oak))
        assert now.asked == 39
        assert min(now.signed, now.declined, now.talk, now.none - 4) > 0
        assert len(talks(oak)) == now.talk - 1, "one was talked with already"
        people = oak.execute(select(Adult.email, func.count()).group_by(Adult.email))
        assert sorted(n for _, n in people)[-1] == 2
        assert oak.scalar(select(func.count()).where(Adult.email == "")) == 1
        cared = select(Care.adult_id).group_by(Care.adult_id).having(func.count() > 1)
        assert len(oak.scalars(cared).all()) >= 4
        mails = oak.scalar(select(func.count()).select_from(SchoolMessage))
        keyed = 2  # one of them was struck out: whom it was noted for reads both
        assert mails == now.asked + (now.signed + now.declined + now.talk - 1) + keyed + 1
        shown = (PaperSheet, AnswerStruck, TextOpened, ToldAdult, EntranceNotice)
        assert [oak.scalar(select(func.count()).select_from(each)) for each in shown] == [1] * 5
        assert oak.scalar(select(func.count()).where(SchoolMessage.bounced_at.is_not(None))) == 1
        assert oak.scalar(select(func.count()).where(Adult.email.endswith(f"@{REFUSED}"))) == 1
        assert badge_of(oak) is not None
    with loaded.trust() as session:
        suspended = session.scalars(select(School.slug).where(School.suspended_at.is_not(None)))
        assert suspended.all() == ["hazel-hill"]
    with loaded.school(ids["willow-bank"]) as willow:
        assert version_in_force(willow) is None


def test_a_second_start_keeps_what_was_done_and_gives_the_links_anew(loaded):
    first = described(loaded)
    link = first["sign_links"][0]
    _, slug, _, request_id, _ = urlsplit(link["url"]).path.split("/")
    with loaded.accounts() as session:
        ids = dict(session.execute(select(School.slug, School.id)).all())
    with loaded.school(ids[slug]) as session, transaction(session):
        request = asked(session, request_id)
        given = {"typed_name": "A", "shown_sha256": request.sha256, "copy": ""}
        school = session.get_one(School, ids[slug])
        answer(session, request, Answer.SIGNED, by=request.by, school=school, **given)

    assert load(loaded, link_days=180, key=KEY) is False
    second = described(loaded, "http://127.0.0.1:9000")
    assert second["users"] == first["users"]
    assert [each["url"].replace(":9000", ":8123") for each in second["sign_links"]] == [
        each["url"] for each in first["sign_links"][1:]
    ]


def test_a_load_that_was_killed_is_finished_by_the_next_start(servers, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    servers.create("tc_demo_killed", EMPTY)
    try:
        with servers.open("tc_demo_killed") as engine:
            sessions = Sessions(engine)
            with monkeypatch.context() as patch:
                patch.setattr("trustconduct.demo.load._answer", killed)
                with pytest.raises(Killed):
                    load(sessions, link_days=180, key=KEY)
            assert load(sessions, link_days=180, key=KEY) is True
            assert links(described(sessions)).keys() == {"oak-lane", "elm-park"}
            assert load(sessions, link_days=180, key=KEY) is False
    finally:
        servers.drop("tc_demo_killed")


def test_made_up_people_are_never_put_among_real_ones(ground):
    with pytest.raises(NotOurs, match="belongs to Lantern Trust"):
        load(ground.sessions, link_days=180, key=KEY)
    with ground.sessions.accounts() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
