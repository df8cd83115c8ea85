"""The kinds of letters, and the parts without which each can't go out: data, not code.

A part says where its words come from. The Trust words some of them, once for all its
schools; a record fills others; the rest a person writes, with guidance and an example. A
letter that lacks a required part is not approved (`missing.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """What stands in a part."""

    TRUST = "trust"  # the Trust's words, of the wording in use
    WORDS = "words"  # paragraphs that a person writes
    LINE = "line"  # a few words
    DAY = "day"
    MEETING = "meeting"  # day, time, place, and how
    ANSWER = "answer"  # so many days from the day on which the letter was served
    CLAUSES = "clauses"  # of the code as it stood on the day of the incident


@dataclass(frozen=True)
class Part:
    """One part: its heading on the letter, and what staff are told about it."""

    id: str
    form: Form
    heading: str
    lacking: str  # what the page says where it is not there yet
    guidance: str = ""
    example: str = ""
    # Days that lie ahead of the letter must not be past; those of an incident must be.
    ahead: bool = True


@dataclass(frozen=True)
class Kind:
    id: str
    word: str  # as staff choose it
    subject: str  # as the letter says it
    when: str  # when staff use it
    parts: tuple[Part, ...]
    # For staff alone, about somebody: handed over at school, and never sent to them.
    internal: bool = False

    def part(self, part_id: str) -> Part | None:
        return next((part for part in self.parts if part.id == part_id), None)

    @property
    def fields(self) -> frozenset[str]:
        """The merge fields that the words of this kind may name."""
        found = set(COMMON_FIELDS)
        for part in self.parts:
            if part.form in (Form.DAY, Form.LINE, Form.ANSWER):
                found.add(part.id)
            elif part.form is Form.MEETING:
                found |= {f"{part.id}.{name}" for name in MEETING_FIELDS}
        return frozenset(found)

    @property
    def worded_by_trust(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.form is Form.TRUST)


COMMON_FIELDS = (
    "addressee.name",
    "school.name",
    "school.telephone",
    "school.email",
    "trust.name",
    "policy.name",
    "school.governing_body",
)
MEETING_FIELDS = ("day", "time", "place", "way")


def _trust(id: str, heading: str) -> Part:
    what = heading or "the opening"
    return Part(id, Form.TRUST, heading, f"The Trust’s words for “{what}” are not there.")


OPENING = _trust("opening", "")
FORMATS = _trust("formats", "If you would like this letter another way")
CONSEQUENCE = _trust("consequence", "What happens if it goes on")
HOW_TO_ANSWER = _trust("how_to_answer", "How to answer")
MEDIATION = _trust("mediation", "Talking with somebody neutral")
EXCEPTIONS = _trust("exceptions", "When you may still come")
SCHOOLING = _trust("schooling", "Reports, parents’ evenings and meetings")
LEGAL = _trust("legal", "Your permission to be on our premises")
COMPLAINT = _trust("complaint", "If you disagree")
CLAUSES = Part(
    "clauses",
    Form.CLAUSES,
    "What our code of conduct says",
    "Choose the clauses of the code that this rests on.",
    "Choose the fewest that fit. Their words stand in the letter as they were on that day.",
)
INCIDENT = Part(
    "incident_on",
    Form.DAY,
    "Day of the incident",
    "Say on which day it happened.",
    "The code that was in force on this day is the one that the letter names.",
    "4 May 2026",
    ahead=False,
)
FACTS = Part(
    "facts",
    Form.WORDS,
    "What happened",
    "Write what happened.",
    "Say what was seen and heard, when and where. No opinions. Write as if the reader will"
    " show it to somebody else. Children only by initials; “a member of staff” where a name"
    " is not needed.",
    "At about 3.20pm you came to the main gate. You shouted at a member of staff in front of"
    " children. You were asked twice to stop.",
)
MEETING = Part(
    "meeting",
    Form.MEETING,
    "Our meeting",
    "Say when and where you will meet.",
    "Choose a school day. They may bring somebody with them.",
)
ANSWER = Part(
    "answer",
    Form.ANSWER,
    "Time to answer",
    "Say how many days they have to answer.",
    "The days are counted from the day on which the letter was served, not from its date.",
)
OUTCOME = Part(
    "outcome",
    Form.WORDS,
    "Our meeting",
    "Say what came of the meeting, or that they did not come.",
    "Two or three sentences. Say what they told you, and what was agreed.",
    "We met on 11 May. You told us that you had been worried. We agreed that you will ring"
    " the office first.",
)
STOP = Part(
    "stop",
    Form.WORDS,
    "What we ask of you",
    "Say what must stop.",
    "Name the behaviour, not the person.",
    "Please do not shout at staff. If you are upset, ring the office and we will talk.",
)
LAPSES = Part(
    "lapses_on",
    Form.DAY,
    "This warning ends on",
    "Say when the warning ends.",
    "After this day the warning counts no more.",
    "31 July 2026",
)
REASONS = Part(
    "reasons",
    Form.WORDS,
    "Our reasons",
    "Give the reasons.",
    "Say what happened, what was tried before, and why this step is needed now.",
    "After our letter of 5 May you came again on 20 May and threatened a member of staff.",
)
WHY_NOW = Part(
    "why_now",
    Form.WORDS,
    "Why this starts at once",
    "Say why it can’t wait until they have answered.",
    "Only for serious cases. Say who could come to harm.",
    "You said that you would come back tomorrow and hurt a member of staff.",
)
SCOPE = Part(
    "scope",
    Form.WORDS,
    "Where and when it applies",
    "Say which sites, hours and events it covers.",
    "No more than is needed. Name each site.",
    "The whole of our site at Oak Lane, at all times, and events that we hold there.",
)
STARTS = Part(
    "starts_on", Form.DAY, "It starts on", "Say on which day it starts.", "", "5 May 2026"
)
ENDS = Part("ends_on", Form.DAY, "It ends on", "Say on which day it ends.", "", "15 June 2026")
REVIEW = Part(
    "review_on",
    Form.DAY,
    "We look at it again on",
    "Say on which day it is reviewed.",
    "Before its last day, and not by whoever decided it.",
    "1 June 2026",
)
DECIDE_BY = Part(
    "decide_by",
    Form.DAY,
    "We decide by",
    "Say by which day you decide.",
    "Give them the time to answer first.",
    "22 May 2026",
)
DECIDER = Part(
    "decided_by",
    Form.LINE,
    "Who decided",
    "Say who decided, by their role.",
    "The role is enough.",
    "The headteacher",
)
WEIGHED = Part(
    "weighed",
    Form.WORDS,
    "How we weighed what you told us",
    "Say how what they told you was weighed, or that they told you nothing.",
    "Take up each thing they said, and say what you made of it.",
    "You told us that you had not been told of the meeting. We have checked: the letter came"
    " back. So we have not counted that against you.",
)
BRINGING = Part(
    "bringing",
    Form.WORDS,
    "Bringing and collecting your child",
    "Say how the child is brought and collected.",
    "Agree it with them first if you can. Children only by initials.",
    "Please have another adult bring R.S. to the gate at 8.40am.",
)
CONTACT = Part(
    "contact",
    Form.LINE,
    "Whom to speak to",
    "Name the one person whom they can speak to.",
    "By role, with a number.",
    "The school business manager, on the number above",
)
CHANGES = Part(
    "changes",
    Form.WORDS,
    "What changes",
    "Say what changes.",
    "Say what was, and what is from now on.",
    "You may come to the summer fair on 4 July. All else stays.",
)
BREACH = Part(
    "breach",
    Form.WORDS,
    "What happened",
    "Say how the ban was broken.",
    "When, where, and what was seen.",
    "On 12 May at about 9am you came into the playground.",
)
PLAN = Part(
    "plan",
    Form.WORDS,
    "How we will keep in touch",
    "Write the plan.",
    "Say how often, by which way, with whom, and how soon they get an answer.",
    "Please write once a week to the office. We answer within three school days.",
)
RECEPTION = Part(
    "reception",
    Form.WORDS,
    "What to do",
    "Say what reception is to do.",
    "The least that reception needs: no reasons.",
    "Please do not let this person in. Ring the headteacher. In danger ring 999.",
)
BODY = Part(
    "body",
    Form.WORDS,
    "",
    "Write the letter.",
    "Short sentences. One thing in each paragraph.",
    "Thank you for coming to see us on Tuesday.",
)

_BAN = (SCOPE, STARTS, ENDS, REVIEW, EXCEPTIONS, BRINGING, SCHOOLING, CONTACT, LEGAL)

_ALL = (
    Kind(
        "invitation",
        "Formal letter with an invitation",
        "An invitation to meet us",
        "The first step: what happened, and a meeting about it.",
        (OPENING, INCIDENT, FACTS, CLAUSES, MEETING, ANSWER, HOW_TO_ANSWER, COMPLAINT, FORMATS),
    ),
    Kind(
        "warning",
        "Warning",
        "A warning",
        "After the meeting, or where nobody came to it.",
        (OPENING, INCIDENT, OUTCOME, CLAUSES, STOP, CONSEQUENCE, MEDIATION, ANSWER,
         HOW_TO_ANSWER, LAPSES, COMPLAINT, FORMATS),
    ),
    Kind(
        "mediation",
        "Offer of mediation",
        "An offer of help to settle this",
        "Where a neutral person may help.",
        (OPENING, MEDIATION, ANSWER, HOW_TO_ANSWER, CONTACT, FORMATS),
    ),
    Kind(
        "intention",
        "Intention to ban",
        "We are thinking of a site ban",
        "Before a ban: they can put their side first.",
        (OPENING, INCIDENT, REASONS, CLAUSES, SCOPE, STARTS, ENDS, ANSWER, HOW_TO_ANSWER,
         EXCEPTIONS, COMPLAINT, FORMATS),
    ),
    Kind(
        "temporary_ban",
        "Temporary ban",
        "You may not come onto our premises for now",
        "At once, in a serious case, until they have put their side.",
        (OPENING, INCIDENT, REASONS, CLAUSES, WHY_NOW, SCOPE, STARTS, DECIDE_BY, ANSWER,
         HOW_TO_ANSWER, EXCEPTIONS, BRINGING, SCHOOLING, CONTACT, LEGAL, COMPLAINT, FORMATS),
    ),
    Kind(
        "confirmed",
        "Ban confirmed",
        "Our decision: a site ban",
        "After their answer, or after the time for it.",
        (OPENING, INCIDENT, REASONS, CLAUSES, WEIGHED, DECIDER, *_BAN, COMPLAINT, FORMATS),
    ),
    Kind(
        "not_confirmed",
        "Ban not confirmed",
        "Our decision: no site ban",
        "After their answer, where there is no ban.",
        (OPENING, WEIGHED, DECIDER, STOP, CONTACT, FORMATS),
    ),
    Kind(
        "lifted",
        "Ban lifted",
        "Your site ban ends",
        "A ban ends before its day.",
        (OPENING, REASONS, ENDS, CONTACT, FORMATS),
    ),
    Kind(
        "extended",
        "Ban extended",
        "Your site ban goes on for longer",
        "New reasons, new days, and a new right to answer.",
        (OPENING, REASONS, CLAUSES, INCIDENT, DECIDER, *_BAN, ANSWER, HOW_TO_ANSWER, COMPLAINT,
         FORMATS),
    ),
    Kind(
        "varied",
        "Ban changed",
        "Your site ban has changed",
        "Its scope or its exceptions change.",
        (OPENING, REASONS, CHANGES, DECIDER, *_BAN, COMPLAINT, FORMATS),
    ),
    Kind(
        "breach",
        "Breach of a ban",
        "We think that you broke your site ban",
        "A ban was broken.",
        (OPENING, INCIDENT, BREACH, CONSEQUENCE, ANSWER, HOW_TO_ANSWER, LEGAL, CONTACT,
         COMPLAINT, FORMATS),
    ),
    Kind(
        "reception_notice",
        "Notice to reception",
        "Notice to reception",
        "The least data: whom not to let in, and whom to call.",
        (OPENING, RECEPTION, STARTS, ENDS, CONTACT),
        internal=True,
    ),
    Kind(
        "contact_plan",
        "Contact plan",
        "How we will keep in touch",
        "Where calls and emails are too many, or too hard to answer.",
        (OPENING, REASONS, PLAN, STARTS, REVIEW, CONTACT, COMPLAINT, FORMATS),
    ),
    Kind(
        "plain",
        "Plain letter",
        "A letter from school",
        "Anything else that is said in a letter.",
        (OPENING, BODY, CONTACT, FORMATS),
    ),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.id: kind for kind in _ALL}

# Parts that a school never words itself, whatever the Trust opens: a wrong year in a law,
# or a route of appeal that does not exist, has been printed before.
NEVER_OPEN = frozenset({"legal", "complaint"})
