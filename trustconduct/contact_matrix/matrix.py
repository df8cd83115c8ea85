"""The contact matrix: which routes serve which purposes.

A matrix is plain, frozen text. A school's own matrix and the one that a
template ships with are the same shape, so that a school starts from the
template's and changes what differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from trustconduct.contact_matrix.hours import Hours


class MatrixRefused(ValueError):
    """The matrix cannot stand; the message says which row or column and why."""


@dataclass(frozen=True)
class Purpose:
    """A column: what the parent wants ("Find out about a class event")."""

    id: str
    text: str


class Unit(StrEnum):
    """What a promise to answer counts."""

    SCHOOL_DAYS = "school_days"
    WORKING_HOURS = "working_hours"


@dataclass(frozen=True)
class Away:
    """Between two days somebody is away; `cover` says whom to turn to instead."""

    first: date
    last: date
    cover: str

    def to_json(self) -> dict:
        return {"first": f"{self.first}", "last": f"{self.last}", "cover": self.cover}

    @classmethod
    def from_json(cls, value: dict) -> Away:
        first, last = (date.fromisoformat(value[name]) for name in ("first", "last"))
        return cls(first, last, value["cover"])


@dataclass(frozen=True)
class Route:
    """A row: a way to reach school ("Send an email"), and where it leads.

    `detail` is what a parent needs to use it: a telephone number, an address
    or a link. Blank until a school says, as is all that follows: in which `hours`
    it is answered (on school days, or in `holidays` too), `who` answers, within
    how many of `unit` a parent hears that it was read and gets an answer (0: not
    promised), a `note`, and who covers while somebody is `away`.
    """

    id: str
    text: str
    detail: str = ""
    hours: tuple[Hours, ...] = ()
    holidays: bool = False
    who: str = ""
    acknowledge_within: int = 0
    answer_within: int = 0
    unit: Unit = Unit.SCHOOL_DAYS
    note: str = ""
    away: Away | None = None

    def reworded(self, put: Callable[[str], str]) -> Route:
        words: dict[str, Any] = {name: put(getattr(self, name)) for name in _WORDS}
        away = replace(self.away, cover=put(self.away.cover)) if self.away else None
        return replace(self, **words, away=away)

    def to_json(self) -> dict:
        """What is not said is not written, so that a matrix saved before keeps its form."""
        value: dict = {"id": self.id, "text": self.text, "detail": self.detail}
        said = {
            "hours": [one.to_json() for one in self.hours],
            "holidays": self.holidays,
            "who": self.who,
            "acknowledge_within": self.acknowledge_within,
            "answer_within": self.answer_within,
            "unit": self.unit.value if self.unit is not Unit.SCHOOL_DAYS else "",
            "note": self.note,
            "away": self.away.to_json() if self.away else None,
        }
        return {**value, **{name: one for name, one in said.items() if one}}

    @classmethod
    def from_json(cls, value: dict) -> Route:
        more = dict(value)
        more["hours"] = tuple(Hours.from_json(one) for one in value.get("hours", ()))
        more["unit"] = Unit(value.get("unit", Unit.SCHOOL_DAYS))
        more["away"] = Away.from_json(value["away"]) if value.get("away") else None
        return cls(**more)


_WORDS = ("text", "detail", "who", "note")


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

    def route(self, id: str) -> Route | None:
        return next((route for route in self.routes if route.id == id), None)

    def purpose(self, id: str) -> Purpose | None:
        return next((purpose for purpose in self.purposes if purpose.id == id), None)

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
            routes=tuple(route.reworded(put) for route in self.routes),
        )

    def texts(self) -> Iterator[str]:
        """Every text in which a fact may stand."""
        yield self.corner
        for purpose in self.purposes:
            yield purpose.text
        for route in self.routes:
            yield from (getattr(route, name) for name in _WORDS)
            if route.away:
                yield route.away.cover

    def to_json(self) -> dict:
        """Plain JSON: lists in the matrix's order, so that one matrix has one form."""
        return {
            "corner": self.corner,
            "purposes": [{"id": p.id, "text": p.text} for p in self.purposes],
            "routes": [route.to_json() for route in self.routes],
            "ticks": [
                [r.id, p.id] for r in self.routes for p in self.purposes if self.serves(r, p)
            ],
        }

    @classmethod
    def from_json(cls, value: dict) -> Matrix:
        return cls(
            corner=value.get("corner", cls.corner),
            purposes=tuple(Purpose(**p) for p in value["purposes"]),
            routes=tuple(Route.from_json(r) for r in value["routes"]),
            ticks=frozenset((route, purpose) for route, purpose in value["ticks"]),
        )


def slug(text: str) -> str:
    """A short id out of a row's or column's words: "Send an email" gives `send-an-email`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
