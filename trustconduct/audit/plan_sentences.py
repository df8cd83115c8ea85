"""What each event of contact plans, meetings and the police reads like: the sentence, and the
one without details.

Apart from `sentences.py` for its length; that file says how they are made.
"""

from __future__ import annotations

from trustconduct.audit.events import Event

OF_PLANS: dict[Event, tuple[str, ...]] = {
    Event.CONTACT_PLAN_MADE: (
        "made a contact plan for {thing}: {who}, until {until_on}",
        "made a contact plan for {thing}",
    ),
    Event.CONTACT_PLAN_ENDED: (
        "ended the contact plan of {thing}: “{because}”",
        "ended the contact plan of {thing}",
    ),
    Event.MEETING_OFFERED: (
        "offered a meeting in case {number} (times: {times})",
        "offered a meeting in a case",
    ),
    Event.MEETING_AGREED: (
        "agreed on a meeting in case {number} for {on}",
        "agreed on a meeting in a case",
    ),
    Event.MEETING_NOTED: (
        "noted of a meeting in case {number}: {came_of}",
        "noted what became of a meeting",
    ),
    Event.MEETING_COMMENTED: (
        "added a comment on a meeting’s record in case {number}: {side}",
        "added a comment on a meeting’s record",
    ),
    Event.MEDIATION_OFFERED: (
        "offered mediation in case {number}",
        "offered mediation in a case",
    ),
    Event.MEDIATION_ANSWERED: (
        "noted the answer to mediation in case {number}: {answer}",
        "noted the answer to mediation",
    ),
    Event.MEDIATION_ENDED: (
        "noted what came of mediation in case {number}",
        "noted what came of mediation",
    ),
    Event.REFERRAL_NOTED: (
        "noted in case {number}: {kind}",
        "noted something under police and legal",
    ),
    Event.REFERRAL_ENDED: (
        "noted an outcome in case {number}: {kind}",
        "noted an outcome under police and legal",
    ),
    Event.REFERRALS_READ: ("read a case’s page of police and legal",),
}
