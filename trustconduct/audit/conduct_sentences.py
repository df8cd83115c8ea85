"""What each event of conduct reads like: the sentence, and the one without details.

Apart from `sentences.py` for its length; that file says how they are made. None says what
happened, or whom it is about: that stands in the case.
"""

from __future__ import annotations

from trustconduct.audit.events import Event

OF_CONDUCT: dict[Event, tuple[str, ...]] = {
    Event.INCIDENT_REPORTED: ("filed report {number}", "filed a report"),
    Event.INCIDENT_ADDED_TO: ("added to report {number}: {what}", "added to a report"),
    Event.INCIDENT_TRIAGED: (
        "looked through report {number}: case {case}",
        "looked through a report",
    ),
    Event.CASE_READ: ("looked at a case",),
    Event.CASES_READ: ("looked at the list of cases",),
    Event.INCIDENT_READ: ("looked at a report",),
    Event.INCIDENT_MOVED: ("put report {number} into case {case}", "put a report into a case"),
    Event.RISK_ANSWERED: (
        "said that letters about report {number} may go out",
        "said that letters about a report may go out",
    ),
    Event.CASE_OPENED: ("opened case {number}", "opened a case"),
    Event.CASE_UNASSIGNED: (
        "said that {name} does not see case {number} any more",
        "said that somebody does not see a case any more",
    ),
    Event.CASE_ASSIGNED: ("let {name} see case {number}", "let somebody see a case"),
    Event.CASE_CLOSED: ("closed case {number}", "closed a case"),
    Event.STEP_DECIDED: ("decided in case {number}: {step}", "decided in a case"),
    Event.STEP_WITHDRAWN: (
        "withdrew a step of case {number}: {step}",
        "withdrew a step of a case",
    ),
}
