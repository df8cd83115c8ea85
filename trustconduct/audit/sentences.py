"""What each event reads like, after the name of whoever did it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.audit.ban_sentences import OF_BANS
from trustconduct.audit.conduct_sentences import OF_CONDUCT
from trustconduct.audit.events import Event
from trustconduct.audit.letter_sentences import OF_LETTERS
from trustconduct.audit.people_sentences import OF_PEOPLE
from trustconduct.audit.plan_sentences import OF_PLANS

PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Sentence:
    """The end of "Mrs Sample (Headteacher) …".

    `{thing}` is the thing's name as it is today, `{about}` of a detail its words
    on that day. `bare` stands where the details are no longer kept, so it names
    no detail; it may be left out where `full` needs none.
    """

    full: str
    bare: str = ""

    def told(self, details: Mapping[str, Any]) -> tuple[str, bool, str]:
        """The words before and after `{thing}`, and whether there is one.

        Plain replacement, in our own sentence only: a name with braces in it
        prints as it is.
        """
        words = {name: text for name, value in details.items() if (text := _words(value))}
        if words.get("role") in list(Role):
            words["role"] = Role(words["role"]).word
        needed = {name for name in PLACE.findall(self.full) if name != "thing"}
        sentence = self.full if needed <= words.keys() else self.bare or self.full
        before, place, after = sentence.partition("{thing}")
        filled = [PLACE.sub(lambda at: words.get(at[1], at[0]), part) for part in (before, after)]
        return filled[0], bool(place), filled[1]


def _words(value: Any) -> str:
    """A detail as people read it: a day, a list, a number."""
    if isinstance(value, list | tuple | dict):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return clock.day(date.fromisoformat(value))
    return "" if value is None else str(value)


SENTENCES: dict[Event, Sentence] = {
    **{
        event: Sentence(*words)
        for event, words in {
            **OF_BANS,
            **OF_CONDUCT,
            **OF_LETTERS,
            **OF_PEOPLE,
            **OF_PLANS,
        }.items()
    },
    Event.TRUST_CHANGED: Sentence("changed the Trust’s name or numbers"),
    Event.SCHOOL_SETTINGS_GIVEN: Sentence(
        "changed what schools have from the Trust: {words}",
        "changed what schools have from the Trust",
    ),
    Event.SCHOOL_ADDED: Sentence("added a school: {thing}"),
    Event.SCHOOL_CHANGED: Sentence("changed the name, phase or address of {thing}"),
    Event.SCHOOL_SUSPENDED: Sentence(
        "suspended {thing}, and gave this reason: “{reason}”", "suspended {thing}"
    ),
    Event.SCHOOL_RESUMED: Sentence(
        "resumed {thing}, which had been suspended since {since}", "resumed {thing}"
    ),
    Event.HEAD_ASKED: Sentence(
        "asked that {name} be invited as the head of {thing}",
        "asked that somebody be invited as the head of {thing}",
    ),
    Event.SETTINGS_CHANGED: Sentence(
        "changed the school’s settings: {words}",
        "changed the school’s facts or its settings for site bans",
    ),
    Event.OCCASION_AUTHORISED: Sentence(
        "authorised an event: {name}, on {held_on}", "authorised an event"
    ),
    Event.OCCASION_CHANGED: Sentence(
        "changed an authorised event: {name}, on {held_on}", "changed an authorised event"
    ),
    Event.OCCASION_WITHDRAWN: Sentence(
        "withdrew an authorised event: {name}, on {held_on}", "withdrew an authorised event"
    ),
    Event.CALENDAR_CHANGED: Sentence(
        "changed the term dates of {year}", "changed the term dates of a year"
    ),
    Event.FILE_TAKEN_IN: Sentence("brought in a file: {name}", "brought in a file"),
    Event.BADGE_CHANGED: Sentence("changed the school’s badge"),
    Event.USER_ADDED: Sentence("added {thing}, so that they can sign in"),
    Event.USER_INVITED: Sentence("had an invitation sent to {thing}"),
    Event.LINK_ASKED: Sentence(
        "asked for a fresh link for {thing}, because the {lost} was lost",
        "asked for a fresh link for {thing}",
    ),
    Event.USER_JOINED: Sentence("finished setting up their account"),
    Event.USER_DISABLED: Sentence("closed the account of {thing}"),
    Event.USER_ENABLED: Sentence("opened the account of {thing} again"),
    Event.USER_SLOWED: Sentence(
        "tried too often ({doing}), and had to wait",
        "tried too often, and had to wait",
    ),
    Event.USER_SIGNED_IN: Sentence("signed in"),
    Event.USER_REFUSED: Sentence("gave a wrong password for {thing}"),
    Event.USER_SIGNED_OUT: Sentence("signed out"),
    Event.ROLE_ADDED: Sentence("gave {thing} a role: {words}", "gave {thing} a role"),
    Event.ROLE_DATED: Sentence(
        "changed the days of a role of {thing}: {words}", "changed the days of a role of {thing}"
    ),
    Event.ROLE_ENDED: Sentence("ended a role of {thing}: {words}", "ended a role of {thing}"),
    Event.PASSWORD_CHANGED: Sentence("chose a new password"),
    Event.FACTOR_ENROLLED: Sentence("set up an authenticator"),
    Event.FACTOR_REPLACED: Sentence("moved to another authenticator"),
    Event.FACTOR_RESET: Sentence("took away the authenticator and the recovery codes of {thing}"),
    Event.RECOVERY_CODES_MADE: Sentence("made ten new recovery codes"),
    Event.RECOVERY_CODE_USED: Sentence(
        "used a recovery code (left: {left})", "used a recovery code"
    ),
    Event.FACTOR_CONFIRMED: Sentence("gave a code of their authenticator once more"),
    Event.FACTOR_REFUSED: Sentence("gave a wrong code when asked for one once more"),
    Event.FEED_MADE: Sentence("made an address for the calendar of {thing}"),
    Event.FEED_ENDED: Sentence("ended the address for the calendar of {thing}"),
    Event.EDITION_IMPORTED: Sentence("brought in {thing} of the code of conduct"),
    Event.EDITION_BEGUN: Sentence(
        "began {thing} of the code of conduct from edition {base}",
        "began {thing} of the code of conduct",
    ),
    Event.EDITION_EDITED: Sentence(
        "edited {thing} of the code of conduct: {what}", "edited {thing} of the code of conduct"
    ),
    Event.EDITION_APPROVED: Sentence(
        "noted that the Board approved {thing} of the code of conduct on {board_on}",
        "noted that the Board approved {thing} of the code of conduct",
    ),
    Event.APPROVERS_NAMED: Sentence(
        "said who must approve the text of {thing} of the code of conduct, {how}: {names}",
        "said who must approve the text of {thing} of the code of conduct",
    ),
    Event.APPROVERS_ASKED: Sentence(
        "asked again for approval of {thing} of the code of conduct (emails: {count})",
        "asked again for approval of {thing} of the code of conduct",
    ),
    Event.EDITION_SIGNED_OFF: Sentence("approved the text of {thing} of the code of conduct"),
    Event.EDITION_SENT_BACK: Sentence(
        "asked for changes to the text of {thing} of the code of conduct"
    ),
    Event.EDITION_MARKED: Sentence(
        "marked the change in {thing} of the code of conduct as {mark}: “{because}”",
        "marked the change in {thing} of the code of conduct",
    ),
    Event.EDITION_PUBLISHED: Sentence("published {thing} of the code of conduct"),
    Event.EDITION_WITHDRAWN: Sentence(
        "withdrew {thing} of the code of conduct, and gave this reason: “{because}”",
        "withdrew {thing} of the code of conduct",
    ),
    Event.CLAUSE_TRANSLATED: Sentence(
        "translated clause {clause} into {language}", "translated a clause of the code of conduct"
    ),
    Event.LANGUAGE_REVIEWED: Sentence(
        "noted who has checked the texts in {language}",
        "noted who has checked the texts in a language",
    ),
    Event.CONSULTATION_OPENED: Sentence(
        "asked heads, governors and unions about {thing} of the code of conduct until {closes_on}",
        "asked heads, governors and unions about {thing} of the code of conduct",
    ),
    Event.CONSULTATION_CLOSED: Sentence(
        "ended the consultation on {thing} of the code of conduct before its day,"
        " and gave this reason: “{because}”",
        "ended the consultation on {thing} of the code of conduct before its day",
    ),
    Event.CONSULTATION_TOLD: Sentence(
        "wrote to those who are asked about {thing} of the code of conduct (emails: {mails})",
        "wrote to those who are asked about {thing} of the code of conduct",
    ),
    Event.GUEST_INVITED: Sentence("sent {thing} a link to a draft of the code of conduct"),
    Event.GUEST_ENDED: Sentence("ended the link of {thing} to a draft of the code of conduct"),
    Event.DRAFT_COMMENTED: Sentence(
        "commented on the draft of edition {number} of the code of conduct",
        "commented on a draft of the code of conduct",
    ),
    Event.COMMENT_ANSWERED: Sentence("answered {thing} on a draft of the code of conduct"),
    Event.ROLLOUT_ASKED: Sentence(
        "asked schools to adopt {thing} of the code of conduct by {adopt_by_on}"
        " (schools: {schools})",
        "asked schools to adopt {thing} of the code of conduct",
    ),
    Event.ROLLOUT_MOVED: Sentence(
        "moved the day for adopting {thing} of the code of conduct to {adopt_by_on}"
        " (schools: {schools}), and gave this reason: “{because}”",
        "moved the day for adopting {thing} of the code of conduct",
    ),
    Event.ROLLOUT_REMINDED: Sentence(
        "wrote to the school about adopting {thing} of the code of conduct by {adopt_by_on}",
        "wrote to the school about adopting {thing} of the code of conduct",
    ),
    Event.ROLLOUT_RAISED: Sentence(
        "told the Trust’s officers which schools are late with the code of conduct"
        " (schools: {schools})",
        "told the Trust’s officers which schools are late with the code of conduct",
    ),
    Event.DRIFT_EXPORTED: Sentence(
        "took out the list of how schools differ (schools: {schools})",
        "took out the list of how schools differ",
    ),
    Event.ENTRANCE_NOTICE_HUNG: Sentence(
        "noted that the notice for visitors hangs at “{place}” since {hung_on}",
        "noted that the notice for visitors hangs",
    ),
    Event.ENTRANCE_NOTICE_TAKEN_DOWN: Sentence(
        "noted that the notice for visitors at “{place}” hung until {taken_down_on}",
        "noted that the notice for visitors was taken down",
    ),
    Event.MATRIX_CHANGED: Sentence("changed the ways to contact school"),
    Event.TEXT_CHANGED: Sentence(
        "changed the school’s own words at “{clause}” ({change})", "changed the school’s own words"
    ),
    Event.ADOPTION_BEGUN: Sentence(
        "began to take up edition {edition} of the code of conduct",
        "began to take up an edition of the code of conduct",
    ),
    Event.CLAUSE_DECIDED: Sentence(
        "decided about “{clause}” in taking up an edition: {choice}",
        "decided about a clause in taking up an edition",
    ),
    Event.ADOPTION_FINISHED: Sentence(
        "finished taking up edition {edition} of the code of conduct (own clauses kept: {kept})",
        "finished taking up an edition of the code of conduct",
    ),
    Event.VERSION_PUBLISHED: Sentence(
        "published {thing} of the code of conduct, in force from {in_force_on}",
        "published {thing} of the code of conduct",
    ),
    Event.CAMPAIGN_PLANNED: Sentence(
        "planned to ask {asked} parents and carers on {day} to read version {version} of the"
        " code of conduct",
        "planned to ask parents and carers to read the code of conduct",
    ),
    Event.CAMPAIGN_STOPPED: Sentence("stopped asking parents and carers to read the code"),
    Event.JOINERS_ASKED: Sentence(
        "asked {asked} who had joined to read version {version} of the code of conduct",
        "asked those who had joined to read the code of conduct",
    ),
    Event.ADULTS_REMINDED: Sentence(
        "reminded {reminded} parents and carers of the code of conduct",
        "reminded parents and carers of the code of conduct",
    ),
    Event.CAMPAIGN_STARTED: Sentence(
        "asked parents and carers to read version {version} of the code of conduct"
        " (emails: {asked})",
        "asked parents and carers to read the code of conduct",
    ),
    Event.POLICY_SIGNED: Sentence(
        "acknowledged version {version} of the code of conduct",
        "acknowledged the code of conduct",
    ),
    Event.POLICY_DECLINED: Sentence(
        "would rather not acknowledge version {version} of the code of conduct",
        "would rather not acknowledge the code of conduct",
    ),
    Event.TALK_ASKED: Sentence("asked to talk about the code of conduct first"),
    Event.ANSWERS_EXPORTED: Sentence(
        "took out the list of {people} adults and their answers to version {version}",
        "took out a list of adults and their answers",
    ),
    Event.PROOF_TAKEN_OUT: Sentence(
        "took out the proof of what {thing} answered to version {version}",
        "took out the proof of what {thing} answered",
    ),
    Event.TALK_HELD: Sentence("noted a talk with {thing}"),
    Event.LINK_SENT_AGAIN: Sentence("sent {thing} a fresh link"),
    Event.LINK_REVOKED: Sentence("took back the link of {thing}"),
    Event.LINK_DISOWNED: Sentence(
        "opened the link of {thing} and said that they are another person"
    ),
    Event.ANSWER_KEYED: Sentence(
        "wrote down an answer of {thing} about version {version}, given {how} on {signed_on}",
        "wrote down an answer of {thing}",
    ),
    Event.PACK_ASKED: Sentence(
        "had sheets of paper made for {sheets} parents and carers",
        "had sheets of paper made for parents and carers",
    ),
    Event.PACK_TAKEN_OUT: Sentence("took out a pack of sheets with links to print"),
    Event.PACK_DROPPED: Sentence("deleted a pack of sheets, and took back its links"),
    Event.SHEET_REVOKED: Sentence(
        "took back the link on sheet {number}", "took back the link on a sheet of paper"
    ),
    Event.SHEET_DISOWNED: Sentence(
        "opened the link on sheet {number} and said that they are another person",
        "opened the link on a sheet of paper and said that they are another person",
    ),
    Event.TEXT_OPENED: Sentence(
        "said on the page that they have opened version {version} of the code",
        "said on the page that they have opened the code",
    ),
    Event.ADULTS_TOLD: Sentence(
        "noted that {people} adults were told of version {version} on {told_on}: {words}",
        "noted that adults were told of the code",
    ),
    Event.TELLING_TAKEN_BACK: Sentence(
        "took back that adults were told of the code, and gave this reason: “{because}”",
        "took back that adults were told of the code",
    ),
    Event.REVIEW_REMINDED: Sentence(
        "sent a reminder of the review of {what}, due on {due_on}",
        "sent a reminder of the review of {thing}",
    ),
    Event.REVIEW_CHANGED: Sentence(
        "changed the review of {what}: {cycle}", "changed how often something is reviewed"
    ),
    Event.REVIEW_PAUSED: Sentence(
        "paused the reminders of the review of {what}, and gave this reason: “{because}”",
        "paused the reminders of a review",
    ),
    Event.REVIEW_RESUMED: Sentence(
        "resumed the reminders of the review of {what}", "resumed the reminders of a review"
    ),
    Event.REVIEWS_BEGUN: Sentence("began the school’s own reviews"),
    Event.REVIEW_MOVED: Sentence(
        "set another date for the review of {what}, {to}, and gave this reason: “{because}”",
        "set another date for the review of the code of conduct",
    ),
    Event.REVIEW_MOVED_BACK: Sentence(
        "set the review of {what} back to the date that it names itself",
        "set the review of the code of conduct back to its own date",
    ),
    Event.REVIEW_HELD: Sentence(
        "reviewed {what}: {outcome}", "reviewed a part of what is the school’s own"
    ),
    Event.REVIEW_DAYS_MOVED: Sentence(
        "worked out anew when reviews are due, since term dates changed: {moved}",
        "worked out anew when reviews are due, since term dates changed",
    ),
    Event.REVIEW_STEP_FINISHED: Sentence(
        "ticked a step of the review of {thing}: {step}",
        "ticked a step of the review of {thing}",
    ),
    Event.REVIEW_STEP_REOPENED: Sentence(
        "opened a step of the review of {thing} again: {step}",
        "opened a step of the review of {thing} again",
    ),
    Event.RUN_ASKED: Sentence(
        "had scheduled work done at once: {what}", "had scheduled work done at once"
    ),
    Event.MESSAGE_BOUNCED: Sentence("heard that a message did not arrive at its address"),
    Event.MESSAGE_GIVEN_UP: Sentence("could not send a message, and gave up trying"),
    Event.MESSAGE_TRIED_AGAIN: Sentence(
        "had all messages sent again that could not be sent (messages: {messages})",
        "had a message sent again that could not be sent",
    ),
    Event.MESSAGE_SETTLED: Sentence("noted that a message was passed on in another way"),
    Event.ADULT_READ: Sentence("looked at the page of {thing}"),
    Event.ANSWER_READ: Sentence("read what {thing} wrote"),
    Event.ANSWERS_READ: Sentence("looked at the list of answers to {thing}"),
    Event.HISTORY_READ: Sentence("looked at the history of {thing}"),
    Event.ROLL_READ: Sentence("looked at the list of parents and carers"),
    Event.USER_READ: Sentence("looked at the account of {thing}"),
}


def sentence_of(event: str) -> Sentence:
    """The sentence of a stored event. A name that this release does not know still shows."""
    try:
        return SENTENCES[Event(event)]
    except (ValueError, KeyError):
        return Sentence(f"did something that this page has no words for ({event})")
