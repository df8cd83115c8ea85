"""How a sealed process says no."""

from __future__ import annotations


class Refused(ValueError):
    """What came can't be taken; `why` is a word that the caller has a sentence for."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
