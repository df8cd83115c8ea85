"""What the database itself refuses of a ban: each rule of the policy as one condition.

Here once, for the model and for whoever reads them. `at time zone` turns the midnight
after a day in London into an instant, so that no ban is in force a minute too long.
"""

from __future__ import annotations


def _midnight_after(day: str) -> str:
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
    + _midnight_after("decide_by")
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
    + _midnight_after("ends_on"),
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
