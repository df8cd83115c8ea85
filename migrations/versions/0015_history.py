"""What looking back needs: an index by who did it, and which revision the tables are at."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "ix_audit_event_school_school_id_actor_id",
        "audit_event_school",
        ["school_id", "actor_id", "at"],
    )
    op.create_index("ix_audit_event_trust_actor_id", "audit_event_trust", ["actor_id", "at"])
    # `/readyz` compares it with the release: a process in front of older tables is not ready.
    op.execute("grant select on alembic_version to tc_accounts")


def downgrade() -> None:
    op.execute("revoke select on alembic_version from tc_accounts")
    op.drop_index("ix_audit_event_trust_actor_id", "audit_event_trust")
    op.drop_index("ix_audit_event_school_school_id_actor_id", "audit_event_school")
