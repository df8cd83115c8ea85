"""How a carrier says that it did not take a message: to be tried later, or refused for good."""

from __future__ import annotations


class NotTaken(Exception):
    """`error` is a class of error and a code, in words of ours: never a server's own text,
    which may quote an address.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Later(NotTaken):
    """Not now. It may be taken at another time, or once an operator has mended something."""


class Refused(NotTaken):
    """This recipient or this message is not taken, and asking again will hardly help."""
