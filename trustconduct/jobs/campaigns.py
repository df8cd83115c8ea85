"""What the clock does for campaigns: found by one query, done in each school's own session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.exc import OperationalError

from trustconduct.acknowledgements.campaigns import carry_on, schools_to_ask
from trustconduct.acknowledgements.reminding import remind_adults as remind
from trustconduct.acknowledgements.reminding import schools_to_remind
from trustconduct.db import transaction
from trustconduct.plain_log import log
from trustconduct.schools.settings import office_telephone, settings_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession, Sessions

Rule = Callable[..., int]


def ask_adults(sessions: Sessions, ring: Callable[[], None]) -> int:
    """Carry on with every campaign that is due; give how many adults were asked."""
    with sessions.trust(read_only=True) as session:
        schools = schools_to_ask(session)
    return _in_each(sessions, schools, carry_on, ring)


def remind_adults(sessions: Sessions, ring: Callable[[], None]) -> int:
    """Write every reminder that is due today; give how many."""
    with sessions.trust(read_only=True) as session:
        schools = schools_to_remind(session)
    return _in_each(sessions, schools, remind, ring)


def _in_each(
    sessions: Sessions, schools: Sequence[UUID], rule: Rule, ring: Callable[[], None]
) -> int:
    """What breaks at one school does not keep the others from their turn; it is raised after."""
    broken: Exception | None = None
    done = 0
    for school_id in schools:
        try:
            with sessions.school(school_id) as session, transaction(session):
                done += _at(session, rule)
        except OperationalError:
            raise  # PostgreSQL is away: for every school
        except Exception as error:
            broken = broken or error
            log.error("A school's campaigns could not be carried on.", exc_info=True)
    if done:
        ring()
    if broken:
        raise broken
    return done


def _at(session: ScopedSession, rule: Rule) -> int:
    settings = settings_of(session)
    school = session.get_one(School, session.school_id)
    return rule(
        session, school, telephone=office_telephone(session, settings), reply_to=settings.email
    )
