"""The names of what can happen."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """`thing.happened`: a noun of the policy, a full stop, a verb in the past.

    The names are kept for years in sealed events: one is never renamed or used
    for something else. What happens to an id is in its row; the words are in
    the event's details, which disposal may delete.
    """

    TRUST_CHANGED = "trust.changed"
    SCHOOL_ADDED = "school.added"
    SETTINGS_CHANGED = "settings.changed"
    FILE_TAKEN_IN = "file.taken_in"
    BADGE_CHANGED = "badge.changed"
    USER_ADDED = "user.added"
    USER_SIGNED_IN = "user.signed_in"
    USER_REFUSED = "user.refused"
    USER_SIGNED_OUT = "user.signed_out"
    FACTOR_ENROLLED = "factor.enrolled"
    EDITION_IMPORTED = "edition.imported"
    EDITION_APPROVED = "edition.approved"
    EDITION_PUBLISHED = "edition.published"
    MATRIX_CHANGED = "matrix.changed"
    VERSION_PUBLISHED = "version.published"
    ROLL_TAKEN_IN = "roll.taken_in"
    CAMPAIGN_STARTED = "campaign.started"
    POLICY_SIGNED = "policy.signed"
    POLICY_DECLINED = "policy.declined"
    TALK_ASKED = "talk.asked"
    TALK_HELD = "talk.held"
    LINK_SENT_AGAIN = "link.sent_again"
    REVIEW_REMINDED = "review.reminded"
