"""What every page of the console shares: its guard, its session, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, g, make_response, render_template, request
from flask.wrappers import Response
from flask_admin import BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from flask_login import current_user
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.clock import Term
from trustconduct.reviews.reminders import when
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import SAFE, found, mine, needs, sign_in_first, works
from trustconduct.web.navigation import CONSOLE, frame

# No list is longer than this; a page number from the address must not reach PostgreSQL's limits.
MOST_PAGES = 10_000


class Console(BaseView):
    """A page of the console. Opens nothing before it knows who is there.

    `needs` is what its pages need at the least; a page that does something has
    its own mark, by the decorator `needs`.
    """

    needs = Can.SEE_CONSOLE

    def is_accessible(self) -> bool:
        return self.needs in mine()

    def inaccessible_callback(self, name: str, **values: Any) -> Any:
        if not current_user.is_authenticated:
            return sign_in_first()
        abort(403)

    def _handle_view(self, name: str, **values: Any) -> Any:
        refused = super()._handle_view(name, **values)
        # A view that calls the one that it overrides passes here twice.
        if refused is None and "session" not in g:
            g.session = self.open_session(read_only=request.method in SAFE)
        return refused

    def _run_view(self, fn: Callable[..., Any], *args: Any, **values: Any) -> Any:
        # Flask-Admin's own calls the view a second time after any TypeError, with
        # other arguments: the page would say nothing of what went wrong.
        return fn(self, *args, **values)

    def open_session(self, *, read_only: bool) -> ScopedSession:
        return works().sessions.trust(read_only=read_only)

    def render(self, template: str, **more: Any) -> str:
        return render_template(
            template, admin_view=self, day=clock.day, when=_when, **frame(CONSOLE), **more
        )

    def page(self, template: str, status: int = 200, **more: Any) -> Response:
        return make_response(self.render(template, **more), status)


def _when(term: Term) -> str:
    """A review date in words."""
    return when(term, trust_calendar())


def trust_calendar() -> Calendar:
    """The Trust's calendar; asked for where a page first needs it, and once."""
    if "calendar" not in g:
        g.calendar = calendar_of(g.session)
    calendar: Calendar = g.calendar
    return calendar


class RequestSession(scoped_session):
    """What Flask-Admin asks for a session: always the request's own, with its scope.

    Without it Flask-Admin would keep a session of no scope at all for each thread.
    """

    # Flask-Admin warns of a session that has no `session`; this one has the name only.
    session = None

    def __init__(self) -> None:
        super().__init__(sessionmaker())
        self.registry = _of_this_request  # type: ignore[assignment]

    def __call__(self, **values: Any) -> Session:
        return g.session


def _of_this_request() -> Session:
    return g.session


class Listed(Console, ModelView):
    """A list and the details of one row: of Flask-Admin's pages these two, and no other.

    What it would write with (forms, bulk actions, inline edits, look-ups, export)
    is no route at all. Each list says its columns itself: a new column of the
    table, a secret perhaps, must not show by itself.
    """

    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    action_disallowed_list = ("delete",)
    create_view = edit_view = delete_view = action_view = None
    export = ajax_lookup = ajax_update = None

    list_template = "admin/list.html"
    details_template = "admin/details.html"
    page_size = 50
    column_sortable_list = ()
    column_filters = ()

    # In the page's words.
    heading = ""
    lead = ""
    caption = ""
    nothing = "Nothing here yet."

    def __init__(self, model: type, **more: Any) -> None:
        super().__init__(model, RequestSession(), **more)

    def scaffold_form(self) -> Any:
        """No form is made of the table: every write is a form of ours that calls a rule."""
        return self.form_base_class

    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index_view(self) -> str:
        return super().index_view()

    @expose("/details/")
    @needs(Can.SEE_CONSOLE)
    def details_view(self) -> str:
        row = found(self.get_one(request.args.get("id", "")))
        return self.render(
            self.details_template,
            row=row,
            columns=self._details_columns,
            get_value=self.get_detail_value,
        )

    def _get_list_extra_args(self) -> ViewArgs:
        """The address's arguments, without those that PostgreSQL would refuse."""
        typed = " ".join(request.args.get("search", "").split())[:100]
        return ViewArgs(
            page=min(max(request.args.get("page", 0, type=int), 0), MOST_PAGES),
            search="".join(mark for mark in typed if mark.isprintable()) or None,
            extra_args={},
        )
