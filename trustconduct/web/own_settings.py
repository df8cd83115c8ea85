"""A school's settings: what counts now and where it comes from, changing it, and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, g, make_response, redirect

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.policies.altered import would_alter
from trustconduct.policies.wording import differences_html
from trustconduct.schools.badge import badge_of
from trustconduct.schools.colours import readable
from trustconduct.schools.inherited import (
    INHERITED,
    ForSchools,
    for_schools,
    in_force,
    keys_of,
    locked_keys,
    words_for,
)
from trustconduct.schools.setting_history import is_setting, setting_history
from trustconduct.schools.settings import (
    ChangedMeanwhile,
    SettingsRefused,
    change_settings,
    facts_of,
    setting_label,
    settings_of,
)
from trustconduct.tenants.models import SchoolSettings
from trustconduct.web.door import Form, actor, needs, read
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.setting_fields import choices_for, form_of, shown_given, take_offered

pages = Blueprint("settings", __name__, url_prefix="/settings")

# The pages of settings: what each is called, and the endpoint where it is changed.
GROUPS: dict[str, tuple[str, str]] = {
    "facts": ("Facts in your code", "setup.facts"),
    "office": ("Your office", "setup.settings.change"),
    "documents": ("Links to other policies", "setup.settings.change"),
    "letters": ("Letters", "setup.settings.change"),
    "look": ("How your pages look", "setup.settings.change"),
    "bans": ("Site bans", "setup.bans"),
}
OPEN = tuple(
    name for name, (_, endpoint) in GROUPS.items() if endpoint.startswith("setup.settings")
)
Page = Callable[..., Response]


@pages.get("/")
@needs(Can.CHANGE_SETTINGS)
def show() -> str:
    """Every setting as it counts now."""
    settings, given = settings_of(g.session), for_schools(g.session)
    forces = dict(choices_for(settings.police_force_id)["police_force"])
    groups = []
    for name, (heading, endpoint) in GROUPS.items():
        rows = [_row(key, settings, given, forces) for key in keys_of(name)]
        if name == "facts":
            rows.insert(1, _own_row("email", settings.email))
        address = school_url(endpoint, **({"group": name} if name in OPEN else {}))
        groups.append({"heading": heading, "rows": rows, "href": address})
    return staff_page("staff/settings.html", groups=groups)


def _row(
    key: str, settings: SchoolSettings, given: ForSchools, forces: dict[str, str]
) -> dict[str, str]:
    own = getattr(settings, key)
    counts = in_force(key, own, given)
    theirs = given.get(key, {})
    source = ""
    if theirs.get("locked"):
        source = "Locked by the Trust"
    elif theirs.get("value") and not own:
        source = "From the Trust"
    return {**_own_row(key, words_for(key, counts, forces)), "source": source}


def _own_row(key: str, words: str) -> dict[str, str]:
    return {
        "label": setting_label(key),
        "words": words,
        "source": "",
        "history": school_url("setup.settings.history", key=key),
    }


@pages.get("/<group>")
@needs(Can.CHANGE_SETTINGS)
def change(group: str) -> Response:
    if group not in OPEN:
        abort(404)
    settings = settings_of(g.session)
    typed = {key: getattr(settings, key) or "" for key in keys_of(group)}
    return _page(group)(Form({**typed, "seen_version": settings.version or ""}))


def _page(group: str) -> Page:
    def page(form: Form, status: int = 200, **more: Any) -> Response:
        given, choices = for_schools(g.session), choices_for()
        return make_response(
            staff_page(
                "staff/settings_change.html",
                group=group,
                heading=GROUPS[group][0],
                keys=keys_of(group),
                INHERITED=INHERITED,
                form=form,
                given=shown_given(given, choices),
                choices=choices,
                look=_look(form, given) if group == "look" else None,
                badge=badge_of(g.session) if group == "look" else None,
                **{"offers": {}, **more},
            ),
            status,
        )

    return page


def _look(form: Form, given: ForSchools) -> tuple[str, str]:
    """The two colours as parents' pages would show them."""
    settings = settings_of(g.session)
    own = {key: form.values.get(key, getattr(settings, key)) for key in ("colour", "accent")}
    return readable(*(in_force(key, own[key], given) for key in ("colour", "accent")))


