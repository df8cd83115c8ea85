"""PDFs of our own one behind the other, with their tags: a screen reader reads the whole pack.

A pack of 600 sheets in one go would take more time and memory than the sealed room gives, so
it is printed in parts. pikepdf copies pages and leaves the tree of tags behind: here the
trees are hung beneath one root, and the numbers by which pages find their tags are moved on.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name


def joined(parts: Sequence[bytes]) -> bytes:
    """One tagged PDF. Raises KeyError or AttributeError for one that is not tagged."""
    with ExitStack() as open_, pikepdf.new() as whole:
        root = whole.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array()))
        numbers: list[Any] = []
        next_key = 0
        for place, part in enumerate(parts):
            one = open_.enter_context(pikepdf.open(io.BytesIO(part)))
            if place == 0:
                _as_the_first(whole, one)
            next_key = _add(whole, root, one, numbers, next_key)
        root.ParentTree = whole.make_indirect(Dictionary(Nums=Array(numbers)))
        root.ParentTreeNextKey = next_key
        whole.Root.StructTreeRoot = root
        out = io.BytesIO()
        whole.save(out)
    return out.getvalue()


def _as_the_first(whole: pikepdf.Pdf, one: pikepdf.Pdf) -> None:
    """Language, title and that it is PDF/UA: alike in all parts."""
    for key in ("/Lang", "/MarkInfo", "/ViewerPreferences", "/Metadata"):
        if key in one.Root:
            whole.Root[key] = whole.copy_foreign(one.make_indirect(one.Root[key]))
    if "/Title" in one.docinfo:
        whole.docinfo["/Title"] = str(one.docinfo["/Title"])


def _add(whole: pikepdf.Pdf, root: Any, one: pikepdf.Pdf, numbers: list[Any], next_key: int) -> int:
    start = len(whole.pages)
    old = {page.obj.objgen: n for n, page in enumerate(one.pages)}
    whole.pages.extend(one.pages)
    tree = whole.copy_foreign(one.Root.StructTreeRoot)
    if "/RoleMap" in tree and "/RoleMap" not in root:
        root.RoleMap = tree.RoleMap
    for theirs, ours in zip(_elements(one.Root.StructTreeRoot), _elements(tree), strict=True):
        if "/Pg" in theirs:
            ours.Pg = whole.pages[start + old[theirs.Pg.objgen]].obj
    for kid in _kids(tree):
        kid.P = root
        root.K.append(kid)
    keys = list(tree.ParentTree.Nums)
    last = next_key
    for key, value in zip(keys[::2], keys[1::2], strict=True):
        numbers += [int(key) + next_key, value]
        last = max(last, int(key) + next_key + 1)
    for page in whole.pages[start:]:
        if "/StructParents" in page.obj:
            page.obj.StructParents = int(page.obj.StructParents) + next_key
        for note in page.obj.get("/Annots", ()):
            if "/StructParent" in note:
                note.StructParent = int(note.StructParent) + next_key
    return last


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K")
    if kids is None:
        return []
    each = list(kids) if isinstance(kids, Array) else [kids]
    return [kid for kid in each if isinstance(kid, Dictionary)]


def _elements(root: Any) -> Iterator[Any]:
    """Every element, and what it points to, beneath a root: in the same order in each copy."""
    waiting = _kids(root)
    while waiting:
        element = waiting.pop()
        yield element
        waiting += _kids(element)
