"""What prints has every letter that we print, and each typeface is one file."""

from __future__ import annotations

import string
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from trustconduct.languages.spoken import CODES, catalogue_text
from trustconduct.sealed.room import room
from trustconduct.sealed.seal import FONTS


def fonts() -> list[TTFont]:
    return [TTFont(path) for path in sorted(FONTS.glob("*.ttf"))]


def test_no_two_files_are_the_same_typeface():
    """What prints tells them by their names, and would take one for the other."""
    names = [font["name"].getDebugName(6) for font in fonts()]
    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize("code", [one for one in CODES if one != "en"])
def test_every_letter_of_our_languages_is_in_a_typeface_of_ours(code):
    there = {chr(one) for font in fonts() for one in font.getBestCmap()}
    invisible = set("\n\u200c\u200d\u200e\u200f")
    assert set(catalogue_text(code)) - there - invisible == set()


@pytest.mark.parametrize("word", ["Łukasz Żółć", "Dŵr Tŷ", "Zoë O’Neill", "Đặng"])
def test_a_name_is_printed_in_its_own_letters(word):
    page = f"<html lang=en><title>x</title><style>p {{ font-family: Figtree }}</style><p>{word}"
    pdf = PdfReader(BytesIO(room().do("print", page.encode()).content))
    assert pdf.pages[0].extract_text().replace("\0", "").strip() == word


def test_our_own_letters_come_before_those_of_other_scripts():
    own = next(font for font in fonts() if font["name"].getDebugName(6) == "Figtree-Regular")
    assert set(string.printable[:95]) <= {chr(one) for one in own.getBestCmap()}
