"""Figtree as print needs it: `make` runs this once, after the pages' files are built.

A PDF must carry its fonts, and neither WOFF2 nor a typeface of variable weight can
be put into one. Made once here, not at each start: it takes a second.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FAMILY = "Figtree"
# How strong the strokes are, by the weight and name that a stylesheet asks for. Bold is
# the 650 of our pages.
WEIGHTS = {400: (400, "Regular"), 700: (650, "Bold")}
FAMILY_NAME, STYLE, UNIQUE, FULL_NAME, POSTSCRIPT = 1, 2, 3, 4, 6
OWN_FAMILY, OWN_STYLE = 16, 17


# Noto Sans Arabic with the letters of Urdu alone, as the pages have it: few machines have one.
URDU = Path(__file__).parents[1] / "web/fonts/noto-urdu.woff2"


def make(source: Path, to: Path) -> None:
    """Write one file for each weight, slant and set of letters."""
    to.mkdir(parents=True, exist_ok=True)
    urdu = TTFont(URDU, recalcTimestamp=False)
    urdu.flavor = None
    urdu.save(to / "noto-urdu.ttf")
    for path in sorted(source.glob("figtree-*-wght-*.woff2")):
        slant = " Italic" if "italic" in path.stem else ""
        for weight, (strokes, name) in WEIGHTS.items():
            font = instantiateVariableFont(TTFont(path, recalcTimestamp=False), {"wght": strokes})
            _name(font, weight, name + slant)
            font.flavor = None
            font.save(to / f"{path.stem.replace('-wght', '')}-{weight}.ttf")


def _name(font: TTFont, weight: int, style: str) -> None:
    """By these names fontconfig finds the weight that a stylesheet asks for."""
    names = {
        FAMILY_NAME: FAMILY,
        STYLE: style,
        UNIQUE: f"{FAMILY} {style}",
        FULL_NAME: f"{FAMILY} {style}",
        POSTSCRIPT: f"{FAMILY}-{style.replace(' ', '')}",
    }
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    for number in (OWN_FAMILY, OWN_STYLE):
        font["name"].removeNames(nameID=number)
    font["OS/2"].usWeightClass = weight


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
