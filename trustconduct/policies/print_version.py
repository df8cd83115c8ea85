"""A school's version as the page that is printed: the frozen words, and whose and since when."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from markupsafe import Markup

from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.policies import wording
from trustconduct.policies.models import SchoolVersion

TICK = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">'
    b'<path d="m4 12.6 5 5L20 6.4" fill="none" stroke="#000" stroke-width="3.2"'
    b' stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


@dataclass(frozen=True)
class Badge:
    """A school's badge, as it was taken in."""

    content: bytes
    media_type: str

    @property
    def address(self) -> str:
        return _address(self.media_type, self.content)


def _address(media_type: str, content: bytes) -> str:
    """The picture itself as an address: what prints a page fetches nothing."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def print_version(
    version: SchoolVersion,
    *,
    trust_name: str,
    matrix: Matrix | None,
    badge: Badge | None,
    superseded: bool = False,
) -> str:
    """The page as HTML, whole in itself, the same for the same version and matrix.

    The policy's words are the frozen HTML that parents read on the page; the
    school's name, the days and the review are those that stand under the hash.
    `superseded`: it is no longer in force, and says so.
    """
    said = json.loads(version.text)
    return (
        wording.pages()
        .get_template("policy_print.html")
        .render(
            styles=styles(),
            tick=_address("image/svg+xml", TICK),
            version=version,
            words=Markup(version.html),  # noqa: S704 - escaped by its own template when it was frozen
            title=said["document"]["title"] or "Code of conduct for parents and carers",
            school_name=said["school"]["name"],
            trust_name=trust_name,
            board_on=date.fromisoformat(said["board_on"]) if said["board_on"] else None,
            review=said["review"],
            matrix=matrix,
            badge=badge,
            superseded=superseded,
        )
    )


@cache
def styles() -> Markup:
    place = resources.files("trustconduct.policies") / "templates" / "policy_print.css"
    return Markup(place.read_text("utf-8"))  # noqa: S704 - a file of ours
