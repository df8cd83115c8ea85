"""The console's first page: where every school stands, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g
from flask_admin import AdminIndexView, expose
from sqlalchemy import select
from sqlalchemy.orm import load_only

from trustconduct.accounts.permissions import Can
from trustconduct.admin.tasks import AtTrust, trust_tasks
from trustconduct.admin.views import Console
from trustconduct.oversight.heads import heads
from trustconduct.oversight.overview import overview
from trustconduct.policies.models import Edition
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import actor, mine, needs, works


class OverviewView(Console, AdminIndexView):
    def __init__(self, **more: str) -> None:
        super().__init__(**more)
        # Flask-Admin's own files (Bootstrap, jQuery) are served nowhere.
        self.static_folder = None

    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> str:
        # Accounts first: a page that holds two connections waits for itself where all are taken.
        with works().sessions.accounts(read_only=True) as session:
            led = heads(session, by=actor())
        shown = overview(g.session, by=actor())
        at = AtTrust(shown, editions(g.session), led)
        return self.render(
            "console/overview.html",
            overview=shown,
            tasks=trust_tasks.waiting(g.session, at, mine()),
            share=share,
        )


def editions(session: ScopedSession) -> Sequence[Edition]:
    """Every edition, newest first, without its text: a list of ten would be megabytes."""
    return session.scalars(
        select(Edition)
        .options(
            load_only(
                Edition.number,
                Edition.board_on,
                Edition.review_text,
                Edition.source_name,
                Edition.made_at,
                Edition.approved_at,
                Edition.published_at,
                Edition.consulted_until,
                Edition.withdrawn_at,
                Edition.superseded_at,
                raiseload=True,
            )
        )
        .order_by(Edition.number.desc())
    ).all()


def share(part: int, whole: int) -> str:
    """A share in words. Never rounded up: 199 of 200 are not everybody."""
    if not whole:
        return ""
    if 0 < part * 100 < whole:
        return "under 1%"
    return f"{part * 100 // whole}%"
