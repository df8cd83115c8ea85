"""Police, legal advice and take-down requests: a compartment of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import build
from tests.conduct.meeting_rows import about_somebody
from tests.conduct.referral_rows import a_referral, told
from trustconduct import clock
from trustconduct.accounts.permissions import FRESH, Can, NotAllowed, allowed
from trustconduct.audit.actor import Grant, Role
from trustconduct.conduct.referrals import (
    ReferralKind,
    ReferralRefused,
    end_referral,
    forces_on,
    note_referral,
    referrals_of,
)

DAY = timedelta(days=1)


def test_only_the_head_and_the_lead_see_the_compartment(oak):
    _, row = a_referral(oak)
    for role in Role:
        may = Can.SEE_REFERRALS in allowed(frozenset({Grant(role, oak.school_id)}), oak.school_id)
        assert may == (role in (Role.HEADTEACHER, Role.SAFEGUARDING)), role
    assert Can.SEE_REFERRALS in FRESH
    with pytest.raises(NotAllowed):
        referrals_of(oak, row.case_id, by=build.an_actor(Role.PASTORAL, oak.school_id))


def test_the_name_of_the_force_stays_as_it_was_on_that_day(oak):
    _, row = a_referral(oak)
    assert row.force_name == forces_on(oak, clock.today())[0].name
    assert len(forces_on(oak, clock.today())) >= 44


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("made_on", {"made_on": clock.today() + DAY}),
        ("words", {"words": " "}),
        ("force_id", {"force_id": "nowhere"}),
        ("channel", {"channel": "by pigeon"}),
        ("ground", {"ground": ""}),
        ("whom", {"kind": ReferralKind.LEGAL, "whom": ""}),
        ("whom", {"kind": ReferralKind.TAKE_DOWN, "whom": ""}),
        ("evidence", {"kind": ReferralKind.TAKE_DOWN, "whom": "A platform", "evidence": ""}),
    ],
)
def test_what_cannot_be_is_refused_by_field(oak, field, wrong):
    with pytest.raises(ReferralRefused) as no:
        a_referral(oak, **wrong)
    assert no.value.field == field


def test_legal_action_is_considered_on_a_day_by_somebody(oak):
    case = about_somebody(oak)
    row = note_referral(
        oak, case, told(oak, kind=ReferralKind.LEGAL, whom="The Trust’s solicitor"),
        by=build.a_head(oak),
    )  # fmt: skip
    assert (row.whom, row.force_id, row.channel) == ("The Trust’s solicitor", None, "")


def test_its_own_time_of_keeping_runs_from_its_outcome(oak):
    case, row = a_referral(oak)
    assert row.keep_until_on is None
    head = build.a_head(oak)
    with pytest.raises(ReferralRefused):
        end_referral(oak, case, row, by=head, outcome=" ", on=clock.today())
    with pytest.raises(ReferralRefused):
        end_referral(oak, case, row, by=head, outcome="So", on=clock.today() - DAY)
    end_referral(oak, case, row, by=head, outcome="No charge", on=clock.today(), reference="42/7")
    assert row.keep_until_on == clock.today() + relativedelta(years=6)
    assert row.reference == "42/7"
    with pytest.raises(ReferralRefused):
        end_referral(oak, case, row, by=head, outcome="Again", on=clock.today())


@pytest.mark.parametrize(
    "change", ["outcome = 'x'", "keep_until_on = made_on", "outcome = 'x', outcome_on = made_on"]
)
def test_the_database_refuses_half_an_outcome(oak, change):
    _, row = a_referral(oak)
    with pytest.raises(IntegrityError), oak.begin_nested():
        oak.execute(text(f"update referral set {change} where id = :id"), {"id": row.id})
