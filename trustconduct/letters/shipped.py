"""The words that letters begin with, our own. A solicitor must approve them before use.

They are no law and no advice. An officer takes them up kind by kind, has a solicitor look
at them, changes what needs it, and approves them; before that no letter can use them.
"""

from __future__ import annotations

from typing import Any

from trustconduct.letters.kinds import KINDS

WARNING = (
    "These words are a beginning, not advice. A solicitor must approve them before any"
    " letter uses them."
)

_OPENINGS = {
    "invitation": "We would like to talk with you about something that happened at"
    " {school.name}. We want to hear your side.",
    "warning": "We are writing to you after what happened, and after our invitation to meet."
    " We ask you to change how you act towards people at {school.name}.",
    "mediation": "We would like to settle things with you. We offer you a talk that a neutral"
    " person leads.",
    "intention": "We are thinking of asking you not to come onto our premises for a time. We"
    " have not decided yet. We want to hear from you first.",
    "temporary_ban": "From {starts_on} you may not come onto our premises. This is for now."
    " We decide by {decide_by}, once you have had the chance to tell us your side.",
    "confirmed": "We have decided that you may not come onto our premises from {starts_on} to"
    " {ends_on}. This letter says why, and what you can do.",
    "not_confirmed": "We have decided that there is no site ban. You may come to school as"
    " other parents do.",
    "lifted": "Your site ban ends on {ends_on}. After that you may come to school as other"
    " parents do.",
    "extended": "Your site ban now lasts until {ends_on}. This letter gives the new reasons,"
    " and how you can answer.",
    "varied": "Your site ban has changed. This letter says what is different.",
    "breach": "You may not come onto our premises at this time. We think that you came on"
    " {incident_on}. This letter says what we were told, and how you can answer.",
    "reception_notice": "For reception at {school.name} only. Please do not show or copy it.",
    "contact_plan": "We want to keep in touch with you in a way that works for everybody."
    " This letter says how.",
    "plain": "We are writing to you from {school.name}.",
}
_WORDS = {
    "formats": "You can ask for this letter in large print, read aloud, or in another"
    " language. Call us on {school.telephone} or write to {school.email}.",
    "consequence": "If this goes on, we may ask you not to come onto our premises for a time."
    " If somebody is threatened or hurt, we may tell the police.",
    "how_to_answer": "You can write to {school.email}, call {school.telephone}, or ask to see"
    " us. You may bring somebody with you, and ask for an interpreter. If this letter came by"
    " post, we count your days from when it should have reached you.",
    "mediation": "We offer you mediation: a talk that a neutral person leads. It costs you"
    " nothing. You do not have to take it.",
    "exceptions": "You may still come if your child is hurt or ill, to a meeting that the law"
    " gives you a right to, and to vote or worship on our site. Please call us first if you"
    " can.",
    "schooling": "You keep your right to know how your child does at school. We send you"
    " reports. We arrange parents’ evenings and meetings by telephone or online.",
    "legal": "{trust.name} has taken back the permission to be on our premises that parents"
    " normally have. If you come all the same and cause a nuisance or a disturbance, you may"
    " be asked to leave, and you may commit an offence under section 547 of the Education"
    " Act 1996.",
    "complaint": "You can ask us to look at this again. You can also complain: {trust.name} and"
    " the {school.governing_body} have a complaints procedure. Call {school.telephone} to ask how.",
}
# Of one kind alone, above those of all.
_OF_KIND = {
    ("breach", "consequence"): "If you come again during the ban, we may ask the police for help."
    " We may also decide that the ban lasts longer.",
}
# How to answer where the letter gives no number of days does not exist: each kind with the
# one part has the other (a test holds it).


def shipped(kind_id: str) -> dict[str, Any]:
    """The words of a kind by part, and which parts schools may adapt: nothing but two."""
    words = {
        part.id: _OPENINGS[kind_id]
        if part.id == "opening"
        else _OF_KIND.get((kind_id, part.id), _WORDS[part.id])
        for part in KINDS[kind_id].worded_by_trust
    }
    return {"words": words, "open": sorted({"exceptions", "schooling"} & words.keys())}
