"""Which role may do what: one table, asked by every rule and by the navigation."""

from __future__ import annotations

from enum import Enum, auto
from uuid import UUID

from trustconduct.audit.actor import Actor, Grant, Role


class Can(Enum):
    """What a person may be allowed to do."""

    # at the Trust and at a school, each its own
    SEE_HISTORY = auto()
    # at the Trust
    SEE_CONSOLE = auto()
    IMPORT_EDITION = auto()
    EDIT_EDITION = auto()
    APPROVE_EDITION = auto()  # note that it is; name those who must
    SIGN_OFF_EDITION = auto()  # say that its text is right, where one is named
    PUBLISH_EDITION = auto()
    WITHDRAW_EDITION = auto()
    TRANSLATE = auto()  # clauses, and note who has checked a language
    ADD_SCHOOL = auto()
    CHANGE_SCHOOL = auto()
    SUSPEND_SCHOOL = auto()
    ADD_USER = auto()
    CHANGE_USER = auto()
    CHANGE_TRUST = auto()
    WORD_LETTERS = auto()  # the Trust's words of letters, and when one counts as served
    RUN_TASK = auto()  # of the timetable, now
    EXPORT = auto()  # take a list out of this service; at a school as well
    CHANGE_CALENDAR = auto()  # at a school as well
    KEEP_REVIEWS = auto()  # at a school as well: cycles, steps, pauses
    # at a school
    SEE_SCHOOL = auto()
    CHANGE_SETTINGS = auto()
    CHANGE_MATRIX = auto()
    COMMENT_ON_DRAFT = auto()  # what the Trust consults the head about
    CHANGE_TEXT = auto()  # the school's own words, where the Trust allows some
    PUBLISH_VERSION = auto()
    SEE_PEOPLE = auto()
    TAKE_IN_ROLL = auto()
    CHANGE_PEOPLE = auto()  # add, change, merge
    CONFIRM_LIST = auto()  # say that the list of who would be told is right
    MARK_UNTOLD = auto()  # that an adult must not be told
    CLEAR_UNTOLD = auto()
    SEE_ANSWERS = auto()
    START_CAMPAIGN = auto()
    SEND_LINK_AGAIN = auto()
    HOLD_TALK = auto()
    KEY_ANSWER = auto()  # note what somebody answered on paper or by voice, or was told
    PRINT_PACK = auto()  # sheets of paper, each with a link
    SEE_LETTERS = auto()  # with all that they say
    WRITE_LETTER = auto()
    APPROVE_LETTER = auto()  # and withdraw one
    SERVE_LETTER = auto()  # print, post, hand over; without reading it on a page
    REPORT_INCIDENT = auto()  # and read one's own reports, and what came of them
    SEE_CASES = auto()  # all of a school's, with whom they are about
    KEEP_CASES = auto()  # triage, move, merge, add statements
    DECIDE_STEP = auto()  # of the ladder; and who else sees a case
    SEE_ASSIGNED = auto()  # the cases that one was assigned to, and no others
    ANSWER_RISK = auto()  # say that letters may go out though a child may be at risk
    SEE_REFERRALS = auto()  # police, legal, take-down: a compartment of its own
    KEEP_REFERRALS = auto()
    SEE_CONTACT_PLAN = auto()  # whom a person writes to, how often and until when
    KEEP_CONTACT_PLAN = auto()  # and why
    SET_UP_LETTERS = auto()  # who may sign, and whether two people must agree
    SEE_BANS = auto()  # with all that they say
    ISSUE_BAN = auto()  # begin, confirm or not, take in an older one
    CHANGE_BAN = auto()  # its terms and exceptions
    END_BAN = auto()  # lift, or withdraw as an error
    HEAR_BAN = auto()  # note what they say, give more time
    REVIEW_BAN = auto()
    SEE_GATE = auto()  # who is barred, without reasons, and note that they were seen
    KEEP_GATE = auto()  # the devices of reception
    CALL_FIRST = auto()  # the names alone: call the office first
    # at either: mail and text messages of the school, or of the Trust itself
    SEE_MAIL = auto()
    SEE_TO_MAIL = auto()


