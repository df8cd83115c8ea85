"""Acknowledgements for staff: asking, who answered what, and who wants to talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.answers import answer_given, hold_talk, talks
from trustconduct.acknowledgements.audience import reach, year_groups
from trustconduct.acknowledgements.links import disowned, revoke, send_again
from trustconduct.acknowledgements.lists import WORDS, counts, lines, relationships
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.on_behalf import how_it_came
from trustconduct.acknowledgements.proving import NotToBeTaken, prove
from trustconduct.acknowledgements.reference import shown
from trustconduct.acknowledgements.strike_out import struck_out
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import office_telephone, settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web import answer_lists, campaigns, keyed, packs
from trustconduct.web.answer_lists import chosen_of, wanted_of
from trustconduct.web.door import (
    actor,
    enter_school,
    found,
    last_seen,
    needs,
    note_reading,
    works,
)
from trustconduct.web.downloads import to_save
from trustconduct.web.navigation import count, school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("answers", __name__, url_prefix="/<school>/staff/acknowledgements")
pages.url_value_preprocessor(enter_school)
pages.register_blueprint(campaigns.pages)
pages.register_blueprint(answer_lists.pages)
pages.register_blueprint(packs.pages)
pages.register_blueprint(keyed.pages)

A_PAGE = 50


@pages.get("/")
@needs(Can.SEE_ANSWERS)
def show() -> Response:
    wanted = wanted_of(request.args)
    version = version_in_force(g.session, wanted.on)
    if version is None:
        return make_response(staff_page("staff/answers.html", version=None, wanted=wanted))
    all_ = lines(g.session, version, wanted=wanted, after=last_seen(), most=A_PAGE)
    shown = all_[:A_PAGE]
    chosen = chosen_of(wanted)
    onward = ""
    if len(all_) > A_PAGE:
        last = shown[-1]
        mark = last.mark_newest if wanted.newest_first else last.mark
        onward = school_url("answers.show", **chosen, after=mark)
    page = staff_page(
        "staff/answers.html",
        version=version,
        counts=counts(g.session, version, replace(wanted, status="")),
        lines=shown,
        status=wanted.status,
        wanted=wanted,
        chosen=chosen,
        all_years=year_groups(g.session),
        all_relationships=relationships(g.session),
        WORDS=WORDS,
        onward=onward,
        day=clock.day,
        reach=reach(g.session, version),
    )
    note_reading(Event.ANSWERS_READ, "policy_version", version.id)
    return make_response(page)


@pages.post("/<uuid:request_id>/again")
@needs(Can.SEND_LINK_AGAIN)
def again(request_id: UUID) -> Response:
    sent = _send_again({request_id: request.form.get("generation", 0, type=int)})
    found(sent or None)
    flash("A fresh link is on its way. The one before no longer works.", "good")
    return _to_list()


@pages.post("/again")
@needs(Can.SEND_LINK_AGAIN)
def chosen_again() -> Response:
    """A fresh link for each of those who were ticked: `id:generation`, as the list shows them."""
    sent = _send_again(dict(_ticked(request.form.getlist("chosen")[:A_PAGE])))
    if sent:
        people = count(sent, "person", "people")
        flash(f"A fresh link is on its way to {people}. The ones before no longer work.", "good")
    else:
        flash("Tick those who are to get a fresh link. Nothing was sent.", "waiting")
    return _to_list()


def _ticked(chosen: list[str]) -> Iterator[tuple[UUID, int]]:
    for each in chosen:
        id_text, _, generation = each.partition(":")
        with suppress(ValueError):  # made up: it names nobody
            yield UUID(id_text), int(generation)


def _send_again(chosen: dict[UUID, int]) -> int:
    settings = settings_of(g.session)
    with transaction(g.session):
        return send_again(
            g.session,
            g.school,
            chosen,
            by=actor(),
            link_days=works().settings.SIGN_LINK_DAYS,
            telephone=office_telephone(g.session, settings),
            reply_to=settings.email,
        )


@pages.post("/<uuid:request_id>/proof")
@needs(Can.EXPORT)
def take_proof(request_id: UUID) -> Response:
    """The proof of what they were asked and answered, for somebody who does not trust us."""
    asked = found(g.session.get(SignRequest, (g.school.id, request_id)))
    try:
        with transaction(g.session):
            bundle = prove(g.session, asked, by=actor())
    except NotToBeTaken:
        flash("This person must not be told anything, so no proof of theirs leaves the service.")
        return make_response(
            redirect(school_url("people.person.show", adult_id=asked.adult_id), 303)
        )
    return to_save(bundle, f"{g.school.slug}-proof-{clock.today().isoformat()}.zip")


@pages.post("/<uuid:request_id>/revoke")
@needs(Can.SEND_LINK_AGAIN)
def take_back(request_id: UUID) -> Response:
    with transaction(g.session):
        revoked = revoke(g.session, request_id, by=actor())
    found(revoked or None)
    flash("The link is taken back and opens nothing any more. You can send a fresh one.", "good")
    return _to_list()


def _to_list() -> Response:
    status = request.form.get("status", "")
    shown = {"status": status} if status in WORDS else {}
    return make_response(redirect(school_url("answers.show", **shown), 303))


@pages.get("/talk/<uuid:answer_id>")
@needs(Can.HOLD_TALK)
def talk(answer_id: UUID) -> Response:
    """One answer with what the parent wrote; a wish to talk can be noted as met here."""
    given = found(answer_given(g.session, answer_id))
    came = how_it_came(g.session, answer_id)
    struck = struck_out(g.session, answer_id) if came else None
    page = staff_page(
        "staff/talk.html", talk=given, came=came, struck=struck, shown=shown, day=clock.day
    )
    note_reading(Event.ANSWER_READ, "acknowledgement", answer_id)
    return make_response(page)


@pages.post("/talk/<uuid:answer_id>")
@needs(Can.HOLD_TALK)
def held(answer_id: UUID) -> Response:
    with transaction(g.session):
        noted = hold_talk(g.session, answer_id, by=actor())
    found(noted or None)
    flash("Noted: you have talked with them.", "good")
    return make_response(redirect(school_url("staff.home"), 303))


@tasks(Can.HOLD_TALK, order=20, more=lambda: school_url("answers.show", status="talk"))
def to_talk(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Parents who want to talk before they sign, each a task of its own, the oldest first."""
    for wish in talks(session):
        yield Task(
            f"{wish.name} would like to talk about the code",
            school_url("answers.talk", answer_id=wish.id),
            f"Since {clock.day(clock.local(wish.asked_at).date())}",
            "Get in touch",
            "attention",
        )


@tasks(Can.SEND_LINK_AGAIN, order=15)
def in_wrong_hands(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Links whose reader said that they are somebody else: the address is wrong."""
    if wrong := disowned(session):
        yield Task(
            f"{count(wrong, 'message', 'messages')} reached somebody else",
            school_url("answers.show", status="wrong"),
            "Put the address right, then send a fresh link or take the old one back",
            "Look at it",
            "attention",
        )


@tasks(Can.START_CAMPAIGN, order=30)
def to_ask(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Adults on the roll who were not asked about the version in force."""
    if here.version is None or here.starting:
        return  # `getting_started` says it
    edition = here.edition
    if edition and edition.number == here.version.edition_number and edition.material is False:
        return  # the Trust says that nobody need be asked again; the page still offers it
    asked = reach(session, here.version)
    if asked.to_ask:
        yield Task(
            f"Ask {count(asked.to_ask, 'adult', 'adults')} to read version {here.version.number}",
            school_url("answers.campaigns.ask"),
            "Each gets one email with a link of their own",
        )
