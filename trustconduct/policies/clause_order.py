"""The order of clauses and sections: what was moved, and one order out of two or three.

All here is plain lists of ids. The order that comes out holds each wanted id
once and is the same each time: a page that is left and opened again must not
show another order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32


@lru_cache(maxsize=2_000)  # the Trust's own moves are the same for each of its schools
def unmoved(before: tuple[str, ...], after: tuple[str, ...]) -> frozenset[str]:
    """The ids of both lists that kept their order, as many as can be; the rest were moved.

    One clause taken from the top to the end is one move, not a move of all others.
    Where either of two may be said to have moved, the same one is, whichever list
    comes first: else a difference read backwards would count other clauses.
    """
    at = {id: place for place, id in enumerate(after)}
    common = [id for id in before if id in at]
    places = [at[id] for id in common]
    if all(one < other for one, other in pairwise(places)):
        return frozenset(common)
    # The longest rising run through the places: the best one that ends at each.
    best: list[tuple[int, int, int]] = []  # how long, how heavy, and where it comes from
    for index, place in enumerate(places):
        length, weight, came_from = 0, 0, -1
        for other in range(index):
            if places[other] < place and best[other][:2] > (length, weight):
                length, weight, came_from = best[other][0], best[other][1], other
        best.append((length + 1, weight + crc32(common[index].encode()), came_from))
    kept = set()
    index = max(range(len(best)), key=lambda each: best[each][:2])
    while index >= 0:
        kept.add(common[index])
        index = best[index][2]
    return frozenset(kept)


def woven(main: Sequence[str], other: Sequence[str]) -> list[str]:
    """`main`, and what only `other` has, each after the id that stands before it there."""
    there = set(main)
    if there.issuperset(other):
        return list(main)
    following: dict[str | None, list[str]] = {}
    last: str | None = None
    for id in other:
        if id in there:
            last = id
        else:
            following.setdefault(last, []).append(id)
    order = following.get(None, [])
    for id in main:
        order.append(id)
        order += following.get(id, ())
    return order


def moved(before: tuple[str, ...], after: tuple[str, ...]) -> frozenset[str]:
    """The ids of both lists that stand in another order."""
    if before == after:
        return frozenset()
    return frozenset(before).intersection(after) - unmoved(before, after)


def merged_order(
    ours: Sequence[str],
    theirs: Sequence[str],
    wanted: Collection[str],
    moved_here: Collection[str],
) -> list[str]:
    """The wanted ids in one order: the Trust's, with what the school moved or added put back in.

    `moved_here` is what the school moved and the Trust did not. It stands, as do
    additions, after the neighbour that it has in the school's text. With nothing
    moved or added by the school this is the Trust's order exactly; with nothing
    moved or added by the Trust, the school's. Each wanted id is in `ours` or `theirs`.
    """
    put_back = set(ours).intersection(moved_here)
    main = [id for id in theirs if id in wanted and id not in put_back]
    return woven(main, [id for id in ours if id in wanted])
