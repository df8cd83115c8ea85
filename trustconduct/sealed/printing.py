"""HTML to PDF/UA-1, by WeasyPrint. Imported by the sealed process only: it costs half a second."""

from __future__ import annotations

import hashlib
from typing import Any

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from trustconduct.sealed.answers import Refused

# Loaded before the doors close, and used by every child: it has looked at all fonts.
_fonts = FontConfiguration()


def print_page(html: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The page as PDF, the same bytes for the same page.

    Only `data:` addresses are fetched. Another one is no picture left out but an
    error: our own templates have none, so somebody's words became markup.
    """
    fetcher = URLFetcher(
        allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True, timeout=1
    )
    try:
        document = HTML(
            string=html.decode(), url_fetcher=fetcher, base_url=None, media_type="print"
        ).render(font_config=_fonts, pdf_variant="pdf/ua-1")
        # No date, and an id that follows from the text: so that a kept file equals a fresh one.
        pdf = document.write_pdf(
            pdf_variant="pdf/ua-1", pdf_identifier=hashlib.sha256(html).digest()[:16]
        )
    except FatalURLFetchingError:
        raise Refused("address") from None
    return {"pages": len(document.pages)}, pdf


def warm_up() -> None:
    """Print a page before the first one that counts, so that every child has all of it loaded."""
    print_page(b"<html lang=en-GB><title>x</title><h1>x</h1><p>A <em>b</em> <b>c</b></p>", {})
