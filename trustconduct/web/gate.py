"""The gate: for staff who sign in, and for a device of reception that shows nothing else."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from marshmallow import fields
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.accounts.users import leading
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.reading import record_reading
from trustconduct.bans.breach import note_breach
from trustconduct.bans.clocks import Told
from trustconduct.bans.gate import (
    Barred,
    barred_now,
    devices,
    enrol_device,
    gate_is_open,
    named_like,
    revoke_device,
    seen_on_site,
)
from trustconduct.bans.models import Ban, BanException, GateDevice
from trustconduct.bans.refused import BanRefused
from trustconduct.db import transaction
from trustconduct.outbox.links import is_token, token
from trustconduct.schools.settings import office_telephone, settings_of
from trustconduct.web.cookies import link_cookie
from trustconduct.web.door import (
    Form,
    actor,
    enter_school,
    found,
    leave,
    needs,
    note_reading,
    open_to_all,
    read,
    works,
)
from trustconduct.web.fields import Line, Nothing, Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("gate", __name__, url_prefix="/<school>/staff/gate")
pages.url_value_preprocessor(enter_school)
device_pages = Blueprint("reception", __name__, url_prefix="/<school>/gate")
device_pages.url_value_preprocessor(enter_school)
COOKIE, PURPOSE = "gate", "gate-device"
A_YEAR = 365 * 24 * 3600
CLOSED = "This device is not the gate’s, or school is closed."


class DeviceForm(Plain):
    name_of_device = Line(longest=60, blank="Say which device it is, like Front desk.")


class SeenForm(Plain):
    ban = fields.UUID(required=True)
    exception = fields.UUID(load_default=None)


# -- signed in


@pages.get("/")
@needs(Can.SEE_GATE)
def show() -> Response:
    """Who is barred now. One query for the list; a look is noted."""
    barred = named_like(barred_now(g.session), _typed())
    page = staff_page("gate/staff.html", **_shown(barred), seen=school_url("gate.seen"))
    note_reading(Event.GATE_READ, "ban")
    return make_response(page)


def _typed() -> str:
    return request.args.get("name", "").replace("\0", "")[:100]


def _shown(barred: list[Barred]) -> dict[str, object]:
    now = clock.now()
    return {
        "barred": barred,
        "typed": _typed(),
        "telephone": office_telephone(g.session, settings_of(g.session)),
        "day": clock.day,
        "at": clock.local(now),
    }


@pages.get("/names")
@needs(Can.CALL_FIRST)
def names() -> Response:
    """For gate duty, clubs and classes: the names, and to call the office first."""
    barred = barred_now(g.session)
    page = staff_page("gate/names.html", **_shown(barred))
    note_reading(Event.GATE_READ, "ban")
    return make_response(page)


@pages.post("/seen")
@needs(Can.SEE_GATE)
def seen() -> Response:
    flash(*_seen(actor(), None))
    return make_response(redirect(school_url("gate.show"), 303))


def _seen(by: Actor, device: GateDevice | None) -> tuple[str, str]:
    form = read(SeenForm)
    if form.errors:
        return "Choose somebody from the list.", "waiting"
    row = found(g.session.get(Ban, (g.school.id, form.values["ban"])))
    exception = None
    if form.values["exception"]:
        exception = found(g.session.get(BanException, (g.school.id, form.values["exception"])))
    with works().sessions.accounts(read_only=True) as session:
        led = leading(session, [g.school.id]).get(g.school.id, [])
    people = [Told(user.name, user.email) for user in led]
    try:
        with transaction(g.session):
            if exception is not None:
                seen_on_site(g.session, row, by=by, exception=exception, device=device)
            else:
                note_breach(
                    g.session, row, by=by, people=people, base_url=works().settings.BASE_URL,
                    device=device,
                )  # fmt: skip
    except BanRefused as no:
        return str(no), "waiting"
    if exception is not None:
        return "Noted: they were here as it is allowed.", "good"
    return "Noted. The head is told. In danger ring 999.", "attention"


@pages.get("/devices")
@needs(Can.KEEP_GATE)
def show_devices() -> Response:
    return _devices_page(Form())


def _devices_page(form: Form, status: int = 200) -> Response:
    page = staff_page(
        "gate/devices.html", devices=devices(g.session), form=form, errors=form.errors,
        day=clock.day,
    )  # fmt: skip
    return make_response(page, status)


@pages.post("/devices")
@needs(Can.KEEP_GATE)
def enrol() -> Response:
    """Make this very browser the gate's: it gets a cookie that opens nothing else."""
    form = read(DeviceForm)
    if not form.errors:
        try:
            with transaction(g.session):
                device = enrol_device(g.session, by=actor(), name=form.values["name_of_device"])
                device_id, generation = device.id, device.generation
        except BanRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _devices_page(form, 422)
    flash("This device shows the gate now. Sign out, and open its page.", "good")
    response = make_response(redirect(school_url("gate.show_devices"), 303))
    made = token(works().settings.SECRET_KEY, PURPOSE, device_id, generation)
    response.set_cookie(
        link_cookie(COOKIE), f"{device_id}.{made}", path=f"/{g.school.slug}/gate", httponly=True,
        secure=works().settings.secure, samesite="Lax", max_age=A_YEAR,
    )  # fmt: skip
    return response


