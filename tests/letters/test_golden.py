"""Every kind of letter for two schools, on paper: tagged, addressed, and as short as it can be.

`PICTURES=/tmp/x make test ARGS="tests/letters/test_golden.py"` keeps them to be looked at.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from tests.letters import rows
from trustconduct.languages.spoken import language
from trustconduct.letters.compose import OFFER, Composed, draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.printing import print_letter
from trustconduct.sealed.room import room

# A ban that is decided has to say more than one page holds at 12 point.
PAGES = {
    "warning": 2, "intention": 2, "temporary_ban": 2, "confirmed": 2, "extended": 2, "varied": 2,
}  # fmt: skip
MM = 72 / 25.4


@pytest.mark.parametrize("school", ["oak", "elm"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_on_paper(request, kind, school):
    session = request.getfixturevalue(school)
    letter = rows.a_letter(session, kind)
    draft = draft_of(session, letter)
    done = room().do("print", print_letter(draft.composed, None, draft=False).encode())
    keep(done.content, f"{kind}-{school}")
    assert done.about["pages"] <= PAGES.get(kind, 1)
    reader = PdfReader(BytesIO(done.content))
    words = " ".join(reader.pages[0].extract_text().split())
    assert "Our reference" in words
    assert draft.composed.subject in words
    assert draft.composed.trust_name in words
    assert "[not known yet]" not in words
    with pikepdf.open(BytesIO(done.content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).startswith("en")
        with pdf.open_metadata() as about:
            assert about["pdfuaid:part"] == "1"


@pytest.mark.parametrize("code", ["cy", "pl", "ur"])
@pytest.mark.parametrize("kind", ["invitation", "confirmed"])
def test_a_letter_in_another_language_has_the_english_one_before_it(oak, kind, code):
    said = language(code)
    letter = rows.a_letter(oak, kind, adult=rows.an_addressee(oak, language=code))
    assert letter.language == code
    letter.parts = {**letter.parts, **rows.in_other(letter, "facts", "reasons")}
    oak.flush()
    frozen = rows.approved(oak, letter)
    composed = Composed.from_text(frozen.text)
    assert Composed.from_text(composed.text) == composed
    done = room().do("print", print_letter(composed, None, draft=False).encode())
    keep(done.content, f"{kind}-oak-{code}")
    reader = PdfReader(BytesIO(done.content))
    first = " ".join(reader.pages[0].extract_text().replace("\0", "").split())
    assert composed.subject in first
    assert "Words of a translator" in frozen.translation
    assert said.say("What our code of conduct says") in frozen.translation
    # What nobody put into the language is marked as English, and offered in theirs.
    assert 'lang="en-GB"' in frozen.translation
    assert reader.pages[-1].extract_text().count("Jo Sample") == 1
    if code != "ur":  # letters of Arabic come out as their shapes
        assert said.say(KINDS[kind].subject) in " ".join(
            " ".join(page.extract_text().split()) for page in reader.pages[1:]
        )


@pytest.mark.parametrize("code", ["cy", "pl", "ur"])
def test_a_letter_in_english_offers_other_formats_in_the_addressees_own_language(oak, code):
    said = language(code)
    letter = rows.a_letter(oak, "plain", adult=rows.an_addressee(oak, language=code))
    letter.language = "en"
    oak.flush()
    html = rows.approved(oak, letter).html
    assert f'lang="{said.tag}" dir="{said.direction}">' in html
    assert (
        said.say(OFFER, telephone=rows.facts_telephone(oak), email="office@school.example") in html
    )


@pytest.mark.parametrize(
    "name", ["محمد بن سلمان", "משה כהן", "王小明", "N" * 200, "Zoë O’Neill", "Łukasz Żółć"]
)
def test_a_name_in_any_script_and_of_any_length_is_printed_on_one_page(oak, name):
    address = "1 High Street, Anytown, AT1 1AA"
    letter = rows.a_letter(oak, "plain", adult=rows.an_addressee(oak, name, address=address))
    page = print_letter(draft_of(oak, letter).composed, None, draft=False)
    done = room().do("print", page.encode())
    keep(done.content, f"name-{name[:5]}")
    assert done.about["pages"] == 1
    words = PdfReader(BytesIO(done.content)).pages[0].extract_text().replace("\0", "")
    assert name.isascii() is False or name[:40] in words


def test_the_address_stands_in_the_window_of_an_envelope(oak):
    """20 mm from the left, 45 to 75 mm from the top: a DL envelope, the page folded twice."""
    adult = rows.an_addressee(oak, "Quentin Addressee", address="1 High Street, Anytown, AT1 1AA")
    letter = rows.a_letter(oak, "plain", adult=adult)
    page = print_letter(draft_of(oak, letter).composed, None, draft=False)
    pdf = PdfReader(BytesIO(room().do("print", page.encode()).content))
    places: list[tuple[str, float, float]] = []
    pdf.pages[0].extract_text(
        visitor_text=lambda text, cm, tm, font, size: places.append((text, *at(cm, tm)))
    )
    height = float(pdf.pages[0].mediabox.height)
    found = [
        (x / MM, (height - y) / MM)
        for text, x, y in places
        if text.strip().startswith(("Quentin Addressee", "1 High Street", "AT1 1AA"))
    ][:3]
    assert found
    assert all(18 <= x <= 112 and 42 <= y <= 82 for x, y in found), found


def at(cm: list[float], tm: list[float]) -> tuple[float, float]:
    return (
        tm[4] * cm[0] + tm[5] * cm[2] + cm[4],
        tm[4] * cm[1] + tm[5] * cm[3] + cm[5],
    )


def keep(pdf: bytes, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.pdf").write_bytes(pdf)
