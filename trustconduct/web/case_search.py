"""Finding a report by its words, for who keeps the school's cases."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.conduct.search import LONGEST, PAGE, find_reports
from trustconduct.web.door import needs, note_reading
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("search", __name__, url_prefix="/search")


@pages.get("/")
@needs(Can.SEE_CASES)
def show() -> Response:
    words = request.args.get("words", "").replace("\0", "")[:LONGEST].strip()
    page = min(max(request.args.get("page", 0, type=int), 0), 1_000)
    found = find_reports(g.session, words, page=page)
    made = staff_page(
        "staff/case_search.html",
        words=words,
        found=found[:PAGE],
        onward=school_url("cases.search.show", words=words, page=page + 1)
        if len(found) > PAGE
        else "",
        first_page=school_url("cases.search.show", words=words) if page else "",
        day=clock.day,
    )
    note_reading(Event.CASES_READ, "conduct_case")
    return make_response(made)
