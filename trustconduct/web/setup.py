"""Adopting the Trust's edition: facts, site bans, contact matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import Schema, fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.contact_matrix.changes import guesses
from trustconduct.contact_matrix.coverage import gaps
from trustconduct.contact_matrix.matrix import Matrix, MatrixRefused
from trustconduct.contact_matrix.save import MatrixChangedMeanwhile, current_matrix, save_matrix
from trustconduct.db import transaction
from trustconduct.policies.editions import newest_published
from trustconduct.policies.facts import FACTS, fill
from trustconduct.policies.rollouts import rollout_here
from trustconduct.policies.versions import (
    Missing,
    history,
    missing,
    newest_version,
)
from trustconduct.schools.inherited import for_schools, given_words, locked_keys
from trustconduct.schools.settings import (
    BAN_FIELDS,
    SUGGESTED,
    ChangedMeanwhile,
    SettingsRefused,
    change_settings,
    facts_of,
    police_forces,
    settings_of,
)
from trustconduct.tenants.models import BanRole, BanUnit
from trustconduct.web import (
    adoption,
    badge,
    compare,
    drafts,
    entrance,
    own_text,
    publishing,
    ways,
    website,
)
from trustconduct.web.door import Form, actor, enter_school, found, needs, read
from trustconduct.web.fact_fields import FactsForm, declared_facts, facts_form, field_of, marked
from trustconduct.web.fields import Choice, Fact, Number, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("setup", __name__, url_prefix="/<school>/staff/policy")
pages.url_value_preprocessor(enter_school)
for part in (adoption, badge, compare, drafts, entrance, own_text, publishing, ways, website):
    pages.register_blueprint(part.pages)

UNITS = {BanUnit.CALENDAR: "Calendar days", BanUnit.SCHOOL: "School days"}
ROLES = {
    BanRole.HEADTEACHER: "The headteacher",
    BanRole.CHAIR: "The chair of governors",
    BanRole.GOVERNORS: "A panel of governors",
    BanRole.TRUST: "The Trust",
}


class BansForm(Plain):
    """How a school handles site bans. All lengths in days of the unit chosen."""

    ban_unit = Choice(BanUnit, blank="Choose calendar days or school days.")
    ban_temporary_days = Number(1, 400, blank="Type how many days a temporary ban may last.")
    representations_days = Number(1, 60, blank="Type how many days a parent has to answer.")
    ban_first_days = Number(1, 400, blank="Type how many days a first ban lasts.")
    ban_longest_days = Number(1, 400, blank="Type how many days the longest ban lasts.")
    ban_review_days = Number(1, 400, blank="Type after how many days a ban is reviewed.")
    ban_decider = Choice(BanRole, blank="Choose who decides.")
    ban_reviewer = Choice(BanRole, blank="Choose who reviews.")
    seen_version = fields.String(load_default="")


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def adopt() -> str:
    """The steps to the school's next version, each with what it still lacks."""
    edition = newest_published(g.session)
    newest = newest_version(g.session)
    settings = settings_of(g.session)
    facts = facts_of(g.session, g.school, settings)
    matrix = current_matrix(g.session)
    lacking = missing(g.session, edition, facts, settings, matrix) if edition else []
    behind = edition is not None and (newest is None or newest.edition_number < edition.number)
    return staff_page(
        "staff/adopt.html",
        edition=edition,
        newest=newest,
        steps=_steps(lacking, behind=behind),
        behind=behind,
        lacking=lacking,
        rollout=rollout_here(g.session, edition) if edition and behind else None,
        versions=history(g.session),
    )


