"""What anyone may read: the Trust's front page, and each school's code and ways to reach it."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    render_template,
    request,
    send_from_directory,
)

from trustconduct import clock
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.files.take_in import content_of
from trustconduct.plain_log import log
from trustconduct.policies import wording
from trustconduct.policies.differences import differences
from trustconduct.policies.facts import fill
from trustconduct.policies.in_short import EASY_READ
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.print_version import Badge, print_version
from trustconduct.policies.versions import history, version_in_force, version_numbered
from trustconduct.schools.badge import badge_of, small_badge
from trustconduct.schools.look import look_of, look_styles
from trustconduct.schools.occasions import to_come
from trustconduct.schools.settings import facts_of, promises_of, settings_of
from trustconduct.sealed.room import Busy, Failed
from trustconduct.web.door import enter_school, found, open_to_all, works
from trustconduct.web.kept import Kept, kept_pages
from trustconduct.web.printed import Printed
from trustconduct.web.speaking import own_matrix, own_words, say, speak
from trustconduct.web.watch import number_of

BUILD = Path(__file__).parent / "static" / "build"

pages = Blueprint("public", __name__)
school_pages = Blueprint("school", __name__, url_prefix="/<school>")
school_pages.url_value_preprocessor(enter_school)
for each in (pages, school_pages):
    each.before_request(lambda: speak())


@pages.get("/")
@open_to_all
def front() -> str:
    directory = works().directory
    return render_template(
        "public/front.html", trust=directory.trust(), schools=directory.schools()
    )


@pages.get("/static/build/<path:name>")
@open_to_all
def asset(name: str) -> Response:
    """A built file, compressed where the browser takes it: its address changes when it does."""
    if len(name) > 100:  # longer than any of ours, and than a file system takes
        abort(404)
    path, more = name, {}
    for ending, word in ((".br", "br"), (".gz", "gzip")):
        if word in request.accept_encodings and (BUILD / (name + ending)).is_file():
            path, more = name + ending, {"Content-Encoding": word}
            break
    response = send_from_directory(BUILD, path, mimetype=_mime(name))
    response.headers.update({**more, "Vary": "Accept-Encoding"})
    return _for_ever(response)


def _mime(name: str) -> str | None:
    endings = {
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
    return endings.get(Path(name).suffix)


def _printed() -> Printed:
    """The PDFs that were printed before."""
    return current_app.extensions["trustconduct.printed"]


@pages.get("/static/look/<colours>.css")
@open_to_all
def look_sheet(colours: str) -> Response:
    """A school's two colours. Its address says all that is in it."""
    if not re.fullmatch("[0-9a-f]{6}-[0-9a-f]{6}", colours):
        abort(404)
    return _for_ever(Response(look_styles(colours), content_type="text/css; charset=utf-8"))


@school_pages.get("/badge/<uuid:file_id>")
@open_to_all
def badge(file_id: UUID) -> Response:
    """The school's badge, small: parents' pages show it. Another badge has another address."""
    stored = found(small_badge(g.session, file_id))
    return _for_ever(Response(content_of(g.session, stored), content_type=stored.media_type))


def _for_ever(response: Response) -> Response:
    response.cache_control.max_age = 31_536_000
    response.cache_control.public = response.cache_control.immutable = True
    return response


def school_page(template: str, **more) -> str:
    """A page of the school; a `matrix` is shown with the school's facts in it."""
    facts = facts_of(g.session, g.school, settings_of(g.session))
    if more.get("matrix"):
        filled = more["matrix"].matrix.reworded(lambda text: fill(text, facts))
        more["matrix"] = own_matrix(filled)
    return render_template(
        template,
        facts=facts,
        trust=works().directory.trust(),
        look=look_of(g.session),
        cached=True,
        **more,
    )


@school_pages.get("/")
@open_to_all
def home() -> Response:
    return kept_pages().page(
        "home",
        lambda: school_page(
            "public/home.html", version=version_in_force(g.session), occasions=to_come(g.session)
        ),
    )


def _printed_page(number: int | None = None) -> Kept:
    """The page that the PDF is made of: of a version by its number, else of the one in force."""

    def make() -> str:
        now = version_in_force(g.session)
        version = found(now if number is None else version_numbered(g.session, number))
        current = now is not None and now.number == version.number
        matrix = current_matrix(g.session) if current else None
        facts = facts_of(g.session, g.school, settings_of(g.session))
        badge = badge_of(g.session)
        return print_version(
            version,
            trust_name=works().directory.trust().name,
            matrix=matrix.matrix.reworded(lambda text: fill(text, facts)) if matrix else None,
            badge=Badge(content_of(g.session, badge), badge.media_type) if badge else None,
            superseded=not current,
        )

    return kept_pages().kept(f"print/{number or ''}", make)


def _pdf_link(number: int | None = None) -> dict[str, str]:
    """Where the PDF is, and how large where it has been printed already."""
    size = _printed().size(_printed_page(number).body)
    path = f"policy/{number}" if number else "policy"
    return {
        "href": f"/{g.school.slug}/{path}.pdf",
        "size": f"{max(1, round(size / 1000))} kB" if size else "",
    }


