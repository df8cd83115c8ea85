"""Taking a roll in: what it would change first, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import text

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import withdraw_untold
from trustconduct.people.matching import NEW_ID, match
from trustconduct.people.roll import Line, Roll
from trustconduct.tenants.sessions import ScopedSession

# A roll that would make leavers of more than this part of the people asks twice.
MANY_LEAVE = 0.2


class RollRefused(ValueError):
    """The roll has faults; nothing of it was saved."""


@dataclass(frozen=True)
class Changes:
    """What a roll would change, by numbers. Who is the same stays as they are."""

    lines: int = 0
    unclear: int = 0  # lines that are left out
    adults_new: int = 0
    pupils_new: int = 0
    cares_new: int = 0
    adults_changed: int = 0
    pupils_changed: int = 0
    cares_changed: int = 0
    kept: int = 0  # adults whose address was corrected here and is another on the roll
    adults_left: int = 0
    pupils_left: int = 0
    cares_ended: int = 0
    without_email: int = 0  # of the new adults
    adults_before: int = 0
    pupils_before: int = 0

    @property
    def any(self) -> bool:
        return bool(self.added or self.changed or self.left)

    @property
    def added(self) -> int:
        return self.adults_new + self.pupils_new + self.cares_new

    @property
    def changed(self) -> int:
        return self.adults_changed + self.pupils_changed + self.cares_changed

    @property
    def left(self) -> int:
        return self.adults_left + self.pupils_left + self.cares_ended

    @property
    def leavers(self) -> int:
        return self.adults_left + self.pupils_left

    @property
    def many_leave(self) -> bool:
        """Whether so many would leave that the file may be of one year group only."""
        return (
            self.adults_left > self.adults_before * MANY_LEAVE
            or self.pupils_left > self.pupils_before * MANY_LEAVE
        )

    def to_json(self) -> dict[str, int]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


# What is different of those who are here. Whole rolls alone change more than a return, and of
# an adult who must not be told a roll changes nothing: by another name or address they would
# be found no more.
DIFFERENCES = (
    """
    update roll_pupil r set changed = concat_ws(', ',
      case when :whole and p.name_key <> r.key then 'name' end,
      case when :whole and r.year <> '' and p.year_group <> r.year then 'year group' end,
      case when :whole and r.ref <> '' and p.ref = '' then 'number' end,
      case when p.left_on is not null then 'is back' end)
    from pupil p where p.id = r.id and not r.is_new
    """,
    """
    update roll_adult r set
      kept = not a.by_hand and a.email_kept and r.email <> a.email,
      changed = case when a.by_hand or r.marked then '' else concat_ws(', ',
        case when :whole and a.name_key <> r.key then 'name' end,
        case when :whole and not a.email_kept and r.email <> a.email then 'email' end,
        case when :whole and r.telephone <> '' and r.telephone <> a.telephone
          then 'telephone' end,
        case when :whole and r.address <> '' and r.address <> a.address then 'address' end,
        case when :whole and r.ref <> '' and a.ref = '' then 'number' end,
        case when a.left_on is not null then 'is back' end) end
    from adult a where a.id = r.id and not r.is_new
    """,
    """
    create temporary table roll_care on commit drop as
    select i.number, i.pupil_id, i.adult_id, i.relationship, i.parental_responsibility,
      i.lives_with, i.may_collect, i.court_order, c.id as care_id, c.id is null as is_new,
      case when c.id is null or c.by_hand then '' else concat_ws(', ',
        case when c.ended_on is not null then 'again' end,
        case when :whole and c.relationship <> i.relationship then 'relationship' end,
        case when :whole and c.parental_responsibility <> i.parental_responsibility
          or :whole and c.parental_responsibility is null
          and i.parental_responsibility is not null then 'parental responsibility' end,
        case when :whole and c.lives_with <> i.lives_with
          or :whole and c.lives_with is null and i.lives_with is not null
          then 'whom the child lives with' end,
        case when :whole and c.may_collect <> i.may_collect
          or :whole and c.may_collect is null and i.may_collect is not null
          then 'who may collect' end,
        case when :whole and i.court_order <> '' and c.court_order <> i.court_order
          then 'court order' end) end as changed
    from roll_in i
    left join care c on c.pupil_id = i.pupil_id and c.adult_id = i.adult_id
    where i.unclear = ''
    """,
    "create index on roll_care (pupil_id, adult_id)",
    "create temporary table roll_left (kind text, id uuid, name text) on commit drop",
)
# Who is not on a roll that has everybody. Whom an unclear line may name does not leave, nor
# whom the office has added by hand; and nobody leaves whose double is on the roll.
LEFT = (
    """
    insert into roll_left select 'pupil', p.id, p.name from pupil p
    where p.left_on is null and not exists (select from roll_pupil r where r.id = p.id)
      and p.name_key not in (select pupil_key from roll_in where unclear <> '')
      and (p.ref = '' or p.ref not in (select pupil_ref from roll_in where unclear <> ''))
      and not exists (select from care c where c.pupil_id = p.id and c.by_hand
        and c.ended_on is null)
    """,
    """
    insert into roll_left select 'care', c.id, a.name || ' and ' || p.name
    from care c join roll_pupil r on r.id = c.pupil_id join pupil p on p.id = c.pupil_id
      join adult a on a.id = c.adult_id
    where c.ended_on is null and not c.by_hand
      and not exists (select from roll_care k where k.care_id = c.id)
      and a.name_key not in (select adult_key from roll_in where unclear <> '')
    """,
    """
    insert into roll_left select 'adult', a.id, a.name from adult a
    where a.left_on is null and not a.by_hand
      and a.id not in (select r.id from roll_adult r
        union select b.merged_into from roll_adult r join adult b on b.id = r.id
          where b.merged_into is not null)
      and (a.merged_into is null or a.merged_into not in (select r.id from roll_adult r))
      and a.name_key not in (select adult_key from roll_in where unclear <> '')
      and (a.ref = '' or a.ref not in (select adult_ref from roll_in where unclear <> ''))
      and (a.email = '' or a.email not in (select email from roll_in where unclear <> ''))
      and not exists (select from care c where c.adult_id = a.id and c.by_hand
        and c.ended_on is null)
    """,
)
COUNTED = """
select
  (select count(*) from roll_in where unclear <> '') as unclear,
  (select count(*) from roll_adult where is_new) as adults_new,
  (select count(*) from roll_pupil where is_new) as pupils_new,
  (select count(*) from roll_care where is_new) as cares_new,
  (select count(*) from roll_adult where changed <> '') as adults_changed,
  (select count(*) from roll_pupil where changed <> '') as pupils_changed,
  (select count(*) from roll_care where changed <> '') as cares_changed,
  (select count(*) from roll_adult where kept) as kept,
  (select count(*) from roll_left where kind = 'adult') as adults_left,
  (select count(*) from roll_left where kind = 'pupil') as pupils_left,
  (select count(*) from roll_left where kind = 'care') as cares_ended,
  (select count(*) from roll_adult where is_new and email = '') as without_email,
  (select count(*) from adult where left_on is null) as adults_before,
  (select count(*) from pupil where left_on is null) as pupils_before
