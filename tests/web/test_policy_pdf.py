"""policy.pdf: the text in force as a document that everyone can read, on paper and by ear."""

from __future__ import annotations

import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pikepdf
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from tests import build
from trustconduct.acknowledgements.models import Answer
from trustconduct.db import transaction
from trustconduct.outbox.models import SchoolMessageContent
from trustconduct.sealed import room as rooms
from trustconduct.sealed.room import Busy, CannotPrint, Failed
from trustconduct.web.printed import Printed

PAGE = b"<html lang=en-GB><title>x</title><p>One page"


def words(pdf: bytes) -> str:
    return " ".join("\n".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.fixture
def pdf(client) -> bytes:
    answer = client.get("/oak-lane/policy.pdf")
    assert answer.status_code == 200
    return answer.data


def test_the_pdf_says_whose_text_it_is_since_when_and_proves_it(pdf, world):
    with world.sessions.school(world.oak.id) as session:
        version = session.get(build.SchoolVersion, (world.oak.id, world.oak.version))
    said = words(pdf)
    day = f"{version.in_force_on.day} {version.in_force_on.strftime('%B %Y')}"
    for text in ("Oak Lane", "Part of", "Version 1", f"In force from {day}", "To be reviewed",
                 version.sha256, "Page 1 of"):  # fmt: skip
        assert text in said, text
    assert f"Ask {world.oak.canary}" in said, "the ways to reach the school stand in it"
    assert world.elm.canary not in said
    size = PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    assert [round(float(side) / 72 * 25.4) for side in (size.width, size.height)] == [210, 297]


def tags(opened: pikepdf.Pdf) -> list[tuple[str, pikepdf.Object]]:
    """The document's structure as a screen reader meets it: each tag, in order."""
    found: list[tuple[str, pikepdf.Object]] = []

    def walk(thing: pikepdf.Object) -> None:
        if isinstance(thing, pikepdf.Array):
            for each in thing:
                walk(each)
        elif isinstance(thing, pikepdf.Dictionary) and "/S" in thing:
            found.append((str(thing.S), thing))
            if "/K" in thing:
                walk(thing.K)

    walk(opened.Root.StructTreeRoot.K)
    return found


def test_the_pdf_has_what_pdf_ua_asks_for(pdf):
    """What can be checked without a validator; veraPDF needs Java, which is not here."""
    opened = pikepdf.open(io.BytesIO(pdf))
    root = opened.Root
    assert bool(root.MarkInfo.Marked)
    assert str(root.Lang) == "en-GB"
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    with opened.open_metadata() as about:
        assert about["pdfuaid:part"] == "1"
        assert "Oak Lane" in about["dc:title"]
    assert "Oak Lane" in str(opened.docinfo.Title)
    names = [name for name, _ in tags(opened)]
    headings = [name for name in names if re.fullmatch(r"/H\d", name)]
    assert headings[0] == "/H1"
    assert headings.count("/H1") == 1
    levels = [int(name[2]) for name in headings]
    assert all(b - a <= 1 for a, b in pairwise(levels)), "no level is skipped"
    assert {"/L", "/LI", "/LBody", "/P", "/Table", "/TR", "/TH", "/TD"} <= {*names}
    cells = [tag for name, tag in tags(opened) if name == "/TD"]
    heads = {str(tag.ID) for name, tag in tags(opened) if name == "/TH" and "/ID" in tag}
    assert cells
    for cell in cells:  # each says which heading of its row and of its column it stands under
        assert len({str(head) for head in cell.A.Headers} & heads) == 2
    figures = [tag for name, tag in tags(opened) if name == "/Figure"]
    assert str(figures[0].Alt) == "Badge of Oak Lane"
    assert {str(tag.Alt) for tag in figures} == {"Badge of Oak Lane", "Yes"}
    outline = [
        each["/Title"] for each in PdfReader(io.BytesIO(pdf)).outline if isinstance(each, dict)
    ]
    assert outline, "headings are bookmarks"


def test_every_typeface_is_inside_and_is_ours(pdf):
    opened = pikepdf.open(io.BytesIO(pdf))
    fonts = [
        each
        for each in opened.objects
        if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor"
    ]
    assert fonts
    for font in fonts:
        assert "/FontFile2" in font or "/FontFile3" in font, font.FontName
        assert "Figtree" in str(font.FontName)


def test_nothing_in_the_pdf_acts_or_points_to_a_file(pdf):
    opened = pikepdf.open(io.BytesIO(pdf))
    names = {key for each in opened.objects if hasattr(each, "keys") for key in each}
    assert names & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/EF", "/EmbeddedFiles"} == set()


def test_a_script_in_a_fact_is_printed_as_it_stands(client, world):
    script = "<script>alert(1)</script><img src=http://127.0.0.1:1/x>"
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.settings_filled(session, by=world.oak.head, app_name=script)
        build.a_version(session, by=world.oak.head)
    time.sleep(1.05)
    answer = client.get("/oak-lane/policy.pdf")
    assert answer.status_code == 200
    assert "Version 2" in words(answer.data)


def test_an_unchanged_pdf_is_304_and_asks_the_database_nothing(app, client, pdf, queries):
    first = client.get("/oak-lane/policy.pdf")
    tag = first.headers["ETag"]
    assert first.headers["Content-Disposition"].startswith("attachment; filename=oak-lane-")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.data == pdf
    with queries(app.extensions["trustconduct"].sessions.engine) as counted:
        again = client.get("/oak-lane/policy.pdf", headers={"If-None-Match": tag})
        assert client.get("/oak-lane/policy.pdf").data == pdf
    assert (again.status_code, again.data) == (304, b"")
    assert counted.n == 0


def test_a_new_number_to_call_is_in_the_next_pdf(client, pdf, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_matrix(session, by=world.oak.head)
    time.sleep(1.05)
    assert words(client.get("/oak-lane/policy.pdf").data) != words(pdf)


def test_the_page_links_to_the_pdf_and_says_how_large_it_is_once_that_is_known(client):
    page = client.get("/oak-lane/policy").text
    assert 'href="/oak-lane/policy.pdf">Download as PDF</a>' in page
    size = round(len(client.get("/oak-lane/policy.pdf").data) / 1000)
    time.sleep(1.05)
    assert f"Download as PDF ({size} kB)" in client.get("/oak-lane/policy").text


def test_an_older_version_says_that_it_is_no_longer_in_force(client, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head)
    old = client.get("/oak-lane/policy/1.pdf")
    assert "no longer in force" in words(old.data)
    assert "version-1.pdf" in old.headers["Content-Disposition"]
    new = client.get("/oak-lane/policy/2.pdf")
    assert "no longer in force" not in words(new.data)
    assert client.get("/oak-lane/policy/99.pdf").status_code == 404


def test_a_school_without_a_version_has_no_pdf(ground, servers, settings, client, world):
    with world.sessions.trust() as trust, transaction(trust):
        build.a_school(trust, "new-school", "New School")
    time.sleep(1.05)
    assert client.get("/new-school/policy.pdf").status_code == 404
    assert "Download as PDF" not in client.get("/new-school/policy").text


@pytest.mark.parametrize("why", [CannotPrint("x"), Failed("x"), Busy("x")])
def test_where_it_can_not_be_printed_a_page_leads_to_the_text(client, monkeypatch, why):
    def refuse(*_: object, **__: object) -> None:
        raise why

    monkeypatch.setattr(rooms.room(), "do", refuse)
    answer = client.get("/oak-lane/policy.pdf")
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="/oak-lane/policy">Read our code of conduct' in answer.text
    assert ("Retry-After" in answer.headers) == isinstance(why, Busy)
    assert client.get("/oak-lane/policy").status_code == 200


# -- kept PDFs


class Counting:
    """The room of this process, with a count of what it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def do(self, *asked: object, **how: object) -> rooms.Done:
        self.times += 1
        return rooms.room().do(*asked, **how)  # type: ignore[arg-type]


@pytest.fixture
def counting(monkeypatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr("trustconduct.web.printed.room", lambda: counting)
    return counting


def test_fifty_who_want_the_same_page_at_once_have_it_printed_once(tmp_path, counting):
    printed = Printed(tmp_path / "pdf")
    with ThreadPoolExecutor(50) as pool:
        pdfs = set(pool.map(lambda _: printed.pdf(PAGE), range(50)))
    assert len(pdfs) == 1
    assert counting.times == 1
    assert printed._turns == {}
    assert printed.size(PAGE) == len(pdfs.pop())


def test_another_process_and_a_restart_find_what_was_printed(tmp_path, counting):
    first = Printed(tmp_path).pdf(PAGE)
    assert Printed(tmp_path).pdf(PAGE) == first
    assert counting.times == 1


def test_the_oldest_are_dropped_beyond_the_limit(tmp_path, counting, monkeypatch):
    monkeypatch.setattr("trustconduct.web.printed.MOST_FILES", 2)
    printed = Printed(tmp_path)
    for n in range(4):
        printed.pdf(PAGE + str(n).encode())
    assert len(list(tmp_path.iterdir())) == 2
    assert printed.size(PAGE + b"3")
    assert printed.size(PAGE + b"0") is None


def test_a_folder_that_can_not_be_written_loses_nothing(tmp_path, counting):
    (tmp_path / "pdf").write_text("a file where the folder should be")
    printed = Printed(tmp_path / "pdf")
    assert printed.pdf(PAGE) == printed.pdf(PAGE)
    assert counting.times == 2


def test_the_receipt_and_the_pdf_name_the_same_text(pdf, world):
    """Whoever has both can see that they belong together."""
    with world.sessions.school(world.oak.id) as session:
        request = build.asked_again(session, world.oak.requests[f"Lee {world.oak.canary}"])
        build.an_answer(session, request, Answer.SIGNED)
        bodies = [each.body for each in session.scalars(select(SchoolMessageContent))]
    assert any(
        found[1] in words(pdf)
        for body in bodies
        for found in re.finditer(r"version \d+, text ([0-9a-f]{16})", body)
    )
