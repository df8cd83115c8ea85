"""A school's settings on its own site: what counts, where it comes from, what can't be."""

from __future__ import annotations

import io
import re
import time

import pytest
from PIL import Image

from tests.web.test_badge import bring
from tests.web.test_setup import typed
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.schools.settings import settings_of

HOME = "/oak-lane/staff/policy"
OFFICE = f"{HOME}/settings/office"
LOOK = f"{HOME}/settings/look"


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def send(browser, page: str, **fields):
    return browser.send(page, page=page, **{**typed(browser.get(page).text), **fields})


def stored(world, name: str):
    with world.sessions.school(world.oak.id) as session:
        return getattr(settings_of(session), name)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+44 (0)1632 960 777", "01632 960777"),
        ("01632-960-777", "01632 960777"),
        ("0044 1632 960777", "01632 960777"),
        ("(020) 7946 0018 ext 12", "020 7946 0018 ext. 12"),
        ("+33 1 42 68 53 00", "+33 1 42 68 53 00"),
    ],
)
def test_a_telephone_number_in_any_writing_is_kept_in_one(head, world, written, kept):
    assert send(head, f"{HOME}/facts", telephone=written).status_code == 303
    assert stored(world, "telephone") == kept


@pytest.mark.parametrize("written", ["call us", "01632 96", "12", "01632 960777 960777"])
def test_what_is_no_telephone_number_is_refused_and_kept_in_the_form(head, written):
    answer = send(head, f"{HOME}/facts", telephone=written)
    assert answer.status_code == 422
    assert f'value="{written}"' in answer.text


def test_what_was_typed_before_there_was_a_rule_may_stay(head, world):
    before = stored(world, "telephone")
    assert before.endswith(world.oak.canary)  # no number at all
    assert send(head, f"{HOME}/facts", email="new@oak.example").status_code == 303
    assert (stored(world, "telephone"), stored(world, "email")) == (before, "new@oak.example")


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("office_hours", "Monday 4pm to 8am", "ends before it begins"),
        ("office_hours", "whenever", "can’t be read as hours"),
        ("answer_within", "61", "Type a whole number from 1 to 60"),
        ("answer_within", "²", "Type a whole number from 1 to 60"),
    ],
)
def test_what_can_not_stand_is_named_and_kept(head, field, wrong, says):
    answer = send(head, OFFICE, **{field: wrong})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{wrong}"' in answer.text


def test_script_in_a_text_is_shown_as_it_was_typed_and_never_runs(head):
    bad = '<script>alert("x")</script>'
    page = f"{HOME}/settings/letters"
    answer = send(head, page, governing_body=bad, signatories=f"{bad}, Head")
    assert answer.status_code == 303
    assert "<script>alert" not in head.get(f"{HOME}/settings/").text
    assert "<script>alert" not in head.get(f"{HOME}/settings/history/signatories").text


@pytest.mark.parametrize("people", ["Ada Sample", ", Headteacher", "\n".join(["A, B"] * 11)])
def test_who_signs_is_a_name_and_a_role(head, people):
    assert send(head, f"{HOME}/settings/letters", signatories=people).status_code == 422


def test_a_colour_without_contrast_is_refused_and_the_nearest_is_one_click_away(head, world):
    answer = send(head, LOOK, colour="E0556B")
    assert answer.status_code == 422
    assert 'value="E0556B"' in answer.text
    offered = re.search(r'name="take_colour" value="(#[0-9a-f]{6})"', answer.text)[1]
    again = head.send(LOOK, page=LOOK, **typed(answer.text), take_colour=offered)
    assert again.status_code == 303
    assert stored(world, "colour") == offered
    page = head.get("/oak-lane/").text
    sheet = re.search(r'href="(/static/look/[^"]+)"', page)[1]
    said = head.get(sheet)
    assert f"--school-colour:{offered};" in said.text
    assert "immutable" in said.headers["Cache-Control"]


