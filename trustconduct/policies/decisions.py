"""What people decided about a merge: plain JSON, so that a half-done adoption can be left.

A decision keeps a print of the words that it was made about. Were the Trust to
publish again with other words, or the school to change its own, a saved choice
would put words into force that nobody compared: such a decision no longer fits,
and is dropped and named.

Saved as a list of `Decision.to_json()`:

    {"id": "behaviour.4", "choice": "text", "text": "…", "exceptions": ["…"],
     "reason": "…", "about": "3f0c…"}

`id` is a clause's or, for a heading, a section's. `text` and `exceptions` are
blank but for the choice "text".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trustconduct.policies import facts as fields
from trustconduct.policies.document import canonical, sha256
from trustconduct.policies.merge_plan import Item, Part, Plan, Said


class Choice(StrEnum):
    THEIRS = "theirs"  # the Trust's words, or that it removed them
    OURS = "ours"  # the school's words, or that it removed them
    TEXT = "text"  # words that were written for this


class DecisionRefused(ValueError):
    """The decision can't be kept; the message says what to do."""


@dataclass(frozen=True)
class Decision:
    """One choice and why. Made by `decide`, so that it fits what was shown."""

    id: str
    choice: Choice
    text: str = ""
    exceptions: tuple[str, ...] = ()
    reason: str = ""
    about: str = ""

    def words(self, item: Item) -> Said | None:
        """The words that stand by this decision; None where the clause goes."""
        if self.choice is Choice.TEXT:
            return Said(self.text, self.exceptions)
        return item.ours if self.choice is Choice.OURS else item.theirs

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "choice": self.choice.value,
            "text": self.text,
            "exceptions": list(self.exceptions),
            "reason": self.reason,
            "about": self.about,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Decision:
        """The decision again. Raises DecisionRefused for what `to_json` did not write."""
        try:
            return cls(
                id=value["id"],
                choice=Choice(value["choice"]),
                text=value["text"],
                exceptions=tuple(value["exceptions"]),
                reason=value["reason"],
                about=value["about"],
            )
        except (KeyError, TypeError, ValueError):
            raise DecisionRefused(
                "A saved decision can't be read, so decide that clause again."
            ) from None


def decide(
    item: Item,
    choice: Choice,
    *,
    text: str = "",
    exceptions: Sequence[str] = (),
    reason: str = "",
    known: Collection[str] = fields.FACTS.keys(),
) -> Decision:
    """Decide about one item of a plan, as it was shown.

    A reason is needed for all but the Trust's words: the Trust sees it beside
    the difference. Raises DecisionRefused with what to do, and UnknownFact where
    the text names a merge field that we do not have.
    """
    if not item.may_be_decided:
        why = "the Trust's words stand there" if item.is_locked else "nothing differs there"
        raise DecisionRefused(f"There is nothing to decide about “{item.id}”: {why}.")
    text = text.strip()
    allowed = tuple(filter(None, (each.strip() for each in exceptions)))
    reason = reason.strip()
    if choice is Choice.TEXT:
        if not text and item.part is Part.CLAUSE:
            raise DecisionRefused(f"Write the words for “{item.id}”, or choose one of the texts.")
        if allowed and item.part is not Part.CLAUSE:
            raise DecisionRefused("A heading has no exceptions, so put them with a clause.")
        for each in (text, *allowed):
            fields.check(each, known)
    else:
        text, allowed = "", ()
    if not reason and choice is not Choice.THEIRS:
        raise DecisionRefused(f"Say why “{item.id}” differs from the Trust's text.")
    return Decision(item.id, choice, text, allowed, reason, print_of(item))


def print_of(item: Item) -> str:
    """A short print of the words on both sides of an item."""
    sides = [said and [said.text, list(said.exceptions)] for said in (item.ours, item.theirs)]
    return sha256(canonical({"sides": sides}))[:16]


@dataclass(frozen=True)
class Fitting:
    """Decisions that hold for a plan, and those that do not any more, to be named to people."""

    kept: tuple[Decision, ...]
    dropped: tuple[Decision, ...]


def fitting(plan: Plan, decisions: Iterable[Decision]) -> Fitting:
    """Which saved decisions still fit. Of two about one id the later counts."""
    kept: dict[str, Decision] = {}
    dropped = []
    for decision in decisions:
        item = plan.by_id.get(decision.id)
        if item and item.may_be_decided and decision.about == print_of(item):
            kept[decision.id] = decision
        else:
            dropped.append(decision)
    return Fitting(tuple(kept.values()), tuple(dropped))


def as_json(decisions: Iterable[Decision]) -> str:
    """The decisions as one text, the same for the same decisions."""
    return json.dumps([decision.to_json() for decision in decisions], ensure_ascii=False)