@pages.post("/devices/<uuid:device_id>/revoke")
@needs(Can.KEEP_GATE)
def revoke(device_id: UUID) -> Response:
    read(Nothing)
    device = found(g.session.get(GateDevice, (g.school.id, device_id)))
    name = device.name
    with transaction(g.session):
        revoke_device(g.session, device, by=actor())
    flash(f"“{name}” shows the gate no more.", "good")
    return make_response(redirect(school_url("gate.show_devices"), 303))


# -- the device of reception


def _device() -> GateDevice | None:
    """The device whose cookie this browser has, while it is enrolled and school is open."""
    given, _, secret = request.cookies.get(link_cookie(COOKIE), "").partition(".")
    try:
        device_id = UUID(given)
    except ValueError:
        return None
    row = g.session.scalar(
        select(GateDevice).where(GateDevice.id == device_id, GateDevice.revoked_at.is_(None))
    )
    key = works().settings.SECRET_KEY
    if row is None or not is_token(secret, key, PURPOSE, row.id, row.generation):
        return None
    return row if gate_is_open(clock.now()) else None


def _by(device: GateDevice) -> Actor:
    """Reception, at this device: what an office may do at the gate's own pages."""
    grants = frozenset({Grant(Role.OFFICE, g.school.id)})
    return Actor("device", device.id, f"Reception ({device.name})", grants)


@device_pages.get("/")
@open_to_all
def gate() -> Response:
    device = _device()
    if device is None:
        return _closed()
    by = _by(device)
    barred = named_like(barred_now(g.session), _typed())
    page = render_template(
        "gate/device.html", **_shown(barred), seen=school_url("reception.seen_here"),
        trust=works().directory.trust(), device=device, facts={},
    )  # fmt: skip
    leave(None)
    with works().sessions.school(g.school.id) as session, transaction(session):
        record_reading(session, Event.GATE_READ, by=by, about_kind="ban", about_id=None)
    response = make_response(page)
    response.headers["Refresh"] = "120"
    return response


@device_pages.post("/seen")
@open_to_all
def seen_here() -> Response:
    device = _device()
    if device is None:
        return _closed()
    flash(*_seen(_by(device), device))
    return make_response(redirect(school_url("reception.gate"), 303))


def _closed() -> Response:
    """What a browser that is not enrolled sees: what to do, and nothing of anybody."""
    page = render_template(
        "gate/closed.html", trust=works().directory.trust(),
        facts={"school.telephone": office_telephone(g.session, settings_of(g.session))},
    )  # fmt: skip
    return make_response(page)
