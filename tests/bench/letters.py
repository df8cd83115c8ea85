"""`letter_pdf`: letters printed in the sealed room by one child, as those of one run are.
`letter_pdf_alone`: each by a child of its own, as when a head approves one.

The floor is WeasyPrint alone on the same HTML, in a process that has it loaded: no wall, no
limits. For a day's print run the floor is its limit, 60 seconds.
"""

from __future__ import annotations

import io
import time
from datetime import date

import pikepdf
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from tests.bench.measure import in_turns, report
from trustconduct.db import new_id
from trustconduct.letters.blocks import Block
from trustconduct.letters.compose import Composed
from trustconduct.letters.print_run import cover_page, joined, with_cover
from trustconduct.letters.printing import print_letter
from trustconduct.letters.serve import ToPost
from trustconduct.sealed.room import room

LETTERS, A_DAY, LIMIT = 20, 200, 60.0


def a_letter(number: int) -> Composed:
    words = ("You shouted at a member of staff at the main gate. You were asked to stop.",)
    return Composed(
        number=number, kind="plain", subject="An invitation to meet us",
        written_on=date(2026, 11, 27), way="post", to_name="Sam Sample",
        to_address="1 High Street, Anytown, AT1 1AA", to_email="", school_name="Oak Lane",
        school_address="2 Oak Lane, Anytown", telephone="01632 960001",
        email="office@oak.example", trust_name="Lantern Trust", policy="Our code, version 1",
        advice="", blocks=tuple(Block(f"Part {n}", words) for n in range(8)),
        signed_by="Jo Sample", signed_as="Headteacher", answers=None, answer_days=10,
        answer_unit="school",
    )  # fmt: skip


_fonts = FontConfiguration()


def bare(page: bytes) -> bytes:
    """WeasyPrint alone, its fonts looked at once: the least that gives such a PDF."""
    rendered = HTML(string=page.decode()).render(font_config=_fonts, pdf_variant="pdf/ua-1")
    return rendered.write_pdf(pdf_variant="pdf/ua-1")


def letter_pdf() -> None:
    pages = [print_letter(a_letter(n), None, draft=False).encode() for n in range(LETTERS)]

    def ours(run: int) -> float:
        begun = time.perf_counter()
        with room().run() as do:
            for page in pages:
                do("print", page)
        return LETTERS / (time.perf_counter() - begun)

    def alone(run: int) -> float:
        begun = time.perf_counter()
        for page in pages:
            room().do("print", page)
        return LETTERS / (time.perf_counter() - begun)

    def floor(run: int) -> float:
        begun = time.perf_counter()
        for page in pages:
            bare(page)
        return LETTERS / (time.perf_counter() - begun)

    made, least = in_turns(ours, floor)
    report("letter_pdf", made, least, "letters/s", LETTERS)
    made, least = in_turns(alone, floor)
    report("letter_pdf_alone", made, least, "letters/s", LETTERS)

    kept = room().do("print", pages[0]).content
    queue = [
        ToPost(new_id(), n, "plain", "Sam Sample", "1 High Street", 1, 0) for n in range(A_DAY)
    ]
    begun = time.perf_counter()
    cover = room().do("print", cover_page(queue, "Oak Lane", date(2026, 11, 27)).encode())
    whole = with_cover(cover.content, joined(kept for _ in range(A_DAY)))
    took = time.perf_counter() - begun
    assert len(pikepdf.open(io.BytesIO(whole)).pages) > 2 * A_DAY
    report("letter_print_run", took, LIMIT, "s", A_DAY, less_is_better=True)
