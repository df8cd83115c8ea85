"""What each event of a letter reads like: the sentence, and the one without details.

Apart from `sentences.py` for its length; that file says how they are made.
"""

from __future__ import annotations

from trustconduct.audit.events import Event

OF_LETTERS: dict[Event, tuple[str, ...]] = {
    Event.LETTER_WORDING_EDITED: (
        "edited the words of a letter: {kind}, version {number}",
        "edited the words of a letter",
    ),
    Event.LETTER_WORDING_APPROVED: (
        "approved the words of a letter: {kind}, version {number} (in law: {solicitor})",
        "approved the words of a letter",
    ),
    Event.LETTER_RULES_CHANGED: ("changed when letters count as served, or the advice",),
    Event.SIGNATORY_ADDED: (
        "noted that {name} ({role}) may sign letters",
        "noted that somebody may sign letters",
    ),
    Event.SIGNATORY_ENDED: (
        "noted that {name} ({role}) signs letters no more",
        "noted that somebody signs letters no more",
    ),
    Event.SECOND_PERSON_CHANGED: (
        "changed who approves letters: {words}",
        "changed who approves letters",
    ),
    Event.STAFF_NAMES_CHANGED: (
        "changed whether letters name staff: {words}",
        "changed whether letters name staff",
    ),
    Event.LETTER_BEGUN: ("began letter {number}: {kind}", "began a letter"),
    Event.LETTER_FILLED: ("wrote in letter {number}: {part}", "wrote in a letter"),
    Event.LETTER_ASKED: (
        "handed letter {number} over for approval",
        "handed a letter over for approval",
    ),
    Event.LETTER_DROPPED: ("threw letter {number} away", "threw a letter away"),
    Event.LETTER_APPROVED: ("approved letter {number}: {kind}", "approved a letter"),
    Event.LETTER_WITHDRAWN: (
        "withdrew letter {number}, and gave this reason: “{because}”",
        "withdrew a letter",
    ),
    Event.LETTERS_PRINTED: (
        "printed letters to post (how many: {count})",
        "printed letters to post",
    ),
    Event.LETTER_POSTED: (
        "noted letter {number} as posted on {posted_on}: it counts as served on {served_on}",
        "noted a letter as posted",
    ),
    Event.LETTER_HANDED: (
        "noted letter {number} as handed over on {on} by {handed_by}",
        "noted a letter as handed over",
    ),
    Event.LETTER_EMAILED: (
        "had an email sent that letter {number} is there",
        "had an email sent that a letter is there",
    ),
    Event.LETTER_CODE_TEXTED: (
        "had the code of letter {number} sent as a text message",
        "had the code of a letter sent as a text message",
    ),
    Event.LETTER_OPENED: ("opened letter {number} with the code", "opened a letter"),
    Event.LETTER_RETURNED: (
        "noted of letter {number}: {how}, on {on}",
        "noted that a letter did not arrive",
    ),
    Event.LETTER_READ: ("read a letter",),
}
