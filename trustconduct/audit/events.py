"""The names of what can happen."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """`thing.happened`: a noun of the policy, a full stop, a verb in the past.

        name  = word *("_" word) "." verb *("_" word)
        word  = small letters of English
        verb  = the past participle: published, sent, taken (in), read

    `version.published`, `link.sent_again`; not `publish_version`, `version.publish`
    or `version.publication`. The member's name is the same in capitals. Reading
    something sensitive ends in `.read`, and nothing else does.

    The names are kept for years in sealed events: one is never renamed or used
    for something else. What happens to an id is in its row; the words are in
    the event's details, which disposal may delete. Each event has its sentence
    in `sentences.py`: without one the page of history could not tell it, and a
    test fails.
    """

    TRUST_CHANGED = "trust.changed"
    SCHOOL_SETTINGS_GIVEN = "school_settings.given"
    SCHOOL_ADDED = "school.added"
    SCHOOL_CHANGED = "school.changed"
    SCHOOL_SUSPENDED = "school.suspended"
    SCHOOL_RESUMED = "school.resumed"
    HEAD_ASKED = "head.asked"
    SETTINGS_CHANGED = "settings.changed"
    CALENDAR_CHANGED = "calendar.changed"
    FILE_TAKEN_IN = "file.taken_in"
    BADGE_CHANGED = "badge.changed"
    USER_ADDED = "user.added"
    USER_INVITED = "user.invited"
    LINK_ASKED = "link.asked"
    USER_JOINED = "user.joined"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_SLOWED = "user.slowed"
    USER_SIGNED_IN = "user.signed_in"
    USER_REFUSED = "user.refused"
    USER_SIGNED_OUT = "user.signed_out"
    ROLE_ADDED = "role.added"
    ROLE_DATED = "role.dated"
    ROLE_ENDED = "role.ended"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105
    FACTOR_ENROLLED = "factor.enrolled"
    FACTOR_REPLACED = "factor.replaced"
    FACTOR_RESET = "factor.reset"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    FACTOR_CONFIRMED = "factor.confirmed"
    FACTOR_REFUSED = "factor.refused"
    FEED_MADE = "feed.made"
    FEED_ENDED = "feed.ended"
    EDITION_IMPORTED = "edition.imported"
    EDITION_BEGUN = "edition.begun"
    EDITION_EDITED = "edition.edited"
    EDITION_APPROVED = "edition.approved"
    APPROVERS_NAMED = "approvers.named"
    APPROVERS_ASKED = "approvers.asked"
    EDITION_SIGNED_OFF = "edition.signed_off"
    EDITION_SENT_BACK = "edition.sent_back"
    EDITION_MARKED = "edition.marked"
    EDITION_PUBLISHED = "edition.published"
    EDITION_WITHDRAWN = "edition.withdrawn"
    CONSULTATION_OPENED = "consultation.opened"
    CONSULTATION_CLOSED = "consultation.closed"
    CONSULTATION_TOLD = "consultation.told"
    GUEST_INVITED = "guest.invited"
    GUEST_ENDED = "guest.ended"
    DRAFT_COMMENTED = "draft.commented"
    COMMENT_ANSWERED = "comment.answered"
    ROLLOUT_ASKED = "rollout.asked"
    ROLLOUT_MOVED = "rollout.moved"
    ROLLOUT_REMINDED = "rollout.reminded"
    ROLLOUT_RAISED = "rollout.raised"
    DRIFT_EXPORTED = "drift.exported"
    MATRIX_CHANGED = "matrix.changed"
    TEXT_CHANGED = "text.changed"
    ADOPTION_BEGUN = "adoption.begun"
    CLAUSE_DECIDED = "clause.decided"
    ADOPTION_FINISHED = "adoption.finished"
    VERSION_PUBLISHED = "version.published"
    ROLL_BEGUN = "roll.begun"
    ROLL_COLUMNS_CHOSEN = "roll_columns.chosen"
    ROLL_ASKED = "roll.asked"
    ROLL_DROPPED = "roll.dropped"
    ROLL_TAKEN_IN = "roll.taken_in"
    ADULT_ADDED = "adult.added"
    ADULT_CHANGED = "adult.changed"
    ADULT_LEFT = "adult.left"
    ADULT_RETURNED = "adult.returned"
    ADULT_MARKED = "adult.marked"
    ADULT_CLEARED = "adult.cleared"
    ADULTS_PARTED = "adults.parted"
    ADULTS_REUNITED = "adults.reunited"
    ADULTS_MERGED = "adults.merged"
    ADULTS_SEPARATED = "adults.separated"
    CARE_CHANGED = "care.changed"
    LIST_CONFIRMED = "list.confirmed"
    CAMPAIGN_STARTED = "campaign.started"
    POLICY_SIGNED = "policy.signed"
    POLICY_DECLINED = "policy.declined"
    TALK_ASKED = "talk.asked"
    TALK_HELD = "talk.held"
    LINK_SENT_AGAIN = "link.sent_again"
    REVIEW_REMINDED = "review.reminded"
    REVIEW_CHANGED = "review.changed"
    REVIEW_PAUSED = "review.paused"
    REVIEW_RESUMED = "review.resumed"
    REVIEW_MOVED = "review.moved"
    REVIEW_MOVED_BACK = "review.moved_back"
    REVIEWS_BEGUN = "reviews.begun"
    REVIEW_HELD = "review.held"
    REVIEW_DAYS_MOVED = "review_days.moved"
    REVIEW_STEP_FINISHED = "review_step.finished"
    REVIEW_STEP_REOPENED = "review_step.reopened"
    RUN_ASKED = "run.asked"
    MESSAGE_GIVEN_UP = "message.given_up"
    MESSAGE_TRIED_AGAIN = "message.tried_again"
    MESSAGE_SETTLED = "message.settled"

    # Sensitive records that somebody looked at: see `reading.py`.
    ADULT_READ = "adult.read"
    ANSWER_READ = "answer.read"
    ANSWERS_READ = "answers.read"
    HISTORY_READ = "history.read"
    ROLL_READ = "roll.read"
    USER_READ = "user.read"
