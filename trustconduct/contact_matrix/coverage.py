"""What a contact matrix leaves out, in words for whoever keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

from trustconduct.contact_matrix.hours import clock_words
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route
from trustconduct.contact_matrix.reach import Kind, kind_of, means

# Many parents are at work until then.
AFTER_WORK = time(17)
ONLY = {
    Kind.WEB: "by website only: a parent without internet has no way",
    Kind.EMAIL: "by email only: a parent without internet has no way",
    Kind.TELEPHONE: "by telephone only: a parent who can’t hear or speak on it has no way",
    Kind.PLACE: "in person only: a parent who can’t come has no way",
}


def gaps(matrix: Matrix, today: date) -> list[str]:
    """Each gap in a sentence; none where the matrix says what parents need."""
    return [
        *(said for purpose in matrix.purposes for said in _of_purpose(matrix, purpose)),
        *(said for route in matrix.routes for said in _of_route(matrix, route, today)),
    ]


def _of_purpose(matrix: Matrix, purpose: Purpose) -> Iterator[str]:
    routes = matrix.ways_to(purpose)
    if not routes:
        yield f"“{purpose.text}” has no way at all."
        return
    kinds = {kind_of(route.text, route.detail) for route in routes}
    if len(kinds) == 1:
        yield f"“{purpose.text}” can be done {ONLY[kinds.pop()]}."
    if all(route.hours for route in routes):
        last = max(hours.closes for route in routes for hours in route.hours)
        if last < AFTER_WORK:
            yield f"No way to “{purpose.text}” after {clock_words(last)}."


def _of_route(matrix: Matrix, route: Route, today: date) -> Iterator[str]:
    kind = kind_of(route.text, route.detail)
    if not any(tick[0] == route.id for tick in matrix.ticks):
        yield f"“{route.text}” is ticked for nothing, so no parent sees it."
    if not route.detail and means(route.text) is not Kind.PLACE:
        yield f"“{route.text}” does not say where it leads."
    if kind is Kind.TELEPHONE and not route.hours:
        yield f"“{route.text}” does not say when somebody answers."
    if kind is Kind.EMAIL and not route.answer_within:
        yield f"“{route.text}” does not say when to expect an answer."
    if route.away and route.away.last < today:
        yield f"The cover for “{route.text}” is over. Take it out."