"""

SAVE = (
    """
    insert into pupil (school_id, id, name, name_key, year_group, added_at, ref, version)
    select :school, id, name, key, year, :now, ref, 1 from roll_pupil where is_new
    """,
    """
    update pupil p set version = p.version + 1, left_on = null,
      name = case when :whole and p.name_key <> r.key then r.name else p.name end,
      name_key = case when :whole then r.key else p.name_key end,
      year_group = case when :whole and r.year <> '' then r.year else p.year_group end,
      ref = case when :whole and p.ref = '' then r.ref else p.ref end
    from roll_pupil r where r.id = p.id and r.changed <> ''
    """,
    """
    insert into adult (school_id, id, name, name_key, email, roll_email, telephone, address,
      ref, added_at, version)
    select :school, id, name, key, email, email, coalesce(telephone, ''), coalesce(address, ''),
      ref, :now, 1
    from roll_adult where is_new
    """,
    """
    update adult a set version = a.version + 1, left_on = null,
      name = case when :whole and a.name_key <> r.key then r.name else a.name end,
      name_key = case when :whole then r.key else a.name_key end,
      email = case when :whole and not a.email_kept then r.email else a.email end,
      telephone = case when :whole and r.telephone <> '' then r.telephone else a.telephone end,
      address = case when :whole and r.address <> '' then r.address else a.address end,
      ref = case when :whole and a.ref = '' then r.ref else a.ref end
    from roll_adult r where r.id = a.id and r.changed <> ''
    """,
    """
    update adult a set roll_email = r.email from roll_adult r
    where :whole and r.id = a.id and not a.by_hand and not r.marked
      and a.roll_email <> r.email
    """,
    f"""
    insert into care (school_id, id, adult_id, pupil_id, relationship, parental_responsibility,
      lives_with, may_collect, court_order, version)
    select :school, {NEW_ID}, adult_id, pupil_id, relationship, parental_responsibility,
      lives_with, may_collect, coalesce(court_order, ''), 1
    from roll_care where is_new
    """,
    """
    update care c set version = c.version + 1, ended_on = null,
      relationship = case when :whole then k.relationship else c.relationship end,
      parental_responsibility = case when :whole
        then coalesce(k.parental_responsibility, c.parental_responsibility)
        else c.parental_responsibility end,
      lives_with = case when :whole then coalesce(k.lives_with, c.lives_with)
        else c.lives_with end,
      may_collect = case when :whole then coalesce(k.may_collect, c.may_collect)
        else c.may_collect end,
      court_order = case when :whole and k.court_order <> '' then k.court_order
        else c.court_order end
    from roll_care k where k.care_id = c.id and k.changed <> ''
    """,
    """
    update pupil p set left_on = :today, version = p.version + 1
    from roll_left l where l.kind = 'pupil' and l.id = p.id
    """,
    """
    update care c set ended_on = :today, version = c.version + 1
    from roll_left l where l.kind = 'care' and l.id = c.id
    """,
    """
    update adult a set left_on = :today, version = a.version + 1
    from roll_left l where l.kind = 'adult' and l.id = a.id
    """,
)

Tell = Callable[[int], None]


def compare(
    session: ScopedSession, lines: Iterable[Line], *, whole: bool, tell: Tell = lambda _: None
) -> Changes:
    """Compare a roll with who is here: as many statements for a hundred thousand lines as for
    ten, in temporary tables. `tell` hears how far it is, in per cent. Saves nothing.
    """
    number = match(session, lines, whole=whole)
    tell(50)
    for statement in DIFFERENCES:
        _run(session, statement, whole=whole)
    if whole:
        for statement in LEFT:
            _run(session, statement)
    tell(60)
    row = session.execute(text(COUNTED)).one()
    return Changes(lines=number, **row._mapping)


def save_compared(
    session: ScopedSession,
    found: Changes,
    *,
    by: Actor,
    whole: bool,
    tell: Tell = lambda _: None,
) -> None:
    """Save what `compare` found in this transaction: all of it or, with the door's, nothing.

    The marks of those who must not be told stand in a table of their own, and no
    statement here names it.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    if not found.any and not found.kept:
        return
    now = {"school": session.school_id, "now": clock.now(), "today": clock.today()}
    for done, statement in enumerate(SAVE):
        _run(session, statement, whole=whole, **now)
        tell(60 + 35 * (done + 1) // len(SAVE))
    session.expire_all()  # what was loaded before may be another now
    if not found.any:
        return
    withdraw_untold(session)
    record(
        session,
        Event.ROLL_TAKEN_IN,
        by=by,
        about_kind="roll",
        adults=found.adults_new,
        pupils=found.pupils_new,
        cares=found.cares_new,
        changed=found.changed,
        left=found.leavers,
    )


def _run(session: ScopedSession, statement: str, **values: Any) -> None:
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    session.execute(text(statement), used)


def take_in(session: ScopedSession, roll: Roll, *, by: Actor, whole: bool = False) -> Changes:
    """Add everyone on a short roll who is not here yet. Taken in twice, it changes nothing.

    `whole`: the roll has everybody, so it changes and makes leavers as well. Raises
    RollRefused for a roll with any fault: half a roll would leave parents unasked
    without anyone noticing.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    if roll.faults:
        raise RollRefused(f"{len(roll.faults)} faults; nothing was saved.")
    session.take_turns("roll")
    session.flush()
    found = compare(session, roll.lines, whole=whole)
    save_compared(session, found, by=by, whole=whole)
    return found
