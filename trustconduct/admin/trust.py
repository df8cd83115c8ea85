"""The Trust itself: its name and how people reach it, as every page shows them."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from sqlalchemy import select

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.schools.add import name_trust
from trustconduct.tenants.models import Trust
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Email, Fact, Line, Plain


class TrustForm(Plain):
    name = Fact(longest=200, blank="Type the Trust's name.")
    telephone = Line(longest=40)
    email = Email(longest=254)


class TrustView(Console):
    @expose("/")
    @needs(Can.CHANGE_TRUST)
    def show(self) -> Response:
        trust = g.session.scalar(select(Trust))
        typed = (
            {"name": trust.name, "telephone": trust.telephone, "email": trust.email}
            if trust
            else {}
        )
        return self._form(Form(typed))

    def _form(self, form: Form, status: int = 200) -> Response:
        return self.page("console/trust.html", status, form=form, errors=form.errors)

    @expose("/", methods=("POST",))
    @needs(Can.CHANGE_TRUST)
    def save(self) -> Response:
        form = read(TrustForm)
        if form.errors:
            return self._form(form, 422)
        with transaction(g.session):
            name_trust(g.session, by=actor(), **form.values)
        works().directory.forget()
        flash("The Trust’s name and numbers are saved.", "good")
        return redirect(url_for("trust.show"), 303)  # type: ignore[return-value]
