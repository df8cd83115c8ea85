"""Adopting the Trust's edition: facts, site bans, contact matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import Schema, fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.contact_matrix.changes import guesses, promised
from trustconduct.contact_matrix.coverage import gaps
from trustconduct.contact_matrix.matrix import Matrix, MatrixRefused
from trustconduct.contact_matrix.save import MatrixChangedMeanwhile, current_matrix, save_matrix
from trustconduct.db import transaction
from trustconduct.policies.altered import has_moved_on
from trustconduct.policies.editions import newest_published
from trustconduct.policies.facts import FACTS, fill
from trustconduct.policies.rollouts import rollout_here
from trustconduct.policies.versions import (
    Missing,
    history,
    missing,
    newest_version,
)
from trustconduct.schools.inherited import INHERITED, for_schools, keys_of
from trustconduct.schools.settings import (
    BAN_FIELDS,
    SUGGESTED,
    facts_of,
    promises_of,
    settings_of,
    wrong_bans,
)
from trustconduct.web import (
    adoption,
    badge,
    compare,
    drafts,
    entrance,
    occasions,
    own_settings,
    own_text,
    publishing,
    ways,
    ways_then,
    website,
)
from trustconduct.web.door import Form, actor, enter_school, found, needs, read
from trustconduct.web.fact_fields import FactsForm, declared_facts, facts_form, field_of, marked
from trustconduct.web.fields import Fact, Plain
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.own_settings import read_settings, save_settings
from trustconduct.web.setting_fields import choices_for, form_of, shown_given

pages = Blueprint("setup", __name__, url_prefix="/<school>/staff/policy")
pages.url_value_preprocessor(enter_school)
PARTS = (
    adoption, badge, compare, drafts, entrance, occasions, own_settings, own_text, publishing,
    ways, ways_then, website,
)  # fmt: skip
for part in PARTS:
    pages.register_blueprint(part.pages)

# What must be said of site bans, unless the Trust has.
BANS_NEEDED = {
    "ban_unit": "Choose calendar days or school days.",
    "ban_temporary_days": "Type how many days a temporary ban may last.",
    "representations_days": "Type how many days a parent has to answer.",
    "ban_first_days": "Type how many days a first ban lasts.",
    "ban_longest_days": "Type how many days the longest ban lasts.",
    "ban_review_days": "Type after how many days a ban is reviewed.",
    "ban_decider": "Choose who decides.",
    "ban_reviewer": "Choose who reviews.",
}
BAN_KEYS = tuple(keys_of("bans"))


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
        moved_on=edition is not None
        and newest is not None
        and not lacking
        and has_moved_on(g.session, newest, edition, facts),
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
    if any(item.step == "settings" for item in lacking):
        steps.insert(1, ("settings", "Your school’s other settings", "setup.settings.show"))
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
        name: getattr(settings, name) or ""
        for name in FactsForm().fields
        if hasattr(settings, name)
    }
    more = {field_of(name): value for name, value in settings.more_facts.items()}
    return _facts_page(Form({**typed, **more, "seen_version": settings.version or ""}))


def _facts_page(form: Form, status: int = 200, **more: Any) -> Response:
    choices = choices_for(settings_of(g.session).police_force_id)
    return make_response(
        staff_page(
            "staff/facts.html",
            form=form,
            FACTS=FACTS,
            INHERITED=INHERITED,
            choices=choices,
            given=shown_given(for_schools(g.session), choices),
            declared=[(field_of(fact.name), fact) for fact in declared_facts(g.session)],
            **more,
        ),
        status,
    )


@pages.post("/facts")
@needs(Can.CHANGE_SETTINGS)
def save_facts() -> Response:
    asked_for = declared_facts(g.session)
    form = read_settings(facts_form(asked_for))
    if not form.errors:
        # What an earlier edition asked for stays.
        kept = dict(settings_of(g.session).more_facts)
        kept |= {fact.name: form.values.pop(field_of(fact.name)) for fact in asked_for}
        form.values["more_facts"] = {name: value for name, value in kept.items() if value}
    message = "Your school’s facts are saved."
    return save_settings(form, _facts_page, school_url("setup.bans"), message)


@pages.get("/bans")
@needs(Can.CHANGE_SETTINGS)
def bans() -> Response:
    settings, given = settings_of(g.session), for_schools(g.session)
    chosen = {name: getattr(settings, name) for name in BAN_FIELDS}
    # What the Trust gives is not suggested: saved, it would be the school's own for good.
    offered = {name: value for name, value in SUGGESTED.items() if name not in given}
    suggested = bool(offered) and all(value is None for value in chosen.values())
    typed = {**chosen, **offered} if suggested else chosen
    return _bans_page(Form({**typed, "seen_version": settings.version or ""}), suggested=suggested)


def _bans_page(form: Form, status: int = 200, **more: Any) -> Response:
    given, choices = for_schools(g.session), choices_for()
    return make_response(
        staff_page(
            "staff/bans.html",
            form=form,
            keys=BAN_KEYS,
            INHERITED=INHERITED,
            choices=choices,
            given=shown_given(given, choices),
            wrong={} if form.errors else wrong_bans(settings_of(g.session), given),
            **{"suggested": False, **more},
        ),
        status,
    )


@pages.post("/bans")
@needs(Can.CHANGE_SETTINGS)
def save_bans() -> Response:
    given = for_schools(g.session)
    needed = tuple(
        (name, words) for name, words in BANS_NEEDED.items() if not given.get(name, {}).get("value")
    )
    form = read_settings(form_of(BAN_KEYS, needed))
    message = "How you handle site bans is saved."
    return save_settings(form, _bans_page, school_url("setup.contact"), message)


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
    promises = promises_of(g.session, settings_of(g.session))

    def worded(matrix: Matrix) -> Matrix:
        return matrix.reworded(lambda text: fill(text, facts_))

    return make_response(
        staff_page(
            "staff/contact.html",
            matrix=matrix,
            shown=worded(matrix),
            saved=saved.matrix if saved else None,
            gaps=gaps(promised(worded(saved.matrix), **promises), clock.today()) if saved else [],
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
