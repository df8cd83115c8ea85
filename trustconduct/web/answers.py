"""Acknowledgements for staff: asking, who answered what, and who wants to talk."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.answers import (
    WORDS,
    answer_given,
    counts,
    hold_talk,
    lines,
    send_again,
    talks,
)
from trustconduct.acknowledgements.campaigns import (
    ListNotConfirmed,
    NobodyToAsk,
    reach,
    start_campaign,
)
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.people.who_is_told import is_confirmed
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import (
    actor,
    enter_school,
    found,
    last_seen,
    needs,
    note_reading,
    works,
)
from trustconduct.web.navigation import count, school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("answers", __name__, url_prefix="/<school>/staff/acknowledgements")
pages.url_value_preprocessor(enter_school)

A_PAGE = 50


@pages.get("/")
@needs(Can.SEE_ANSWERS)
def show() -> Response:
    version = version_in_force(g.session)
    if version is None:
        return make_response(staff_page("staff/answers.html", version=None))
    status = request.args.get("status", "")
    all_ = lines(
        g.session,
        version,
        status=status,
        after=last_seen(),
        most=A_PAGE,
    )
    shown = all_[:A_PAGE]
    onward = ""
    if len(all_) > A_PAGE:
        last = shown[-1]
        onward = school_url("answers.show", status=status, after=f"{last.name}|{last.request_id}")
    page = staff_page(
        "staff/answers.html",
        version=version,
        counts=counts(g.session, version),
        lines=shown,
        status=status,
        WORDS=WORDS,
        onward=onward,
        reach=reach(g.session, version),
    )
    note_reading(Event.ANSWERS_READ, "policy_version", version.id)
    return make_response(page)


@pages.get("/ask")
@needs(Can.START_CAMPAIGN)
def ask() -> Response:
    """Say whom a campaign would ask, before anything is sent."""
    version = found(version_in_force(g.session))
    reaches = reach(g.session, version)
    waits = reaches.first and not is_confirmed(g.session)
    return make_response(staff_page("staff/ask.html", version=version, reach=reaches, waits=waits))


@pages.post("/ask")
@needs(Can.START_CAMPAIGN)
def start() -> Response:
    version = found(version_in_force(g.session))
    settings = settings_of(g.session)
    try:
        with transaction(g.session):
            start_campaign(
                g.session,
                g.school,
                version,
                by=actor(),
                link_days=works().settings.SIGN_LINK_DAYS,
                telephone=settings.telephone,
                reply_to=settings.email,
            )
    except ListNotConfirmed:
        flash("First look at the list, and confirm it. Nothing was sent.", "waiting")
        return make_response(redirect(school_url("people.told.show"), 303))
    except NobodyToAsk:
        flash("Everyone with an email address was asked already. Nothing was sent.", "waiting")
    else:
        flash("The emails are on their way.", "good")
    return make_response(redirect(school_url("answers.show"), 303))


@pages.post("/<uuid:request_id>/again")
@needs(Can.SEND_LINK_AGAIN)
def again(request_id: UUID) -> Response:
    settings = settings_of(g.session)
    with transaction(g.session):
        sent = send_again(
            g.session,
            g.school,
            request_id,
            by=actor(),
            seen_generation=request.form.get("generation", 0, type=int),
            link_days=works().settings.SIGN_LINK_DAYS,
            telephone=settings.telephone,
            reply_to=settings.email,
        )
    name = found(sent or None)
    flash(f"A fresh link is on its way to {name}. The one before no longer works.", "good")
    status = request.form.get("status", "")
    again_at = {"status": status} if status in WORDS else {}
    return make_response(redirect(school_url("answers.show", **again_at), 303))


@pages.get("/talk/<uuid:answer_id>")
@needs(Can.HOLD_TALK)
def talk(answer_id: UUID) -> Response:
    """One answer with what the parent wrote; a wish to talk can be noted as met here."""
    given = found(answer_given(g.session, answer_id))
    page = staff_page("staff/talk.html", talk=given)
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
            school_url("answers.ask"),
            "Each gets one email with a link of their own",
        )
