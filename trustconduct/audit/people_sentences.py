"""What the events of people and rolls read like: see `sentences.py`."""

from __future__ import annotations

from trustconduct.audit.events import Event


def words(full: str, bare: str = "") -> tuple[str, str]:
    """The words of a sentence, and those where its details are no longer kept."""
    return full, bare


OF_PEOPLE: dict[Event, tuple[str, str]] = {
    Event.ROLL_BEGUN: words("brought in a roll to look at: {name}", "brought in a roll"),
    Event.ROLL_COLUMNS_CHOSEN: words(
        "said which column of the roll is which: {what}", "said which column of the roll is which"
    ),
    Event.ROLL_ASKED: words("had a roll saved: {name}", "had a roll saved"),
    Event.ROLL_DROPPED: words("dropped a roll without saving it"),
    Event.ROLL_TAKEN_IN: words(
        "took in a roll (new adults: {adults}, new pupils: {pupils})", "took in a roll"
    ),
    Event.ADULT_ADDED: words("added {thing} to the people of the school"),
    Event.ADULT_CHANGED: words(
        "changed what is kept about {thing}: {what}", "changed what is kept about {thing}"
    ),
    Event.ADULT_LEFT: words("noted that {thing} has left the school"),
    Event.ADULT_RETURNED: words("noted that {thing} has come back to the school"),
    Event.ADULT_MARKED: words(
        "said that {thing} must not be told anything, and gave this reason: “{because}”",
        "said that {thing} must not be told anything",
    ),
    Event.ADULT_CLEARED: words(
        "said that {thing} may be told again, and gave this reason: “{because}”",
        "said that {thing} may be told again",
    ),
    Event.ANSWER_STRUCK: words(
        "struck out an answer noted for {thing} about version {version}: it was somebody else’s",
        "struck out an answer noted for {thing}",
    ),
    Event.ADULTS_PARTED: words(
        "said that {thing} and {other} must not learn of each other: “{because}”",
        "said that {thing} and somebody else must not learn of each other",
    ),
    Event.ADULTS_REUNITED: words(
        "said that {thing} and {other} may know of each other again: “{because}”",
        "said that {thing} and somebody else may know of each other again",
    ),
    Event.ADULTS_MERGED: words(
        "said that {thing} and {other} are one person, so that they are asked once",
        "said that {thing} and somebody else are one person",
    ),
    Event.ADULTS_SEPARATED: words(
        "said that {thing} and {other} are two people after all",
        "said that {thing} and somebody else are two people after all",
    ),
    Event.CARE_CHANGED: words(
        "changed how {thing} and {pupil} belong together: {what}",
        "changed how {thing} and a pupil belong together",
    ),
    Event.LIST_CONFIRMED: words(
        "confirmed the list of people who are told (people: {told}, left out: {untold})",
        "confirmed the list of people who are told",
    ),
}
