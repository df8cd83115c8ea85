"""Taking a new edition into a school's own words: what is decided, clause by clause."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.policies.adoption import (
    AdoptionChanged,
    begin,
    decide_item,
    finish,
    must_adopt,
    open_adoption,
    plan_of,
)
from trustconduct.policies.decisions import Choice, Decision, DecisionRefused
from trustconduct.policies.differences import differences
from trustconduct.policies.document import Clause, Document, Section
from trustconduct.policies.editions import newest_published
from trustconduct.policies.facts import FACTS, UnknownFact
from trustconduct.policies.merge import Undecided
from trustconduct.policies.merge_plan import Item, Outcome, Part, Plan
from trustconduct.policies.models import Adoption, Edition
from trustconduct.policies.own_text import TextRefused
from trustconduct.policies.wording import differences_html
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("adoption", __name__, url_prefix="/adoption")

OUTCOMES = {
    Outcome.CONFLICT: ("To decide", "attention"),
    Outcome.TAKEN: ("Comes from the Trust", "good"),
    Outcome.KEPT: ("Your words stay", "calm"),
    Outcome.LOCKED: ("The Trust’s words stand", "quiet"),
    Outcome.SAME: ("Both the same", "quiet"),
}


class SeenForm(Plain):
    seen = fields.Integer(load_default=0)


class DecisionForm(Plain):
    choice = fields.String(load_default="")
    text = fields.String(load_default="")
    exceptions = fields.String(load_default="")
    reason = fields.String(load_default="")
    seen = fields.Integer(load_default=0)


def _newest() -> Edition:
    return found(newest_published(g.session))


@pages.get("/")
@needs(Can.CHANGE_TEXT)
def show() -> Response:
    newest = _newest()
    if not must_adopt(g.session, newest):
        return make_response(redirect(school_url("setup.adopt")))
    there = open_adoption(g.session)
    if there is None or there.edition_id != newest.id:
        page = staff_page("staff/adoption_begin.html", newest=newest, open=there)
        return make_response(page)
    return _adoption_page(there, newest)


def _adoption_page(there: Adoption, newest: Edition, status: int = 200) -> Response:
    plan, fit = plan_of(g.session, there)
    decided = {each.id: each for each in fit.kept}
    listed = [item for item in plan.items if item.part is not Part.TITLE]
    page = staff_page(
        "staff/adoption.html",
        newest=newest,
        adoption=there,
        groups=[
            (outcome, group)
            for outcome in OUTCOMES
            if (group := [(one, decided.get(one.id)) for one in listed if one.outcome is outcome])
        ],
        undecided=[item for item in plan.conflicts if item.id not in decided],
        dropped=fit.dropped,
        base_known=plan.base.is_known,
        headings=_headings(plan),
        OUTCOMES=OUTCOMES,
    )
    return make_response(page, status)


def _headings(plan: Plan) -> dict[str, str]:
    """What a section is called, in the Trust's words where it has it."""
    return {
        id: section.heading or id
        for side in (plan.base, plan.ours, plan.theirs)
        for id, section in side.sections.items()
    }


@pages.post("/")
@needs(Can.CHANGE_TEXT)
def begin_adoption() -> Response:
    read(SeenForm)
    newest = _newest()
    with transaction(g.session):
        begin(g.session, newest, by=actor())
    return make_response(redirect(school_url("setup.adoption.show"), 303))


def _open() -> Adoption:
    return found(open_adoption(g.session))


@pages.get("/<item_id>")
@needs(Can.CHANGE_TEXT)
def item(item_id: str) -> Response:
    there = _open()
    plan, fit = plan_of(g.session, there)
    one = found(plan.by_id.get(item_id))
    made = next((each for each in fit.kept if each.id == item_id), None)
    typed = {
        "choice": made.choice.value if made else "",
        "text": made.text if made and made.text else (one.ours or one.theirs or ("",))[0],
        "exceptions": "\n".join(
            made.exceptions if made and made.text else one.ours.exceptions if one.ours else ()
        ),
        "reason": made.reason if made else "",
        "seen": there.version,
    }
    return _item_page(one, Form(typed), plan, made)


def _item_page(
    one: Item, form: Form, plan: Plan, made: Decision | None, status: int = 200
) -> Response:
    heading = _headings(plan).get(one.section, one.section)
    page = staff_page(
        "staff/adoption_item.html",
        item=one,
        word=OUTCOMES.get(one.outcome, ("", "quiet")),
        heading=heading,
        changes=_both(one, heading, plan),
        made=made,
        form=form,
        errors=form.errors,
    )
    return make_response(page, status)


def _both(one: Item, heading: str, plan: Plan) -> Any:
    """How the Trust's words differ from the school's, to be seen at a glance."""
    if one.part is not Part.CLAUSE or one.ours is None or one.theirs is None:
        return None

    # A fact that only one of the two declares may stand in its words.
    both = {**plan.ours.document.known, **plan.theirs.document.known}
    known = tuple(fact for name, fact in both.items() if name not in FACTS)

    def only(said: Any) -> Document:
        words = Clause(one.id, said.text, exceptions=said.exceptions)
        return Document("", (Section("part", heading, (words,)),), facts=known)

    return differences_html(differences(only(one.ours), only(one.theirs)), level=3)


@pages.post("/<item_id>")
@needs(Can.CHANGE_TEXT)
def decide(item_id: str) -> Response:
    form, there = read(DecisionForm), _open()
    plan, _ = plan_of(g.session, there)
    one = found(plan.by_id.get(item_id))
    if form.values.get("choice") not in list(Choice):
        form.refuse("choice", "Choose which words are to stand.")
    status = 422
    if not form.errors:
        try:
            with transaction(g.session):
                decide_item(
                    g.session,
                    there,
                    item_id,
                    by=actor(),
                    choice=Choice(form.values["choice"]),
                    text=form.values["text"],
                    exceptions=form.values["exceptions"].splitlines(),
                    reason=form.values["reason"],
                    seen=form.values["seen"],
                )
        except TextRefused as refused:
            form.refuse(refused.field, str(refused))
        except UnknownFact as unknown:
            form.refuse("text", str(unknown))
        except DecisionRefused as refused:
            blank = not form.values["reason"].strip() and "Say why" in str(refused)
            form.refuse("reason" if blank else "text", str(refused))
        except AdoptionChanged:
            status = 409
            there = _open()
            form.typed = {**form.typed, "seen": there.version}
            form.refuse("", "Somebody else decided something meanwhile. Nothing of yours is lost.")
    if form.errors:
        return _item_page(one, form, plan, None, status)
    return make_response(redirect(school_url("setup.adoption.show"), 303))


@pages.post("/finished")
@needs(Can.CHANGE_TEXT)
def finish_adoption() -> Response:
    form, there, newest = read(SeenForm), _open(), _newest()
    try:
        with transaction(g.session):
            finish(g.session, there, by=actor(), seen=form.values["seen"])
    except Undecided:
        flash("Something is still to be decided. It stands at the top of the list.", "waiting")
        return make_response(redirect(school_url("setup.adoption.show"), 303))
    except AdoptionChanged:
        flash("Somebody else decided something meanwhile. Look it through again.", "waiting")
        return make_response(redirect(school_url("setup.adoption.show"), 303))
    flash(f"Edition {newest.number} is taken into your own words. Read it through.", "good")
    return make_response(redirect(school_url("setup.publishing.preview"), 303))
