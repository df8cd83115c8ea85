"""Reading the school's next version through, and publishing it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.db import transaction
from trustconduct.policies import wording
from trustconduct.policies.editions import newest_published
from trustconduct.policies.facts import FACTS, fill
from trustconduct.policies.versions import (
    GovernorsRefused,
    NotReady,
    PublishedMeanwhile,
    TextChanged,
    is_unchanged,
    missing,
    newest_version,
    publish_version,
    text_hash,
    unfilled,
)
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fact_fields import marked
from trustconduct.web.fields import Plain, WrittenDay
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("publishing", __name__)


class PublishForm(Plain):
    seen_number = fields.Integer(required=True)
    seen_text = fields.String(required=True)
    edition = fields.Integer(required=True)
    governors_on = WrittenDay()


@pages.get("/preview")
@needs(Can.CHANGE_SETTINGS)
def preview() -> Response:
    return _page(Form())


def _page(form: Form, status: int = 200) -> Response:
    edition = found(newest_published(g.session))
    settings = settings_of(g.session)
    facts = facts_of(g.session, g.school, settings)
    matrix = current_matrix(g.session)
    newest = newest_version(g.session)
    text = unfilled(g.session, edition)
    document, shown = text.filled(facts), text.filled(marked(facts, text.known))
    page = staff_page(
        "staff/preview.html",
        edition=edition,
        document=document,
        own=text != edition.document,
        html=wording.html(shown),
        matrix=matrix.matrix.reworded(lambda each: fill(each, marked(facts, FACTS)))
        if matrix
        else None,
        lacking=missing(g.session, edition, facts, settings, matrix),
        newest=newest,
        unchanged=newest is not None and is_unchanged(newest, edition, document),
        seen_number=newest.number if newest else 0,
        seen_text=text_hash(document),
        form=form,
        errors=form.errors,
    )
    return make_response(page, status)


@pages.post("/publish")
@needs(Can.PUBLISH_VERSION)
def publish() -> Response:
    form = read(PublishForm)
    edition = found(newest_published(g.session))
    if "governors_on" in form.errors:
        return _page(form, 422)
    if form.errors or form.values["edition"] != edition.number:
        return _read_again()
    settings = settings_of(g.session, lock=True)
    try:
        with transaction(g.session):
            version = publish_version(
                g.session,
                g.school,
                edition,
                facts_of(g.session, g.school, settings),
                settings,
                by=actor(),
                seen_number=form.values["seen_number"],
                seen_text=form.values["seen_text"],
                governors_on=form.values["governors_on"],
            )
    except TextChanged:
        return _read_again()
    except GovernorsRefused as refused:
        form.refuse("governors_on", str(refused))
        return _page(form, 422)
    except PublishedMeanwhile as meanwhile:
        return _to_steps(
            f"Version {meanwhile.version.number} was published a moment ago.", "waiting"
        )
    except NotReady:
        return _to_steps("Something is still missing. The list says what.", "waiting")
    return _to_steps(f"Version {version.number} is published. Parents can read it now.", "good")


def _read_again() -> Response:
    flash("The text has changed since you read it. Please read it again.", "waiting")
    return make_response(redirect(school_url("setup.publishing.preview"), 303))


def _to_steps(message: str, tone: str) -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("setup.adopt"), 303))
