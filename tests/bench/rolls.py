"""A roll of 100,000 lines: brought in, looked at and saved, and once more with changes."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import create_engine, func, select

from tests import build
from tests.bench.many import database
from tests.bench.measure import report, say
from trustconduct.db import transaction
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.roll_files import ask_to_save, begin_roll, carry_out, check
from trustconduct.tenants.sessions import Sessions

LINES, RUNS = 100_000, 3
LIMIT = 60.0  # seconds for all of it, as the issue names it


def lines(number: int, changed: bool) -> Iterator[str]:
    """Each pupil has two adults, each second family two pupils; the second time one in ten
    has another address or year.
    """
    for n in range(number // 2):
        family = n - n % 3 % 2
        year = n % 7 + (1 if changed and n % 10 == 0 else 0)
        domain = "new.example" if changed and family % 10 == 0 else "parents.example"
        for second, is_ in enumerate(("mother", "father")):
            yield (
                f"Pupil{n} Family{family},Year {year},Adult{second} Family{family},{is_},"
                f"adult{second}.{family}@{domain}"
            )


def memory() -> float:
    """The most that this process had at one time, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def roll() -> None:
    """From the file to the last row, both steps, and a second roll that changes a tenth."""
    with database() as place:
        engine = create_engine(place.services.database_url)
        sessions = Sessions(engine)
        took: list[float] = []
        _in(sessions, place.first, lines(1_000, False))  # to warm up
        before = memory()
        for run in range(RUNS):
            changed = bool(run % 2)
            began = time.perf_counter()
            spent = _in(sessions, place.first, lines(LINES, changed))
            took.append(time.perf_counter() - began)
            say(f"  run {run}: {took[-1]:.1f} s ({spent})")
        say(f"  memory: {before:.0f} MB before, {memory():.0f} MB at the most")
        with sessions.school(place.first) as session:
            counted = [
                session.scalar(select(func.count()).select_from(model))
                for model in (Adult, Pupil, Care)
            ]
        say(f"  adults, pupils, relationships: {counted}")
        assert counted[2] >= LINES
        report("roll", max(took), LIMIT, "s", LINES, less_is_better=True)
        say(f"  the middle one: {statistics.median(took):.1f} s")
        engine.dispose()


def _in(sessions: Sessions, school: UUID, lines: Iterator[str]) -> str:
    raw = build.a_roll(*lines)
    spent: list[str] = []

    def step(name: str, do: Callable) -> None:
        began = time.perf_counter()
        with sessions.school(school) as session, transaction(session):
            do(session, build.an_office(session))
        spent.append(f"{name} {time.perf_counter() - began:.1f} s")

    ids: list[UUID] = []
    step(
        "bring in",
        lambda s, by: ids.append(begin_roll(s, raw, name="r.csv", whole=True, by=by).id),
    )
    step("look", lambda s, by: check(s, ids[0]))
    step("ask", lambda s, by: ask_to_save(s, ids[0], by=by, sure=True))
    step("save", lambda s, by: carry_out(s, ids[0]))
    return ", ".join(spent)
