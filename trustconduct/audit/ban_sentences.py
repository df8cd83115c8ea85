"""What each event of a ban reads like: the sentence, and the one without details.

Apart from `sentences.py` for its length; that file says how they are made.
"""

from __future__ import annotations

from trustconduct.audit.events import Event

OF_BANS: dict[Event, tuple[str, ...]] = {
    Event.BAN_BEGUN: ("began ban {number}: {route}", "began a ban"),
    Event.BAN_TAKEN_IN: ("took in ban {number} from before this service", "took in an older ban"),
    Event.BAN_ANSWERED: (
        "answered ban {number} {means} (receipt {receipt})",
        "answered a ban",
    ),
    Event.BAN_TIME_GIVEN: (
        "gave more time to answer ban {number}, until {until_on}",
        "gave more time to answer a ban",
    ),
    Event.BAN_CONFIRMED: (
        "confirmed ban {number}, until {ends_on}, with a review by {review_on}",
        "confirmed a ban",
    ),
    Event.BAN_REFUSED: ("did not confirm ban {number}", "did not confirm a ban"),
    Event.BAN_LET_LAPSE: ("chose that ban {number} lapses", "chose that a ban lapses"),
    Event.BAN_LIFTED: ("lifted ban {number}", "lifted a ban"),
    Event.BAN_VARIED: ("changed ban {number}", "changed a ban"),
    Event.BAN_WITHDRAWN: (
        "withdrew ban {number} as an error, and gave this reason: “{because}”",
        "withdrew a ban as an error",
    ),
    Event.BAN_EXCEPTION_ADDED: (
        "added an exception to ban {number}",
        "added an exception to a ban",
    ),
    Event.BAN_EXCEPTION_STRUCK: (
        "struck out an exception of ban {number}, and gave this reason: “{because}”",
        "struck out an exception of a ban",
    ),
    Event.BAN_REVIEW_BEGUN: ("began to review ban {number}", "began to review a ban"),
    Event.BAN_REVIEWED: ("reviewed ban {number}: {found}", "reviewed a ban"),
    Event.BAN_SEEN: (
        "noted that the person of ban {number} was seen on site ({how})",
        "noted that somebody who is barred was seen on site",
    ),
    Event.BAN_TOLD: ("told staff of ban {number}: {words}", "told staff of a day of a ban"),
    Event.GATE_ENROLLED: ("made “{name}” the gate’s device", "made a device the gate’s"),
    Event.GATE_REVOKED: (
        "took the gate away from “{name}”",
        "took the gate away from a device",
    ),
    Event.BAN_READ: ("read a ban",),
    Event.GATE_READ: ("looked at who is barred",),
}
