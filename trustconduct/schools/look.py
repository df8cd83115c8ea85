"""How a school looks to parents: its badge and two colours, its own or the Trust's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct.schools.colours import ACCENT, COLOUR, readable
from trustconduct.schools.inherited import in_force
from trustconduct.schools.models import SchoolBadge
from trustconduct.tenants.models import SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Look:
    """Colours that can be read, as #rrggbb, and the file of the small badge, if there is one."""

    colour: str = COLOUR
    accent: str = ACCENT
    badge: UUID | None = None

    @property
    def styles(self) -> str:
        """The address of the stylesheet that sets the colours; blank where they are ours."""
        if (self.colour, self.accent) == (COLOUR, ACCENT):
            return ""
        return f"/static/look/{self.colour[1:]}-{self.accent[1:]}.css"


def look_of(session: ScopedSession) -> Look:
    """One query, in a school's scope."""
    own = select(SchoolSettings.colour, SchoolSettings.accent).subquery()
    row = session.execute(
        select(
            select(Trust.for_schools).limit(1).scalar_subquery().label("given"),
            select(own.c.colour).scalar_subquery().label("colour"),
            select(own.c.accent).scalar_subquery().label("accent"),
            select(SchoolBadge.small_file_id).scalar_subquery().label("badge"),
        )
    ).one()
    given = row.given or {}
    colour, accent = (in_force(key, getattr(row, key), given) for key in ("colour", "accent"))
    return Look(*readable(colour, accent), row.badge)


def look_styles(colours: str) -> str:
    """A stylesheet that sets two colours, by its address "0f4c5c-e8a537". Of any two: what it
    says depends on nothing else, so it may be kept for ever.
    """
    colour, _, accent = colours.partition("-")
    return f":root{{--school-colour:#{colour};--school-accent:#{accent}}}\n"
