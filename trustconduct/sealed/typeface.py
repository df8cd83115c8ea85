"""Our typefaces as print needs them: `make` runs this once, after the pages' files are built.

A PDF must carry its fonts, and neither WOFF2 nor a typeface of variable weight can
be put into one. Made once here, not at each start: it takes seconds. The packages have a
file for each set of letters; here one typeface of one weight is one file, or what prints
would take the letters of one file by their numbers in the other: ł came out as ª.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont


@dataclass(frozen=True)
class Typeface:
    """A typeface: the package that has it, and the sets of letters that go into one file."""

    family: str
    package: str
    sets: tuple[str, ...]
    slants: tuple[str, ...]
    # How strong the strokes are, by the weight and name that a stylesheet asks for.
    weights: tuple[tuple[int, int, str], ...]


TYPEFACES = (
    # Bold is the 650 of our pages.
    Typeface(
        "Figtree", "figtree", ("latin", "latin-ext"), ("normal", "italic"),
        ((400, 400, "Regular"), (700, 650, "Bold")),
    ),
    # For Urdu, and names in Arabic script: what machines have by chance lacks letters of Urdu.
    Typeface(
        "Noto Naskh Arabic", "noto-naskh-arabic", ("arabic",), ("normal",),
        ((400, 400, "Regular"), (700, 700, "Bold")),
    ),
)  # fmt: skip
FAMILY_NAME, STYLE, UNIQUE, FULL_NAME, POSTSCRIPT = 1, 2, 3, 4, 6
OWN_FAMILY, OWN_STYLE = 16, 17


def make(packages: Path, to: Path) -> None:
    """Write one file for each typeface, weight and slant."""
    to.mkdir(parents=True, exist_ok=True)
    for old in to.glob("*.ttf"):
        old.unlink()
    for face in TYPEFACES:
        files = packages / face.package / "files"
        for slant in face.slants:
            for weight, strokes, style in face.weights:
                parts = [
                    instantiateVariableFont(
                        TTFont(
                            files / f"{face.package}-{letters}-wght-{slant}.woff2",
                            recalcTimestamp=False,
                        ),
                        {"wght": strokes},
                    )
                    for letters in face.sets
                ]
                font = _in_one(parts)
                named = f"{style} Italic" if slant == "italic" else style
                _name(font, face.family, weight, named)
                font.flavor = None
                font.save(to / f"{face.package}-{slant}-{weight}.ttf")


def _in_one(parts: list[TTFont]) -> TTFont:
    """One font with the letters of all of them."""
    if len(parts) == 1:
        return parts[0]
    with tempfile.TemporaryDirectory() as folder:
        places = []
        for number, part in enumerate(parts):
            part.flavor = None
            places.append(f"{folder}/{number}.ttf")
            part.save(places[-1])
        merged = Merger().merge(places)
        merged.recalcTimestamp = False
        for table in ("created", "modified"):
            setattr(merged["head"], table, getattr(parts[0]["head"], table))
        # Its tables are read from those files when it is saved: read them while they are there.
        whole = f"{folder}/whole.ttf"
        merged.save(whole)
        return TTFont(whole, recalcTimestamp=False, lazy=False)


def _name(font: TTFont, family: str, weight: int, style: str) -> None:
    """By these names fontconfig finds the weight that a stylesheet asks for."""
    names = {
        FAMILY_NAME: family,
        STYLE: style,
        UNIQUE: f"{family} {style}",
        FULL_NAME: f"{family} {style}",
        POSTSCRIPT: f"{family.replace(' ', '')}-{style.replace(' ', '')}",
    }
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    for number in (OWN_FAMILY, OWN_STYLE):
        font["name"].removeNames(nameID=number)
    font["OS/2"].usWeightClass = weight


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
