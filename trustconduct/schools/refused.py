"""Why settings were not saved."""

from __future__ import annotations

from collections.abc import Mapping


class SettingsRefused(ValueError):
    """Settings that do not go together. `errors`: field to what to do about it; `offers`:
    field to a value that would do.
    """

    def __init__(self, errors: dict[str, str], offers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors
        self.offers = dict(offers or {})


class ChangedMeanwhile(RuntimeError):
    """Somebody else saved first; the door shows both texts."""
