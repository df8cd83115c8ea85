"""How a policy's text becomes HTML: the same for the page, the frozen version and the receipt."""

from __future__ import annotations

import re
from functools import cache

import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from trustconduct.policies.differences import Differences
from trustconduct.policies.document import Document

# What inline Markdown may become. No images: they would be fetched from elsewhere.
_TAGS = {"em", "strong", "a", "br"}
_ATTRIBUTES = {"a": {"href"}}
_SCHEMES = {"http", "https", "mailto", "tel"}


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("zero").enable(["emphasis", "link", "autolink", "escape", "newline"])


@cache
def pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("trustconduct.policies"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["inline"] = inline
    return pages


def inline_tokens(text: str) -> list[Token]:
    """The parts of inline Markdown, for what is no HTML."""
    return [child for token in _markdown().parseInline(text) for child in token.children or ()]


def inline(text: str) -> Markup:
    """Inline Markdown (emphasis and links) as safe HTML: scripts and images never pass."""
    made = _markdown().renderInline(text)
    return Markup(  # noqa: S704 - cleaned by nh3 in this very line
        nh3.clean(
            made,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes=_SCHEMES,
            link_rel="noopener noreferrer",
        )
    )


def html(document: Document, *, ids: bool = False, level: int = 2) -> str:
    """The whole text as HTML, without the page around it.

    It is frozen with the version, so that what a parent was shown can be shown
    again in ten years, whatever this file says by then.
    """
    return pages().get_template("policy_text.html").render(document=document, ids=ids, level=level)


def with_ids(document: Document, level: int) -> Markup:
    """The same text as officers read it, each clause with the id that it is cited by."""
    return Markup(html(document, ids=True, level=level))  # noqa: S704 - escaped by its template


def differences_html(found: Differences, *, level: int = 2, all: bool = False) -> Markup:
    """What changed, to be read on a page or on paper; `all` shows unchanged clauses too."""
    page = pages().get_template("differences.html")
    return Markup(page.render(found=found, level=level, all=all))  # noqa: S704 - escaped there


def plain(document: Document) -> str:
    """The whole text without any markup: the copy that goes with a receipt."""
    lines = [document.title, ""]
    for section in document.sections:
        if section.heading:
            lines += [section.heading.upper(), ""]
        number = 0
        for clause in section.clauses:
            number += clause.form == "item"
            mark = f"{number}. " if clause.form == "item" else ""
            lines += [mark + _bare(clause.text)]
            lines += [f"   (Exception: {_bare(text)})" for text in clause.exceptions]
            lines += [""]
    return "\n".join(lines).strip() + "\n"


def _bare(text: str) -> str:
    kept = re.sub(r"\\([\\*_\[\]<>`])", lambda mark: f"\0{ord(mark[1])}\0", text)
    return re.sub(r"\0(\d+)\0", lambda mark: chr(int(mark[1])), _without_marks(kept))


def _without_marks(text: str) -> str:
    return re.sub(r"<(https?://[^>]+)>", r"\1", re.sub(r"\*+([^*]+)\*+", r"\1", text))
