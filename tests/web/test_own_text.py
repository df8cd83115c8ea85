"""A school's own words on its pages: changed, taken into a new edition, published."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from tests.build import an_open_edition
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.models import LocalChange

TEXT = "/oak-lane/staff/policy/text/"
ADOPTION = "/oak-lane/staff/policy/adoption/"
WHY = "Our families asked for plainer words."
CLAUSE = f"{TEXT}clause/importance.p1"


def published(world, **words: str) -> None:
    with world.sessions.trust() as trust, transaction(trust):
        an_open_edition(trust, **words)


@pytest.fixture
def head(client, world):
    published(world)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(delete(LocalChange))  # as if it had no words of its own yet
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def seen(client, at: str) -> str:
    return client.get(at).text.split('name="seen" value="')[1].split('"')[0]


def reword(client, text: str = "Ours.", reason: str = WHY, **more: str):
    typed = {"text": text, "exceptions": "", "reason": reason, "seen": seen(client, CLAUSE)}
    return client.send(CLAUSE, page=CLAUSE, **{**typed, **more})


def test_a_head_changes_a_clause_looks_at_it_and_publishes(head, world):
    page = head.get(TEXT).text
    assert "Why communication matters" in page
    assert "What we do not accept: the Trust’s words" in page
    looked = reword(head, "Ours, *plainly*.", look="yes")
    assert looked.status_code == 200
    assert "<em>plainly</em>" in looked.text
    assert "Your words" not in head.get(TEXT).text, "to look at it saves nothing"
    assert reword(head, "Ours, *plainly*.").status_code == 303
    assert WHY in head.get(TEXT).text
    preview = head.get("/oak-lane/staff/policy/preview")
    assert "own words" in preview.text
    fields = {
        name: preview.text.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("seen_number", "seen_text", "edition")
    }
    at = "/oak-lane/staff/policy/publish"
    assert head.send(at, page="/oak-lane/staff/policy/preview", **fields).status_code == 303
    assert "Ours, <em>plainly</em>." in head.get("/oak-lane/policy").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": ""}, "Type the words of the clause."),
        ({"text": "Ask {school.nmae}."}, "{school.nmae}"),
        ({"reason": ""}, "Say why your school’s words differ."),
    ],
)
def test_what_was_typed_is_kept_beside_what_is_wrong(head, typed, said):
    answer = reword(head, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert (typed.get("text") or "Ours.") in answer.text or typed.get("text") == ""


def test_the_second_of_two_sees_both_texts(head):
    before = seen(head, CLAUSE)
    reword(head, "First.")
    answer = reword(head, "Second.", seen=before)
    assert answer.status_code == 409
    assert "First." in answer.text
    assert "Second." in answer.text
    assert reword(head, "Second.").status_code == 303


def test_a_clause_is_added_left_out_and_put_back(head):
    at = f"{TEXT}section/online"
    typed = {"text": "No drones.", "exceptions": "", "reason": WHY}
    assert head.send(at, page=at, **typed, seen=seen(head, at)).status_code == 303
    assert "No drones." in head.get(TEXT).text
    at = f"{TEXT}clause/online.3"
    no = head.send(f"{at}/leave-out", page=at, reason="", seen=seen(head, at))
    assert no.status_code == 422
    assert "Say why" in no.text
    head.send(f"{at}/leave-out", page=at, reason=WHY, seen=seen(head, at))
    assert "Put it back" in head.get(TEXT).text
    head.send(f"{at}/restore", page=TEXT, seen=seen(head, TEXT))
    assert "Put it back" not in head.get(TEXT).text


def test_locked_words_have_no_page_that_changes_them(head):
    at = f"{TEXT}clause/behaviour.1"
    answer = head.send(at, page=TEXT, text="x", exceptions="", reason=WHY, seen=seen(head, CLAUSE))
    assert answer.status_code == 422
    assert "every school has the same" in answer.text


@pytest.mark.parametrize("path", ["clause/nothing.9", "clause/x.local.1", "section/nothing"])
def test_what_is_not_there_is_not_found(head, path):
    assert head.get(TEXT + path).status_code == 404


def test_a_new_edition_is_taken_up_clause_by_clause(head, world):
    reword(head)
    published(world, importance_p1="Theirs.", behaviour_1="Theirs, locked.")
    assert "Adopt edition" in head.get("/oak-lane/staff/").text
    assert "Take the new edition into your own words" in head.get("/oak-lane/staff/policy/").text
    assert "Begin" in head.get(ADOPTION).text
    head.send(ADOPTION, page=ADOPTION)
    page = head.get(ADOPTION).text
    assert "1 clause is still to be decided" in page
    at = f"{ADOPTION}importance.p1"
    both = head.get(at).text
    assert "Theirs." in both
    assert "Ours." in both
    typed = {"text": "", "exceptions": "", "seen": seen(head, at)}
    refused = head.send(at, page=at, choice="ours", reason="", **typed)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert head.send(at, page=at, choice="", reason="", **typed).status_code == 422
    unfinished = head.send(f"{ADOPTION}finished", page=ADOPTION, seen="1")
    assert unfinished.location == ADOPTION
    assert head.send(at, page=at, choice="ours", reason=WHY, **typed).status_code == 303
    page = head.get(ADOPTION).text
    assert "Everything is decided" in page
    done = head.send(f"{ADOPTION}finished", page=ADOPTION, seen=seen(head, ADOPTION))
    assert done.location == "/oak-lane/staff/policy/preview"
    preview = head.get("/oak-lane/staff/policy/preview").text
    assert "Ours." in preview
    assert "Theirs, locked." in preview
    assert head.get(ADOPTION).location == "/oak-lane/staff/policy/"


def test_who_may_not_change_the_text_gets_no_page(client, world):
    published(world)
    client.sign_in(world.oak.users[Role.TEACHER])
    assert client.get(TEXT).status_code == 403
    assert client.get(ADOPTION).status_code == 403
