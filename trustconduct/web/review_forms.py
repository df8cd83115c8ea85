"""The forms of a review's cycle, which the Trust's console and the schools' own site share."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import fields

from trustconduct.reviews.models import MOST_TERMS, ReviewCycle, Unit
from trustconduct.web.door import Form, read
from trustconduct.web.fields import Choice, Line, Number, Plain, WrittenDay

OTHERS = "Somebody else changed this a moment ago. This is how it stands now: look at it again."
UNITS = ((Unit.YEARS.value, "Years"), (Unit.TERMS.value, "Terms"))
WHO = "Choose somebody from the list."


class CycleForm(Plain):
    every = Number(1, MOST_TERMS, blank="Type how many years or terms lie between two reviews.")
    unit = Choice([unit for unit, _ in UNITS], blank="Choose years or terms.")
    owner_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": WHO})
    upward_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": WHO})
    seen = Line(longest=9)


class PauseForm(Plain):
    because = Line(longest=300, blank="Say why the reminders are paused.")
    until = WrittenDay()
    seen = Line(longest=9)


def read_cycle() -> Form:
    """A cycle's form; where nobody is chosen the field is not there at all."""
    given = request.form.to_dict()
    blank = {name for name in ("owner_id", "upward_id") if not given.get(name)}
    return read(CycleForm, {name: each for name, each in given.items() if name not in blank})


def cycle_values(form: Form) -> dict[str, Any]:
    """What a cycle's form means, as the rule takes it."""
    return {
        "seen": seen_version(form),
        **{name: form.values[name] for name in ("every", "unit", "owner_id", "upward_id")},
    }


def cycle_typed(cycle: ReviewCycle) -> dict[str, Any]:
    """A cycle as its form shows it."""
    return {
        "every": cycle.every,
        "unit": cycle.unit,
        "owner_id": str(cycle.owner_id or ""),
        "upward_id": str(cycle.upward_id or ""),
        "seen": cycle.version or "",
    }


def seen_version(form: Form) -> int | None:
    """The version of the cycle that the form was made from; None where there was none."""
    seen = str(form.values.get("seen", ""))
    return int(seen) if seen.isascii() and seen.isdigit() else None


def refuse_all(form: Form, errors: dict[str, str]) -> None:
    """Say at each field what a rule refused."""
    for field, text in errors.items():
        form.refuse(field, text)
