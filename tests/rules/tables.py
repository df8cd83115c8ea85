"""Every table: whose it is, and what each scope may do with it.

A new table stands here or the build fails. Think before widening a right: this
is the whole of what a page could do if its code were wrong.
"""

SCHOOL, TRUST, ACCOUNTS = "school", "trust", "accounts"

# Of the schools. `oversight`: the Trust may read it, so no names, narratives or bodies.
SCHOOL_TABLES = {
    "school_settings",
    "audit_event_school",
    "audit_detail_school",
    "outbox_school",
    "outbox_content_school",
    "contact_matrix",
    "stored_file",
    "stored_file_content",
    "school_badge",
    "policy_version",
    "policy_in_force",
    "policy_text",
    "policy_local_change",
    "policy_adoption",
    "adult",
    "pupil",
    "care",
    "untold_mark",
    "kept_apart",
    "list_confirmation",
    "campaign",
    "sign_request",
    "acknowledgement",
    "acknowledgement_words",
    "talk_held",
    "calendar_span_school",
    "review_cycle_school",
    "review_school",
    "review_done_school",
    "reminder_school",
    "rollout_reminder",
}
OVERSIGHT_TABLES = {
    "outbox_school",
    "policy_in_force",
    "policy_local_change",
    "sign_request",
    "acknowledgement",
    "review_school",
    "rollout_reminder",
}

TRUST_TABLES = {
    "trust",
    "school",
    "school_start",
    "school_notice",
    "police_force",
    "audit_event_trust",
    "audit_detail_trust",
    "outbox_trust",
    "outbox_content_trust",
    "policy_edition",
    "policy_withdrawal",
    "policy_edition_change",
    "reminder_trust",
    "review_cycle_trust",
    "review_step_trust",
    "calendar_span_trust",
    "timetable_run",
    "policy_rollout",
}
ACCOUNTS_TABLES = {
    "account_user",
    "account_grant",
    "account_factor",
    "account_sign_in",
    "account_link",
    "account_recovery_code",
    "account_throttle",
    "account_kept_form",
    "account_feed",
}
NOBODYS_TABLES = {"alembic_version"}

# Columns of text that the Trust may read in a school's table: words of ours, hashes, codes.
OVERSIGHT_TEXT = {
    ("outbox_school", "kind"),
    ("outbox_school", "channel"),
    ("outbox_school", "reference"),
    ("outbox_school", "outcome"),
    ("outbox_school", "last_error"),
    # Ids of clauses, and why a school differs: written for the Trust, which asks for it.
    ("policy_local_change", "clause"),
    ("policy_local_change", "kind"),
    ("policy_local_change", "reason"),
    ("rollout_reminder", "kind"),
    ("acknowledgement", "answer"),
    ("acknowledgement", "sha256"),
    # Which of four parts, and a hash of the Trust's own calendar.
    ("review_school", "subject"),
    ("review_school", "trust_mark"),
}

# Trust tables of which a scope sees some rows only: policy -> (command, role, USING, WITH CHECK).
ROWS_SEEN = {
    "school": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "id = OWN_SCHOOL", None),
        "seen_by_accounts": ("SELECT", "tc_accounts", "true", None),
    },
    "school_start": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "id = OWN_SCHOOL", None),
        "done_by_school": ("UPDATE", "tc_school", "id = OWN_SCHOOL", "id = OWN_SCHOOL"),
        "seen_by_accounts": ("SELECT", "tc_accounts", "true", None),
        "done_by_accounts": ("UPDATE", "tc_accounts", "true", "true"),
    },
    "school_notice": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "at_school_id = OWN_SCHOOL", None),
        "told_by_school": (
            "UPDATE",
            "tc_school",
            "at_school_id = OWN_SCHOOL",
            "at_school_id = OWN_SCHOOL",
        ),
    },
    "policy_edition": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "published_at IS NOT NULL", None),
    },
    "policy_rollout": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "to_school_id = OWN_SCHOOL", None),
    },
}

# What becomes of a message; its words never change.
TRIED = "broken,due_at,last_error,outcome,parked_at,reference,sent_at,settled_at,tries"

