"""The hashes under the seals of the audit, by the standard library alone.

So that somebody who does not trust the service can compute them anew with this file.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

NO_SEAL = "0" * 64  # what the first seal follows


def canonical(value: Any) -> bytes:
    """The one way in which a value is written down before its hash is taken."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def details_hash(salt: str, details: dict[str, Any]) -> str:
    """The hash that an event keeps of its details: salted, so that it gives nothing away."""
    return sha256(salt.encode() + b"\n" + canonical(details))


# A Merkle tree as in RFC 9162 (2.1): a leaf and a branch can't be taken for each other.


def leaf_hash(event: dict[str, Any]) -> str:
    """The leaf that stands for an event, as hex."""
    return sha256(b"\x00" + canonical(event))


def branch(left: str, right: str) -> str:
    return sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))


def root_of(leaves: list[str]) -> str:
    """The root over one leaf or more, from below: an odd one out moves up as it is."""
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(leaves: list[str], at: int) -> list[list[str]]:
    """What the leaf at this place needs to reach the root: [side, hash], from below."""
    path, level = [], leaves
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            path.append(["left" if beside < at else "right", level[beside]])
        level, at = _above(level), at // 2
    return path


def _above(level: list[str]) -> list[str]:
    pairs = [branch(*level[n : n + 2]) for n in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) - len(level) % 2 :]


def climbed(leaf: str, path: list[list[str]]) -> str:
    """The root that a leaf reaches by its path."""
    for side, other in path:
        leaf = branch(other, leaf) if side == "left" else branch(leaf, other)
    return leaf


def head_of(seal: dict[str, Any]) -> str:
    """The head of a seal: over its number, day, tree and the head before it."""
    named = {name: seal[name] for name in ("of", "number", "sealed_at", "leaves", "root")}
    return sha256(b"\x02" + canonical({**named, "previous": seal["previous"]}))


class NoHead(ValueError):
    """What was given as the heads of seals holds none. The message says what to give."""
