"""A school's own facts in a policy's text: found, and put in braces.

A value left in the Trust's words would be printed for every other school. So
each is looked for by its shape, shown to the officer with its places, and
replaced by its merge field: the exact characters, so that filling the field
gives the source again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources

SCHOOL_WORDS = frozenset(
    ["School", "Academy", "College", "Nursery", "Primary", "Infants", "Juniors", "Federation"]
)
# A name needs a word of its own beside these.
GENERIC = SCHOOL_WORDS | frozenset(
    [
        "Junior",
        "Infant",
        "Secondary",
        "High",
        "Grammar",
        "Church",
        "England",
        "Catholic",
        "Community",
        "Whole",
        "Home",
        "State",
        "Trust",
        "Local",
        "Special",
        "Middle",
        "Sixth",
        "Form",
        "Upper",
        "Lower",
        "Each",
        "Every",
        "All",
        "Any",
        "Your",
        "My",
        "A",
        "Old",
        "New",
        "C",
        "E",
        "CE",
        "RC",
    ]
)
JOINING = frozenset(["of", "the", "and", "&", "in", "on", "with"])
# Capitals that open a sentence and belong to no name.
OPENING = frozenset(
    [
        "At",
        "The",
        "Our",
        "In",
        "From",
        "Welcome",
        "To",
        "Dear",
        "For",
        "This",
        "That",
        "These",
        "If",
        "When",
        "We",
        "You",
        "And",
        "Or",
        "But",
        "By",
        "With",
        "As",
        "Contact",
        "Call",
        "Inform",
        "Tell",
        "Local",
        "Please",
        "See",
        "Visit",
        "Check",
        "Use",
        "Ask",
        "Since",
        "Because",
        "Here",
        "Both",
    ]
)
NOT_APPS = OPENING | frozenset(
    [
        "WhatsApp",
        "Facebook",
        "Messenger",
        "Mobile",
        "Parent",
        "Parents",
        "Phone",
        "School",
        "Message",
        "Download",
        "An",
        "A",
    ]
)


def found_facts(texts: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The facts that stand in the texts, and a sentence for each rival value."""
    schools: Counter[str] = Counter()
    at_school: Counter[str] = Counter()
    forces: Counter[str] = Counter()
    apps: Counter[str] = Counter()
    links: Counter[str] = Counter()
    known = _forces()
    for text in texts:
        words = text.split()
        for place, word in enumerate(words):
            end = _end(word)
            if end in SCHOOL_WORDS and (name := _school(words, place)):
                schools[name] += 1
                before = words[place - len(name.split())] if place >= len(name.split()) else ""
                at_school[name] += before.lower() in ("at", "of", "to", "in", "from", "for")
            elif end in ("Police", "Constabulary") and (name := _named(words, place, 4)):
                forces[name] += 1
            elif end in ("App", "app") and place and _is_app(words[place - 1]):
                apps[words[place - 1]] += 1
        for force in known:
            if "&" in force and force in text:
                forces[force] += 1
        if "polic" in text.lower():
            for link in _LINK.findall(text):
                links[link.rstrip(".,;:!?)'”\"")] += 1
    sure = Counter({name: n + 2 * at_school[name] for name, n in schools.items()})
    sure = Counter({name: n for name, n in sure.items() if n > 1})
    by_force = Counter({name: n + 10 * (name in known) for name, n in forces.items()})
    found: dict[str, str] = {}
    rivals: list[str] = []
    for fact, values in (
        ("school.name", sure),
        ("school.police_force", by_force),
        ("school.policies_url", links),
        ("school.app_name", apps),
    ):
        ranked = [value for value, _ in values.most_common()]
        if ranked:
            found[fact] = ranked[0]
        rivals += [
            f"“{value}” stays in the text as it is, since “{ranked[0]}” was taken for {fact}."
            for value in ranked[1:]
            if value not in ranked[0]
        ]
    return found, rivals


def with_fields(text: str, facts: Mapping[str, str]) -> str:
    """The text with each value replaced by its field. `fill` turns it back exactly."""
    if not facts:
        return text
    fields = {value: f"{{{name}}}" for name, value in facts.items()}
    longest = sorted(fields, key=len, reverse=True)
    pattern = "|".join(re.escape(value) for value in longest)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda found: fields[found[0]], text)


def _school(words: list[str], place: int) -> str:
    """The school's name that ends at this word, or "": "Oak Road Junior School"."""
    after = words[place + 1] if place + 1 < len(words) else ""
    if _end(words[place]) == words[place] and _end(after) in SCHOOL_WORDS | {"Trust"}:
        return ""
    name = _named(words, place, 7)
    own = [word for word in name.split() if word not in GENERIC and word not in JOINING]
    return name if own else ""


def _named(words: list[str], place: int, most: int) -> str:
    """The capitalised words before and with this one, as they stand in the text."""
    first = place
    while first > max(0, place - most):
        word = words[first - 1]
        inner = word.removesuffix(".") if word in ("St.", "Sts.") else word
        if inner in JOINING:
            first -= 1
            continue
        if inner in OPENING or not inner[:1].isupper() or not _CAPITAL.fullmatch(inner):
            break
        first -= 1
    run = words[first:place]
    while run and run[0] in JOINING:
        run.pop(0)
    if not run:
        return ""
    return " ".join([*run, _end(words[place])])


def _end(word: str) -> str:
    """A word without what follows it: "School's," gives "School"."""
    found = _PLAIN.match(word)
    rest = word[found.end() :] if found else ""
    return found[0] if found and not rest[:1].isalnum() else ""


def _is_app(word: str) -> bool:
    return word not in NOT_APPS and word[:1].isupper() and bool(_CAPITAL.fullmatch(word))


def _forces() -> frozenset[str]:
    listed = resources.files("trustconduct.tenants").joinpath("police_forces.json")
    return frozenset(force["name"] for force in json.loads(listed.read_text("utf-8")))


_CAPITAL = re.compile(r"[A-Z][\w’'&-]{0,30}")
_PLAIN = re.compile(r"[A-Za-z]{1,20}")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"{}]{3,2000}")
