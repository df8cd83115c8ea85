"""In which language a parent's page speaks: by its address, `?lang=ur`, and English otherwise.

By the address and not by a cookie, so that a page can be kept, passed on and printed
as a code in each language, and reading it leaves nothing behind.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, has_app_context, request
from markupsafe import Markup, escape
from sqlalchemy import func, select

from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.languages.spoken import ENGLISH, LANGUAGES, Language, language
from trustconduct.policies.document import Section
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.translation_models import ClauseTranslation, LanguageReview
from trustconduct.policies.translations import (
    Words,
    fitted,
    in_language,
    matrix_in,
    newest,
    reviews,
)
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import works


def spoken() -> Language:
    """The language of this page: staff's pages are English."""
    return g.get("language", ENGLISH) if has_app_context() else ENGLISH


def speak(otherwise: str = "en") -> None:
    """Let this page speak the language that its address asks for, else this one."""
    g.language = asked_for() or language(otherwise) or ENGLISH


def asked_for() -> Language | None:
    return language(request.args.get("lang"))


def say(message: str, /, **values: Any) -> str:
    return spoken().say(message, **values)


def tongue(also: str = "") -> str:
    """What a link carries, so that the next page speaks the same language."""
    here = spoken()
    if here.is_english and not (asked_for() and request.blueprint == "sign"):
        return f"?{also}" if also else ""
    return f"?{also}&lang={here.code}" if also else f"?lang={here.code}"


def also_asked() -> Markup:
    """What else the address asks, to stay when the language is switched."""
    more = [(name, value) for name, value in request.args.items() if name == "again"]
    return escape(f"&{urlencode(more)}") if more else Markup()


def in_figures(text: Any) -> Any:
    """A number or an address: read from left to right, whatever stands around it."""
    return text if spoken().direction == "ltr" else Markup('<bdi dir="ltr">{}</bdi>').format(text)


def stamp(session: ScopedSession) -> tuple[Any, ...]:
    """What a page in another language is made from, beside what the English one is."""
    if spoken().is_english:
        return ()
    said, checked = (
        select(func.count()).select_from(table).where(table.language == spoken().code)
        for table in (ClauseTranslation, LanguageReview)
    )
    return tuple(session.execute(select(said.scalar_subquery(), checked.scalar_subquery())).one())


def translations() -> dict[str, ClauseTranslation]:
    """The translations into this page's language, asked for once."""
    if "translations" not in g:
        g.translations = newest(g.session, spoken().code)
    return g.translations


def own_words(version: SchoolVersion) -> Words:
    """A version's text in this page's language: the frozen text itself where that is English."""
    if spoken().is_english:
        return Words(version.html)
    return in_language(version.document, translations(), spoken())


def own_matrix(matrix: Matrix) -> Matrix:
    """The contact matrix in this page's language; what stays English is remembered as such."""
    if spoken().is_english:
        return matrix
    made = matrix_in(matrix, translations(), spoken())
    before = [one.text for one in matrix.purposes] + [one.text for one in matrix.routes]
    after = [one.text for one in made.purposes] + [one.text for one in made.routes]
    g.left_in_english = {was for was, now in zip(before, after, strict=True) if was == now}
    return made


def in_english(text: str) -> Markup:
    """What a tag carries around a text that nobody has translated."""
    is_english = text in g.get("left_in_english", ())
    return Markup(' lang="en-GB"') if is_english else Markup()


def own_section(section: Section) -> list[tuple[str, bool]]:
    """The items of a section, each with whether it is in this page's language."""
    if spoken().is_english:
        return [(clause.text, True) for clause in section.items]
    found = []
    for clause in section.items:
        part = fitted(translations().get(clause.id), clause.text, clause.exceptions)
        found.append((part.text if part else clause.text, part is not None))
    return found


def reviewed() -> bool:
    """Whether a named person has said that this language's fixed texts are right."""
    session = g.get("session")
    if session is not None:
        return spoken().code in reviews(session)
    with works().sessions.accounts(read_only=True) as own:
        return spoken().code in reviews(own)


def fill_templates(app: Flask) -> None:
    """Give templates their messages: `_("…")` in the page's language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        say, lambda one, more, number: spoken().many(one, more, number), newstyle=True
    )
    app.jinja_env.globals.update(
        spoken=spoken,
        languages=LANGUAGES,
        tongue=tongue,
        also_asked=also_asked,
        reviewed=reviewed,
        in_english=in_english,
        in_figures=in_figures,
        in_words=lambda on: spoken().day(on),
    )
