"""A pack that was printed in parts is one PDF, and a screen reader still finds its way."""

from __future__ import annotations

import io
import tracemalloc
from contextlib import ExitStack

import pikepdf
import pytest

from trustconduct.jobs.joining import _elements, joined
from trustconduct.sealed.printing import print_page


def part(n: int) -> bytes:
    page = (
        f"<html lang=en-GB><title>Sheets</title><h1>Sheet {n}</h1>"
        f"<p>Read <a href='https://school.example/{n}'>the code</a>.</p>"
        f"<p style='break-before:page'>The other side of {n}</p></html>"
    )
    return print_page(page.encode(), {})[1]


@pytest.fixture(scope="module")
def parts() -> list[bytes]:
    return [part(n) for n in range(3)]


def test_every_tag_of_every_part_is_there_and_points_to_its_page(parts):
    with ExitStack() as open_:
        ones = [open_.enter_context(pikepdf.open(io.BytesIO(each))) for each in parts]
        whole = open_.enter_context(pikepdf.open(io.BytesIO(joined(parts))))
        pages = [page.obj.objgen for page in whole.pages]
        elements = list(_elements(whole.Root.StructTreeRoot))
        assert len(pages) == sum(len(one.pages) for one in ones)
        assert len(elements) == sum(len(list(_elements(one.Root.StructTreeRoot))) for one in ones)
        assert {each.Pg.objgen for each in elements if "/Pg" in each} == set(pages)


def test_every_page_and_link_finds_its_own_tags(parts):
    with pikepdf.open(io.BytesIO(joined(parts))) as whole:
        numbers = list(whole.Root.StructTreeRoot.ParentTree.Nums)
        found = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
        assert list(found) == sorted(found)
        wanted = []
        for page in whole.pages:
            wanted.append(int(page.obj.StructParents))
            owners = [each for each in found[wanted[-1]] if each is not None]
            assert {each.Pg.objgen for each in owners} == {page.obj.objgen}
            for note in page.obj.get("/Annots", ()):
                wanted.append(int(note.StructParent))
                assert pikepdf.Name.Link == found[wanted[-1]].S
        assert sorted(wanted) == sorted(found)
        assert whole.Root.StructTreeRoot.ParentTreeNextKey == max(found) + 1


def test_language_title_and_the_claim_to_be_accessible_are_kept(parts):
    with pikepdf.open(io.BytesIO(joined(parts))) as whole:
        assert str(whole.Root.Lang) == "en-GB"
        assert bool(whole.Root.MarkInfo.Marked)
        assert str(whole.docinfo["/Title"]) == "Sheets"
        with whole.open_metadata() as said:
            assert said["pdfuaid:part"] == "1"


def test_six_hundred_sheets_are_joined_within_a_bound_of_memory(parts):
    """Forty parts of fifteen: what Python holds is about the files themselves."""
    many = [parts[n % 3] for n in range(40)]
    tracemalloc.start()
    try:
        content = joined(many)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 4 * sum(map(len, many)) + 30_000_000
    with pikepdf.open(io.BytesIO(content)) as whole:
        assert len(whole.pages) == 80
