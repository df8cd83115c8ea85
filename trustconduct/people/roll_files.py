"""A roll step by step: brought in, its columns known, looked at, and then saved whole.

The page does the steps of a short roll itself and leaves those of a long one to the
worker. Either way what is saved is compared anew in the transaction that saves it: a
person may have been changed since somebody looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.csv_lists import NotAList, key
from trustconduct.people.roll import INSTEAD, NEEDED, WORDS, columns_of, lines_of
from trustconduct.people.roll_findings import forget_findings, keep_findings
from trustconduct.people.roll_models import RollFile, RollMapping, RollState, StoredRoll
from trustconduct.people.take_in import Changes, Tell, compare, save_compared
from trustconduct.tenants.sessions import ScopedSession

OPEN = (RollState.COLUMNS, RollState.WAITING, RollState.READY, RollState.ASKED, RollState.FAILED)
# Bytes of a roll that is looked at and saved while its page loads: some two thousand lines.
SHORT = 200_000
CHANGED_MEANWHILE = (
    "Somebody changed people here after you looked, so nothing was saved. This is what it would"
    " change now."
)


class ManyLeave(ValueError):
    """So many would leave that the person must say once more that it is right."""


class NotReady(ValueError):
    """The roll is not where this step begins: it was saved, dropped, or is being read."""


class ColumnsMissing(ValueError):
    """What has to be known is in no column; `fields` says what."""

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.fields = names


@dataclass(frozen=True)
class Standing:
    """A roll with its file, without the file's content."""

    id: UUID
    whole: bool
    state: RollState
    progress: int
    name: str
    header: tuple[str, ...]
    columns: Mapping[str, str]
    counts: Changes
    problem: str
    size: int  # bytes

    @property
    def short(self) -> bool:
        return self.size <= SHORT


def roll_of(session: ScopedSession, roll_id: UUID) -> Standing | None:
    row = session.execute(_standing().where(StoredRoll.id == roll_id)).one_or_none()
    return _stands(row) if row else None


def open_roll(session: ScopedSession) -> Standing | None:
    """The roll that somebody began and has not finished, if there is one."""
    states = [one.value for one in OPEN]
    row = session.execute(
        _standing().where(StoredRoll.state.in_(states)).order_by(StoredRoll.id.desc()).limit(1)
    ).one_or_none()
    return _stands(row) if row else None


def _standing():
    return select(
        StoredRoll.id,
        StoredRoll.whole,
        StoredRoll.state,
        StoredRoll.progress,
        RollFile.name,
        RollFile.header,
        RollFile.columns,
        RollFile.counts,
        RollFile.problem,
        func.length(RollFile.content),
    ).join(RollFile, (RollFile.school_id == StoredRoll.school_id) & (RollFile.id == StoredRoll.id))


def _stands(row) -> Standing:
    return Standing(
        row.id,
        row.whole,
        RollState(row.state),
        row.progress,
        row.name,
        tuple(row.header),
        row.columns,
        Changes(**row.counts),
        row.problem,
        row[-1],
    )


def remembered(session: ScopedSession) -> dict[str, str]:
    """Which column is which, as the school said it last; empty where it never had to."""
    return dict(session.scalar(select(RollMapping.columns)) or {})


def begin_roll(
    session: ScopedSession, raw: bytes, *, name: str, whole: bool, by: Actor
) -> StoredRoll:
    """Bring a file in. One that was begun before and not saved is dropped.

    Nobody is changed by it yet. Raises NotAList for a file that is no roll.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    header = columns_of(raw)
    there = {key(name) for name in header}
    chosen = {name: column for name, column in remembered(session).items() if key(column) in there}
    state = RollState.WAITING
    for columns in (chosen, {}) if chosen else ({},):
        try:
            next(lines_of(raw, columns or None), None)
        except NotAList as no:
            if not all(fault.line == 1 and fault.column for fault in no.faults):
                raise
            state = RollState.COLUMNS
        else:
            chosen, state = columns, RollState.WAITING
            break
    _drop_open(session)
    roll = StoredRoll(whole=whole, state=state.value)
    session.add(roll)
    session.flush()
    file = RollFile(id=roll.id, name=name[:200], content=raw, header=header, columns=chosen)
    session.add(file)
    session.flush()
    record(session, Event.ROLL_BEGUN, by=by, about_kind="roll", about_id=roll.id, name=name[:200])
    return roll


def _drop_open(session: ScopedSession) -> None:
    states = [one.value for one in OPEN]
    for roll in session.scalars(
        select(StoredRoll).where(StoredRoll.state.in_(states)).with_for_update()
    ):
        _close(session, roll, RollState.DROPPED)


def _close(session: ScopedSession, roll: StoredRoll, state: RollState) -> None:
    """End a roll: neither its file nor its lines are kept any longer."""
    roll.state = state.value
    roll.saved_at = clock.now() if state is RollState.SAVED else None
    forget_findings(session, roll.id)
    file = _file(session, roll.id)
    file.content = b""
    session.flush()


def _file(session: ScopedSession, roll_id: UUID) -> RollFile:
    return session.scalars(select(RollFile).where(RollFile.id == roll_id)).one()


def _roll(session: ScopedSession, roll_id: UUID, state: RollState) -> StoredRoll:
    roll = session.scalar(
        select(StoredRoll).where(StoredRoll.id == roll_id).execution_options(populate_existing=True)
    )
    if roll is None or roll.state != state.value:
        raise NotReady
    return roll


def choose_columns(
    session: ScopedSession, roll_id: UUID, chosen: Mapping[str, str], *, by: Actor
) -> None:
    """Say which column is which, for this roll and every later one of the school.

    Raises ColumnsMissing, and NotReady for a roll that does not wait for it.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    roll, file = _roll(session, roll_id, RollState.COLUMNS), _file(session, roll_id)
    columns = {name: column for name, column in chosen.items() if column in file.header}
    lacking = [
        name
        for name in NEEDED
        if name not in columns and not all(one in columns for one in INSTEAD.get(name, ("-",)))
    ]
    if lacking:
        raise ColumnsMissing(*lacking)
    file.columns = columns
    mapping = session.scalar(select(RollMapping))
    if mapping is None:
        session.add(RollMapping(columns=columns))
    else:
        mapping.columns, mapping.changed_at = columns, clock.now()
    roll.state = RollState.WAITING.value
    session.flush()
    words = [WORDS[name] for name in columns]
    record(
        session, Event.ROLL_COLUMNS_CHOSEN, by=by, about_kind="roll", about_id=roll_id, what=words
    )