def _steps(lacking: list[Missing], *, behind: bool) -> list[dict[str, str]]:
    steps: list[tuple[str, str, str]] = []
    if any(item.step == "adoption" for item in lacking):
        words = "Take the new edition into your own words"
        steps.append(("adoption", words, "setup.adoption.show"))
    steps += [
        ("facts", "Your school’s facts", "setup.facts"),
        ("bans", "Site bans", "setup.bans"),
        ("contact", "Ways to contact you", "setup.contact"),
    ]
    found = []
    for step, text, endpoint in steps:
        open_ = [item.text for item in lacking if item.step == step]
        found.append(
            {
                "text": text,
                "href": school_url(endpoint),
                "hint": " ".join(open_),
                "word": "To do" if open_ else "Done",
                "tone": "waiting" if open_ else "good",
            }
        )
    found.append(
        {
            "text": "Read it through and publish",
            "href": school_url("setup.publishing.preview"),
            "hint": "Read it as your parents will see it",
            "word": "Not yet" if lacking else "Ready" if behind else "Published",
            "tone": "quiet" if lacking else "calm" if behind else "good",
        }
    )
    return found


@pages.get("/facts")
@needs(Can.CHANGE_SETTINGS)
def facts() -> Response:
    settings = settings_of(g.session)
    typed = {
        name: getattr(settings, name) or "" for name in FactsForm().fields if name != "seen_version"
    }
    more = {field_of(name): value for name, value in settings.more_facts.items()}
    return _facts_page(Form({**typed, **more, "seen_version": settings.version or ""}))


def _facts_page(form: Form, status: int = 200, **more: Any) -> Response:
    forces = [(force.id, force.name) for force in police_forces(g.session)]
    return make_response(
        staff_page(
            "staff/facts.html",
            form=form,
            forces=forces,
            FACTS=FACTS,
            given=given_words(for_schools(g.session), forces),
            declared=[(field_of(fact.name), fact) for fact in declared_facts(g.session)],
            **more,
        ),
        status,
    )


@pages.post("/facts")
@needs(Can.CHANGE_SETTINGS)
def save_facts() -> Response:
    asked_for = declared_facts(g.session)
    form = read(facts_form(asked_for))
    if not form.errors:
        # What an earlier edition asked for stays.
        kept = dict(settings_of(g.session).more_facts)
        kept |= {fact.name: form.values.pop(field_of(fact.name)) for fact in asked_for}
        form.values["more_facts"] = {name: value for name, value in kept.items() if value}
        for name in locked_keys(for_schools(g.session)) - form.typed.keys():
            form.values.pop(name, None)  # the page has no field for it: what is there stays
    return _save(form, _facts_page, "setup.bans", "Your school’s facts are saved.")


@pages.get("/bans")
@needs(Can.CHANGE_SETTINGS)
def bans() -> Response:
    settings = settings_of(g.session)
    chosen = {name: getattr(settings, name) for name in BAN_FIELDS}
    suggested = all(value is None for value in chosen.values())
    typed = SUGGESTED if suggested else chosen
    return _bans_page(Form({**typed, "seen_version": settings.version or ""}), suggested=suggested)


def _bans_page(form: Form, status: int = 200, **more: Any) -> Response:
    return make_response(
        staff_page(
            "staff/bans.html",
            form=form,
            units=list(UNITS.items()),
            roles=list(ROLES.items()),
            **{"suggested": False, **more},
        ),
        status,
    )


@pages.post("/bans")
@needs(Can.CHANGE_SETTINGS)
def save_bans() -> Response:
    form = read(BansForm)
    return _save(form, _bans_page, "setup.contact", "How you handle site bans is saved.")


def _save(form: Form, page: Any, onward: str, message: str) -> Response:
    """Save settings, or show the form again: with what to mend, or what somebody else saved."""
    if form.errors:
        return page(form, 422)
    values = {**form.values}
    seen = values.pop("seen_version")
    if "police_force_id" in values:
        values["police_force_id"] = values["police_force_id"] or None
    try:
        with transaction(g.session):
            change_settings(
                g.session,
                by=actor(),
                seen_version=int(seen) if seen.isascii() and seen.isdigit() else None,
                **values,
            )
    except SettingsRefused as refused:
        for name, text in refused.errors.items():
            form.refuse(name, text)
        return page(form, 422)
    except ChangedMeanwhile:
        theirs = settings_of(g.session)
        form.typed = {**form.typed, "seen_version": theirs.version}
        now = {**{name: getattr(theirs, name) for name in values}, **theirs.more_facts}
        mine = {**values, **values.get("more_facts", {})}
        changed = {
            name: value
            for name, value in now.items()
            if name != "more_facts" and str(value or "") != str(mine.get(name) or "")
        }
        return page(form, 409, theirs=changed)
    flash(message, "good")
    return make_response(redirect(school_url(onward), 303))


