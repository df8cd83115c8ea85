"""A school's badge: brought by a form, made anew, served as a file to be saved."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.rules.test_wrong_school import bare
from tests.sealed import samples
from trustconduct.audit.actor import Role
from trustconduct.db import new_id

HERE = "/oak-lane/staff/policy/badge/"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def bring(client, content: bytes, name: str = "badge.png", seen: object = ""):
    file = FileStorage(io.BytesIO(content), filename=name)
    form = {"csrf_token": client.csrf(HERE), "seen": str(seen), "badge": file}
    boundary, body = encode_multipart(form)  # the client itself would leave a large file open
    return client.post(HERE, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_badge_is_brought_seen_and_taken_off(office, world):
    answer = bring(office, samples.a_png((900, 300), secret="by-me"), seen=world.oak.badge)
    assert (answer.status_code, answer.location) == (303, HERE)
    page = office.get(HERE).text
    assert "Your badge is saved" in page
    address = page.partition('<img src="')[2].partition('"')[0]
    file = office.get(address)
    assert file.headers["Content-Type"] == "image/png"
    assert file.headers["Content-Disposition"] == "attachment; filename=badge.png"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert "no-store" in file.headers["Cache-Control"]
    assert b"by-me" not in file.data
    with Image.open(io.BytesIO(file.data)) as picture:
        assert picture.size == (600, 200), "as large as it is printed, and no larger"
    seen = address.rpartition("/")[2]
    assert office.send(HERE + "remove", page=HERE, seen=seen).status_code == 303
    assert "Download badge" not in office.get(HERE).text
    assert office.get(address).status_code == 200, "what was printed can still be explained"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("badge.png", b"MZ" + bytes(99), "That is a program"),
        ("badge.svg", b"<svg onload='alert(1)'/>", "SVG"),
        ("badge.png", samples.a_png_of(8_000, 5_000), "36 megapixels"),
        ("badge.jpg", samples.a_jpeg() + bytes(10 << 20), "larger than 10 MB"),
        ("badge.jpg", samples.a_jpeg((600, 400))[:2_000], "not sent whole"),
        ("badge.png", samples.saved(samples.a_pdf()), "That file is a PDF"),
        ("badge.png", b"", "is empty"),
    ],
)
def test_what_will_not_do_is_told_what_to_do(office, world, name, content, said):
    answer = bring(office, content, name, seen=world.oak.badge)
    assert answer.status_code == 422
    assert said in answer.text
    assert "alert(1)" not in answer.text
    assert str(world.oak.badge) in office.get(HERE).text


def test_no_file_at_all_is_told_so(office):
    form = {"csrf_token": office.csrf(HERE), "seen": ""}
    answer = office.post(HERE, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Choose the picture of your badge" in answer.text


def test_a_request_that_is_far_too_large_is_told_so(office):
    assert bring(office, bytes(23 << 20)).status_code == 413


def test_the_second_of_two_who_change_it_is_told(office, world):
    assert bring(office, samples.a_png(), seen=world.oak.badge).status_code == 303
    answer = bring(office, samples.a_png(), seen=world.oak.badge)
    assert answer.status_code == 409
    assert "Somebody else has just changed the badge" in answer.text


@pytest.mark.parametrize(
    "name", ["a%0D%0AX-Evil: 1.png", "../../x.png", "\u202egnp.exe", "é" * 500]
)
def test_an_odd_name_adds_no_header_and_no_folder(office, world, name):
    office.get(HERE)
    assert bring(office, samples.a_png(), name, seen=world.oak.badge).status_code == 303
    address = office.get(HERE).text.partition('<img src="')[2].partition('"')[0]
    file = office.get(address)
    assert "X-Evil" not in file.headers
    assert "/" not in file.headers["Content-Disposition"].partition(";")[2]


def test_another_schools_badge_and_an_unknown_one_are_not_found_alike(office, world):
    office.get(HERE)  # the page's cookie is there from now on
    foreign = office.get(f"{HERE}{world.elm.badge}")
    unknown = office.get(f"{HERE}{new_id()}")
    assert foreign.status_code == unknown.status_code == 404
    assert bare(foreign, {}) == bare(unknown, {})


def test_a_teacher_changes_no_badge(client, world):
    client.sign_in(world.oak.users[Role.TEACHER])
    assert client.get(HERE).status_code == 403
    assert client.get(f"{HERE}{world.oak.badge}").status_code == 403
