"""The fields of settings that inherit, by what kind they are: one list for school and Trust."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from flask import g
from marshmallow import Schema, ValidationError, fields

from trustconduct.contact_matrix import hours
from trustconduct.schools.inherited import (
    INHERITED,
    ROLE_WORDS,
    UNIT_WORDS,
    ForSchools,
    Inherited,
    given_words,
)
from trustconduct.schools.settings import police_forces
from trustconduct.web.door import Form
from trustconduct.web.fields import Fact, Line, Plain, Postal, Telephone, WebAddress

MOST_SIGNATORIES = 10


class OfficeHours(Line):
    """Hours as people write them, kept as the finder words them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(" ".join(str(value).split()), attr, data, **more)
        try:
            return hours.words(hours.parse(text))
        except hours.HoursRefused as no:
            raise ValidationError(str(no)) from None


class Colour(Line):
    """A colour written #0f4c5c, 0F4C5C or #abc; kept as #rrggbb in small letters."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more).lower().removeprefix("#")
        if not text:
            return ""
        if re.fullmatch("[0-9a-f]{3}", text):
            text = "".join(2 * mark for mark in text)
        if not re.fullmatch("[0-9a-f]{6}", text):
            raise ValidationError("Type a colour as # and six letters or figures, like #0f4c5c.")
        return f"#{text}"


class People(fields.String):
    """Who signs letters: one on each line, the name, a comma, the role."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        lines = [" ".join(line.split()).strip(" ,") for line in text.splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > MOST_SIGNATORIES:
            raise ValidationError(f"Name at most {MOST_SIGNATORIES} people.")
        for line in lines:
            if not line.isprintable():
                raise ValidationError("There is a character in here that can't be printed.")
            name, _, role = (part.strip() for part in line.partition(","))
            if not name or not role:
                raise ValidationError(f"Write “{line[:40]}” as a name, a comma and a role.")
            if len(line) > 150:
                raise ValidationError(f"“{line[:40]}…” is too long. Use at most 150 characters.")
        return "\n".join(lines)


class Days(fields.Field):
    """A number of days that may be left blank: None."""

    def __init__(self, most: int, *, blank: str = "") -> None:
        super().__init__(load_default=None)
        self.most, self.blank = most, blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int | None:
        text = str(value).strip()
        if not text:
            if self.blank:
                raise ValidationError(self.blank)
            return None
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= self.most):
            raise ValidationError(f"Type a whole number from 1 to {self.most}.")
        return int(text)


class OneOf(fields.Field):
    """One of a closed list, or blank: None."""

    def __init__(self, choices: Collection[str], *, blank: str = "") -> None:
        super().__init__(load_default=None)
        self.choices, self.blank = choices, blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str | None:
        if value in self.choices:
            return str(value)
        if value or self.blank:
            raise ValidationError(self.blank or "Choose one from the list.")
        return None


def field_for(setting: Inherited, *, blank: str = "") -> fields.Field:
    """The field of a setting. `blank` is what to say where it must not be left blank."""
    match setting.kind:
        case "url":
            return WebAddress(longest=500)
        case "telephone":
            return Telephone()
        case "police_force":
            return fields.String(load_default="")
        case "postal":
            return Postal(longest=300)
        case "hours":
            return OfficeHours(longest=300)
        case "people":
            return People(load_default="")
        case "colour":
            return Colour(longest=20)
        case "days":
            return Days(setting.most, blank=blank)
        case "unit":
            return OneOf(UNIT_WORDS, blank=blank)
        case "role":
            return OneOf(ROLE_WORDS, blank=blank)
    return Fact(longest=200)


@lru_cache(maxsize=256)
def form_of(keys: tuple[str, ...], needed: tuple[tuple[str, str], ...] = ()) -> type[Schema]:
    """A school's form for some settings. `needed` must be typed: each with what to say if not."""
    blank = dict(needed)
    taken = {f"take_{key}": Colour() for key in keys if INHERITED[key].kind == "colour"}
    return Plain.from_dict(
        {
            **{key: field_for(INHERITED[key], blank=blank.get(key, "")) for key in keys},
            **taken,
            "seen_version": fields.String(load_default=""),
            "told": fields.String(load_default=""),
        },
        name="SettingsForm",
    )


@lru_cache(maxsize=1)
def given_form() -> type[Schema]:
    """The Trust's form: each setting, whether it is locked, and the limits of days."""
    found: dict[str, fields.Field] = {"seen": fields.Integer(load_default=0)}
    for key, setting in INHERITED.items():
        if not setting.each_its_own:
            found[key] = field_for(setting)
        found[f"{key}_locked"] = fields.Boolean(load_default=False)
        if setting.kind == "colour":
            found[f"take_{key}"] = Colour()
        if setting.has_limits:
            found |= {f"{key}_{end}": Days(setting.most) for end in ("least", "most")}
    return Plain.from_dict(found, name="GivenForm")


def choices_for(own_force: str | None = None) -> dict[str, list[tuple[str, str]]]:
    """What the fields that choose from a list offer, by kind."""
    forces = [
        (force.id, force.name + (" (no longer)" if force.valid_to else ""))
        for force in police_forces(g.session, own=own_force)
    ]
    return {
        "police_force": forces,
        "unit": list(UNIT_WORDS.items()),
        "role": list(ROLE_WORDS.items()),
    }


def shown_given(given: ForSchools, choices: Mapping[str, list[tuple[str, str]]]) -> dict[str, Any]:
    return given_words(given, choices["police_force"])


def take_offered(form: Form) -> None:
    """Put a colour that was offered, and chosen by its button, in the place of what was typed."""
    for name in [name for name in form.values if name.startswith("take_")]:
        key, offered = name.removeprefix("take_"), form.values.pop(name)
        if not offered:
            continue
        form.errors.pop(key, None)
        form.values[key] = offered
        form.typed = {**form.typed, key: form.values[key]}
