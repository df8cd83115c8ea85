"""A letter as HTML: its words, frozen with it, and the page that is printed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from trustconduct import clock
from trustconduct.languages.spoken import ENGLISH, Language, language
from trustconduct.letters.compose import Composed
from trustconduct.letters.models import Way
from trustconduct.policies.wording import inline


@cache
def pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("trustconduct.letters"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["inline"] = inline
    pages.globals["day"] = clock.day
    return pages


@cache
def _styles() -> Markup:
    place = resources.files("trustconduct.letters") / "templates" / "letter_print.css"
    return Markup(place.read_text("utf-8"))  # noqa: S704 - a file of ours


@dataclass(frozen=True)
class Logo:
    """The picture on the letterhead."""

    content: bytes
    media_type: str

    @property
    def address(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


def words_html(letter: Composed) -> str:
    """The words as the addressee's page shows them: frozen with the letter."""
    offered = _language(letter.offer_language)
    return pages().get_template("letter_words.html").render(letter=letter, offered=offered)


def translation_html(letter: Composed) -> str:
    """The words in the letter's other language, frozen beside the English; blank for none."""
    if letter.translation is None:
        return ""
    return (
        pages()
        .get_template("letter_words_other.html")
        .render(letter=letter, said=letter.translation, _=_language(letter.language).say)
    )


def _language(code: str) -> Language:
    return language(code) or ENGLISH


def print_letter(
    letter: Composed, logo: Logo | None, *, draft: bool, large: bool = False, colour: str = ""
) -> str:
    """The letter as the page that is printed, whole in itself.

    `draft`: it says across its head that it is none yet. `large`: 18 point. `colour`: of the
    line below the letterhead, #rrggbb; all words are black on white.
    """
    lines = [line.strip() for line in letter.to_address.split(",") if line.strip()]
    return (
        pages()
        .get_template("letter_print.html")
        .render(
            letter=letter,
            words=Markup(words_html(letter)),  # noqa: S704 - escaped by its own template
            other=Markup(translation_html(letter)),  # noqa: S704 - likewise
            language=_language(letter.language),
            _=_language(letter.language).say,
            colour=colour,
            lines=lines[:7],
            logo=logo,
            styles=_styles(),
            draft=draft,
            large=large,
            wanted=Way(letter.way).word if letter.way else "",
        )
    )
