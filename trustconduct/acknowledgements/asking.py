"""Writing the messages that ask and remind: by statements that do not grow with the school.

A hundred thousand adults are one request, one message and one text each, all of it made
by PostgreSQL out of the roll: this process never holds them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, func, insert, literal, select, text

from trustconduct import clock
from trustconduct.acknowledgements.audience import Way
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.acknowledgements.plans import CampaignPlan
from trustconduct.acknowledgements.words import Letters
from trustconduct.languages.spoken import LANGUAGES, Language
from trustconduct.people.models import Adult
from trustconduct.tenants.models import NamedSchool
from trustconduct.tenants.sessions import ScopedSession

# What one statement may take where it writes to a whole school; a page's has five seconds.
LONG_STATEMENTS = "set local statement_timeout = '240s'"
# Which requests a message is written for: one of these, never a name of ours in between.
_JUST_ASKED = "r.campaign_id = :campaign and r.asked_at = :now"
_CHOSEN = "r.id = any(:requests)"
_JUST_REMINDED = (
    "r.id in (select s.request_id from sign_reminder s"
    " where s.written_at = :now and s.local_day = :today)"
    " and r.campaign_id = :campaign"
)

# A line break in a header of a mail would be a header of somebody's choice, and a brace in
# a name a merge field: so neither stands in what is merged.
_CHOOSE = r"""
with found as (
  select r.id as request_id, r.adult_id, r.generation,
    to_char(r.closes_on, 'FMDD ')
      || (cast(:said as jsonb) -> a.language -> 'months'
        ->> cast(extract(month from r.closes_on) as int) - 1)
      || to_char(r.closes_on, ' YYYY') as last_day,
    cast(:said as jsonb) -> a.language as said, a.language,
    regexp_replace(translate(a.name, '{}', '()'), '[\x01-\x1f\x7f\u0085\u2028\u2029]+', ' ', 'g')
      as name,
    a.email, tc_uk_mobile(a.telephone) as mobile
  from sign_request r join adult a on a.school_id = r.school_id and a.id = r.adult_id
  where r.school_id = :school and {which}
    and not exists (select from tc_untold() u where u.id = r.adult_id)
), chosen as materialized (
  select tc_new_id() as message_id, f.*,
    case when f.email <> '' then 'mail' else 'text' end as channel
  from found f
  where f.email <> '' or (:texts and f.mobile <> ''
    and not exists (select from tc_untold_mobiles() m where m.mobile = f.mobile))
), messages as (
  insert into outbox_school (school_id, id, adult_id, kind, channel, written_at, due_at, tries,
    last_error, reference, outcome, broken)
  select :school, message_id, adult_id, :kind, channel, :now, :now, 0, '', '', '', 0 from chosen
  returning 1
), contents as (
  insert into outbox_content_school (school_id, id, to_name, to_address, reply_to, from_name,
    subject, body, letter, link, language)
  select :school, message_id, name,
    case when channel = 'mail' then email else mobile end,
    case when channel = 'mail' then :reply_to else '' end,
    case when channel = 'mail' then :from_name else '' end,
    case when channel = 'mail' then replace(said ->> 'subject', '{name}', name) else '' end,
    replace(replace(case when channel = 'mail' then said ->> 'body' else said ->> 'text' end,
      '{last_day}', last_day), '{name}', name),
    replace(replace(:letter, '{last_day}', last_day), '{name}', name),
    jsonb_build_object('path', :path || request_id || '/', 'purpose', 'sign',
      'row', request_id::text, 'generation', generation), language
  from chosen
  returning 1
)
select (select count(*) from messages), (select count(*) from contents)
"""


def make_requests(
    session: ScopedSession,
    campaign: Campaign,
    plan: CampaignPlan,
    who: Collection[ColumnElement[bool]],
    now: datetime,
) -> int:
    """One request each for the adults of these conditions; give how many. One statement."""
    today = clock.local(now).date()
    reminds = plan.remind_most > 0 and plan.remind_after <= plan.remind_within
    first = today + timedelta(days=plan.remind_after) if reminds else None
    chosen = select(
        literal(session.school_id),
        func.tc_new_id(),
        literal(campaign.id),
        Adult.id,
        literal(campaign.version_id),
        literal(now),
        literal(today + timedelta(days=plan.link_days)),
        literal(1),
        literal(first, Date),
    ).where(*who)
    columns = [
        "school_id", "id", "campaign_id", "adult_id", "version_id", "asked_at", "closes_on",
        "generation", "remind_on",
    ]  # fmt: skip
    made = insert(SignRequest).from_select(columns, chosen).returning(SignRequest.id).cte("made")
    return session.scalar(select(func.count()).select_from(made)) or 0


def write_to_asked(
    session: ScopedSession, school: NamedSchool, campaign_id: UUID, said: Letters, *,
    reply_to: str, way: Way, now: datetime,
) -> int:  # fmt: skip
    """The message to each whom this campaign asked at this instant; give how many."""
    return _write(
        session, school, said, _JUST_ASKED, kind="sign_request", reply_to=reply_to, way=way,
        now=now, campaign=campaign_id,
    )  # fmt: skip


def write_to_chosen(
    session: ScopedSession, school: NamedSchool, requests: Collection[UUID], said: Letters, *,
    reply_to: str, way: Way, now: datetime,
) -> int:  # fmt: skip
    """A message with a fresh link to each of these; give how many."""
    return _write(
        session, school, said, _CHOSEN, kind="sign_request", reply_to=reply_to, way=way, now=now,
        requests=list(requests),
    )  # fmt: skip


def write_to_reminded(
    session: ScopedSession, school: NamedSchool, campaign_id: UUID, said: Letters, *,
    reply_to: str, way: Way, now: datetime,
) -> int:  # fmt: skip
    """The reminder to each for whom one was noted at this instant; give how many."""
    return _write(
        session, school, said, _JUST_REMINDED, kind="sign_reminder", reply_to=reply_to, way=way,
        now=now, campaign=campaign_id, today=clock.local(now).date(),
    )  # fmt: skip


def _in(language: Language, said: Letters) -> dict[str, Any]:
    """What PostgreSQL needs to write to an adult in a language."""
    words = said.others.get(language.code, said)
    return {
        "subject": words.subject,
        "body": words.body,
        "text": words.text,
        "months": language.months,
    }


def _write(
    session: ScopedSession, school: NamedSchool, said: Letters, which: str, *, kind: str,
    reply_to: str, way: Way, now: datetime, **which_are: object,
) -> int:  # fmt: skip
    row = session.execute(
        text(_CHOOSE.replace("{which}", which)),
        {
            "school": session.school_id,
            "kind": kind,
            "now": now,
            "reply_to": reply_to,
            "from_name": " ".join(school.name.split()),
            "said": json.dumps({one.code: _in(one, said) for one in LANGUAGES}),
            "letter": said.letter,
            "path": f"/{school.slug}/sign/",
            "texts": way is Way.MAIL_OR_TEXT,
            **which_are,
        },
    ).one()
    if row[0]:
        session.info["rings"] = True  # the doorbell: `app` listens for the commit
    return int(row[0])
