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
    "adult",
    "pupil",
    "care",
    "campaign",
    "sign_request",
    "acknowledgement",
    "acknowledgement_words",
    "talk_held",
}
OVERSIGHT_TABLES = {"outbox_school", "policy_in_force", "sign_request", "acknowledgement"}

TRUST_TABLES = {
    "trust",
    "school",
    "police_force",
    "audit_event_trust",
    "audit_detail_trust",
    "outbox_trust",
    "outbox_content_trust",
    "policy_edition",
    "reminder_trust",
}
ACCOUNTS_TABLES = {"account_user", "account_grant", "account_factor", "account_sign_in"}
NOBODYS_TABLES = {"alembic_version"}

# Columns of text that the Trust may read in a school's table: words of ours, hashes, codes.
OVERSIGHT_TEXT = {
    ("outbox_school", "kind"),
    ("outbox_school", "last_error"),
    ("acknowledgement", "answer"),
    ("acknowledgement", "sha256"),
}

# Trust tables of which a scope sees some rows only: policy -> (command, role, USING, WITH CHECK).
ROWS_SEEN = {
    "school": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "id = OWN_SCHOOL", None),
        "seen_by_accounts": ("SELECT", "tc_accounts", "true", None),
    },
    "policy_edition": {
        "seen_by_trust": ("ALL", "tc_trust", "true", "true"),
        "seen_by_school": ("SELECT", "tc_school", "published_at IS NOT NULL", None),
    },
}

# What each role may do; a right on some columns names them.
RIGHTS = {
    "tc_school": {
        "school_settings": "select insert update",
        "audit_event_school": "select insert",
        "audit_detail_school": "select insert",
        "outbox_school": "select insert update(due_at,last_error,parked_at,sent_at,tries)",
        "outbox_content_school": "select insert",
        "contact_matrix": "select insert",
        "stored_file": "select insert",
        "stored_file_content": "select insert",
        "school_badge": "select insert delete",
        "policy_version": "select insert",
        "policy_in_force": "select insert update(during)",
        "adult": "select insert update",
        "pupil": "select insert update",
        "care": "select insert update",
        "campaign": "select insert",
        "sign_request": "select insert update(closes_on,generation)",
        "acknowledgement": "select insert",
        "acknowledgement_words": "select insert",
        "talk_held": "select insert",
        "trust": "select",
        "school": "select",
        "police_force": "select",
        "policy_edition": "select",
    },
    "tc_trust": {
        "trust": "select insert update",
        "school": "select insert update",
        "police_force": "select",
        "audit_event_trust": "select insert",
        "audit_detail_trust": "select insert",
        "outbox_trust": "select insert update(due_at,last_error,parked_at,sent_at,tries)",
        "outbox_content_trust": "select insert",
        "policy_edition": "select insert update",
        "reminder_trust": "select insert",
        "outbox_school": "select",
        "policy_in_force": "select",
        "sign_request": "select",
        "acknowledgement": "select",
    },
    "tc_accounts": {
        "trust": "select",
        "school": "select(id,name,slug)",
        "audit_event_trust": "insert",
        "audit_detail_trust": "insert",
        "outbox_trust": "insert",
        "outbox_content_trust": "insert",
        "account_user": "select insert update",
        "account_grant": "select insert update delete",
        "account_factor": "select insert update",
        "account_sign_in": "select insert update",
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
    "acknowledgement",
    "acknowledgement_words",
}
