"""The finder: a parent says what they want, and sees the best ways to reach school now.

Also as a block for the school's own website, and as JSON for whoever shows it there.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, url_for

from trustconduct import clock
from trustconduct.contact_matrix.changes import promised
from trustconduct.contact_matrix.finder import Way, ways
from trustconduct.contact_matrix.hours import words
from trustconduct.contact_matrix.matrix import Matrix, Purpose
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.policies.document import CONCERN
from trustconduct.policies.facts import fill
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import facts_of, promises_of, settings_of
from trustconduct.tenants.calendars import calendar_of
from trustconduct.web.door import enter_school, found, open_to_all
from trustconduct.web.kept import kept_pages
from trustconduct.web.public import school_page
from trustconduct.web.speaking import own_matrix, own_section, speak, spoken

pages = Blueprint("finder", __name__, url_prefix="/<school>/contact")
pages.url_value_preprocessor(enter_school)
pages.before_request(lambda: speak())


@pages.get("/<purpose_id>")
@open_to_all
def show(purpose_id: str) -> Response:
    """The ways for one purpose. It says what is open now, so it is made anew each minute."""

    def make() -> str:
        matrix = _matrix()
        purpose = _purpose(matrix, purpose_id)
        return school_page(
            "public/finder.html",
            here="contact",
            purpose=purpose,
            ways=_ways(matrix, purpose),
            others=[one for one in matrix.purposes if one.id != purpose.id],
            concern=_concern(),
        )

    return kept_pages().page(f"contact/{purpose_id[:80]}", make, also=_minute())


@pages.get("/block")
@open_to_all
def block() -> Response:
    """The purposes, small enough for a frame on the school's own website."""

    def make() -> str:
        return school_page("public/block.html", purposes=_matrix().purposes)

    return _framed(kept_pages().page("contact block", make))


@pages.get("/block/<purpose_id>")
@open_to_all
def block_of(purpose_id: str) -> Response:
    def make() -> str:
        matrix = _matrix()
        purpose = _purpose(matrix, purpose_id)
        return school_page("public/block.html", purpose=purpose, ways=_ways(matrix, purpose))

    name = f"contact block/{purpose_id[:80]}"
    return _framed(kept_pages().page(name, make, also=_minute()))


@pages.get("/ways.json")
@open_to_all
def as_json() -> Response:
    """The same for other programs: purposes, each with its ways as they are at this minute."""
    matrix = _matrix()
    answer = jsonify(
        {
            "school": g.school.name,
            "at": clock.local(clock.now()).replace(second=0, microsecond=0).isoformat(),
            "purposes": [
                {
                    "id": purpose.id,
                    "text": purpose.text,
                    "page": url_for(
                        "finder.show",
                        school=g.school.slug,
                        purpose_id=purpose.id,
                        _external=True,
                    ),
                    "ways": [_json(way) for way in _ways(matrix, purpose)],
                }
                for purpose in matrix.purposes
            ],
        }
    )
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.headers["Access-Control-Allow-Origin"] = "*"  # it is public, and nobody's own
    return answer


def _json(way: Way) -> dict[str, Any]:
    route = way.route
    return {
        "id": route.id,
        "text": route.text,
        "kind": way.reach.kind.value,
        "detail": way.reach.shown,
        "href": way.reach.href,
        "open": way.standing.value,
        "hours": words(route.hours),
        "now": way.hours_now,
        "who": route.who,
        "expect": way.expect,
        "note": route.note,
        "cover": way.cover,
    }


def _matrix() -> Matrix:
    """The school's matrix with its facts in it; a school without one has none of these pages."""
    saved = found(current_matrix(g.session))
    settings = settings_of(g.session)
    facts = facts_of(g.session, g.school, settings)
    whole = promised(saved.matrix, **promises_of(g.session, settings))
    return own_matrix(whole.reworded(lambda text: fill(text, facts)))


def _purpose(matrix: Matrix, id: str) -> Purpose:
    return found(matrix.purpose(id))


def _ways(matrix: Matrix, purpose: Purpose) -> list[Way]:
    return ways(matrix, purpose, clock.now(), calendar_of(g.session), spoken())


def _concern() -> list[tuple[str, bool]]:
    """The steps for a concern, as the code in force says them, and whether each is translated."""
    version = version_in_force(g.session)
    section = version.document.section(CONCERN) if version else None
    return own_section(section) if section else []


def _minute() -> str:
    return f"{clock.local(clock.now()):%Y-%m-%d %H:%M}"


def _framed(response: Response) -> Response:
    """Let the websites that the school has named show it in a frame, and no other."""
    by = " ".join(settings_of(g.session).framed_by) or "'none'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self';"
        f" img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors {by}"
    )
    return response
