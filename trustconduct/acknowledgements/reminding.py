"""Reminding who has not answered: at most once a person and local day, and never after an answer.

The clock finds the schools by one query over rows without a name; each is reminded in its
own session. A reminder is a row first, and its key refuses a second one on that day,
whatever runs twice. At the moment a reminder leaves, the worker asks once more
(`no_longer_wanted`): who answered a second ago gets none.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, exists, select, text

from trustconduct import clock
from trustconduct.acknowledgements.asking import LONG_STATEMENTS, write_to_reminded
from trustconduct.acknowledgements.audience import Way
from trustconduct.acknowledgements.campaigns import words_of
from trustconduct.acknowledgements.models import Acknowledgement, SignRequest
from trustconduct.acknowledgements.plans import CampaignPlan, SignReminder
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.acknowledgements.words import letters
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.models import NamedSchool, School
from trustconduct.tenants.sessions import ScopedSession

# Whom nobody needs to remind any more: they answered, in whichever way; their link is closed
# or was taken back; the version is no longer in force; they left, or are a double.
_END = """
update sign_request r set remind_on = null
from adult a, campaign_plan p
where r.school_id = :school and r.remind_on <= :today
  and a.school_id = r.school_id and a.id = r.adult_id
  and p.school_id = r.school_id and p.id = r.campaign_id
  and (exists (select from acknowledgement k
         where k.school_id = r.school_id and k.request_id = r.id
           and not exists (select from answer_struck x
             where x.school_id = k.school_id and x.id = k.id))
    or r.closes_on < :today or r.revoked_at is not null or r.disowned_at is not null
    or p.stopped_at is not null or a.left_on is not null or a.merged_into is not null
    or (r.asked_at at time zone 'Europe/London')::date + p.remind_within < :today
    or not exists (select from policy_in_force f
         where f.school_id = r.school_id and f.version_id = r.version_id
           and f.during @> cast(:today as date)))
"""

# One row each for who is due and may be told. Of two that run at once the second waits for
# the keys of the first, and finds them taken.
_NOTE = """
insert into sign_reminder (school_id, id, request_id, adult_id, local_day, written_at)
select r.school_id, tc_new_id(), r.id, r.adult_id, :today, :now
from sign_request r
  join adult a on a.school_id = r.school_id and a.id = r.adult_id
  join campaign_plan p on p.school_id = r.school_id and p.id = r.campaign_id
where r.school_id = :school and r.remind_on <= :today
  and not exists (select from tc_untold() u where u.id = r.adult_id)
  and (a.email <> '' or (p.way = 'mail_or_text' and tc_uk_mobile(a.telephone) <> ''
    and not exists (select from tc_untold_mobiles() m
      where m.mobile = tc_uk_mobile(a.telephone))))
  and not exists (select from outbox_school o
    where o.school_id = r.school_id and o.adult_id = r.adult_id
      and o.bounced_at is not null and o.settled_at is null)
order by r.id
on conflict (school_id, adult_id, local_day) do nothing
"""

# When the next one is due. Missed days are not made good: it is so many days from today.
_NEXT = """
update sign_request r set remind_on = case
  when (select count(*) from sign_reminder n
      where n.school_id = r.school_id and n.request_id = r.id) < p.remind_most
    and cast(:today as date) + p.remind_every
      <= (r.asked_at at time zone 'Europe/London')::date + p.remind_within
  then cast(:today as date) + p.remind_every end
from sign_reminder s, campaign_plan p
where s.school_id = r.school_id and s.request_id = r.id and s.local_day = :today
  and p.school_id = r.school_id and p.id = r.campaign_id
  and r.school_id = :school and r.remind_on <= :today
"""


def schools_to_remind(session: ScopedSession) -> list[UUID]:
    """The schools where somebody's reminder is due today, in a session of the Trust."""
    return list(
        session.scalars(
            select(SignRequest.school_id)
            .join(School, School.id == SignRequest.school_id)
            .where(SignRequest.remind_on <= clock.today(), School.suspended_at.is_(None))
            .group_by(SignRequest.school_id)
            .order_by(SignRequest.school_id)
        )
    )


def remind_adults(
    session: ScopedSession, school: NamedSchool, *, telephone: str, reply_to: str
) -> int:
    """Write the reminders of a school that are due today; give how many."""
    session.execute(text(LONG_STATEMENTS))
    session.take_turns("remind")
    now = clock.now()
    when = {"school": session.school_id, "today": clock.local(now).date(), "now": now}
    session.execute(text(_END), when)
    noted = cast(CursorResult, session.execute(text(_NOTE), when)).rowcount
    session.execute(text(_NEXT), when)
    if not noted:
        return 0
    ways = session.execute(
        select(CampaignPlan.id, CampaignPlan.way).where(
            CampaignPlan.id.in_(
                select(SignRequest.campaign_id).where(SignRequest.id.in_(_noted(now)))
            )
        )
    ).all()
    for campaign_id, way in ways:
        said = letters(
            words_of(session, campaign_id), school,
            telephone=telephone, reply_to=reply_to, again=True,
        )  # fmt: skip
        written = write_to_reminded(
            session, school, campaign_id, said, reply_to=reply_to, way=Way(way), now=now
        )
        record(session, Event.ADULTS_REMINDED, by=CLOCK, about_kind="campaign",
               about_id=campaign_id, reminded=written)  # fmt: skip
    return noted


def _noted(now: Any) -> Any:
    return select(SignReminder.request_id).where(SignReminder.written_at == now)


def no_longer_wanted(session: ScopedSession, kind: str, link: dict[str, Any] | None) -> bool:
    """Whether a message that is about to leave is a reminder of something that was answered.

    Asked by the worker with the message in its hand, for reminders alone.
    """
    if kind != "sign_reminder" or not link:
        return False
    request_id = UUID(link["row"])
    return bool(
        session.scalar(
            select(
                exists().where(Acknowledgement.request_id == request_id, stands())
                | exists().where(
                    SignRequest.id == request_id,
                    (SignRequest.generation != link["generation"])
                    | SignRequest.revoked_at.is_not(None)
                    | SignRequest.disowned_at.is_not(None),
                )
            )
        )
    )
