"""Many schools from a list: what would happen is shown first, and then all of it or nothing."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose

from trustconduct.accounts.permissions import Can
from trustconduct.admin.starting import hand_over_now
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.schools.many import (
    LARGEST,
    LIST,
    MOST,
    ListRefused,
    SchoolList,
    add_schools,
    read_schools,
    sample,
)
from trustconduct.schools.settings import police_forces
from trustconduct.tenants.models import Phase
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Carried, Line, Plain, carried
from trustconduct.web.navigation import count

LONGEST_NAME = 120


class TakeForm(Plain):
    file = Carried()
    name = Line(longest=LONGEST_NAME)


class ManySchools(Console):
    """The pages of the list; SchoolsView has them at /admin/schools/import."""

    @expose("/import")
    @needs(Can.ADD_SCHOOL)
    def bring_in(self) -> Response:
        return self._list_page(Form())

    def _list_page(self, form: Form, status: int = 200, **more: object) -> Response:
        shown = {"found": None, "file": "", "name": "", **more}
        return self.page(
            "console/many_schools.html",
            status,
            form=form,
            errors=form.errors,
            columns=LIST.columns,
            phases=[phase.word for phase in Phase],
            MOST=MOST,
            **shown,
        )

    @expose("/import/template.csv")
    @needs(Can.ADD_SCHOOL)
    def template(self) -> Response:
        return Response(
            sample(),
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="schools.csv"'},
        )

    @expose("/import", methods=("POST",))
    @needs(Can.ADD_SCHOOL)
    def look(self) -> Response:
        """Show what a list would add. Nothing is saved until the officer says so on that page."""
        form = Form()
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            form.refuse("file", "Choose the CSV file with your schools.")
            return self._list_page(form, 422)
        # One byte more than may be: the reader says in its own words that it is too large.
        raw = upload.stream.read(LARGEST + 1)
        name = "".join(mark for mark in upload.filename if mark.isprintable())[-LONGEST_NAME:]
        found = read_schools(g.session, raw)
        if found.faults:
            return self._faulty(found, name)
        forces = {force.id: force.name for force in police_forces(g.session)}
        return self._list_page(form, found=found, file=carried(raw), name=name, forces=forces)

    def _faulty(self, found: SchoolList, name: str) -> Response:
        form = Form()
        form.refuse("file", "The list has mistakes, so nothing was saved. They are listed below.")
        return self._list_page(form, 422, found=found, name=name)

    @expose("/import/add", methods=("POST",))
    @needs(Can.ADD_SCHOOL)
    def add_all(self) -> Response:
        form = read(TakeForm)
        if form.errors:
            return self._list_page(form, 422)
        try:
            with transaction(g.session):
                added = add_schools(g.session, form.values["file"], by=actor())
        except ListRefused as refused:
            return self._faulty(refused.found, form.values["name"])
        works().directory.forget()
        said = count(len(added), "school is", "schools are")
        flash(f"{said} added. The heads on your list are being invited.", "good")
        hand_over_now([school.id for school in added])
        return redirect(url_for("schools.index_view"), 303)  # type: ignore[return-value]
