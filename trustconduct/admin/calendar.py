"""The Trust's term calendar: it says when a review written as a term is due."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.tenants.calendars import calendar_of
from trustconduct.web.calendar import (
    YearForm,
    asked_year,
    blank_form,
    context,
    from_file,
    said,
    take_year,
    years,
)
from trustconduct.web.door import Form, needs, read


class CalendarView(Console):
    @expose("/")
    @needs(Can.CHANGE_CALENDAR)
    def show(self) -> Response:
        calendar = calendar_of(g.session)
        return self.page("console/calendar.html", years=years(calendar, set(calendar.years)))

    @expose("/year")
    @needs(Can.CHANGE_CALENDAR)
    def year(self) -> Response:
        begins = asked_year()
        return self._year_page(blank_form(g.session, begins), begins)

    def _year_page(
        self, form: Form, begins: int, status: int = 200, unread: list[str] | None = None
    ) -> Response:
        more = context(g.session, form, begins, unread)
        return self.page("console/calendar_year.html", status, **more)

    @expose("/year", methods=("POST",))
    @needs(Can.CHANGE_CALENDAR)
    def save(self) -> Response:
        form, begins = read(YearForm), asked_year()
        status = take_year(g.session, form, begins)
        if status != 303:
            return self._year_page(form, begins, status)
        flash(f"The term dates of {said(begins)} are saved.", "good")
        return redirect(url_for("terms.show"), 303)  # type: ignore[return-value]

    @expose("/file", methods=("POST",))
    @needs(Can.CHANGE_CALENDAR)
    def look(self) -> Response:
        """Show what a file says in the form. Saves nothing."""
        begins = asked_year()
        form, unread, status = from_file(g.session, begins)
        return self._year_page(form, begins, status, unread)
