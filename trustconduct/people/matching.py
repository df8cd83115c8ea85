"""Who on a roll is who here: set-based, in temporary tables, for a hundred thousand lines.

`roll_in` has a row for each line, `roll_pupil` and `roll_adult` one for each person of the
file with the id of who they are here, or a new one. Nothing is guessed: where two could be
meant, the lines are unclear, say why, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from trustconduct.csv_lists import key
from trustconduct.db import copy_in
from trustconduct.people.roll import Line
from trustconduct.tenants.sessions import ScopedSession

# A UUIDv7, as `db.new_id` makes them; PostgreSQL 15 has none of its own.
NEW_ID = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send("
    "(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1),"
    " 'hex')::uuid"
)
# One statement of a long roll takes longer than a page may: only a job's or a short file's.
STATEMENT_TIMEOUT = "120s"
LONG = 2_000  # lines from which the planner is told about the temporary tables

COLUMNS = (
    "number", "pupil", "pupil_key", "surname", "pupil_ref", "pupil_ident", "year",
    "adult", "adult_key", "adult_ref", "adult_ident", "relationship", "email", "telephone",
    "address", "parental_responsibility", "lives_with", "may_collect", "court_order", "unclear",
)  # fmt: skip

TABLES = (
    "drop table if exists pg_temp.roll_in, pg_temp.roll_pupil, pg_temp.roll_adult,"
    " pg_temp.roll_care, pg_temp.roll_left",
    """
    create temporary table roll_in (
      number int, pupil text, pupil_key text, surname text, pupil_ref text, pupil_ident text,
      year text, adult text, adult_key text, adult_ref text, adult_ident text,
      relationship text, email text, telephone text, address text,
      parental_responsibility boolean, lives_with boolean, may_collect boolean,
      court_order text, unclear text, pupil_id uuid, adult_id uuid
    ) on commit drop
    """,
)

PUPILS = (
    """
    create temporary table roll_pupil on commit drop as
    select pupil_ident as ident, (array_agg(pupil_ref order by number))[1] as ref,
      (array_agg(pupil order by number))[1] as name,
      (array_agg(pupil_key order by number))[1] as key,
      (array_agg(year order by number))[1] as year,
      null::uuid as id, false as is_new, '' as unclear, '' as changed
    from roll_in where unclear = '' group by pupil_ident
    """,
    "create index on roll_pupil (ident)",
    "create index on roll_pupil (id)",
    "update roll_pupil r set id = p.id from pupil p where r.ref <> '' and p.ref = r.ref",
)


def _pupils_by(condition: str) -> str:
    """Match those pupils that fit one here, where that one fits no other in the file."""
    return f"""
    with found as (
      select r.ident, p.id, count(*) over (partition by r.ident) as n,
        count(*) over (partition by p.id) as m
      from roll_pupil r join pupil p on p.name_key = r.key {condition}
      where r.id is null and (r.ref = '' or p.ref = '')
        and not exists (select from roll_pupil o where o.id = p.id)
    )
    update roll_pupil r set id = f.id from found f
    where f.ident = r.ident and f.n = 1 and f.m = 1
    """


def _unclear_pupils(condition: str) -> str:
    return f"""
    update roll_pupil r set unclear = 'Several pupils are called ' || r.name || ', here or in'
      ' the file. Add a column with the pupil’s number, and export again.'
    where r.id is null and exists (
      select from pupil p where p.name_key = r.key {condition} and (r.ref = '' or p.ref = '')
        and not exists (select from roll_pupil o where o.id = p.id))
    """


SAME_YEAR = "and p.year_group = r.year"

KNOWN_PUPILS = (
    f"update roll_pupil set id = {NEW_ID}, is_new = true where id is null and unclear = ''",
    """
    update roll_in i set pupil_id = r.id, unclear = r.unclear from roll_pupil r
    where r.ident = i.pupil_ident and i.unclear = ''
    """,
    "create index on roll_in (pupil_id)",
)

ADULTS = (
    """
    create temporary table roll_adult on commit drop as
    select adult_ident as ident, (array_agg(adult_ref order by number))[1] as ref,
      (array_agg(adult order by number))[1] as name,
      (array_agg(adult_key order by number))[1] as key,
      (array_agg(email order by number))[1] as email,
      max(telephone) as telephone, max(address) as address,
      null::uuid as id, false as is_new, false as kept, false as marked, '' as changed,
      case when adult_ident like 'n:%' and (select count(distinct o.surname) from roll_in o
        where o.adult_ident = roll_in.adult_ident) > 1 then
        'Several adults may be called ' || (array_agg(adult order by number))[1] || ', and nothing'
        ' tells them apart. Add an email, an address or a number, and export again.'
      else '' end as unclear
    from roll_in where unclear = '' group by adult_ident
    """,
    "create index on roll_adult (ident)",
    "create index on roll_adult (id)",
    "update roll_adult r set id = a.id from adult a"
    " where r.unclear = '' and r.ref <> '' and a.ref = r.ref",
    # By name and address; the one here counts, and before that the double of one.
    """
    with found as (
      select r.ident, a.id,
        row_number() over (partition by r.ident
          order by a.merged_into is not null, a.left_on is not null, a.added_at, a.id) as n,
        row_number() over (partition by a.id order by r.ident) as m
      from roll_adult r join adult a on a.name_key = r.key
        and r.email in (a.email, a.roll_email)
      where r.id is null and r.unclear = '' and r.email <> '' and (r.ref = '' or a.ref = '')
        and not exists (select from roll_adult o where o.id = a.id)
    )
    update roll_adult r set id = f.id from found f
    where f.ident = r.ident and f.n = 1 and f.m = 1
    """,
)

_SHARES = """exists (
      select from roll_in i join care c on c.pupil_id = i.pupil_id and c.adult_id = a.id
      where i.adult_ident = r.ident and i.unclear = '')"""
_SURNAME = """exists (
      select from roll_in i join care c on c.adult_id = a.id join pupil p on p.id = c.pupil_id
      where i.adult_ident = r.ident and i.unclear = ''
        and i.surname = regexp_replace(p.name_key, '^.* ', ''))"""
_WITHOUT_EMAIL = "r.email = '' and '' in (a.email, a.roll_email)"
_SAME_PLACE = "lower(a.address) = lower(coalesce(r.address, ''))"
_ONE_PLACE = (
    f"(coalesce(r.address, '') = '' or a.address = '' or {_SAME_PLACE})"
    f" and ({_SHARES} or {_SURNAME})"
)


def _adults_by(condition: str) -> str:
    return f"""
    with found as (
      select r.ident, a.id, count(*) over (partition by r.ident) as n,
        count(*) over (partition by a.id) as m
      from roll_adult r join adult a on a.name_key = r.key
      where r.id is null and r.unclear = '' and (r.ref = '' or a.ref = '')
        and not exists (select from roll_adult o where o.id = a.id) and {condition}
    )
    update roll_adult r set id = f.id from found f
    where f.ident = r.ident and f.n = 1 and f.m = 1
    """


def _unclear_adults(condition: str) -> str:
    return f"""
    update roll_adult r set unclear = 'Several adults are called ' || r.name || ', here or in'
      ' the file. Add a column with the adult’s number, and export again.'
    where r.id is null and r.unclear = '' and exists (
      select from adult a where a.name_key = r.key and (r.ref = '' or a.ref = '')
        and not exists (select from roll_adult o where o.id = a.id) and {condition})
    """


KNOWN_ADULTS = (
    # A new person of the name of one who must not be told may be that very one, with another
    # address: nobody is told anything by a roll before a person has looked.
    """
    update roll_adult r set unclear = r.name || ' has the name of somebody who must not be told.'
      ' Open the page of that person. Is it somebody else? Then add them by hand.'
    where r.id is null and r.unclear = '' and r.key in (
      select a.name_key from tc_untold() u join adult a on a.id = u.id where u.because = 'marked')
    """,
    f"update roll_adult set id = {NEW_ID}, is_new = true where id is null and unclear = ''",
    "update roll_adult r set marked = true from tc_untold() u"
    " where u.id = r.id and u.because = 'marked'",
    """
    update roll_in i set adult_id = r.id, unclear = r.unclear from roll_adult r
    where r.ident = i.adult_ident and i.unclear = ''
    """,
    """
    update roll_in i set unclear = i.adult || ' stands with ' || i.pupil || ' on line '
      || f.first || ' already. Take one out.'
    from (
      select number, min(number) over (partition by pupil_id, adult_id) as first
      from roll_in where unclear = ''
    ) f
    where f.number = i.number and f.first < i.number
    """,
    # Whom only unclear lines name is left as they are.
    "delete from roll_pupil r where not exists"
    " (select from roll_in i where i.pupil_ident = r.ident and i.unclear = '')",
    "delete from roll_adult r where not exists"
    " (select from roll_in i where i.adult_ident = r.ident and i.unclear = '')",
)


def _row(line: Line) -> tuple[Any, ...]:
    pupil, adult, address = key(line.pupil), key(line.adult), key(line.address or "")
    if line.adult_ref:
        ident = f"r:{line.adult_ref}"
    elif line.email:
        ident = f"e:{adult}|{line.email}"
    else:
        ident = f"a:{adult}|{address}" if address else f"n:{adult}"
    return (
        line.number, line.pupil, pupil, pupil.rpartition(" ")[2], line.pupil_ref,
        f"r:{line.pupil_ref}" if line.pupil_ref else f"n:{pupil}|{key(line.year)}", line.year,
        line.adult, adult, line.adult_ref, ident, line.relationship, line.email, line.telephone,
        line.address, line.parental_responsibility, line.lives_with, line.may_collect,
        line.court_order, line.fault,
    )  # fmt: skip


def match(session: ScopedSession, lines: Iterable[Line], *, whole: bool) -> int:
    """Pour the lines in and say who each of them is; give how many lines there are.

    `whole`: the roll has everybody, so that who has another year group or address now is
    still the same person. Otherwise it only adds.
    """
    connection = session.connection()
    session.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'"))
    for statement in TABLES:
        session.execute(text(statement))
    number = copy_in(connection, "roll_in", COLUMNS, (_row(line) for line in lines))
    session.execute(text("create index on roll_in (adult_ident)"))
    _analyze(session, "roll_in", number)
    _run(session, PUPILS)
    _analyze(session, "roll_pupil", number)
    _run(session, [_pupils_by(SAME_YEAR), _unclear_pupils(SAME_YEAR)])
    if whole:
        _run(session, [_pupils_by(""), _unclear_pupils("")])
    _run(session, KNOWN_PUPILS)
    _run(session, ADULTS)
    _analyze(session, "roll_adult", number)
    here = [f"{_WITHOUT_EMAIL} and {one}" for one in (f"{_SAME_PLACE} and {_SHARES}", _ONE_PLACE)]
    if whole:
        here.append(_SHARES)
    _run(session, [_adults_by(one) for one in here])
    _run(session, [_unclear_adults(one) for one in here[1:]])
    _run(session, KNOWN_ADULTS)
    return number


def _run(session: ScopedSession, statements: Iterable[str]) -> None:
    for statement in statements:
        session.execute(text(statement))


def _analyze(session: ScopedSession, table: str, lines: int) -> None:
    if lines >= LONG:
        session.execute(text(f"analyze {table}"))
