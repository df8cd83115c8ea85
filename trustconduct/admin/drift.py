"""How schools differ from the edition they are to adopt, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import g, make_response, request, url_for
from flask.wrappers import Response
from flask_admin import expose

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.csv_lists import written
from trustconduct.db import transaction
from trustconduct.oversight.drift import (
    ALL,
    BEHIND,
    LATE,
    NO_EDITION,
    OWN,
    Drift,
    Wanted,
    drift,
    editions_in_force,
    export,
)
from trustconduct.tenants.models import Phase
from trustconduct.web.door import actor, last_seen, needs

A_PAGE = 50
CHIPS = (
    ("", "Every school"),
    (BEHIND, "Still to adopt"),
    (LATE, "Late"),
    (OWN, "With words of their own"),
)
COLUMNS = (
    "School", "Phase", "Suspended", "Edition in force", "Asked to adopt", "Adopt by",
    "Days late", "Clause", "How it differs", "Reason", "Changed on",
)  # fmt: skip


def _wanted(asked: Any) -> Wanted:
    return Wanted(
        *(asked.get(name, "").replace("\0", "")[:40] for name in ("only", "edition", "phase"))
    )


def _address(wanted: Wanted, endpoint: str = "drift.show", **more: Any) -> str:
    chosen = {name: value or None for name, value in vars(wanted).items()}
    return url_for(endpoint, **{**chosen, **more})


class DriftView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def show(self) -> str:
        wanted = _wanted(request.args)
        found = drift(g.session, by=actor(), wanted=wanted, after=last_seen(), most=A_PAGE)
        shown, last = found[:A_PAGE], found[A_PAGE - 1 : A_PAGE]
        more = len(found) > A_PAGE
        editions = editions_in_force(g.session, by=actor())
        return self.render(
            "console/drift.html",
            schools=shown,
            wanted=wanted,
            chips=CHIPS,
            editions=[*((str(n), f"Edition {n}") for n in editions), (NO_EDITION, "None yet")],
            phases=[(phase.value, phase.word) for phase in Phase],
            address=_address,
            first="after" not in request.args,
            onward=_address(wanted, after=f"{last[0].name}|{last[0].school_id}") if more else "",
        )

    @expose("/print")
    @needs(Can.SEE_CONSOLE)
    def print(self) -> str:
        """All that was chosen on one page, with every reason open: for paper."""
        wanted = _wanted(request.args)
        return self.render(
            "console/drift_print.html",
            schools=drift(g.session, by=actor(), wanted=wanted, most=ALL),
            words=dict(CHIPS).get(wanted.only, ""),
            wanted=wanted,
            back=_address(wanted),
            on=clock.day(clock.today()),
        )

    @expose("/export", methods=("POST",))
    @needs(Can.EXPORT)
    def export(self) -> Response:
        with transaction(g.session):
            schools = export(g.session, by=actor(), wanted=_wanted(request.form))
        answer = make_response(written(COLUMNS, _lines(schools)))
        answer.headers["Content-Type"] = "text/csv; charset=utf-8"
        name = f"how-schools-differ-{clock.today().isoformat()}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


def _lines(schools: Iterable[Drift]) -> Iterator[tuple[object, ...]]:
    """A line for each clause that differs, or one for the school."""
    for one in schools:
        whole = (
            one.name,
            one.phase,
            "yes" if one.suspended else "",
            one.edition or "",
            one.asked or "",
            one.adopt_by_on or "",
            one.days_late or "",
        )
        for each in one.differences:
            yield (*whole, each.clause, each.kind.word, each.reason, each.changed_on)
        if not one.differences:
            yield (*whole, "", "", "", "")
