"""`gate_search`: a name that is spelt otherwise. The floor is its limit, 50 ms."""

from __future__ import annotations

import time
from datetime import date

from tests.bench.measure import in_turns, report
from trustconduct.bans.gate import Allowed, Barred, named_like
from trustconduct.db import new_id

PEOPLE, BARRED, LIMIT, TYPED = (
    5_000,
    50,
    50.0,
    ("siobhan sampel", "kowalchyk", "jo pattern", "o brian"),
)
FIRST = ("Siobhán", "Jo", "Sam", "Alex", "Rowan", "Lee", "Kim", "Pat", "Olive", "Ada")
LAST = ("Sample", "Kowalczyk", "Pattern", "O’Brien", "Example", "Model", "Specimen")


def a_person(number: int) -> Barred:
    allowed = (Allowed(new_id(), "emergency", "An emergency"),)
    name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}-{number}"
    return Barred(
        ban_id=new_id(), number=number, name=name, telephone="01632 960123",
        address="1 High Street", until=date(2027, 1, 1), decided=True, sites="All", hours="",
        contact="", allowed=allowed,
    )  # fmt: skip


def gate_search() -> None:
    """A school of 5,000 people of whom 50 are barred: a name is looked for among those alone."""
    people = [a_person(number) for number in range(0, PEOPLE, PEOPLE // BARRED)]

    def ours(run: int) -> float:
        begun = time.perf_counter()
        for typed in TYPED:
            assert named_like(people, typed)
        return (time.perf_counter() - begun) / len(TYPED) * 1_000

    took, limit = in_turns(ours, lambda run: LIMIT)
    report("gate_search", took, limit, "ms", PEOPLE, less_is_better=True)
