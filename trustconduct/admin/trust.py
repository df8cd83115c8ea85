"""The Trust itself: its name and how people reach it, as every page shows them."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, g, redirect, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import ValidationError, fields
from sqlalchemy import select

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.schools.add import TRUST_DETAILS, name_trust
from trustconduct.schools.inherited import INHERITED, Given, give_schools, keys_of
from trustconduct.schools.settings import ChangedMeanwhile, SettingsRefused
from trustconduct.tenants.models import Trust
from trustconduct.web.door import Form, actor, needs, read, works
from trustconduct.web.fields import Email, Fact, Plain, Telephone
from trustconduct.web.setting_fields import choices_for, given_form, take_offered

# The settings that the Trust may give, in the order of its page.
GROUPS = (
    ("facts", "Facts in the code"),
    ("office", "Offices"),
    ("documents", "Links to other policies"),
    ("letters", "Letters"),
    ("look", "How parents’ pages look"),
    ("bans", "Site bans"),
)


class IcoNumber(fields.Field):
    """A number in the register of the Information Commissioner's Office: Z1234567."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = str(value).replace(" ", "").upper()
        if text and not re.fullmatch("[A-Z]{1,2}[0-9A-Z]{6,7}", text):
            raise ValidationError("Type it as the register has it, like Z1234567.")
        return text


class TrustForm(Plain):
    name = Fact(longest=200, blank="Type the Trust's name.")
    telephone = Telephone()
    email = Email(longest=254)
    privacy_contact = Fact(longest=300)
    ico_number = IcoNumber()
    accessibility_gaps = Fact(longest=1_000)


class TrustView(Console):
    @expose("/")
    @needs(Can.CHANGE_TRUST)
    def show(self) -> Response:
        trust = g.session.scalar(select(Trust))
        typed = (
            {name: getattr(trust, name) for name in ("name", "telephone", "email", *TRUST_DETAILS)}
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

    @expose("/schools")
    @needs(Can.CHANGE_TRUST)
    def given(self) -> Response:
        trust = g.session.scalar(select(Trust))
        typed: dict[str, Any] = {"seen": trust.version if trust else 0}
        for key, one in (trust.for_schools if trust else {}).items():
            typed |= {key: one["value"], f"{key}_locked": one["locked"]}
            typed |= {f"{key}_{end}": one.get(end, "") for end in ("least", "most")}
        return self._given(Form(typed))

    def _given(self, form: Form, status: int = 200, **more: Any) -> Response:
        return self.page(
            "console/for_schools.html",
            status,
            form=form,
            errors=form.errors,
            INHERITED=INHERITED,
            groups=[(name, heading, keys_of(name)) for name, heading in GROUPS],
            choices=choices_for(),
            **{"offers": {}, **more},
        )

    @expose("/schools", methods=("POST",))
    @needs(Can.CHANGE_TRUST)
    def give(self) -> Response:
        form = read(given_form())
        take_offered(form)
        if form.errors:
            return self._given(form, 422)
        given = {
            key: Given(
                form.values.get(key) or "",
                locked=form.values[f"{key}_locked"],
                least=form.values.get(f"{key}_least"),
                most=form.values.get(f"{key}_most"),
            )
            for key in INHERITED
        }
        try:
            with transaction(g.session):
                give_schools(g.session, given, by=actor(), seen_version=form.values["seen"])
        except SettingsRefused as no:
            for key, words in no.errors.items():
                form.refuse(key, words)
            return self._given(form, 422, offers=no.offers)
        except ChangedMeanwhile:
            trust = g.session.scalar(select(Trust))
            form.typed = {**form.typed, "seen": trust.version if trust else 0}
            form.refuse("", "Somebody else saved a moment ago. Save again to replace theirs.")
            return self._given(form, 409)
        flash("What schools have from the Trust is saved.", "good")
        return redirect(url_for("trust.given"), 303)  # type: ignore[return-value]