_MAILS = {Can.SEE_MAIL, Can.SEE_TO_MAIL}
_SETS_UP = {Can.SEE_SCHOOL, Can.CHANGE_SETTINGS, Can.CHANGE_MATRIX, Can.CHANGE_CALENDAR}
_ASKS = {
    Can.SEE_PEOPLE,
    Can.TAKE_IN_ROLL,
    Can.SEE_ANSWERS,
    Can.START_CAMPAIGN,
    Can.PRINT_PACK,
}
_KEEPS_PEOPLE = {Can.CHANGE_PEOPLE, Can.CONFIRM_LIST, Can.MARK_UNTOLD, Can.EXPORT}
_ANSWERS = {Can.SEE_ANSWERS, Can.SEND_LINK_AGAIN, Can.HOLD_TALK, Can.KEY_ANSWER}
_GATE = {Can.SEE_GATE, Can.KEEP_GATE, Can.CALL_FIRST}
_BANS = {Can.SEE_BANS, Can.HEAR_BAN, *_GATE}
_WRITES_LETTERS = {Can.SEE_LETTERS, Can.WRITE_LETTER}
_KEEPS_REFERRALS = {Can.SEE_REFERRALS, Can.KEEP_REFERRALS}
_KEEPS_PLANS = {Can.SEE_CONTACT_PLAN, Can.KEEP_CONTACT_PLAN}
_KEEPS_CASES = {Can.REPORT_INCIDENT, Can.SEE_CASES, Can.KEEP_CASES}

AT_TRUST: dict[Role, frozenset[Can]] = {
    Role.TRUST_OFFICER: frozenset(
        {
            Can.SEE_CONSOLE,
            Can.IMPORT_EDITION,
            Can.EDIT_EDITION,
            Can.APPROVE_EDITION,
            Can.SIGN_OFF_EDITION,
            Can.PUBLISH_EDITION,
            Can.WITHDRAW_EDITION,
            Can.TRANSLATE,
            Can.ADD_SCHOOL,
            Can.CHANGE_SCHOOL,
            Can.SUSPEND_SCHOOL,
            Can.ADD_USER,
            Can.CHANGE_USER,
            Can.CHANGE_TRUST,
            Can.WORD_LETTERS,
            Can.RUN_TASK,
            Can.EXPORT,
            Can.CHANGE_CALENDAR,
            Can.KEEP_REVIEWS,
            *_MAILS,
            Can.SEE_HISTORY,
        }
    ),
    Role.TRUST_READER: frozenset({Can.SEE_CONSOLE, Can.SEE_MAIL, Can.SIGN_OFF_EDITION}),
}

# What a role of the Trust may do inside any school: fill in for the head, who then publishes.
IN_ANY_SCHOOL: dict[Role, frozenset[Can]] = {
    Role.TRUST_OFFICER: frozenset({*_SETS_UP, Can.REVIEW_BAN}),
}