@pytest.mark.parametrize("wrong", ["green", "#12", "#1234567", "url(x)"])
def test_what_is_no_colour_is_refused(head, wrong):
    assert send(head, LOOK, colour=wrong).status_code == 422


@pytest.mark.parametrize("address", ["0f4c5c", "0f4c5c-e8a53", "0f4c5c-}body{}", "..-.."])
def test_a_stylesheet_of_anything_but_two_colours_is_not_there(client, address):
    assert client.get(f"/static/look/{address}.css").status_code == 404


def test_the_badge_stands_on_parents_pages_and_another_schools_does_not(client, world):
    assert f"/oak-lane/badge/{world.oak.small_badge}" in client.get("/oak-lane/policy").text
    answer = client.get(f"/oak-lane/badge/{world.oak.small_badge}")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert client.get(f"/oak-lane/badge/{world.elm.small_badge}").status_code == 404
    assert client.get(f"/oak-lane/badge/{world.oak.badge}").status_code == 404


def test_a_change_that_alters_the_code_is_told_first_and_then_offered(head, world):
    page = f"{HOME}/facts"
    before = stored(world, "policies_url")
    told = send(head, page, policies_url="https://new.example/x")
    assert told.status_code == 200
    assert "Nothing is saved yet" in told.text
    assert "https://new.example/x" in told.text
    assert stored(world, "policies_url") == before
    saved = head.send(page, page=page, **typed(told.text))
    assert saved.location.endswith("/preview")
    assert stored(world, "policies_url") == "https://new.example/x"
    assert "publish a new version" in head.get("/oak-lane/staff/").text
    assert "Your settings have changed since version 1" in head.get(HOME + "/").text
    assert "https://new.example/x" not in head.get("/oak-lane/policy").text
    fields = typed(head.get(f"{HOME}/preview").text)
    head.send(f"{HOME}/publish", page=f"{HOME}/preview", **fields)
    assert "publish a new version" not in head.get("/oak-lane/staff/").text


def test_a_notice_of_another_change_is_not_enough(head, world):
    page = f"{HOME}/facts"
    told = typed(send(head, page, policies_url="https://new.example/x").text)
    other = head.send(page, page=page, **{**told, "policies_url": "https://other.example/y"})
    assert other.status_code == 200
    assert "https://other.example/y" in other.text
    assert stored(world, "policies_url") not in ("https://new.example/x", "https://other.example/y")


def test_two_editors_of_one_page_of_settings(head, world):
    page = typed(head.get(OFFICE).text)
    head.send(OFFICE, page=OFFICE, **{**page, "address": "1 Oak Lane"})
    late = head.send(OFFICE, page=OFFICE, **{**page, "address": "2 Oak Lane"})
    assert late.status_code == 409
    assert "1 Oak Lane" in late.text
    assert 'value="2 Oak Lane"' in late.text


def test_pages_that_are_not_there(head):
    for address in ("settings/facts", "settings/roofs", "settings/history/roofs"):
        assert head.get(f"{HOME}/{address}").status_code == 404
    assert head.send(f"{HOME}/settings/bans", page=OFFICE).status_code == 404


def test_parents_see_the_events_to_come_until_they_are_withdrawn(head, world):
    word = world.oak.canary
    assert f"Fair {word}" in head.get("/oak-lane/").text
    page = f"{HOME}/events/{world.oak.occasion}"
    form = typed(head.get(page).text)
    wrong = head.send(page, page=page, **{**form, "held_on": "yesterday"})
    assert wrong.status_code == 422
    assert 'value="yesterday"' in wrong.text
    assert head.send(page, page=page, **{**form, "alcohol": "no"}).status_code == 303
    late = head.send(page, page=page, **{**form, "place": "Elsewhere"})
    assert late.status_code == 409
    assert 'value="Elsewhere"' in late.text
    answer = head.send(f"{page}/withdraw", page=page, seen="2")
    assert answer.status_code == 303
    assert "Withdrawn" in head.get(f"{HOME}/events/").text
    with world.sessions.school(world.oak.id) as session, transaction(session):
        assert settings_of(session).school_id == world.oak.id
    head.application.extensions.pop("trustconduct.pages", None)
    assert f"Fair {word}" not in head.get("/oak-lane/").text


