"""How a school handles site bans: which figures go together, and which limits the Trust sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustconduct.schools.refused import SettingsRefused

BAN_FIELDS = (
    "ban_unit",
    "ban_temporary_days",
    "ban_first_days",
    "ban_longest_days",
    "ban_review_days",
    "representations_days",
    "ban_decider",
    "ban_reviewer",
)

# Where neither the school nor the Trust has chosen yet, the form begins with these. No law
# sets any of them; a Trust's solicitor should look at what its schools choose.
SUGGESTED: dict[str, Any] = {
    "ban_unit": "calendar",
    "ban_temporary_days": 14,
    "ban_first_days": 42,
    "ban_longest_days": 180,
    "ban_review_days": 42,
    "representations_days": 10,
    "ban_decider": "headteacher",
    "ban_reviewer": "chair_of_governors",
}


def wrong_together(values: Mapping[str, Any]) -> dict[str, str]:
    """Lengths and roles that contradict each other, by field. Blank is not wrong yet."""
    errors: dict[str, str] = {}

    def longer(small: str, large: str, message: str) -> None:
        if values[small] and values[large] and values[small] > values[large]:
            errors[small] = message

    longer(
        "ban_first_days",
        "ban_longest_days",
        "A first ban can't be longer than the longest ban. Shorten it, or raise the longest.",
    )
    longer(
        "ban_review_days",
        "ban_longest_days",
        "A review must come before the longest ban ends. Choose fewer days.",
    )
    longer(
        "representations_days",
        "ban_temporary_days",
        "A parent must have time to answer while a temporary ban lasts."
        " Give fewer days to answer, or a longer temporary ban.",
    )
    if values["ban_decider"] and values["ban_decider"] == values["ban_reviewer"]:
        errors["ban_reviewer"] = "Who reviews a ban must not be who decided it. Choose another."
    return errors


def beyond_limits(
    values: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Figures that the Trust does not allow, by field."""
    errors: dict[str, str] = {}
    for name in BAN_FIELDS:
        value, limits = values[name], given.get(name, {})
        if not isinstance(value, int):
            continue
        least, most = limits.get("least"), limits.get("most")
        if most and value > most:
            errors[name] = f"The Trust allows {most} days at most. Choose fewer."
        elif least and value < least:
            errors[name] = f"The Trust asks for {least} days at least. Choose more."
    return errors


def check(values: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Refuse figures in force that contradict each other or the Trust's limits."""
    if errors := {**wrong_together(values), **beyond_limits(values, given or {})}:
        raise SettingsRefused(errors)
