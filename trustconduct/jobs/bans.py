"""Telling staff of the days of bans: one school after the other, each in its own commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.exc import OperationalError

from trustconduct.accounts.users import staff_of_schools
from trustconduct.audit.actor import Role
from trustconduct.bans.clocks import Told, schools_with_ticks, tell_of_bans
from trustconduct.db import transaction
from trustconduct.plain_log import log
from trustconduct.reviews.reminders import Recipient
from trustconduct.tenants.sessions import Sessions

# The head, and the deputies, who are the pastoral team here.
LEADS = (Role.HEADTEACHER, Role.PASTORAL)


def tell_schools(
    sessions: Sessions, officers: Sequence[Recipient], base_url: str, ring: Callable[[], None]
) -> int:
    """Tell each school of today’s days of its bans; give how many days were told of.

    What breaks at one school does not keep the others from their turn.
    """
    with sessions.trust(read_only=True) as session:
        schools = schools_with_ticks(session)
    with sessions.accounts(read_only=True) as session:
        staff = staff_of_schools(session, schools, LEADS)
    told, broken = 0, None
    for school_id in schools:
        people = {user.email: Told(user.name, user.email) for user, _ in staff.get(school_id, ())}
        for one in officers:
            people.setdefault(one.email, Told(one.name, one.email, officer=True))
        try:
            with sessions.school(school_id) as session, transaction(session):
                told += tell_of_bans(session, list(people.values()), base_url=base_url)
        except OperationalError:
            raise  # PostgreSQL is away: for every school
        except Exception as error:
            broken = broken or error
            log.error("A school’s bans could not be looked at.", exc_info=True)
    if told:
        ring()
    if broken:
        raise broken
    return told