# What each role may do; a right on some columns names them.
RIGHTS = {
    "tc_school": {
        "school_settings": "select insert update",
        "audit_event_school": "select insert",
        "audit_detail_school": "select insert",
        "outbox_school": f"select insert update({TRIED})",
        "outbox_content_school": "select insert",
        "contact_matrix": "select insert",
        "stored_file": "select insert",
        "stored_file_content": "select insert",
        "school_badge": "select insert delete",
        "policy_version": "select insert",
        "policy_in_force": "select insert update(during)",
        "policy_text": "select insert update",
        "policy_local_change": "select insert delete",
        "policy_adoption": "select insert update",
        "adult": "select insert update",
        "pupil": "select insert update",
        "care": "select insert update",
        "untold_mark": "select insert update(ended_at,ended_because,ended_by)",
        "kept_apart": "select insert update(ended_at,ended_because,ended_by)",
        "list_confirmation": "select insert",
        "campaign": "select insert",
        "sign_request": "select insert update(closes_on,generation)",
        "acknowledgement": "select insert",
        "acknowledgement_words": "select insert",
        "talk_held": "select insert",
        "calendar_span_school": "select insert delete",
        "calendar_span_trust": "select",
        "review_cycle_school": "select insert update",
        "review_school": "select insert update(begins_on,done_on,due_on,provisional,remind_on,"
        "rests_until,term,trust_mark)",
        "review_done_school": "select insert",
        "reminder_school": "select insert",
        "trust": "select",
        "school": "select",
        "school_start": "select update(settled_at)",
        "school_notice": "select update(told_at)",
        "police_force": "select",
        "policy_edition": "select",
        "policy_withdrawal": "select(id,withdrawn_at)",
        "policy_rollout": "select",
        "rollout_reminder": "select insert",
    },
    "tc_trust": {
        "trust": "select insert update",
        "school": "select insert update",
        "school_start": "select insert update",
        "school_notice": "select insert",
        "police_force": "select",
        "audit_event_trust": "select insert",
        "audit_detail_trust": "select insert",
        "outbox_trust": f"select insert update({TRIED})",
        "outbox_content_trust": "select insert",
        "policy_edition": "select insert update",
        "policy_withdrawal": "select insert",
        "policy_edition_change": "select insert update(after,at,what)",
        "reminder_trust": "select insert",
        "review_cycle_trust": "select insert update",
        "review_step_trust": "select insert delete",
        "calendar_span_trust": "select insert delete",
        "policy_rollout": "select insert update(adopt_by_on,moved_at,moved_because,version)",
        "rollout_reminder": "select",
        "timetable_run": "select insert update(ended_at,error,found,started_at,tries) delete",
        "outbox_school": "select",
        "policy_in_force": "select",
        "policy_local_change": "select",
        "sign_request": "select",
        "acknowledgement": "select",
        "review_school": "select",
    },
    "tc_accounts": {
        "trust": "select",
        "school": "select(id,name,slug,suspended_at)",
        "school_start": "select update(invited_at,refused)",
        "audit_event_trust": "insert",
        "audit_detail_trust": "insert",
        "outbox_trust": "insert",
        "outbox_content_trust": "insert",
        "account_user": "select insert update",
        "account_grant": "select insert update delete",
        "account_factor": "select insert update",
        "account_sign_in": "select insert update",
        "account_link": "select insert update",
        "account_recovery_code": "select insert update(used_at) delete",
        "account_throttle": "select insert update delete",
        "account_kept_form": "select insert delete",
        "account_feed": "select insert update",
        "alembic_version": "select",
    },
}

# Rows that never change once they are there: refused to everyone, the owner included.
APPEND_ONLY = {
    "stored_file",
    "stored_file_content",
    "audit_event_school",
    "audit_detail_school",
    "audit_event_trust",
    "audit_detail_trust",
    "contact_matrix",
    "policy_version",
    "policy_withdrawal",
    "acknowledgement",
    "acknowledgement_words",
    "review_done_school",
    "list_confirmation",
}