def test_the_home_finds_people_by_child_email_and_number(head, world):
    word = world.oak.canary
    find = "/oak-lane/staff/people/"
    assert 'role="search"' in head.get("/oak-lane/staff/").text
    by_child = head.get(f"{find}?name=robin+{word}").text
    assert f"Pat {word}" in by_child
    assert f"Chris {word}" not in by_child
    assert f"Lee {word}" in head.get(f"{find}?name=lee@{word}").text
    assert "Nobody here is called that" in head.get(f"{find}?name=robin+nobody").text
    assert "Nobody here is called that" in head.get(f"{find}?name=01632+960999").text
    assert world.elm.canary not in head.get(f"{find}?name={world.elm.canary}").text.replace(
        f'value="{world.elm.canary}"', ""
    )


def test_who_may_not_see_people_is_offered_no_search(client, world):
    client.sign_in(world.oak.users[Role.TEACHER])
    page = client.get("/oak-lane/staff/").text
    assert 'role="search"' not in page
    assert "In the last seven days" not in page
    assert "In the next seven days" in page


def a_picture(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "cmyk":
        Image.new("CMYK", (200, 200), (0, 100, 100, 0)).save(out, "JPEG")
    else:
        frames = [Image.new("RGB", (200, 200), colour) for colour in ("#7a1f2b", "#0f4c5c")]
        frames[0].save(out, "PNG" if kind == "apng" else "GIF", save_all=True,
                       append_images=frames[1:])  # fmt: skip
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("logo.svg", SVG, "a drawing made of text (SVG). It can hold programs"),
        ("logo.png", SVG, "a drawing made of text (SVG). It can hold programs"),
        ("logo.gif", a_picture("gif"), "not a JPEG or PNG. Open it and save"),
        ("logo.jpg", a_picture("cmyk"), "made for a printing press (CMYK)"),
        ("logo.png", a_picture("apng"), "It moves"),
        ("logo.jpg", b"\xff\xd8\xff" + bytes(11_000_000), "larger than 10 MB"),
    ],
)
def test_a_badge_that_can_not_be_one_is_refused_in_clear_words(head, world, name, content, says):
    answer = send_file(head, name, content)
    assert answer.status_code == 422
    assert says in answer.text
    assert f"/oak-lane/badge/{world.oak.small_badge}" in head.get("/oak-lane/").text


def send_file(browser, name: str, content: bytes):
    page = f"{HOME}/badge/"
    seen = re.search(r'name="seen" value="([^"]*)"', browser.get(page).text)[1]
    return bring(browser, content, name, seen)


def test_a_new_badge_is_small_on_the_pages(head, world):
    out = io.BytesIO()
    Image.effect_noise((900, 900), 90).convert("RGB").save(out, "PNG")
    assert send_file(head, "noise.png", out.getvalue()).status_code == 303
    address = re.search(r'src="(/oak-lane/badge/[^"]+)"', head.get(f"{HOME}/badge/").text)
    assert address is None  # the form shows the one for print
    head.application.extensions.pop("trustconduct.pages", None)
    address = re.search(r'src="(/oak-lane/badge/[^"]+)"', head.get("/oak-lane/").text)[1]
    assert len(head.get(address).data) <= 15_000


def test_parents_find_the_office_and_the_other_policies(client, world):
    word = world.oak.canary
    page = client.get("/oak-lane/contact").text
    assert f"Letters reach us at 1 {word} Lane." in page
    assert f'href="https://{word}.example/safeguarding"' in page
    assert "school day" not in page
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    send(client, OFFICE, answer_within="5", office_hours="Mon-Fri 8.30-4")
    time.sleep(1.1)  # pages are looked at again once a second
    page = client.get("/oak-lane/contact").text
    assert "You have an answer within 5 school days." in page
    assert "Somebody answers: Monday to Friday 8:30am to 4pm." in page
