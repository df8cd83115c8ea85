"""Made-up families: names of plants and of things that are plainly no one's surname."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from trustconduct.mail_catcher import REFUSED

DOMAIN = "parents.example"  # .example can't exist (RFC 2606): a stray mail reaches nobody
HEADER = ("Pupil", "Year", "Adult", "Relationship", "Email")


def _words(text: str) -> list[str]:
    return text.split()


OAK_SURNAMES = _words(
    "Sample Example Specimen Pattern Template Sketch Outline Blueprint Mockup Fixture"
    " Placeholder Prototype Instance Emblem Stencil Replica Facsimile Draftley Exemplar Notional"
)
ELM_SURNAMES = _words(
    "Testcase Standin Makebelieve Pretend Fictional Invented Imaginary Supposed Madeup"
    " Hypothet Demoson Paperly Figment"
)
ADULTS = _words(
    "Olive Rowan Hazel Basil Clover Jasper Ivy Sorrel Bryony Alder Poppy Linden Fern Aspen Daisy"
    " Reed Laurel Ash Marigold Heath Juniper Forrest Myrtle Birch Saffron Cliff Willow Glen"
    " Primrose Dale Cicely Moss Lavender Robin Tansy Jay Heather Martin Lily Finch"
)
PUPILS = _words(
    "Acorn Bramble Conker Dewdrop Elder Fennel Gooseberry Hawthorn Iris Jonquil Kestrel Lark"
    " Maple Nettle Oakley Pebble Quince Rosehip Skylark Thistle Umber Violet Wren Yarrow Zinnia"
)


@dataclass(frozen=True)
class Odd:
    """Where a roll is not as tidy as one hopes: places in the list of families, from 0."""

    one_address: frozenset[int]  # both adults share one email address
    no_address: frozenset[int]  # the second adult has none
    two_pupils: frozenset[int]
    one_adult: frozenset[int]
    gone: frozenset[int] = frozenset()  # the first adult's mailbox is no longer there


OAK = Odd(frozenset({2}), frozenset({5}), frozenset({0, 3, 7, 11}), frozenset(), frozenset({16}))
ELM = Odd(frozenset({1}), frozenset(), frozenset({0, 4}), frozenset({12}))


def roll(surnames: Sequence[str], odd: Odd, years: Sequence[str]) -> bytes:
    """A school's roll as the office would export it: CSV with a line for each care."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(HEADER)
    for place, surname in enumerate(surnames):
        pupils = [(f"{PUPILS[place]} {surname}", years[place % len(years)])]
        if place in odd.two_pupils:
            pupils.append((f"{PUPILS[-1 - place]} {surname}", years[(place + 2) % len(years)]))
        adults = ADULTS[2 * place : 2 * place + (1 if place in odd.one_adult else 2)]
        for second, adult in enumerate(adults):
            email = f"{adult}.{surname}@{DOMAIN}".lower()
            if place in odd.one_address:
                email = f"family.{surname}@{DOMAIN}".lower()
            if not second and place in odd.gone:
                email = f"{adult}.{surname}@{REFUSED}".lower()
            if second and place in odd.no_address:
                email = ""
            relationship = "father" if second else "mother"
            for pupil, year in pupils:
                lines.writerow((pupil, year, f"{adult} {surname}", relationship, email))
    return file.getvalue().encode()