AT_SCHOOL: dict[Role, frozenset[Can]] = {
    Role.HEADTEACHER: frozenset(
        {
            *_SETS_UP,
            *_ASKS,
            *_KEEPS_PEOPLE,
            Can.CLEAR_UNTOLD,
            *_ANSWERS,
            *_MAILS,
            Can.COMMENT_ON_DRAFT,
            Can.CHANGE_TEXT,
            Can.KEEP_REVIEWS,
            Can.PUBLISH_VERSION,
            *_WRITES_LETTERS,
            Can.APPROVE_LETTER,
            Can.SERVE_LETTER,
            Can.SET_UP_LETTERS,
            *_BANS,
            Can.ISSUE_BAN,
            Can.CHANGE_BAN,
            Can.END_BAN,
            Can.REVIEW_BAN,
            *_KEEPS_CASES,
            Can.SEE_ASSIGNED,
            Can.DECIDE_STEP,
            *_KEEPS_PLANS,
            *_KEEPS_REFERRALS,
            Can.SEE_HISTORY,
        }
    ),
    Role.OFFICE: frozenset(
        {
            *_SETS_UP,
            *_ASKS,
            *_KEEPS_PEOPLE,
            *_ANSWERS,
            *_MAILS,
            Can.CHANGE_TEXT,
            Can.KEEP_REVIEWS,
            Can.SERVE_LETTER,
            *_GATE,
            Can.REPORT_INCIDENT,
            Can.SEE_CONTACT_PLAN,
        }
    ),
    Role.PASTORAL: frozenset(
        {
            Can.SEE_SCHOOL,
            Can.SEE_PEOPLE,
            Can.MARK_UNTOLD,
            *_ANSWERS,
            *_WRITES_LETTERS,
            *_BANS,
            Can.REPORT_INCIDENT,
            *_KEEPS_PLANS,
            Can.SEE_ASSIGNED,
        }
    ),
    Role.TEACHER: frozenset(
        {Can.SEE_SCHOOL, Can.CALL_FIRST, Can.REPORT_INCIDENT, Can.SEE_ASSIGNED}
    ),
    Role.GOVERNOR: frozenset({Can.SEE_SCHOOL, Can.REVIEW_BAN, Can.SEE_ASSIGNED}),
    Role.SAFEGUARDING: frozenset(
        {
            Can.SEE_SCHOOL,
            Can.SEE_PEOPLE,
            Can.MARK_UNTOLD,
            *_KEEPS_CASES,
            Can.ANSWER_RISK,
            *_BANS,
            *_KEEPS_REFERRALS,
        }
    ),
}


# What asks for a code that is less than 15 minutes old: reading the history of a named
# person, exporting, banning, changing roles. By name, so that what a later part adds asks
# from its first day. A test looks for names that sound like one and are not here.
_ASKED_AGAIN = {
    # reading a named person's history
    "HOLD_TALK",
    "SEE_HISTORY",
    "SEE_CASES",
    "SEE_REFERRALS",
    "SEE_ASSIGNED",
    # exporting
    "EXPORT",
    # banning
    "ISSUE_BAN",
    "CHANGE_BAN",
    "END_BAN",
    "REVIEW_BAN",
    "SEE_BANS",
    # who may do what
    "ADD_USER",
    "CHANGE_USER",
    "CHANGE_ROLES",
}
FRESH = frozenset(what for what in Can if what.name in _ASKED_AGAIN)


class NotFresh(PermissionError):
    """The person may do this, but their last code is too old; the door asks for a new one."""

    def __init__(self, by: Actor, what: Can) -> None:
        super().__init__(f"{by.kind} {by.id} gave no code lately for {what.name}")


class NotAllowed(PermissionError):
    """The person may not do this; the door answers 403."""

    def __init__(self, by: Actor, what: Can) -> None:
        super().__init__(f"{by.kind} {by.id} may not {what.name.lower().replace('_', ' ')}")


def allowed(grants: frozenset[Grant], school_id: UUID | None) -> frozenset[Can]:
    """All that these grants allow at one school, or at the Trust where it is None."""
    may: set[Can] = set()
    for grant in grants:
        if school_id is None:
            if grant.school_id is None:
                may |= AT_TRUST.get(grant.role, frozenset())
        elif grant.school_id == school_id:
            may |= AT_SCHOOL.get(grant.role, frozenset())
        elif grant.school_id is None:
            may |= IN_ANY_SCHOOL.get(grant.role, frozenset())
    return frozenset(may)


def may(by: Actor, what: Can, school_id: UUID | None = None) -> bool:
    return what in allowed(by.grants, school_id)


def permit(by: Actor, what: Can, school_id: UUID | None = None) -> None:
    """Refuse, with NotAllowed, unless `by` may do this at that school or at the Trust.

    Every rule calls it first: a door that forgets its guard still changes nothing.
    Raises NotFresh where a user must give a code first.
    """
    if not may(by, what, school_id):
        raise NotAllowed(by, what)
    if what in FRESH and by.kind == "user" and not by.fresh:
        raise NotFresh(by, what)
