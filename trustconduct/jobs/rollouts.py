"""Reminding schools that are to adopt an edition, each in its own session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from trustconduct.accounts.users import leading
from trustconduct.db import transaction
from trustconduct.plain_log import log
from trustconduct.reviews.reminders import Recipient
from trustconduct.reviews.rollouts import raise_late, remind_school, to_remind
from trustconduct.tenants.models import Trust
from trustconduct.tenants.sessions import Sessions


def remind_schools(
    sessions: Sessions, officers: Sequence[Recipient], base: str, ring: Callable[[], None]
) -> int:
    """Write to the schools that are to adopt an edition, and to the Trust's officers about
    those that are late; give how many reminders were written. `base`: this service's address.

    What breaks at one school does not keep the others from theirs; it is raised afterwards.
    """
    with sessions.trust(read_only=True) as session:
        found = to_remind(session)
        trust = session.scalar(select(Trust.name)) or ""
    with sessions.accounts(read_only=True) as session:
        led = {
            school_id: [Recipient(user.name, user.email) for user in users]
            for school_id, users in leading(session, [one.school_id for one, _ in found]).items()
        }
    broken: Exception | None = None
    written = 0
    for one, reminder in found:
        try:
            with sessions.school(one.school_id) as session, transaction(session):
                written += remind_school(
                    session,
                    one,
                    reminder,
                    led.get(one.school_id, []),
                    trust=trust,
                    address=f"{base}/{one.slug}/staff/policy/",
                )
        except OperationalError:
            raise
        except Exception as error:
            broken = broken or error
            log.error("A school could not be reminded.", exc_info=True)
    with sessions.trust() as session, transaction(session):
        written += raise_late(session, officers, console=f"{base}/admin/drift/?only=late")
    if written:
        ring()
    if broken:
        raise broken
    return written
