"""Why a ban is not written like this, in words for the page."""

from __future__ import annotations


class BanRefused(ValueError):
    """It can't be so. `field` says where on the page, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class BanMoved(RuntimeError):
    """Somebody else changed the ban since it was looked at."""


class WrongPerson(PermissionError):
    """This person may not decide or review it; the message says why."""
