"""The notice for visitors: printed, and noted where it hangs and until when."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.entrance import (
    PAGE,
    EntranceNotice,
    NoticeRefused,
    hang_notice,
    hangs_outdated,
    notices,
    take_down_notice,
)
from trustconduct.db import transaction
from trustconduct.files.take_in import content_of
from trustconduct.plain_log import log
from trustconduct.policies.print_notice import print_notice
from trustconduct.policies.print_version import Badge
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.badge import badge_of
from trustconduct.schools.settings import office_telephone, settings_of
from trustconduct.sealed.room import Failed
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import Form, actor, found, needs, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Line, Plain, WrittenDay
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("entrance", __name__, url_prefix="/notice")
MOST_PAGES = 1_000


class HangForm(Plain):
    place = Line(longest=200)
    hung_on = WrittenDay(blank="Type since which day it hangs.")


class TakeDownForm(Plain):
    on = WrittenDay(blank="Type the last day on which it hung.")


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def show() -> Response:
    return _page(Form({"hung_on": clock.day(clock.today())}))


def _page(form: Form, status: int = 200) -> Response:
    page = min(max(request.args.get("page", 0, type=int), 0), MOST_PAGES)
    shown = notices(g.session, page=page)
    return make_response(
        staff_page(
            "staff/entrance.html",
            version=version_in_force(g.session),
            notices=shown[:PAGE],
            more=len(shown) > PAGE,
            page=page,
            form=form,
            errors=form.errors,
            day=clock.day,
        ),
        status,
    )


@pages.post("/")
@needs(Can.CHANGE_SETTINGS)
def hang() -> Response:
    form = read(HangForm)
    if not form.errors:
        try:
            with transaction(g.session):
                hang_notice(g.session, by=actor(), **form.values)
        except NoticeRefused as refused:
            form.refuse(refused.field, str(refused))
    if form.errors:
        return _page(form, 422)
    return _back(f"Noted: it hangs at “{form.values['place']}”.")


@pages.get("/<uuid:notice_id>/taken-down")
@needs(Can.CHANGE_SETTINGS)
def down(notice_id: UUID) -> Response:
    return _down_page(_notice(notice_id), Form({"on": clock.day(clock.today())}))


def _down_page(notice: EntranceNotice, form: Form, status: int = 200) -> Response:
    page = staff_page(
        "staff/entrance_down.html", hung=notice, form=form, errors=form.errors, day=clock.day
    )
    return make_response(page, status)


@pages.post("/<uuid:notice_id>/taken-down")
@needs(Can.CHANGE_SETTINGS)
def take_down(notice_id: UUID) -> Response:
    notice, form = _notice(notice_id), read(TakeDownForm)
    if not form.errors:
        try:
            with transaction(g.session):
                take_down_notice(g.session, notice, by=actor(), on=form.values["on"])
        except NoticeRefused as refused:
            form.refuse("on", str(refused))
    if form.errors:
        return _down_page(_notice(notice_id), form, 422)
    return _back(f"Noted: it hung at “{notice.place}” until {clock.day(form.values['on'])}.")


def _notice(notice_id: UUID) -> EntranceNotice:
    return found(g.session.get(EntranceNotice, (g.session.school_id, notice_id)))


@pages.get("/notice.pdf")
@needs(Can.CHANGE_SETTINGS)
def pdf() -> Response:
    """The page to hang, with the words of the version in force."""
    settings, badge = settings_of(g.session), badge_of(g.session)
    page = print_notice(
        found(version_in_force(g.session)),
        school_name=g.school.name,
        trust_name=works().directory.trust().name,
        address=f"{works().settings.BASE_URL.rstrip('/')}/{g.school.slug}/policy",
        telephone=office_telephone(g.session, settings),
        badge=Badge(content_of(g.session, badge), badge.media_type) if badge else None,
    )
    g.session.rollback()  # printing may take seconds: no connection waits for it
    try:
        made = current_app.extensions["trustconduct.printed"].pdf(page.encode())
    except Failed as no:
        log.error("A PDF was not printed.", error=type(no).__name__)
        return _back("The PDF could not be made just now. Please try again soon.", "waiting")
    return to_save(made, f"{g.school.slug}-notice-for-visitors.pdf")


def _back(message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("setup.entrance.show"), 303))


@tasks(Can.CHANGE_SETTINGS, order=45, more=lambda: school_url("setup.entrance.show"))
def to_hang_anew(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Notices at an entrance that show the words of an earlier version. One query."""
    if here.version is None:
        return
    for notice in hangs_outdated(session, here.version):
        yield Task(
            f"The notice at “{notice.place}” shows an earlier version",
            school_url("setup.entrance.show"),
            f"Print it anew: version {here.version.number} is in force.",
        )