def _pdf(number: int | None = None) -> Response:
    """The PDF, to be saved: a browser's own viewer is not bound by our headers.

    Where it can't be made, a page says so and leads to the text: status 503.
    """
    page = _printed_page(number)
    headers = {"ETag": f'"{page.etag}"', "Cache-Control": "public, no-cache"}
    if page.etag in request.if_none_match:
        return Response(status=304, headers=headers)
    g.session.rollback()  # printing may take seconds: no connection waits for it
    try:
        pdf = _printed().pdf(page.body)
    except Failed as no:
        soon = isinstance(no, Busy)
        log.error("A PDF was not printed.", error=type(no).__name__)
        body = school_page(
            "public/no_pdf.html", here="policy", soon=soon, number=number, asked=number_of(request)
        )
        again = {"Retry-After": "30"} if soon else {}
        return Response(body, 503, {"Cache-Control": "no-store", **again})
    name = f"{g.school.slug}-code-of-conduct{f'-version-{number}' if number else ''}.pdf"
    headers["Content-Disposition"] = f"attachment; filename={name}"
    return Response(pdf, headers=headers, content_type="application/pdf")


@school_pages.get("/policy.pdf")
@open_to_all
def policy_pdf() -> Response:
    return _pdf()


@school_pages.get("/policy/<int:number>.pdf")
@open_to_all
def policy_version_pdf(number: int) -> Response:
    _shown_version(number)
    return _pdf(number)


@school_pages.get("/policy")
@open_to_all
def policy() -> Response:
    def make() -> str:
        version = version_in_force(g.session)
        matrix = current_matrix(g.session)
        return school_page(
            "public/policy.html",
            here="policy",
            version=version,
            current=True,
            matrix=matrix,
            words=own_words(version) if version else None,
            versions=history(g.session),
            pdf=_pdf_link() if version else None,
        )

    return kept_pages().page("policy", make, also=_printed().changed())


@school_pages.get("/policy/<int:number>")
@open_to_all
def policy_version(number: int) -> Response:
    version = _shown_version(number)

    def make() -> str:
        now = version_in_force(g.session)
        return school_page(
            "public/policy.html",
            here="policy",
            version=version,
            current=now is not None and now.number == number,
            matrix=None,
            words=own_words(version),
            versions=history(g.session),
            pdf=_pdf_link(number),
        )

    return kept_pages().page(f"policy/{number}", make, also=_printed().changed())


@school_pages.get("/policy/<int:number>/changes")
@open_to_all
def policy_changes(number: int) -> Response:
    """What changed in a version since the one that was in force before it."""

    def make() -> str:
        version = _shown_version(number)
        earlier = [one.number for one in history(g.session) if one.number < number]
        before = version_numbered(g.session, earlier[0]) if earlier else None
        changes = differences(before.document, version.document) if before else None
        return school_page(
            "public/changes.html",
            here="policy",
            version=version,
            before=before,
            changes=wording.differences_html(changes) if changes and not changes.is_empty else "",
        )

    return kept_pages().page(f"policy/{number}/changes", make)


def _shown_version(number: int) -> SchoolVersion:
    version = found(version_numbered(g.session, number) if number < 2**31 else None)
    if version.in_force_on > clock.today():
        abort(404)  # published ahead: not for parents before its day
    return version


@school_pages.get("/policy/easy-read")
@open_to_all
def easy_read() -> Response:
    """The code in plain short sentences, with pictures; a school without a code has none."""

    def make() -> str:
        found(version_in_force(g.session))
        parts = [
            (picture, say(heading), [say(one) for one in sentences])
            for picture, heading, sentences in EASY_READ
        ]
        return school_page("public/easy_read.html", here="policy", parts=parts)

    return kept_pages().page("easy read", make)


@school_pages.get("/contact")
@open_to_all
def contact() -> Response:
    def make() -> str:
        matrix = current_matrix(g.session)
        promises = promises_of(g.session, settings_of(g.session))
        return school_page("public/contact.html", here="contact", matrix=matrix, promises=promises)

    return kept_pages().page("contact", make)


@school_pages.get("/accessibility")
@open_to_all
def accessibility() -> Response:
    return kept_pages().page("accessibility", lambda: school_page("public/accessibility.html"))


@school_pages.get("/emails")
@open_to_all
def emails() -> Response:
    """How to tell whether an email is ours. Every email of ours names this address."""

    def make() -> str:
        settings = works().settings
        site = settings.BASE_URL.rstrip("/").partition("://")[2]
        return school_page("public/emails.html", mail_from=settings.MAIL_FROM, site=site)

    return kept_pages().page("emails", make)


@school_pages.get("/privacy")
@open_to_all
def privacy() -> Response:
    return kept_pages().page("privacy", lambda: school_page("public/privacy.html"))
