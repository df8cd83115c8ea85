"""Changing a matrix, one way or one purpose at a time: each gives a new matrix, or says why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from trustconduct.contact_matrix.matrix import Matrix, MatrixRefused, Purpose, Route, Unit, slug
from trustconduct.contact_matrix.reach import Kind, kind_of

Direction = Literal["up", "down"]


def with_route(matrix: Matrix, route: Route) -> Matrix:
    """The matrix with this way in place of the one with its id, or at the end."""
    if any(other.text == route.text for other in matrix.routes if other.id != route.id):
        raise MatrixRefused("There is a way with these words already.")
    there = matrix.route(route.id) is not None
    routes = tuple(route if other.id == route.id else other for other in matrix.routes)
    return replace(matrix, routes=routes if there else (*routes, route))


def with_purpose(matrix: Matrix, purpose: Purpose) -> Matrix:
    if any(other.text == purpose.text for other in matrix.purposes if other.id != purpose.id):
        raise MatrixRefused("There is a purpose with these words already.")
    there = matrix.purpose(purpose.id) is not None
    purposes = tuple(purpose if one.id == purpose.id else one for one in matrix.purposes)
    return replace(matrix, purposes=purposes if there else (*purposes, purpose))


def new_id(matrix: Matrix, text: str) -> str:
    """An id for new words that no way and no purpose has."""
    taken = {route.id for route in matrix.routes} | {one.id for one in matrix.purposes}
    base = id = slug(text) or "way"
    number = 1
    while id in taken:
        number += 1
        id = f"{base}-{number}"
    return id


def without(matrix: Matrix, id: str) -> Matrix:
    """The matrix without a way or a purpose, and without its ticks."""
    return replace(
        matrix,
        routes=tuple(route for route in matrix.routes if route.id != id),
        purposes=tuple(purpose for purpose in matrix.purposes if purpose.id != id),
        ticks=frozenset(tick for tick in matrix.ticks if id not in tick),
    )


def moved(matrix: Matrix, id: str, to: Direction) -> Matrix:
    """One place up or down, among the ways or among the purposes."""
    routes = {route.id: route for route in matrix.routes}
    purposes = {purpose.id: purpose for purpose in matrix.purposes}
    return replace(
        matrix,
        routes=tuple(routes[each] for each in _moved(list(routes), id, to)),
        purposes=tuple(purposes[each] for each in _moved(list(purposes), id, to)),
    )


def _moved(ids: list[str], id: str, to: Direction) -> list[str]:
    if id not in ids:
        return ids
    place = ids.index(id)
    rest = [each for each in ids if each != id]
    rest.insert(max(0, place + (-1 if to == "up" else 1)), id)
    return rest


def guesses(matrix: Matrix, *, telephone: str, email: str, website: str) -> Matrix:
    """The Trust's matrix with the school's own numbers where a way's words ask for them."""
    known = {"phon": telephone, "call": telephone, "email": email, "website": website}

    def guessed(route: Route) -> Route:
        guess = next((to for word, to in known.items() if word in route.id), "")
        return replace(route, detail=route.detail or guess)

    return replace(matrix, routes=tuple(guessed(route) for route in matrix.routes))


def promised(matrix: Matrix, *, acknowledge: int, answer: int) -> Matrix:
    """The matrix with what school promises of any message, in school days (0: nothing), where
    an email's own way says nothing.

    Only emails: who calls or comes is answered there and then, and a web page never is.
    """

    def put(route: Route) -> Route:
        said = route.acknowledge_within or route.answer_within
        if said or kind_of(route.text, route.detail) is not Kind.EMAIL:
            return route
        return replace(
            route, acknowledge_within=acknowledge, answer_within=answer, unit=Unit.SCHOOL_DAYS
        )

    return replace(matrix, routes=tuple(put(route) for route in matrix.routes))
