"""No path over the ladder breaks a rule of the policy, whichever way a case goes.

The machine knows the rules of domain.md in words of its own and foretells each answer. What
the rule refuses is then written as bare SQL: the rows refuse it too. What was decided is read
back after each move, and has to hold by the dates alone.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.conduct import rows
from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.conduct.cases import CaseRefused, put_into_case
from trustconduct.conduct.deciding import MayNotDecide
from trustconduct.conduct.ladder import Decision, decide_step, withdraw_step
from trustconduct.conduct.models import CaseStep, ConductCase, Incident, IncidentStaff, StepKind
from trustconduct.db import new_id
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

BEFORE = {StepKind.WARNING: StepKind.FORMAL_LETTER, StepKind.BAN: StepKind.WARNING}
WITHOUT_A_PERSON = (StepKind.NO_ACTION, StepKind.WORD)
# The steps of a path are mostly the ladder's own: the rest may come at any time.
KINDS = st.sampled_from([*StepKind, *BEFORE, StepKind.FORMAL_LETTER, StepKind.WARNING])

RAW = text(
    "insert into case_step (school_id, id, case_id, adult_id, kind, decided_on, decided_at,"
    " decided_by, decided_by_id, decided_as, because, clauses, prior_id, note_1, note_1_because,"
    " considered, lapses_on, before_service, withdrawn_by, withdrawn_because) values (:school_id,"
    " :id, :case_id, :adult_id, :kind, :decided_on, now(), 'Somebody', :decided_by_id,"
    " 'headteacher', 'Because', '[]', :prior_id, false, '', '{}', :lapses_on, false, '', '')"
)


def raw(session: ScopedSession, case: ConductCase, kind: StepKind, by: Actor, **more: Any) -> None:
    """Write a step past the rule. Raises DBAPIError where the rows refuse it; leaves nothing."""
    today = clock.today()
    values = {
        "school_id": session.school_id, "id": new_id(), "case_id": case.id,
        "adult_id": case.adult_id, "kind": kind.value, "decided_on": today,
        "decided_by_id": by.id, "prior_id": None,
        "lapses_on": today + timedelta(days=30) if kind is StepKind.WARNING else None,
    }  # fmt: skip
    point = session.begin_nested()
    try:
        session.execute(RAW, {**values, **more})
    finally:
        point.rollback()


def refused(session: ScopedSession, case: ConductCase, kind: StepKind, by: Actor, **more: Any):
    try:
        raw(session, case, kind, by, **more)
    except DBAPIError as no:
        return str(no.orig).splitlines()[0]
    raise AssertionError(f"The rows took a {kind.word} that the rule refuses")


class Paths(RuleBasedStateMachine):
    session: ScopedSession

    def __init__(self) -> None:
        super().__init__()
        self.point = self.session.begin_nested()
        self.travel = time_machine.travel("2027-01-11T09:00:00Z", tick=False)
        self.clock = self.travel.start()
        self.adults = [self._adult(name) for name in ("Ann", "Ben")]
        self.heads = [build.a_head(self.session) for _ in range(2)]
        self.cases: list[ConductCase] = []
        self.barred: dict[Any, set[Any]] = {}  # by case: whom an incident has to do with

    def teardown(self) -> None:
        self.travel.stop()
        self.point.rollback()
        self.session.expunge_all()

    def _adult(self, name: str) -> Adult:
        adult = Adult(name=name, name_key=name.lower(), email="")
        self.session.add(adult)
        self.session.flush()
        return adult

    def _steps(self, case: ConductCase) -> list[CaseStep]:
        about = CaseStep.adult_id == case.adult_id if case.adult_id else CaseStep.case_id == case.id
        return list(self.session.scalars(select(CaseStep).where(about)))

    def _can_follow(self, case: ConductCase, kind: StepKind, today: date) -> bool:
        return kind not in BEFORE or any(
            step.kind == BEFORE[kind].value
            and not step.withdrawn_at
            and (step.lapses_on is None or step.lapses_on >= today)
            for step in self._steps(case)
        )

    # -- what may happen

    @rule(who=st.integers(0, 2), affects=st.integers(0, 2), reported_by=st.integers(0, 2))
    def open_a_case(self, who: int, affects: int, reported_by: int) -> None:
        """About one of two people or nobody known; a head may be who reports or is affected."""
        if len(self.cases) == 4:
            return
        adult = self.adults[who] if who < 2 else None
        by = self.heads[reported_by] if reported_by < 2 else None
        hurt = ((self.heads[affects].id, "Head"),) if affects < 2 else ()
        case, incident = rows.a_case(
            self.session, adult, affected=hurt, happened_on=clock.today(),
            **({"by": self.heads[1 - affects if affects < 2 else 0]}),
        )  # fmt: skip
        self.cases.append(case)
        self.barred[case.id] = {self.heads[affects].id} if affects < 2 else set()
        if by:
            second = rows.an_incident(self.session, adult, by=by, happened_on=clock.today())
            put_into_case(self.session, second, case, by=by, seen=second.version)
            self.barred[case.id].add(by.id)
        assert incident.case_id == case.id

    @rule(which=st.integers(0, 3), kind=KINDS, head=st.integers(0, 1), note_1=st.booleans())
    def decide(self, which: int, kind: StepKind, head: int, note_1: bool) -> None:
        if not self.cases:
            return
        case, by, today = self.cases[which % len(self.cases)], self.heads[head], clock.today()
        follows = self._can_follow(case, kind, today)
        before = len(self._steps(case))
        why = [
            (MayNotDecide, by.id in self.barred[case.id]),
            (CaseRefused, case.adult_id is None and kind not in WITHOUT_A_PERSON),
            (CaseRefused, not follows and not note_1),
        ]
        no = next((error for error, holds in why if holds), None)
        decision = Decision(kind, "Because.", note_1="It was serious." if note_1 else "")
        step, said = None, None
        try:
            step = decide_step(self.session, case, decision, by=by, seen=case.version)
        except (CaseRefused, MayNotDecide) as error:
            said = error
        assert said is None or type(said) is no, f"refused though it may: {said}"
        if step is None:
            assert len(self._steps(case)) == before
            prior = {}
            if follows and kind in BEFORE:  # it is refused for another reason than the order
                prior = {"prior_id": self._prior(case, kind, today)}
            refused(self.session, case, kind, by, **prior)
            return
        assert no is None, f"taken though it may not: {kind}"
        assert step.note_1 == (not follows), "note 1 is noted where a step was skipped, only there"

    def _prior(self, case: ConductCase, kind: StepKind, today: date) -> Any:
        return next(
            step.id
            for step in self._steps(case)
            if step.kind == BEFORE[kind].value and step.in_force(today)
        )

    @rule(which=st.integers(0, 3), kind=st.sampled_from(list(BEFORE)), head=st.integers(0, 1),
          nth=st.integers(0, 9))  # fmt: skip
    def point_to_a_step_that_does_not_hold(
        self, which: int, kind: StepKind, head: int, nth: int
    ) -> None:
        """Past the rule: any step of anybody as the prior one. Only a right one is taken."""
        every = list(self.session.scalars(select(CaseStep).order_by(CaseStep.id)))
        known = [case for case in self.cases if case.adult_id]
        if not (every and known):
            return
        case, by, today = known[which % len(known)], self.heads[head], clock.today()
        prior = every[nth % len(every)]
        right = (
            prior.adult_id == case.adult_id
            and prior.kind == BEFORE[kind].value
            and prior.in_force(today)
            and by.id not in self.barred[case.id]
        )
        if right:
            raw(self.session, case, kind, by, prior_id=prior.id)
        else:
            refused(self.session, case, kind, by, prior_id=prior.id)

    @rule(which=st.integers(0, 3), nth=st.integers(0, 9), head=st.integers(0, 1))
    def withdraw(self, which: int, nth: int, head: int) -> None:
        if not self.cases:
            return
        case, by = self.cases[which % len(self.cases)], self.heads[head]
        steps = [step for step in self._steps(case) if step.case_id == case.id]
        if not steps:
            return
        step = steps[nth % len(steps)]
        may = by.id not in self.barred[case.id] and not step.withdrawn_at
        try:
            withdraw_step(self.session, case, step, by=by, because="It was wrong.")
        except (CaseRefused, MayNotDecide):
            assert not may
        else:
            assert may

    @rule(days=st.sampled_from((1, 40, 366)))
    def days_pass(self, days: int) -> None:
        self.clock.shift(timedelta(days=days))

    # -- what holds whatever happened

    @invariant()
    def each_step_was_in_order_on_its_day(self) -> None:
        every = {step.id: step for step in self.session.scalars(select(CaseStep))}
        for step in every.values():
            kind, prior = StepKind(step.kind), every.get(step.prior_id)
            if kind in BEFORE and not step.note_1:
                assert prior is not None
                assert prior.kind == BEFORE[kind].value
                assert prior.adult_id == step.adult_id
                assert prior.decided_on <= step.decided_on
                assert prior.lapses_on is None or prior.lapses_on >= step.decided_on
            assert not step.note_1 or step.note_1_because
            assert step.adult_id or kind in WITHOUT_A_PERSON
            assert kind is not StepKind.WARNING or step.lapses_on > step.decided_on

    @invariant()
    def nobody_decided_whom_it_has_to_do_with(self) -> None:
        ill = self.session.execute(
            select(CaseStep.id)
            .join(Incident, Incident.case_id == CaseStep.case_id)
            .join(IncidentStaff, IncidentStaff.incident_id == Incident.id)
            .where(IncidentStaff.user_id == CaseStep.decided_by_id)
        ).all()
        assert not ill


def test_no_path_over_the_ladder_breaks_a_rule(oak):
    class OfOak(Paths):
        session = oak

    run_state_machine_as_test(
        OfOak,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
