"""The Trust's schools: the list, one school, and adding one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from markupsafe import Markup

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.mails import day
from trustconduct.admin.views import Listed
from trustconduct.db import transaction
from trustconduct.schools.add import SchoolRefused, add_school
from trustconduct.tenants.models import School
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Fact, Line, Plain


class AddForm(Plain):
    name = Fact(longest=200, blank="Type the school's name.")
    slug = Line(longest=40, blank="Type the word that stands in the school's addresses.")


def _address(view: Any, context: Any, school: School, name: str) -> Markup:
    return Markup('<a class="govuk-link" href="/{0}/">/{0}/</a>').format(school.slug)


def _joined(view: Any, context: Any, school: School, name: str) -> str:
    return day(clock.local(school.joined_at).date())


class SchoolsView(Listed):
    list_template = "console/schools.html"
    details_template = "console/school.html"
    column_list = column_details_list = ("name", "slug", "joined_at")
    column_labels = {"name": "School", "slug": "Public page", "joined_at": "Added"}  # noqa: RUF012
    column_formatters = {"slug": _address, "joined_at": _joined}  # noqa: RUF012
    column_formatters_detail = column_formatters
    column_searchable_list = ("name", "slug")
    column_default_sort = "name"

    heading = "Schools"
    caption = "Schools of the Trust"

    def get_one(self, id: str) -> School | None:
        try:
            return g.session.get(School, UUID(id))
        except ValueError:
            return None

    @expose("/add")
    @needs(Can.ADD_SCHOOL)
    def add(self) -> Response:
        return self._add_page(Form())

    def _add_page(self, form: Form, status: int = 200) -> Response:
        return self.page("console/add_school.html", status, form=form, errors=form.errors)

    @expose("/add", methods=("POST",))
    @needs(Can.ADD_SCHOOL)
    def save(self) -> Response:
        form = read(AddForm)
        if form.errors:
            return self._add_page(form, 422)
        try:
            with transaction(g.session):
                school = add_school(g.session, by=actor(), **form.values)
        except SchoolRefused as refused:
            form.refuse("slug", str(refused))
            return self._add_page(form, 422)
        works().directory.forget()
        flash(f"{school.name} is added. Its pages are at /{school.slug}/.", "good")
        return redirect(url_for("schools.index_view"), 303)  # type: ignore[return-value]
