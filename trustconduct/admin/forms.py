"""Fields that only the console's forms have."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from trustconduct.clock import Term, TermRefused


class WrittenDay(fields.Field):
    """A day as a Board paper writes it: 10 July 2024 or 10/07/2024.

    `blank` is what to say where nothing was typed; without it the day may be blank.
    """

    def __init__(self, *, blank: str = "") -> None:
        if blank:
            super().__init__(required=True, error_messages={"required": blank})
        else:
            super().__init__(load_default=None)
        self.blank = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date | None:
        text = " ".join(str(value).split())
        if not text and not self.blank:
            return None
        if not text:
            raise ValidationError(self.blank)
        try:
            day = Term.parse(text).day
        except TermRefused:
            day = None
        if day is None:
            raise ValidationError("Type a day, like 10 July 2024 or 10/07/2024.")
        return day