class MatrixForm(Plain):
    seen_number = fields.Integer(load_default=0)
    ticks = fields.List(fields.String(), load_default=list)


def _offered() -> tuple[Matrix, int]:
    """The matrix to edit: the school's own, or the one that the edition came with."""
    current = current_matrix(g.session)
    if current:
        return current.matrix, current.number
    edition = found(newest_published(g.session))
    facts_ = facts_of(g.session, g.school, settings_of(g.session))
    guessed = guesses(
        edition.document.matrix,
        telephone=facts_["school.telephone"],
        email=facts_["school.email"],
        website=facts_["school.policies_url"],
    )
    return guessed, 0


@pages.get("/contact")
@needs(Can.CHANGE_MATRIX)
def contact() -> Response:
    matrix, number = _offered()
    return _contact_page(matrix, Form({"seen_number": number}))


def _worded(matrix: Matrix) -> Matrix:
    """The matrix with the school's facts in it. It is kept without: facts may change later."""
    facts_ = facts_of(g.session, g.school, settings_of(g.session))
    return matrix.reworded(lambda text: fill(text, marked(facts_, FACTS)))


def _contact_page(matrix: Matrix, form: Form, status: int = 200, **more: Any) -> Response:
    facts_ = marked(facts_of(g.session, g.school, settings_of(g.session)), FACTS)
    saved = current_matrix(g.session)

    def worded(matrix: Matrix) -> Matrix:
        return matrix.reworded(lambda text: fill(text, facts_))

    return make_response(
        staff_page(
            "staff/contact.html",
            matrix=matrix,
            shown=worded(matrix),
            saved=saved.matrix if saved else None,
            gaps=gaps(worded(saved.matrix), clock.today()) if saved else [],
            form=form,
            **{"theirs": None, **more},
        ),
        status,
    )


@pages.post("/contact")
@needs(Can.CHANGE_MATRIX)
def save_contact() -> Response:
    offered, _ = _offered()
    details: dict[str, Any] = {f"detail-{route.id}": Fact(longest=300) for route in offered.routes}
    schema = Schema.from_dict({**MatrixForm._declared_fields, **details})
    sent = {**request.form.to_dict(), "ticks": request.form.getlist("ticks")}
    form = read(schema, sent)
    typed = replace(
        offered,
        routes=tuple(
            replace(route, detail=str(form.typed.get(f"detail-{route.id}", "")))
            for route in offered.routes
        ),
        ticks=frozenset(
            (route.id, purpose.id)
            for route in offered.routes
            for purpose in offered.purposes
            if f"{route.id} {purpose.id}" in form.typed["ticks"]
        ),
    )
    if form.errors:
        return _contact_page(typed, form, 422)
    try:
        with transaction(g.session):
            save_matrix(g.session, typed, by=actor(), seen_number=form.values["seen_number"])
    except MatrixRefused as refused:
        form.refuse("ticks", str(refused))
        return _contact_page(typed, form, 422)
    except MatrixChangedMeanwhile:
        theirs = found(current_matrix(g.session))
        form.typed = {**form.typed, "seen_number": theirs.number}
        saved = {"saved_by": theirs.saved_by, "matrix": _worded(theirs.matrix)}
        return _contact_page(typed, form, 409, theirs=saved)
    flash("Your ways to contact school are saved.", "good")
    return make_response(redirect(school_url("setup.publishing.preview"), 303))
