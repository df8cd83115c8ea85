"""Every fixed text that a parent meets, as the code and the templates have it.

`make messages` puts what is new into the catalogues, blank, and takes out what is gone;
a test fails while one is blank.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from trustconduct.languages.spoken import OTHERS
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.parts import MEETING_WAYS
from trustconduct.letters.shipped import shipped
from trustconduct.letters.staff_names import STAFF
from trustconduct.letters.translated import UNITS_SAID
from trustconduct.web import errors

ROOT = Path(__file__).parent.parent / "trustconduct"
CATALOGUES = ROOT / "languages"
KEYWORDS = {"_": None, "gettext": None, "say": None, "many": (1, 2), "Message": None}
PYTHON = (
    "acknowledgements", "bans", "conduct", "contact_matrix", "languages", "letters", "outbox",
    "policies", "web",
)  # fmt: skip
TEMPLATES = ("web/templates", "policies/templates", "letters/templates")


def messages() -> Catalog:
    """The messages, each with the files that say it."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for message, place in sorted(_said(), key=lambda one: (one[1], str(one[0]))):
        found.add(message, locations=[(place, 1)])
    return found


def _said() -> Iterator[tuple[str | tuple[str, ...], str]]:
    for folder, ending, how in (
        *((one, "*.py", "python") for one in PYTHON),
        *((one, "*.html", "jinja2.ext:babel_extract") for one in TEMPLATES),
    ):
        for path in sorted((ROOT / folder).rglob(ending)):
            place = path.relative_to(ROOT).as_posix()
            options = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
            for _, message, _, _ in extract_from_file(how, path, KEYWORDS, (), options):
                if message:
                    yield message, place
    yield from _of_letters()
    for words in (*errors.WORDS.values(), errors.STALE):
        for text in astuple(words):
            yield text, "web/errors.py"


def _of_letters() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """What a letter says by its kind, and the Trust's words as they ship."""
    for kind in (one for one in KINDS.values() if not one.internal):
        yield kind.subject, "letters/kinds.py"
        for part in kind.parts:
            if part.heading:
                yield part.heading, "letters/kinds.py"
        for text in shipped(kind.id)["words"].values():
            yield text, "letters/shipped.py"
    for text in (*MEETING_WAYS.values(), STAFF):
        yield text, "letters/parts.py"
    yield from ((pair, "letters/translated.py") for pair in UNITS_SAID.values())


def path_of(code: str) -> Path:
    return CATALOGUES / f"{code}.po"


def catalogue(code: str) -> Catalog:
    with path_of(code).open("rb") as file:
        return read_po(file, locale=code)


def gather() -> None:
    """Bring every catalogue up to the messages there are."""
    for one in OTHERS:
        path = path_of(one.code)
        old = catalogue(one.code) if path.exists() else Catalog(locale=one.code)
        new = Catalog(
            locale=one.code,
            project="trustconduct",
            charset="utf-8",
            fuzzy=False,
            header_comment=f"# {one.english}. Unreviewed, until the console says who checked it.",
        )
        blank = 0
        for message in messages():
            if not message.id:
                continue
            known = old.get(message.id)
            kept = known.string if known else ""
            blank += not kept
            new.add(message.id, kept, locations=message.locations, flags=message.flags)
        with path.open("wb") as file:
            write_po(file, new, width=100, include_lineno=False, omit_header=False)
        sys.stderr.write(f"{path.name}: {blank} to translate\n")


if __name__ == "__main__":
    gather()
