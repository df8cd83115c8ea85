"""Lists of answers taken out as files, and how far a version has come, as pictures with tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.coverage import Point, by_year, over_time
from trustconduct.acknowledgements.lists import WORDS, Exported, Wanted, counts, export
from trustconduct.acknowledgements.receipt_page import moment
from trustconduct.csv_lists import written
from trustconduct.db import transaction
from trustconduct.excel_lists import workbook
from trustconduct.policies.versions import version_in_force
from trustconduct.web.door import actor, found, needs
from trustconduct.web.downloads import to_save
from trustconduct.web.navigation import staff_page

pages = Blueprint("lists", __name__)

COLUMNS = ("Name", "Email", "Answer", "When", "Name typed")


def wanted_of(typed: Mapping[str, str]) -> Wanted:
    """What a list is to show, out of an address or a form; what makes no sense is left out."""

    def word(name: str) -> str:
        return typed.get(name, "").replace("\0", "")[:200]

    try:
        on = date.fromisoformat(word("on"))
    except ValueError:
        on = None
    status = word("status")
    return Wanted(
        status=status if status in WORDS else "",
        year=word("year"),
        relationship=word("relationship"),
        on=on if on and date(2000, 1, 1) < on < clock.today() else None,
        newest_first=word("sort") == "newest",
    )


def chosen_of(wanted: Wanted) -> dict[str, str]:
    """The same as an address has it."""
    all_ = {
        "status": wanted.status,
        "year": wanted.year,
        "relationship": wanted.relationship,
        "on": wanted.on.isoformat() if wanted.on else "",
        "sort": "newest" if wanted.newest_first else "",
    }
    return {name: value for name, value in all_.items() if value}


@pages.post("/export")
@needs(Can.EXPORT)
def take_out() -> Response:
    """The list as a file, CSV or Excel. Who must not be told is not in it."""
    kind = "xlsx" if request.form.get("kind") == "xlsx" else "csv"
    wanted = wanted_of(request.form)
    version = found(version_in_force(g.session, wanted.on))
    with transaction(g.session):
        rows = export(g.session, version, wanted, by=actor())
    lines = [_cells(row) for row in rows]
    name = f"{g.school.slug}-acknowledgements-{(wanted.on or clock.today()).isoformat()}.{kind}"
    if kind == "csv":
        return to_save(written(COLUMNS, lines), name)
    return to_save(workbook(COLUMNS, lines, sheet="Acknowledgements"), name)


def _cells(row: Exported) -> tuple[str, ...]:
    when = moment(row.answered_at) if row.answered_at else ""
    return (row.name, row.email, row.status, when, row.signed_as)


@dataclass(frozen=True)
class Drawn:
    """A line of points in a picture of 600 by 220."""

    asked: str
    signed: str
    most: int


WIDE, HIGH, LEFT, BOTTOM = 600, 220, 40, 30


def drawn(points: Sequence[Point]) -> Drawn:
    """The two lines as SVG has them: adults asked, and adults who have acknowledged."""
    most = max((point.asked for point in points), default=0) or 1
    first = points[0].on if points else clock.today()
    days = max((points[-1].on - first).days, 1) if points else 1

    def line(name: str) -> str:
        each = (
            (
                LEFT + (WIDE - LEFT - 10) * (point.on - first).days / days,
                10 + (HIGH - BOTTOM - 10) * (1 - getattr(point, name) / most),
            )
            for point in points
        )
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in each)

    return Drawn(line("asked"), line("signed"), most)


@pages.get("/coverage")
@needs(Can.SEE_ANSWERS)
def coverage() -> Response:
    """Numbers without names: by adults, by pupils, by year group, week by week."""
    wanted = wanted_of(request.args)
    version = version_in_force(g.session, wanted.on)
    if version is None:
        return make_response(staff_page("staff/answers.html", version=None, wanted=wanted))
    points = over_time(g.session, version, wanted.on)
    years = by_year(g.session, version, wanted.on)
    shown: dict[str, Any] = {
        "version": version,
        "wanted": wanted,
        "counts": counts(g.session, version, Wanted(on=wanted.on)),
        "years": years,
        "pupils": sum(year.pupils for year in years),
        "one": sum(year.one for year in years),
        "all": sum(year.all for year in years),
        "points": points,
        "drawn": drawn(points),
        "day": clock.day,
    }
    return make_response(staff_page("staff/coverage.html", **shown))
