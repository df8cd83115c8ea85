"""The contact matrix: which routes serve which purposes.

A matrix is plain, frozen text. A school's own matrix and the one that a
template ships with are the same shape, so that a school starts from the
template's and changes what differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace


class MatrixRefused(ValueError):
    """The matrix cannot stand; the message says which row or column and why."""


@dataclass(frozen=True)
class Purpose:
    """A column: what the parent wants ("Find out about a class event")."""

    id: str
    text: str


@dataclass(frozen=True)
class Route:
    """A row: a way to reach school ("Send an email"), and where it leads.

    `detail` is what a parent needs to use it: a telephone number, an address
    or a link. Blank until a school says.
    """

    id: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Matrix:
    """Purposes by routes. `ticks` holds pairs (route id, purpose id).

    `corner` is what stands where the headings meet ("I want to…").
    """

    purposes: tuple[Purpose, ...] = ()
    routes: tuple[Route, ...] = ()
    ticks: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    corner: str = "I want to…"

    def __post_init__(self) -> None:
        routes = [route.id for route in self.routes]
        purposes = [purpose.id for purpose in self.purposes]
        if len(set(routes)) != len(routes) or len(set(purposes)) != len(purposes):
            raise MatrixRefused("Two rows or two columns of the contact matrix have one id.")
        for route, purpose in self.ticks:
            if route not in routes or purpose not in purposes:
                raise MatrixRefused(
                    f"A tick stands at “{route}” by “{purpose}”, which the matrix does not have."
                )

    def serves(self, route: Route, purpose: Purpose) -> bool:
        return (route.id, purpose.id) in self.ticks

    def ways_to(self, purpose: Purpose) -> tuple[Route, ...]:
        """The routes for one purpose, in the matrix's own order."""
        return tuple(route for route in self.routes if self.serves(route, purpose))

    def reworded(self, put: Callable[[str], str]) -> Matrix:
        """The same matrix with every text put through `put`: its facts filled in, say."""
        return replace(
            self,
            corner=put(self.corner),
            purposes=tuple(replace(p, text=put(p.text)) for p in self.purposes),
            routes=tuple(replace(r, text=put(r.text), detail=put(r.detail)) for r in self.routes),
        )

    def texts(self) -> Iterator[str]:
        """Every text in which a fact may stand."""
        yield self.corner
        for purpose in self.purposes:
            yield purpose.text
        for route in self.routes:
            yield route.text
            yield route.detail

    def to_json(self) -> dict:
        """Plain JSON: lists in the matrix's order, so that one matrix has one form."""
        return {
            "corner": self.corner,
            "purposes": [{"id": p.id, "text": p.text} for p in self.purposes],
            "routes": [{"id": r.id, "text": r.text, "detail": r.detail} for r in self.routes],
            "ticks": [
                [r.id, p.id] for r in self.routes for p in self.purposes if self.serves(r, p)
            ],
        }

    @classmethod
    def from_json(cls, value: dict) -> Matrix:
        return cls(
            corner=value.get("corner", cls.corner),
            purposes=tuple(Purpose(**p) for p in value["purposes"]),
            routes=tuple(Route(**r) for r in value["routes"]),
            ticks=frozenset((route, purpose) for route, purpose in value["ticks"]),
        )


def slug(text: str) -> str:
    """A short id out of a row's or column's words: "Send an email" gives `send-an-email`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
