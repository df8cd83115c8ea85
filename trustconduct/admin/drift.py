"""How schools differ from the Trust's newest edition, each with its reason."""

from __future__ import annotations

from flask import g, request, url_for
from flask_admin import expose

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.oversight.drift import BEHIND, OWN, drift
from trustconduct.web.door import actor, last_seen, needs

A_PAGE = 50
CHIPS = (("", "Every school"), (BEHIND, "Behind"), (OWN, "With words of their own"))


class DriftView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def show(self) -> str:
        only = request.args.get("only", "")
        found = drift(g.session, by=actor(), only=only, after=last_seen(), most=A_PAGE)
        shown, last = found[:A_PAGE], found[A_PAGE - 1 : A_PAGE]
        more = len(found) > A_PAGE
        return self.render(
            "console/drift.html",
            schools=shown,
            only=only,
            chips=CHIPS,
            first="after" not in request.args,
            onward=url_for("drift.show", only=only, after=f"{last[0].name}|{last[0].school_id}")
            if more
            else "",
        )
