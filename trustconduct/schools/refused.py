"""Why settings were not saved."""

from __future__ import annotations


class SettingsRefused(ValueError):
    """Settings that do not go together. `errors`: field to what to do about it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class ChangedMeanwhile(RuntimeError):
    """Somebody else saved first; the door shows both texts."""
