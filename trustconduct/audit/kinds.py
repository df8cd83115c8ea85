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
    "answers": Kind(
        "Answers and links",
        frozenset(
            {"acknowledgement", "sign_request", "paper_pack", "paper_sheet", "told_otherwise"}
        ),
    ),
    "conduct": Kind("Reports and cases", frozenset({"incident", "conduct_case"})),
    "letters": Kind("Letters", frozenset({"letter", "letter_wording", "letter_signatory"})),
    "bans": Kind("Site bans", frozenset({"ban", "gate_device"})),
    "people": Kind(
        "Parents, carers and pupils",
        frozenset({"adult", "pupil", "care", "roll", "list_confirmation"}),
    ),
    "settings": Kind(
        "Facts, settings and contacts",
        frozenset(
            {
                "school_settings",
                "contact_matrix",
                "stored_file",
                "entrance_notice",
                "authorised_event",
            }
        ),
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

# What stands for `{thing}` where its own name is not known any more, or there is none.
NAMELESS = {
    "adult": "a parent or carer",
    "pupil": "a pupil",
    "acknowledgement": "a parent or carer",
    "sign_request": "a parent or carer",
    "paper_pack": "a pack of sheets",
    "paper_sheet": "a sheet of paper",
    "stored_file": "a file",
    "policy_version": "a version",
    "policy_edition": "an edition",
    "policy_consultation": "a consultation",
    "policy_guest": "a governor or union representative",
    "policy_comment": "a comment",
    "review_school": "a part that is the school’s own",
    "school": "a school",
    "account_user": "a person who is not known",
    "account_sign_in": "a person who is not known",
    "account_factor": "a person who is not known",
}
