"""Many schools by CSV, as the officer does it: looked at first, then added whole."""

from __future__ import annotations

import base64
import io
import re

from sqlalchemy import select

from tests.admin.test_schools import mails, slugs
from trustconduct.tenants.models import School

IMPORT, TAKE = "/admin/schools/import", "/admin/schools/import/add"
LIST = (
    b"name,phase,police force,head,head email\r\n"
    b"Fir Tree,Primary,Norfolk Constabulary,Fern Sample,fern@fir.example\r\n"
    b"Yew Tree,Secondary,,,\r\n"
)


def upload(client, raw: bytes, name: str = "schools.csv"):
    answer = client.post(
        IMPORT,
        data={"csrf_token": client.csrf(IMPORT), "file": (io.BytesIO(raw), name)},
        content_type="multipart/form-data",
    )
    answer.request.environ["wsgi.input"].close()
    return answer


def carried(page: str) -> str:
    return re.search(r'name="file" value="([^"]+)"', page)[1]


def test_a_list_is_shown_first_and_then_added_whole(officer, world):
    shown = upload(officer, LIST)
    assert shown.status_code == 200
    for words in ("Nothing is saved yet", "/fir-tree/", "/yew-tree/", "Norfolk Constabulary",
                  "fern@fir.example", "Nobody yet", "Add 2 schools"):  # fmt: skip
        assert words in shown.text
    assert slugs(world) == set(world.schools)
    file = carried(shown.text)
    assert base64.b64decode(file) == LIST
    taken = officer.send(TAKE, page=IMPORT, file=file, name="schools.csv")
    assert taken.status_code == 303
    assert "2 schools are added." in officer.get("/admin/schools/").text
    assert {"fir-tree", "yew-tree"} < slugs(world)
    assert [to for to, _ in mails(world)] == ["fern@fir.example"]


def test_sent_twice_a_list_adds_nothing_twice(officer, world):
    file = base64.b64encode(LIST).decode()
    officer.send(TAKE, page=IMPORT, file=file, name="schools.csv")
    again = officer.send(TAKE, page=IMPORT, file=file, name="schools.csv")
    assert again.status_code == 422
    assert "is here already" in again.text
    assert len(slugs(world)) == 5
    assert len(mails(world)) == 1


def test_a_list_with_mistakes_is_shown_by_line_and_column_and_nothing_is_saved(officer, world):
    bad = LIST + b"Oak Lane,Palace,,,\r\n"
    shown = upload(officer, bad, "my <list>.csv")
    assert shown.status_code == 422
    assert "What to mend in my &lt;list&gt;.csv" in shown.text
    assert shown.text.count('<th scope="row" data-label="Line">4</th>') == 2
    assert "is none of: Nursery" in shown.text
    forced = officer.send(TAKE, page=IMPORT, file=base64.b64encode(bad).decode(), name="x")
    assert forced.status_code == 422
    assert slugs(world) == set(world.schools)


def test_no_file_or_half_a_file_is_asked_for_again(officer, world):
    answer = officer.send(IMPORT, page=IMPORT)
    assert answer.status_code == 422
    assert "Choose the CSV file" in answer.text
    for file in ("no base64!", ""):
        answer = officer.send(TAKE, page=IMPORT, file=file, name="x")
        assert answer.status_code == 422
    assert slugs(world) == set(world.schools)


def test_the_list_to_fill_in_can_be_downloaded_and_is_taken(officer, world):
    answer = officer.get(f"{IMPORT}/template.csv")
    assert answer.mimetype == "text/csv"
    assert "schools.csv" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbfname,")
    assert "Sample Lane Primary School" in upload(officer, answer.data).text


def test_three_hundred_schools_are_added_at_once(officer, world):
    lines = [f"School {n},Primary,,Head {n},h{n}@s.example\r\n".encode() for n in range(300)]
    raw = b"name,phase,police force,head,head email\r\n" + b"".join(lines)
    shown = upload(officer, raw)
    assert shown.text.count('data-label="Phase"') == 300
    taken = officer.send(TAKE, page=IMPORT, file=carried(shown.text), name="schools.csv")
    assert taken.status_code == 303
    with world.sessions.trust() as session:
        assert len(session.scalars(select(School.id)).all()) == 303


def test_a_reader_brings_in_no_list(reader, world):
    assert reader.get(IMPORT).status_code == 403
    assert reader.send(TAKE, file="", name="").status_code == 403
