"""An edition, or a paper about it, as the page that is printed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from trustconduct.policies import wording
from trustconduct.policies.print_version import styles


def print_document(
    title: str,
    body: Markup,
    *,
    author: str,
    facts: Sequence[tuple[str, str]],
    warning: str = "",
) -> str:
    """The page as HTML, whole in itself. `facts` stand below the title, `warning` after them."""
    return (
        wording.pages()
        .get_template("document_print.html")
        .render(
            styles=styles(), title=title, body=body, author=author, facts=facts, warning=warning
        )
    )
