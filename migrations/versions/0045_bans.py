"""Site bans: each from its notice to its end, who is at the gate, and what was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

from migrations.columns import days, ids, moments, numbers, truths, words
from migrations.guards import append_only, beneath, school_key, school_table

revision = "0045"
down_revision = "0044"

BAN, TERMS, EXCEPTION, SAID = "ban", "ban_terms", "ban_exception", "ban_representation"
TIME, DECISION, REVIEW, SEEN = "ban_more_time", "ban_decision", "ban_review", "ban_sighting"
DEVICE, NOTICE = "gate_device", "ban_notice"


def after(day: str) -> str:
    """The midnight in London that ends a day."""
    return f"(({day} + 1)::timestamp at time zone 'Europe/London')"


OF_BAN = {
    "route_known": "route in ('intention', 'temporary', 'extension', 'before')",
    "outcome_known": "outcome in ('', 'confirmed', 'not_confirmed')",
    "unit_known": "unit in ('calendar', 'school')",
    "limits_known": "temporary_days > 0 and longest_days > 0 and review_days > 0"
    " and answer_days > 0",
    "roles_differ": "decider_role <> reviewer_role",
    "extends_another": "(route = 'extension') = (extends_id is not null) and extends_id <> id",
    # Nobody is barred before it is decided but by a temporary ban, and that one only
    # until the midnight after the day by which it is decided.
    "barred_only_when_decided": "outcome <> '' or during is null or route = 'temporary'",
    "temporary_ends_by_itself": "outcome <> '' or route <> 'temporary' or (during is not null"
    " and decide_by is not null and (isempty(during) or upper(during) <= "
    + after("decide_by")
    + "))",
    "heard_before_confirmed": "outcome <> 'confirmed' or route = 'before' or"
    " (served_on is not null and coalesce(heard_at <= decided_at or decided_on > deadline_on,"
    " false))",
    "heard_is_said": "(heard_at is null) = (heard_id is null)",
    "deadline_from_service": "deadline_on is null or deadline_on >= served_on",
    "decided_before_it_lapsed": "outcome <> 'confirmed' or route <> 'temporary'"
    " or decided_on <= decide_by",
    "decided_by_somebody": "(outcome = '' and decided_at is null and decided_by_id is null"
    " and decision_id is null and decided_on is null) or (outcome <> '' and decided_at is not null"
    " and decided_on is not null and decision_id is not null"
    " and (decided_by_id is not null or route = 'before'))",
    "decided_on_its_day": "decided_on = (decided_at at time zone 'Europe/London')::date",
    "confirmed_has_an_end": "outcome <> 'confirmed' or (during is not null"
    " and ends_on is not null and review_on is not null and started_on is not null"
    " and longest_on is not null)",
    "never_open": "during is null or isempty(during)"
    " or not (lower_inf(during) or upper_inf(during))",
    "ends_at_midnight": "outcome <> 'confirmed' or isempty(during) or upper(during) <= "
    + after("ends_on"),
    "ends_after_it_starts": "ends_on >= started_on",
    "starts_on_its_day": "during is null or isempty(during)"
    " or (lower(during) at time zone 'Europe/London')::date >= started_on",
    "reviewed_before_its_end": "review_on <= ends_on",
    "within_the_longest": "ends_on <= longest_on and decide_by <= longest_on",
    "longest_is_the_limit": "longest_on - started_on <="
    " (case unit when 'school' then longest_days * 7 / 5 + 49 else longest_days end)",
    "not_confirmed_ends": "outcome <> 'not_confirmed' or during is null or isempty(during)"
    " or upper(during) <= decided_at",
    "lifted_ends": "lifted_at is null or isempty(during) or upper(during) <= lifted_at",
    "lifted_was_confirmed": "lifted_at is null or outcome = 'confirmed'",
    "withdrawn_ends": "withdrawn_at is null or during is null or isempty(during)"
    " or upper(during) <= withdrawn_at or lower(during) > withdrawn_at",
    "before_is_confirmed": "route <> 'before' or outcome = 'confirmed'",
}

# Times as people come to school; later or earlier is an event with a day of its own.
OF_EXCEPTION = {
    "code_known": "code in ('', 'emergency', 'statutory', 'polling', 'worship')",
    "with_words": "words <> ''",
    "struck_with_a_reason": "(struck_at is null) = (struck_because = '')"
    " and (struck_at is null) = (struck_by = '')",
    "times_in_order": "(from_time is null) = (to_time is null) and from_time < to_time",
    "within_the_day": "from_time >= time '07:00' and to_time <= time '22:00'",
    "days_known": "weekdays ~ '^1?2?3?4?5?$'",
    "some_days": "code <> '' or weekdays <> '' or on_day is not null or by_appointment",
}
OF_HEARING = {
    "means_known": "means in ('online', 'letter', 'telephone', 'video', 'elsewhere', 'at_school')",
    "said_something": "words <> '' or file_id is not null or is_all",
    "noted_by_somebody": "means = 'online' or noted_by <> ''",
}
OF_REVIEW = {
    "not_by_the_decider": "reviewer_id <> decider_id",
    "found_known": "found in ('', 'stays', 'vary', 'lift', 'extend')",
    "done_with_words": "(done_at is null) = (found = '') and (found = '' or words <> '')",
    "no_interests": "found = '' or interests = ''",
}


def checks(table: str, **found: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}")) for name, sql in found.items()]


def within(table: str, to: str = BAN, column: str = "ban_id") -> list:
    null = column != "ban_id"
    return [*ids(column, null=null), beneath(table, column, to)]


def bans() -> None:
    op.create_table(
        BAN,
        *school_key(BAN),
        *numbers("number"),
        *ids("adult_id", null=False),
        *ids("case_id"),
        *words("route"),
        *ids("extends_id"),
        *moments("begun_at", null=False),
        *ids("begun_by_id"),
        *words("unit"),
        *numbers("temporary_days", "longest_days", "review_days", "answer_days"),
        *words("decider_role", "reviewer_role"),
        *days("started_on"),
        sa.Column("during", TSTZRANGE()),
        *days("decide_by", "served_on", "deadline_on"),
        *moments("heard_at"),
        *ids("heard_id"),
        *words("outcome"),
        *moments("decided_at"),
        *days("decided_on"),
        *ids("decided_by_id", "decision_id"),
        *days("ends_on", "longest_on", "review_on"),
        *moments("let_lapse_at", "lifted_at", "withdrawn_at"),
        *numbers("version"),
        beneath(BAN, "adult_id", "adult"),
        beneath(BAN, "case_id", "conduct_case"),
        beneath(BAN, "extends_id", BAN),
        sa.UniqueConstraint("school_id", "number", name=op.f(f"uq_{BAN}_school_id_number")),
        ExcludeConstraint(
            (sa.text("school_id"), "="),
            (sa.text("adult_id"), "="),
            (sa.text("during"), "&&"),
            where=sa.text("withdrawn_at is null"),
            name="one_ban_at_a_time",
            using="gist",
        ),
        *checks(BAN, **OF_BAN),
    )
    op.create_index(
        "one_open_ban",
        BAN,
        ["school_id", "adult_id"],
        unique=True,
        postgresql_where=sa.text(
            "outcome = '' and withdrawn_at is null and let_lapse_at is null"
            " and route <> 'temporary'"
        ),
    )
    op.create_table(
        TERMS,
        *school_key(TERMS),
        *within(TERMS),
        *numbers("number"),
        sa.Column("body", JSONB(), nullable=False),
        *moments("written_at", null=False),
        *words("written_by"),
        sa.UniqueConstraint(
            "school_id", "ban_id", "number", name=op.f(f"uq_{TERMS}_school_id_ban_id_number")
        ),
    )
    op.create_table(
        EXCEPTION,
        *school_key(EXCEPTION),
        *within(EXCEPTION),
        *words("code", "words", "weekdays"),
        *days("on_day"),
        sa.Column("from_time", sa.Time()),
        sa.Column("to_time", sa.Time()),
        *truths("by_appointment"),
        *moments("added_at", null=False),
        *words("added_by"),
        *moments("struck_at"),
        *words("struck_because", "struck_by"),
        *checks(EXCEPTION, **OF_EXCEPTION),
    )
    op.create_index(
        "one_standing_exception",
        EXCEPTION,
        ["school_id", "ban_id", "code"],
        unique=True,
        postgresql_where=sa.text("code <> ''"),
    )


def said_and_decided() -> None:
    op.create_table(
        SAID,
        *school_key(SAID),
        *within(SAID),
        *numbers("number"),
        *moments("said_at", null=False),
        *words("means", "words"),
        *truths("is_all", "late"),
        *words("with_whom", "noted_by"),
        *ids("file_id"),
        beneath(SAID, "file_id", "stored_file"),
        sa.UniqueConstraint(
            "school_id", "ban_id", "number", name=op.f(f"uq_{SAID}_school_id_ban_id_number")
        ),
        *checks(SAID, **OF_HEARING),
    )
    op.create_table(
        TIME,
        *school_key(TIME),
        *within(TIME),
        *days("until_on", null=False),
        *words("because"),
        *moments("given_at", null=False),
        *words("given_by"),
        *checks(TIME, with_a_reason="because <> ''"),
    )
    op.create_table(
        DECISION,
        *school_key(DECISION),
        *within(DECISION),
        *words("step", "words"),
        *truths("police_told"),
        *moments("decided_at", null=False),
        *ids("decided_by_id"),
        *words("decided_by", "role"),
        *checks(
            DECISION,
            with_words="words <> ''",
            step_known="step in ('confirmed', 'not_confirmed', 'lifted', 'varied', 'let_lapse',"
            " 'withdrawn')",
        ),
    )
    for column, to in (("heard_id", SAID), ("decision_id", DECISION)):
        op.create_foreign_key(
            op.f(f"fk_{BAN}_school_id_{column}"),
            BAN,
            to,
            ["school_id", column],
            ["school_id", "id"],
        )
    op.create_table(
        REVIEW,
        *school_key(REVIEW),
        *within(REVIEW),
        *ids("decider_id"),
        *days("due_on", null=False),
        *ids("reviewer_id", null=False),
        *words("reviewer", "interests"),
        *moments("opened_at", null=False),
        *words("found", "words"),
        *days("next_on"),
        *moments("done_at"),
        *checks(REVIEW, **OF_REVIEW),
    )
    op.create_index(
        "one_open_review",
        REVIEW,
        ["school_id", "ban_id"],
        unique=True,
        postgresql_where=sa.text("done_at is null and interests = ''"),
    )
    op.create_index("ix_ban_review_ban", REVIEW, ["school_id", "ban_id"])


def gate() -> None:
    op.create_table(
        DEVICE,
        *school_key(DEVICE),
        *words("name"),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        *moments("enrolled_at", null=False),
        *words("enrolled_by"),
        *moments("revoked_at"),
        *words("revoked_by"),
        *checks(
            DEVICE,
            named="name <> ''",
            revoked_by_somebody="(revoked_at is null) = (revoked_by = '')",
        ),
    )
    op.create_table(
        SEEN,
        *school_key(SEEN),
        *within(SEEN),
        *moments("seen_at", null=False),
        *within(SEEN, EXCEPTION, "exception_id"),
        *truths("breach"),
        *words("noted_by"),
        *within(SEEN, DEVICE, "device_id"),
        *checks(SEEN, breach_or_exception="breach = (exception_id is null)"),
    )
    op.create_table(
        NOTICE,
        *school_key(NOTICE),
        *within(NOTICE),
        *words("kind"),
        *days("for_on", null=False),
        *moments("told_at", null=False),
        sa.UniqueConstraint(
            "school_id", "ban_id", "kind", "for_on",
            name=op.f(f"uq_{NOTICE}_school_id_ban_id_kind_for_on"),
        ),
    )  # fmt: skip
    for table in (EXCEPTION, TIME, DECISION, SEEN):
        op.create_index(op.f(f"ix_{table}_school_id_ban_id"), table, ["school_id", "ban_id"])


DECIDER = """
create function tc_ban_decider() returns trigger language plpgsql as $$
begin
  if exists (
    select from ban where ban.school_id = new.school_id and ban.id = new.ban_id
    and ban.decided_by_id is distinct from new.decider_id
  ) then
    raise exception 'the decider is not the one of the ban'
      using errcode = 'check_violation', constraint = 'ban_review_decider';
  end if;
  return new;
end $$;
create trigger ban_decider before insert or update on ban_review
  for each row execute function tc_ban_decider();
"""


def upgrade() -> None:
    bans()
    said_and_decided()
    gate()
    op.execute(DECIDER)
    school_table(BAN, "select, insert, update", oversight=True)
    for table in (TERMS, SAID, TIME, DECISION, SEEN, NOTICE):
        school_table(table, "select, insert")
        append_only(table)
    school_table(EXCEPTION, "select, insert, update (struck_at, struck_because, struck_by)")
    school_table(REVIEW, "select, insert, update (found, words, next_on, done_at)")
    school_table(DEVICE, "select, insert, update (revoked_at, revoked_by)")


def downgrade() -> None:
    for column in ("heard_id", "decision_id"):
        op.drop_constraint(op.f(f"fk_{BAN}_school_id_{column}"), BAN)
    for table in (NOTICE, SEEN, DEVICE, REVIEW, DECISION, TIME, SAID, EXCEPTION, TERMS, BAN):
        op.drop_table(table)
    op.execute("drop function tc_ban_decider()")
