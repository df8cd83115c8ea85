"""A school's version beside another of its own, or beside the edition that it stands on."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.policies.differences import differences
from trustconduct.policies.facts import fill
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.versions import history, version_numbered
from trustconduct.policies.word_document import WordDocument
from trustconduct.policies.wording import differences_html
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.web.door import found, needs, read
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Nothing
from trustconduct.web.navigation import staff_page

pages = Blueprint("versions", __name__, url_prefix="/versions")
EDITION = "edition"  # compare with the Trust's words, and not with another version


def _version(number: int) -> SchoolVersion:
    return found(version_numbered(g.session, number) if number < 2**31 else None)


@pages.get("/<int:number>")
@needs(Can.CHANGE_SETTINGS)
def show(number: int) -> Response:
    """What changed since the version before, until somebody chooses another."""
    version = _version(number)
    numbers = sorted(one.number for one in history(g.session) if one.number != number)
    earlier = [each for each in numbers if each < number]
    chosen = request.args.get("with", "")
    if chosen != EDITION and not (chosen.isascii() and chosen.isdigit() and int(chosen) in numbers):
        chosen = str(earlier[-1]) if earlier else EDITION
    new = version.document
    if chosen == EDITION:
        # The edition with the school's facts in it: what differs is its own words.
        edition = found(g.session.get(Edition, version.edition_id))
        facts = facts_of(g.session, g.school, settings_of(g.session))
        old, named = edition.document.filled(facts), f"the Trust’s edition {edition.number}"
    else:
        old, named = _version(int(chosen)).document, f"version {chosen}"
    changes = differences(old, new)
    page = staff_page(
        "staff/compare.html",
        version=version,
        numbers=numbers,
        chosen=chosen,
        named=named,
        EDITION=EDITION,
        changes=None if changes.is_empty else differences_html(changes),
    )
    return make_response(page)


@pages.post("/<int:number>/document")
@needs(Can.CHANGE_SETTINGS)
def document(number: int) -> Response:
    """The version as a Word document. Its PDF is public, at the version's own address."""
    version = _version(number)
    read(Nothing)
    text = version.document
    word = WordDocument(text.title, author=g.school.name)
    word.facts(
        [
            ("Version", f"{version.number}"),
            ("In force from", clock.day(version.in_force_on)),
            ("Published by", version.published_by),
            ("From the Trust’s edition", f"{version.edition_number}"),
        ]
    )
    word.policy(text)
    if saved := current_matrix(g.session):
        facts = facts_of(g.session, g.school, settings_of(g.session))
        word.heading("How to reach school")
        word.matrix(saved.matrix.reworded(lambda text: fill(text, facts)))
    word.heading("About this text")
    word.text(f"The text of a version never changes. Its fingerprint is {version.sha256}.")
    return to_save(word.bytes(), f"{g.school.slug}-code-of-conduct-version-{number}.docx")
