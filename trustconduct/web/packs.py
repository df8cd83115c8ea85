"""Packs of paper sheets for staff: whom for, how far the worker is, taken out, links taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields
from redis import RedisError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.sealing import SealBroken, sealer_of
from trustconduct.acknowledgements.audience import year_groups
from trustconduct.acknowledgements.pack_lists import packs, sheets_astray, sheets_of
from trustconduct.acknowledgements.packs import (
    DAYS_KEPT,
    MOST_SHEETS,
    NobodyForPaper,
    PackListNotConfirmed,
    PackWho,
    begin_pack,
    drop_pack,
    how_many_for_paper,
    revoke_sheet,
    take_out_pack,
)
from trustconduct.acknowledgements.paper_models import PackState, PaperPack, PaperSheet
from trustconduct.acknowledgements.reference import shown
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.jobs.queue import PACKS, connect, enqueue
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, found, needs, note_reading, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Choice, Plain
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("packs", __name__, url_prefix="/packs")
A_PAGE = 50
SECONDS = 3  # between two looks at how far the worker is


class PackForm(Plain):
    who = Choice(list(PackWho), blank="Choose who gets a sheet.")
    years = fields.List(fields.String(), load_default=list)
    chosen = fields.List(fields.UUID(), load_default=list)


@pages.get("/")
@needs(Can.PRINT_PACK)
def show() -> Response:
    return _page(Form({"who": PackWho.NO_EMAIL.value}))


def _page(form: Form, status: int = 200) -> Response:
    version = version_in_force(g.session)
    page = staff_page(
        "staff/packs.html",
        version=version,
        many=how_many_for_paper(g.session, version.id) if version else {},
        years=year_groups(g.session),
        packs=packs(g.session),
        form=form,
        errors=form.errors,
        PackWho=PackWho,
        PackState=PackState,
        most=MOST_SHEETS,
        day=clock.day,
    )
    return make_response(page, status)


@pages.post("/")
@needs(Can.PRINT_PACK)
def begin() -> Response:
    version = found(version_in_force(g.session))
    typed: dict[str, Any] = {
        name: value for name, value in request.form.items() if name not in ("years", "chosen")
    }
    typed["years"], typed["chosen"] = (request.form.getlist(name) for name in ("years", "chosen"))
    form = read(PackForm, typed)
    if form.errors:
        return _page(form, 422)
    try:
        with transaction(g.session):
            pack = begin_pack(
                g.session,
                version,
                by=actor(),
                who=PackWho(form.values["who"]),
                years=form.values["years"],
                chosen=form.values["chosen"],
                link_days=works().settings.SIGN_LINK_DAYS,
            )
            pack_id = pack.id
    except NobodyForPaper:
        form.refuse("who", "Nobody is left there: they have answered, or may not be told.")
        return _page(form, 422)
    except PackListNotConfirmed:
        form.refuse(
            "who", "Nothing has left the school yet. Confirm first who would be told, under People."
        )
        return _page(form, 422)
    with suppress(RedisError), connect(works().settings.REDIS_URL) as redis:
        enqueue(redis, PACKS)
    return _to(pack_id)


def _to(pack_id: UUID) -> Response:
    return make_response(redirect(school_url("answers.packs.one", pack_id=pack_id), 303))


@pages.get("/<uuid:pack_id>")
@needs(Can.PRINT_PACK)
def one(pack_id: UUID) -> Response:
    pack = found(next(iter(packs(g.session, only=pack_id)), None))
    lines = sheets_of(
        g.session, pack_id, after=request.args.get("after", 0, type=int) % 10**9, most=A_PAGE
    )
    onward = ""
    if len(lines) > A_PAGE:
        last = lines[A_PAGE - 1].number
        onward = school_url("answers.packs.one", pack_id=pack_id, after=last)
    page = staff_page(
        "staff/pack.html",
        pack=pack,
        sheets=lines[:A_PAGE],
        onward=onward,
        PackState=PackState,
        days=DAYS_KEPT,
        day=lambda at: clock.day(clock.local(at).date()),
    )
    response = make_response(page)
    if pack.state is PackState.WAITING:
        response.headers["Refresh"] = str(SECONDS)
    note_reading(Event.ANSWERS_READ, "paper_pack", pack_id)
    return response


def _pack(pack_id: UUID) -> PaperPack:
    return found(g.session.get(PaperPack, (g.school.id, pack_id)))


@pages.post("/<uuid:pack_id>/take-out")
@needs(Can.EXPORT)
def take_out(pack_id: UUID) -> Response:
    """The PDF. It is taken out by a POST, and the history says by whom."""
    _pack(pack_id)
    try:
        with transaction(g.session):
            content = take_out_pack(
                g.session, pack_id, by=actor(), sealer=sealer_of(works().settings.SECRET_KEY)
            )
    except SealBroken:
        content = None
    if content is None:
        flash("It is not ready, or is made anew without somebody. Look again soon.", "waiting")
        return _to(pack_id)
    return to_save(content, f"{g.school.slug}-sheets.pdf")


@pages.post("/<uuid:pack_id>/drop")
@needs(Can.PRINT_PACK)
def drop(pack_id: UUID) -> Response:
    _pack(pack_id)
    with transaction(g.session):
        drop_pack(g.session, pack_id, by=actor())
    flash("Deleted. None of its links opens anything any more.", "good")
    return _to(pack_id)


@pages.post("/sheets/<uuid:sheet_id>/revoke")
@needs(Can.PRINT_PACK)
def revoke(sheet_id: UUID) -> Response:
    sheet = found(g.session.get(PaperSheet, (g.school.id, sheet_id)))
    pack_id = sheet.pack_id
    with transaction(g.session):
        revoke_sheet(g.session, sheet, by=actor())
    flash("The link on that sheet is taken back.", "good")
    return _to(pack_id)


@tasks(Can.PRINT_PACK, order=16)
def sheets_in_wrong_hands(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Sheets whose reader said that they are somebody else: the paper went astray."""
    for pack_id, number, name in sheets_astray(session):
        yield Task(
            f"The sheet of {name} reached somebody else",
            school_url("answers.packs.one", pack_id=pack_id, after=number - 1),
            f"Sheet {shown(number)} opens nothing now. Take its link back, then print a new one",
            "Look at it",
            "attention",
        )
