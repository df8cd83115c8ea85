"""`gate` and `gate_search`: who is barred now, and a name that is spelt otherwise.

The floor of `gate` is three times what a bare query of as many rows costs; of `gate_search`
its limit, 50 ms, over 5,000 people.
"""

from __future__ import annotations

import time
from datetime import date

from tests.bench.measure import in_turns, report
from trustconduct.bans.gate import Allowed, Barred, named_like
from trustconduct.db import new_id

PEOPLE, LIMIT, TYPED = 5_000, 0.05, ("siobhan sampel", "kowalchyk", "jo pattern", "o brian")
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
    """A school of 5,000 people of whom every single one is barred: more than will ever be."""
    people = [a_person(number) for number in range(PEOPLE)]

    def ours(run: int) -> float:
        begun = time.perf_counter()
        for typed in TYPED:
            assert named_like(people, typed)
        return (time.perf_counter() - begun) / len(TYPED)

    took, limit = in_turns(ours, lambda run: LIMIT)
    report("gate_search", took, limit, "s", PEOPLE, less_is_better=True)
