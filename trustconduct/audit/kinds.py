"""Kinds of events, by which somebody who looks back narrows the list down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Things that belong together for someone who looks back; `tables` as events name them."""

    word: str
    tables: frozenset[str]


KINDS: dict[str, Kind] = {
    "code": Kind(
        "The code of conduct",
        frozenset(
            {
                "policy_version",
                "policy_edition",
                "policy_text",
                "policy_adoption",
                "policy_consultation",
                "policy_guest",
                "policy_comment",
                "clause_translation",
                "language_review",
                "campaign",
            }
        ),
    ),
    "answers": Kind("Answers and links", frozenset({"acknowledgement", "sign_request"})),
    "people": Kind(
        "Parents, carers and pupils",
        frozenset({"adult", "pupil", "care", "roll", "list_confirmation"}),
    ),
    "settings": Kind(
        "Facts, settings and contacts",
        frozenset({"school_settings", "contact_matrix", "stored_file", "entrance_notice"}),
    ),
    "dates": Kind("Term dates", frozenset({"calendar_year"})),
    "reviews": Kind(
        "Reviews", frozenset({"review_cycle_trust", "review_cycle_school", "review_school"})
    ),
    "trust": Kind("The Trust and its schools", frozenset({"trust", "school"})),
    "work": Kind("Scheduled work", frozenset({"timetable_run"})),
    "accounts": Kind(
        "People who sign in",
        frozenset(
            {
                "account_user",
                "account_grant",
                "account_factor",
                "account_sign_in",
                "account_throttle",
            }
        ),
    ),
    "messages": Kind(
        "Messages that could not be sent", frozenset({"outbox_school", "outbox_trust"})
    ),
}
# Kinds that this table does not know yet are found under this one.
ELSE = "other"
