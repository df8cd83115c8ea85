"""The notice for the entrance and the reception desk, as the page that is printed."""

from __future__ import annotations

import segno

from trustconduct.languages.spoken import OTHERS
from trustconduct.policies import wording
from trustconduct.policies.document import BEHAVIOUR
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.print_version import Badge, styles


def _code(address: str) -> str:
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=8, border=0)


def print_notice(
    version: SchoolVersion,
    *,
    school_name: str,
    trust_name: str,
    address: str,
    telephone: str,
    badge: Badge | None,
) -> str:
    """One A4 page as HTML, whole in itself: what is not accepted, in the version's own words.

    `address` is that of the policy page, which the QR codes open, one for each language: it shows
    whatever version is in force.
    """
    sections = [one for one in version.document.sections if one.id == BEHAVIOUR]
    return (
        wording.pages()
        .get_template("notice_print.html")
        .render(
            styles=styles(),
            version=version,
            points=[clause for section in sections for clause in section.items],
            school_name=school_name,
            trust_name=trust_name,
            address=address.partition("://")[2],
            telephone=telephone,
            badge=badge,
            qr=_code(address),
            others=[
                (one, one.say("Read our code of conduct"), _code(f"{address}?lang={one.code}"))
                for one in OTHERS
            ],
        )
    )
