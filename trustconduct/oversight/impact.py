"""Whom publishing an edition will ask again, for the Trust: counts only, and no names."""

from __future__ import annotations

from dataclasses import dataclass

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.oversight.overview import SchoolStanding, overview
from trustconduct.policies.models import Edition
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Impact:
    """The schools with an earlier edition in force, and how many are new to the code.

    `material`: whether those who were asked before are asked again.
    """

    material: bool
    schools: tuple[SchoolStanding, ...]
    without_version: int
    suspended: int

    @property
    def people(self) -> int:
        """How many people were asked about what is in force now, and are asked again."""
        return sum(school.counts.asked for school in self.schools) if self.material else 0

    @property
    def asking(self) -> int:
        """In how many schools they are."""
        return sum(school.counts.asked > 0 for school in self.schools) if self.material else 0


def impact(session: ScopedSession, edition: Edition, *, by: Actor) -> Impact:
    """Whom the edition will ask again once each school has adopted it.

    Three queries for three schools or three hundred. One that nobody marked is
    counted as material, as publishing takes it. Suspended schools ask nobody.
    """
    permit(by, Can.SEE_CONSOLE)
    schools = overview(session, by=by).schools
    open_ = [school for school in schools if school.suspended_at is None]
    return Impact(
        material=edition.material is not False,
        schools=tuple(one for one in open_ if one.edition is not None),
        without_version=sum(school.edition is None for school in open_),
        suspended=len(schools) - len(open_),
    )
