"""Names of staff that a letter does not say: "a member of staff" stands there instead.

Only in what people write. Who signs, who decided and whom to speak to stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.languages.spoken import ENGLISH, language
from trustconduct.letters.kinds import Form, Kind
from trustconduct.letters.parts import tidy
from trustconduct.letters.translated import other_key
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.sessions import ScopedSession

MOST_NAMES = 300
LONGEST_NAME, SHORTEST_NAME = 100, 3
STAFF = "a member of staff"


class NamesRefused(ValueError):
    """The list can't stand; the message says what to do."""


def names_in(typed: str) -> list[str]:
    return [" ".join(line.split()) for line in typed.splitlines() if line.strip()]


def change_staff_names(session: ScopedSession, *, by: Actor, wanted: bool, typed: str) -> None:
    """Say whether new letters leave out names of staff, and which names: one a line.

    Each letter can be told otherwise. Raises NamesRefused.
    """
    permit(by, Can.SET_UP_LETTERS, session.school_id)
    names = list(dict.fromkeys(names_in(tidy(typed))))
    if wanted and not names:
        raise NamesRefused("Type the names, one on each line, as people write them.")
    if len(names) > MOST_NAMES:
        raise NamesRefused(f"Type at most {MOST_NAMES} names.")
    for name in names:
        if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
            raise NamesRefused(
                f"“{name[:LONGEST_NAME]}” is too short or too long to be found in a letter."
            )
    settings = settings_of(session, lock=True)
    if (settings.letters_unnamed, names_in(settings.letters_staff)) == (wanted, names):
        return
    settings.letters_unnamed, settings.letters_staff = wanted, "\n".join(names)
    session.add(settings)
    session.flush()
    words = "letters leave out names of staff" if wanted else "letters may name staff"
    record(session, Event.STAFF_NAMES_CHANGED, by=by, about=settings, words=words)


def unnamed(text: str, names: Collection[str], said: str = STAFF) -> str:
    """The text without these names, whole words and any case; the longest name first.

    "Mrs Sample" goes with "Sample", or "Mrs a member of staff" would be left.
    """
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    any_name = "|".join(re.escape(name).replace("\\ ", r"\s+") for name in longest_first)
    found = re.compile(
        rf"(?<!\w)(?:(?:Mrs|Mr|Miss|Ms|Mx|Dr|Sir)\.?\s+)?(?:{any_name})(?!\w)", re.IGNORECASE
    )

    def put(one: re.Match[str]) -> str:
        before = text[: one.start()].rstrip(' “"‘(')
        begins = not before or before[-1] in ".!?\n"
        return said[0].upper() + said[1:] if begins else said

    return found.sub(put, text)


def without_names(
    kind: Kind, given: Mapping[str, Any], names: Collection[str], spoken: str
) -> dict[str, Any]:
    """The parts of a letter, names of staff left out of what people wrote."""
    found = dict(given)
    other = (language(spoken) or ENGLISH).say(STAFF)
    for part in kind.parts:
        value = found.get(part.id)
        if part.form is not Form.WORDS or not isinstance(value, str):
            continue
        found[part.id] = unnamed(value, names)
        key = other_key(part.id, spoken)
        if there := found.get(key):
            was_of_this = there["of"] == value
            found[key] = {
                "words": unnamed(there["words"], names, other),
                "of": found[part.id] if was_of_this else there["of"],
            }
    return found
