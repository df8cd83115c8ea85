"""What a roll would do, line by line, kept for its page: by statements, whatever its length."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, text, tuple_

from trustconduct.people.matching import NEW_ID
from trustconduct.people.roll_models import RollFinding, Verdict
from trustconduct.tenants.sessions import ScopedSession

FOUND = (
    """
    insert into roll_finding (school_id, id, roll_id, number, verdict, adult, pupil, what)
    select :school, {id}, :roll, i.number,
      case when i.unclear <> '' then 'unclear'
        when a.is_new or p.is_new or k.is_new then 'added' else 'changed' end,
      i.adult, i.pupil,
      case when i.unclear <> '' then i.unclear else concat_ws('; ',
        case when a.is_new then 'new adult' end, case when p.is_new then 'new pupil' end,
        case when k.is_new and not a.is_new and not p.is_new then 'belong together now' end,
        case when a.changed <> '' then 'adult: ' || a.changed end,
        case when p.changed <> '' then 'pupil: ' || p.changed end,
        nullif(k.changed, '')) end
    from roll_in i left join roll_adult a on a.id = i.adult_id
      left join roll_pupil p on p.id = i.pupil_id
      left join roll_care k on k.number = i.number
    where i.unclear <> '' or a.is_new or p.is_new or k.is_new
      or a.changed <> '' or p.changed <> '' or k.changed <> ''
    """,
    """
    insert into roll_finding (school_id, id, roll_id, number, verdict, adult, pupil, what)
    select :school, {id}, :roll, i.number, 'kept', r.name, '',
      'here ' || coalesce(nullif(a.email, ''), 'none') || ', on the roll '
        || coalesce(nullif(r.email, ''), 'none')
    from roll_adult r join adult a on a.id = r.id
      join lateral (select min(number) as number from roll_in where adult_id = r.id) i on true
    where r.kept
    """,
    """
    insert into roll_finding (school_id, id, roll_id, number, verdict, adult, pupil, what)
    select :school, {id}, :roll, 0, 'left', case when kind = 'pupil' then '' else name end,
      case when kind = 'pupil' then name else '' end,
      case when kind = 'care' then 'do not belong together any more' else 'has left' end
    from roll_left
    """,
)


def keep_findings(session: ScopedSession, roll_id: UUID) -> None:
    """Keep what the comparison in this transaction found, instead of what one before did."""
    forget_findings(session, roll_id)
    values = {"school": session.school_id, "roll": roll_id}
    for statement in FOUND:
        session.execute(text(statement.replace("{id}", NEW_ID)), values)


def forget_findings(session: ScopedSession, roll_id: UUID) -> None:
    session.execute(delete(RollFinding).where(RollFinding.roll_id == roll_id))


@dataclass(frozen=True)
class Finding:
    id: UUID
    number: int
    adult: str
    pupil: str
    what: str

    @property
    def mark(self) -> str:
        return f"{self.number}|{self.id}"


def findings(
    session: ScopedSession, roll_id: UUID, verdict: Verdict, *, after: str = "", most: int
) -> list[Finding]:
    """A page of what a roll would do, by line; gives one more where there are more."""
    query = (
        select(
            RollFinding.id,
            RollFinding.number,
            RollFinding.adult,
            RollFinding.pupil,
            RollFinding.what,
        )
        .where(RollFinding.roll_id == roll_id, RollFinding.verdict == verdict.value)
        .order_by(RollFinding.number, RollFinding.id)
        .limit(most + 1)
    )
    number, _, id_text = after.partition("|")
    with suppress(ValueError):  # a mark that somebody made up: the first page
        if after:
            mark = (int(number) % 2**31, UUID(id_text))
            query = query.where(tuple_(RollFinding.number, RollFinding.id) > tuple_(*mark))
    return [Finding(*row) for row in session.execute(query)]


def how_many(session: ScopedSession, roll_id: UUID) -> dict[str, int]:
    """How many lines or people stand under each verdict."""
    rows = session.execute(
        select(RollFinding.verdict, func.count())
        .where(RollFinding.roll_id == roll_id)
        .group_by(RollFinding.verdict)
    )
    return {row[0]: row[1] for row in rows}
