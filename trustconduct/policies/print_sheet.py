"""Sheets of paper to sign, one A4 page for each adult, as the page that is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import segno

from trustconduct.policies import wording
from trustconduct.policies.in_short import IN_SHORT
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.print_version import styles


@dataclass(frozen=True)
class SheetPage:
    """What one sheet says; `link` is its own, and stands in its QR code alone."""

    reference: str
    name: str
    address: str
    year: str
    link: str
    closes_on: date

    @property
    def qr(self) -> str:
        return segno.make(self.link, error="m", micro=False).svg_data_uri(scale=4, border=0)


def print_sheets(
    version: SchoolVersion,
    sheets: Sequence[SheetPage],
    *,
    school_name: str,
    trust_name: str,
    policy_at: str,
    telephone: str,
) -> str:
    """The sheets as HTML, whole in itself. `policy_at`: where everybody may read the code."""
    return (
        wording.pages()
        .get_template("sheet_print.html")
        .render(
            styles=styles(),
            version=version,
            sheets=sheets,
            points=IN_SHORT,
            school_name=school_name,
            trust_name=trust_name,
            policy_at=policy_at.partition("://")[2],
            telephone=telephone,
        )
    )
