"""What the rows refuse by themselves, written as bare SQL past every rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.conduct import rows
from tests.conduct.test_ladder_paths import refused
from trustconduct import clock
from trustconduct.conduct.ladder import withdraw_step
from trustconduct.conduct.models import CaseStep, IncidentWords, StepKind


@pytest.fixture
def head(oak):
    return build.a_head(oak)


@pytest.fixture
def case(oak):
    return rows.a_case(oak, build.an_adult(oak))[0]


def change(session, sql: str, **values):
    """The error of a change by bare SQL; nothing of it stays."""
    point = session.begin_nested()
    try:
        with pytest.raises(DBAPIError) as no:
            session.execute(text(sql), values)
    finally:
        point.rollback()
    return str(no.value.orig)


@pytest.mark.parametrize(
    ("kind", "more", "why"),
    [
        (StepKind.WARNING, {}, "ck_case_step_in_order"),
        (StepKind.BAN, {}, "ck_case_step_in_order"),
        (StepKind.FORMAL_LETTER, {"adult_id": None}, "ck_case_step_about_a_person"),
        (StepKind.POLICE, {"adult_id": None}, "ck_case_step_about_a_person"),
    ],
)
def test_a_step_out_of_order_or_about_nobody_is_no_row(oak, case, head, kind, more, why):
    assert why in refused(oak, case, kind, head, **more)


def test_a_warning_without_its_last_day_or_with_one_that_is_past_is_no_row(oak, case, head):
    first = rows.a_step(oak, case)
    for lapses in (None, clock.today()):
        assert "a_warning_lapses" in refused(
            oak, case, StepKind.WARNING, head, prior_id=first.id, lapses_on=lapses
        )


def test_a_prior_step_of_another_person_or_kind_or_withdrawn_is_refused(oak, case, head):
    letter = rows.a_step(oak, case)
    other, _ = rows.a_case(oak, build.an_adult(oak, "Bo Other", email="bo@parents.example"))
    assert "another person" in refused(oak, other, StepKind.WARNING, head, prior_id=letter.id)
    assert "another kind" in refused(oak, case, StepKind.BAN, head, prior_id=letter.id)
    early = {"decided_on": clock.today() - timedelta(days=1)}
    assert "later" in refused(oak, case, StepKind.WARNING, head, prior_id=letter.id, **early)
    withdraw_step(oak, case, letter, by=head, because="It was about somebody else.")
    assert "withdrawn" in refused(oak, case, StepKind.WARNING, head, prior_id=letter.id)


def test_a_lapsed_warning_carries_no_ban(oak, case, head):
    rows.a_step(oak, case)
    warning = rows.a_step(oak, case, StepKind.WARNING)
    after = {"decided_on": warning.lapses_on + timedelta(days=1)}
    assert "lapsed" in refused(oak, case, StepKind.BAN, head, prior_id=warning.id, **after)


@pytest.mark.parametrize("involved", ["affected", "reporting"])
def test_who_has_to_do_with_an_incident_decides_in_no_row(oak, head, involved):
    adult = build.an_adult(oak)
    more = {"affected": ((head.id, head.name),)} if involved == "affected" else {}
    case, incident = rows.a_case(oak, adult, **more)
    if involved == "reporting":
        again = rows.an_incident(oak, adult, by=head)
        oak.execute(
            text("update incident set case_id = :case_id where id = :id"),
            {"case_id": case.id, "id": again.id},
        )
    assert incident.case_id == case.id
    assert "does not decide" in refused(oak, case, StepKind.WORD, head)


def test_a_decided_step_does_not_change_and_nothing_said_is_deleted(oak, case):
    step = rows.a_step(oak, case)
    said = oak.scalars(select(IncidentWords)).first()
    denied = "permission denied"
    for sql in (
        "update case_step set because = 'Another' where id = :id",
        "update case_step set kind = 'ban' where id = :id",
        "delete from case_step where id = :id",
    ):
        assert denied in change(oak, sql, id=step.id)
    for sql in (
        "update incident_words set words = 'Another' where id = :id",
        "delete from incident_words where id = :id",
    ):
        assert denied in change(oak, sql, id=said.id)
    for table in ("incident", "conduct_case", "incident_staff", "risk_answer", "case_member"):
        assert denied in change(oak, f"delete from {table}")
    assert oak.scalars(select(CaseStep.because)).all() == ["It was loud."]


def test_note_1_is_of_a_skipped_step_alone(oak, case):
    step = rows.a_step(oak, case, note_1="Typed without need.")
    assert not step.note_1
    assert step.note_1_because == ""
    skipped = rows.a_step(oak, case, StepKind.BAN, note_1="They hit a member of staff.")
    assert skipped.note_1
    assert skipped.note_1_because == "They hit a member of staff."