def check(session: ScopedSession, roll_id: UUID, *, tell: Tell = lambda _: None) -> Changes:
    """Compare a roll that waits for it, and keep what it would change for the page.

    Raises NotReady, and NotAList where the file breaks half-way.
    """
    session.take_turns("roll")
    roll = _roll(session, roll_id, RollState.WAITING)
    found = _compare(session, roll, tell)
    _keep(session, roll, found)
    return found


def _compare(session: ScopedSession, roll: StoredRoll, tell: Tell) -> Changes:
    file = _file(session, roll.id)
    lines = lines_of(file.content, file.columns or None)
    return compare(session, lines, whole=roll.whole, tell=tell)


def _keep(session: ScopedSession, roll: StoredRoll, found: Changes, problem: str = "") -> None:
    keep_findings(session, roll.id)
    file = _file(session, roll.id)
    file.counts, file.problem = found.to_json(), problem
    roll.state, roll.progress = RollState.READY.value, 100
    session.flush()


def ask_to_save(session: ScopedSession, roll_id: UUID, *, by: Actor, sure: bool = False) -> None:
    """Say that a roll be saved as it was shown; the worker does it, or the page.

    Raises ManyLeave where more than a fifth would leave and `sure` does not say that it
    is right, and NotReady.
    """
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    session.take_turns("roll")
    roll, file = _roll(session, roll_id, RollState.READY), _file(session, roll_id)
    if Changes(**file.counts).many_leave and not sure:
        raise ManyLeave
    role = next((one.role for one in by.grants if one.school_id == session.school_id), Role.OFFICE)
    file.asked_by_id, file.asked_by_name, file.asked_by_role = by.id, by.name, str(role)
    roll.state, roll.progress = RollState.ASKED.value, 0
    session.flush()
    record(session, Event.ROLL_ASKED, by=by, about_kind="roll", about_id=roll_id, name=file.name)


def carry_out(session: ScopedSession, roll_id: UUID, *, tell: Tell = lambda _: None) -> bool:
    """Save a roll that somebody asked to be saved, in their name: all of it, or nothing.

    It is compared anew first. False where it would now change something else than was
    shown: then it is shown again, and nothing is saved. Raises NotReady.
    """
    session.take_turns("roll")
    roll, file = _roll(session, roll_id, RollState.ASKED), _file(session, roll_id)
    found = _compare(session, roll, tell)
    if found != Changes(**file.counts):
        _keep(session, roll, found, CHANGED_MEANWHILE)
        return False
    grants = frozenset({Grant(Role(file.asked_by_role), session.school_id)})
    by = Actor("user", file.asked_by_id, file.asked_by_name, grants)
    save_compared(session, found, by=by, whole=roll.whole, tell=tell)
    session.refresh(roll)
    _close(session, roll, RollState.SAVED)
    return True


def drop_roll(session: ScopedSession, roll_id: UUID, *, by: Actor) -> bool:
    """Forget a roll that was not saved. False where it was, or is being saved."""
    permit(by, Can.TAKE_IN_ROLL, session.school_id)
    roll = session.scalar(select(StoredRoll).where(StoredRoll.id == roll_id).with_for_update())
    if roll is None or roll.state not in (one.value for one in OPEN if one != RollState.ASKED):
        return False
    _close(session, roll, RollState.DROPPED)
    record(session, Event.ROLL_DROPPED, by=by, about_kind="roll", about_id=roll_id)
    return True


def note_failed(session: ScopedSession, roll_id: UUID, problem: str) -> None:
    """Note why a roll could not be read or saved, for the page."""
    roll = session.get_one(StoredRoll, (session.school_id, roll_id))
    if roll.state in (RollState.WAITING.value, RollState.ASKED.value):
        roll.state = RollState.FAILED.value
        _file(session, roll_id).problem = problem
        session.flush()


def note_progress(session: ScopedSession, roll_id: UUID, progress: int) -> None:
    """Note how far the worker is, in a commit of its own: the page shows it."""
    session.get_one(StoredRoll, (session.school_id, roll_id)).progress = progress
    session.flush()


def rolls_due(session: ScopedSession) -> list[tuple[UUID, UUID, RollState]]:
    """The rolls that wait for the worker in all schools, the oldest first: one query."""
    rows = session.execute(
        select(StoredRoll.school_id, StoredRoll.id, StoredRoll.state)
        .where(StoredRoll.state.in_([RollState.WAITING.value, RollState.ASKED.value]))
        .order_by(StoredRoll.begun_at)
    )
    return [(row.school_id, row.id, RollState(row.state)) for row in rows]