@pages.post("/<group>")
@needs(Can.CHANGE_SETTINGS)
def save(group: str) -> Response:
    if group not in OPEN:
        abort(404)
    form = read_settings(form_of(tuple(keys_of(group))))
    onward = school_url("setup.settings.show")
    return save_settings(form, _page(group), onward, f"{GROUPS[group][0]}: saved.")


@pages.get("/history/<key>")
@needs(Can.CHANGE_SETTINGS)
def history(key: str) -> str:
    """What one setting was, from when, and who changed it: here and at the Trust."""
    if not is_setting(key):
        abort(404)
    settings = settings_of(g.session)
    forces = dict(choices_for(settings.police_force_id)["police_force"])
    given = for_schools(g.session)
    return staff_page(
        "staff/settings_history.html",
        label=setting_label(key),
        now=words_for(key, in_force(key, getattr(settings, key), given), forces),
        changes=setting_history(g.session, key, forces),
        day=clock.day,
        local=clock.local,
    )


def read_settings(schema: Any) -> Form:
    """Read a form of settings. What stood there already may stay, though it was typed before
    there was a rule for it; a colour that was offered takes the place of what was typed.
    """
    form = read(schema)
    settings = settings_of(g.session)
    for key in list(form.errors):
        stored = getattr(settings, key, None)
        if stored and str(form.typed.get(key, "")).strip() == str(stored).strip():
            del form.errors[key]
            form.values[key] = stored
    take_offered(form)
    for key in locked_keys(for_schools(g.session)) - form.typed.keys():
        form.values.pop(key, None)  # the page has no field for it: what is there stays
    return form


def save_settings(form: Form, page: Page, onward: str, message: str) -> Response:
    """Save settings, or show the form again: with what to mend, with what somebody else saved,
    or with what would become of the code that parents read.
    """
    if form.errors:
        return page(form, 422)
    values = {**form.values}
    seen, told = values.pop("seen_version"), values.pop("told", "")
    if "police_force_id" in values:
        values["police_force_id"] = values["police_force_id"] or None
    settings = settings_of(g.session)
    before = facts_of(g.session, g.school, settings)
    altered = would_alter(g.session, before, _facts_with(settings, values))
    if altered and told != altered.mark and _is_seen(settings, seen):
        form.typed = {**form.typed, "told": altered.mark}
        return page(form, 200, altered=altered.version, changes=differences_html(altered.changes))
    try:
        with transaction(g.session):
            change_settings(g.session, by=actor(), seen_version=_number(seen), **values)
    except SettingsRefused as refused:
        for name, text in refused.errors.items():
            form.refuse(name, text)
        return page(form, 422, offers=refused.offers)
    except ChangedMeanwhile:
        return _changed_meanwhile(form, page, values)
    if altered:
        flash(
            f"{message} Parents still read version {altered.version.number}: read the new text"
            " through, then it can be published.",
            "waiting",
        )
        return make_response(redirect(school_url("setup.publishing.preview"), 303))
    flash(message, "good")
    return make_response(redirect(onward, 303))


def _facts_with(settings: SchoolSettings, values: dict[str, Any]) -> dict[str, str]:
    """The facts as they would be; the row itself stays as it is."""
    columns = [column.key for column in SchoolSettings.__mapper__.column_attrs]
    would_be = SchoolSettings(**{**{key: getattr(settings, key) for key in columns}, **values})
    return facts_of(g.session, g.school, would_be)


def _number(seen: str) -> int | None:
    return int(seen) if seen.isascii() and seen.isdigit() else None


def _is_seen(settings: SchoolSettings, seen: str) -> bool:
    return settings.version == _number(seen)


def _changed_meanwhile(form: Form, page: Page, values: dict[str, Any]) -> Response:
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
