"""The facts that a policy's text may name: a closed list of merge fields.

Ours, and those that an edition declares beside them for its schools to fill in. A clause
says `{school.name}` and the school's own name stands there when the
version is frozen. Anything else in braces is refused when it is saved, and
is never evaluated: replacement is plain text for plain text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


class UnknownFact(ValueError):
    """The text names a merge field that is not on the list; the message names it."""


@dataclass(frozen=True)
class Fact:
    """A merge field: what staff call it, what to type, and an example."""

    name: str
    label: str
    help: str
    kind: str = "text"  # text, url, email, telephone or police_force

    def to_json(self) -> dict[str, str]:
        return dict(vars(self))

    @classmethod
    def from_json(cls, value: dict[str, str]) -> Fact:
        return cls(**value)


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("school.name", "School name", "As it stands on your letters."),
        Fact("trust.name", "Trust name", "The Trust that the school belongs to."),
        Fact(
            "school.police_force",
            "Police force",
            "The force that covers the school's address.",
            "police_force",
        ),
        Fact(
            "school.policies_url",
            "Policies page",
            "The page of your website where parents find your policies.",
            "url",
        ),
        Fact(
            "school.app_name",
            "Parent app",
            "The app that your school writes to parents with, for example Arbor.",
        ),
        Fact("school.telephone", "Telephone", "The school office's number.", "telephone"),
        Fact("school.email", "Office email", "Where parents write to the office.", "email"),
        Fact("school.address", "Postal address", "Where letters reach the school."),
        Fact("school.office_hours", "Office hours", "When the school office answers."),
        Fact("school.complaints_url", "Complaints policy", "The page where it stands.", "url"),
        Fact(
            "school.safeguarding_url",
            "Safeguarding and Child Protection Policy",
            "The page where it stands.",
            "url",
        ),
        Fact("school.staff_code_url", "Staff code of conduct", "The page where it stands.", "url"),
        Fact("school.governing_body", "Governing body", "What it is called."),
    )
}

# What an edition may declare: the kinds that a school can type, and how a name is made.
KINDS = {
    "text": "A few words",
    "url": "A web address",
    "email": "An email address",
    "telephone": "A telephone number",
}
DECLARED = re.compile(r"school\.[a-z][a-z0-9_]{1,39}")

FIELD = re.compile(r"\{([^{}\s]+)\}")


def names_in(text: str) -> set[str]:
    """The merge fields that stand in a text, known or not."""
    return set(FIELD.findall(text))


def check(text: str, known: Collection[str] = FACTS.keys()) -> None:
    """Refuse a text that names a field we do not have, by its name."""
    if "{" not in text:  # as in nearly every clause, and a merge looks at hundreds
        return
    if unknown := sorted(names_in(text) - set(known)):
        raise not_known(f"{{{unknown[0]}}}", known)


def not_known(named: str, known: Collection[str]) -> UnknownFact:
    """What to say of a merge field, as it stands in the text, that is not on the list."""
    listed = ", ".join("{" + name + "}" for name in known)
    return UnknownFact(f"“{named}” is not a fact that we know. Use one of these: {listed}.")


# What Markdown would make something of: a fact is plain text wherever it stands.
_MARKS = re.compile(r"([\\*_\[\]<>`])")


def as_plain(facts: Mapping[str, str], known: Mapping[str, Fact] = FACTS) -> dict[str, str]:
    """The facts for a text in Markdown: a name with an asterisk keeps it. Addresses stay as
    they are, since they stand in `<…>`, and their field refuses what would end that.
    """
    return {
        name: value if name in known and known[name].kind == "url" else _MARKS.sub(r"\\\1", value)
        for name, value in facts.items()
    }


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Put the school's facts into a text. A field without a value stays as it is written.

    One pass: a value that itself looks like a field is not filled again.
    """
    return FIELD.sub(lambda found: facts.get(found[1]) or found[0], text)
