"""HTML to PDF/UA-1, by WeasyPrint. Imported by the sealed process only: it costs half a second."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from trustconduct.sealed.answers import Refused

# Loaded before the doors close, and used by every child: it has looked at all fonts.
_fonts = FontConfiguration()
# The stylesheets of our own pages, parsed once: a tenth of what a letter takes.
_sheets: dict[str, CSS] = {}
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def print_page(html: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The page as PDF, the same bytes for the same page.

    Only `data:` addresses are fetched. Another one is no picture left out but an
    error: our own templates have none, so somebody's words became markup.
    """
    fetcher = URLFetcher(
        allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True, timeout=1
    )
    page, sheets = _with_known_sheet(html.decode())
    try:
        document = HTML(string=page, url_fetcher=fetcher, base_url=None, media_type="print").render(
            font_config=_fonts, pdf_variant="pdf/ua-1", stylesheets=sheets
        )
        # No date, and an id that follows from the text: so that a kept file equals a fresh one.
        pdf = document.write_pdf(
            pdf_variant="pdf/ua-1", pdf_identifier=hashlib.sha256(html).digest()[:16]
        )
    except FatalURLFetchingError:
        raise Refused("address") from None
    return {"pages": len(document.pages)}, pdf


def _with_known_sheet(page: str) -> tuple[str, list[CSS]]:
    """The page without its stylesheet where that is one of ours, and the stylesheet, parsed.

    Only where it is the page's only one: it counts less than one that stands in the page.
    """
    found = _STYLE.search(page)
    sheet = _sheets.get(found[1].strip()) if found else None
    if found is None or sheet is None or page.find("<style", found.end()) > 0:
        return page, []
    return page[: found.start()] + page[found.end() :], [sheet]


_WARM = """<html lang=en-GB><title>x</title><style>{style}</style><h1>A letter</h1>
<header><img class=logo alt=x src="data:image/png;base64,{dot}"><p class=small>01632</p></header>
<div class=top><div class=window><p dir=auto>Sam Sample</p></div><p>Our reference: 1</p></div>
<h2>What happened</h2><p class="govuk-body" dir="auto">We {words} <em>met</em> <b>you</b>.</p>
<dl><div><dt>When</dt><dd dir=auto>Monday</dd></div></dl>
<blockquote class="tc-letter-clause"><p>{words} <span>(behaviour.1)</span></p></blockquote>
<p class=signed>Yours</p></html>"""
_DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)


def warm_up() -> None:
    """Print a page before the first one that counts, so that every child has all of it loaded."""
    for place in sorted(Path(__file__).parents[1].glob("*/templates/*_print.css")):
        style = place.read_text("utf-8").strip()
        _sheets[style] = CSS(string=style, font_config=_fonts)
        words = "The quick brown fox (jumps) over 13 lazy dogs; “why?” ‘x’ – is & isn’t. " * 8
        for _ in range(2):
            print_page(_WARM.format(style=style, words=words, dot=_DOT).encode(), {})


def warm_child() -> None:
    """Print a short page: what a child copies of its parent's memory, it has then."""
    print_page(b"<html lang=en-GB><title>x</title><h1>x</h1><p>A <em>b</em> <b>c</b></p>", {})
