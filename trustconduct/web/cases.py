"""Cases for the head: reports that wait, a case with its days, and deciding on a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from marshmallow import fields

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.actor import Role
from trustconduct.audit.events import Event
from trustconduct.conduct.cases import CaseMoved, CaseRefused, close_case
from trustconduct.conduct.deciding import MayNotDecide, conflicts, who_may_decide
from trustconduct.conduct.ladder import AFTER, Decision, decide_step, prior_of, steps_of
from trustconduct.conduct.letter_record import LETTER_OF, STEP
from trustconduct.conduct.lists import (
    PAGE,
    cases_page,
    incidents_of,
    members_of,
    open_cases_of,
    told_in,
    told_of,
    untriaged,
)
from trustconduct.conduct.models import (
    CaseStep,
    ConductCase,
    Duty,
    Incident,
    Involved,
    Place,
    StepKind,
    Tag,
)
from trustconduct.conduct.report import ReportRefused, add_words
from trustconduct.conduct.risk import holding, may_proceed
from trustconduct.conduct.triage import code_of_day, sections_of, triage
from trustconduct.conduct.weighing import CONSIDER, done_before, doubts, touched
from trustconduct.db import transaction
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.lists import letters_page
from trustconduct.letters.write import LetterRefused, begin_letter
from trustconduct.people.models import Adult
from trustconduct.people.person import people_page
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web import assigning, case_search
from trustconduct.web.door import (
    Form,
    actor,
    enter_school,
    found,
    mine,
    needs,
    note_reading,
    read,
)
from trustconduct.web.fields import Choice, Line, Plain, Words
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.staff_here import staff_here
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("cases", __name__, url_prefix="/<school>/staff/cases")
pages.url_value_preprocessor(enter_school)
pages.register_blueprint(assigning.pages)
pages.register_blueprint(case_search.pages)

CHANGED = "Somebody else changed this meanwhile. Look at it again: nothing of yours was done."
LONGEST = 5_000


class TriageForm(Plain):
    seen = fields.Integer(required=True)
    adult = Line(longest=40)
    case = Line(longest=40)
    name = Line()  # what was searched for: the people found stand there again
    clauses = fields.List(fields.String(), load_default=list)


class StepForm(Plain):
    seen = fields.Integer(required=True)
    kind = Choice([each.value for each in StepKind], blank="Choose what to do.")
    because = Words(longest=LONGEST, blank="Say why this is the right answer.")
    note_1 = Words(longest=LONGEST)
    disability = Words(longest=LONGEST)
    communication = Words(longest=LONGEST)
    custody = Words(longest=LONGEST)


class AddForm(Plain):
    tag = Choice([each.value for each in Tag], blank="Choose what this is.")
    whose = Line(longest=120)
    words = Words(longest=20_000, blank="Write what is to be added.")


class ReasonForm(Plain):
    because = Words(longest=LONGEST, blank="Say why.")


@pages.get("/")
@needs(Can.SEE_CASES)
def show() -> Response:
    page = min(max(request.args.get("page", 0, type=int), 0), 1_000)
    listed = cases_page(g.session, page=page)
    made = staff_page(
        "staff/cases.html",
        waiting=untriaged(g.session),
        cases=listed[:PAGE],
        more=len(listed) > PAGE,
        page=page,
        day=clock.day,
    )
    note_reading(Event.CASES_READ, "conduct_case")
    return make_response(made)


# -- a report that waits


def _incident(incident_id: UUID) -> Incident:
    return found(g.session.get(Incident, (g.school.id, incident_id)))


@pages.get("/report/<uuid:incident_id>")
@needs(Can.SEE_CASES)
def report(incident_id: UUID) -> Response:
    return _report_page(_incident(incident_id), Form())


def _report_page(incident: Incident, form: Form, status: int = 200) -> Response:
    named = request.values.get("name", "").replace("\0", "")[:200].strip()
    people = people_page(g.session, named=named, most=20)[:20] if named else []
    told = told_of(g.session, incident)
    page = staff_page(
        "staff/report.html",
        incident=incident,
        told=told,
        Tag=Tag,
        Place=Place,
        Involved=Involved,
        sections=sections_of(code_of_day(g.session, incident)),
        named=named,
        people=people,
        cases=open_cases_of(g.session, incident.adult_id),
        form=form,
        errors=form.errors,
        chosen=request.form.getlist("clauses"),
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.INCIDENT_READ, "incident", incident.id)
    return make_response(page, status)


@pages.post("/report/<uuid:incident_id>")
@needs(Can.KEEP_CASES)
def look_through(incident_id: UUID) -> Response:
    typed = {**request.form.to_dict(), "clauses": request.form.getlist("clauses")}
    incident, form = _incident(incident_id), read(TriageForm, typed)
    if form.errors:
        return _report_page(incident, form, 422)
    case_id = _uuid(form.values.get("case", ""))
    into = found(g.session.get(ConductCase, (g.school.id, case_id))) if case_id else None
    try:
        with transaction(g.session):
            case = triage(
                g.session,
                incident,
                by=actor(),
                adult_id=_uuid(form.values.get("adult", "")),
                clauses=form.values["clauses"], case=into, seen=form.values["seen"],
            ).id  # fmt: skip
    except CaseRefused as no:
        form.refuse("clauses", str(no))
        return _report_page(_incident(incident_id), form, 422)
    except CaseMoved:
        flash(CHANGED, "waiting")
        return make_response(redirect(school_url("cases.report", incident_id=incident_id), 303))
    return _back(case, "The report is in this case now.")


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


@pages.post("/report/<uuid:incident_id>/proceed")
@needs(Can.ANSWER_RISK)
def proceed(incident_id: UUID) -> Response:
    incident, form = _incident(incident_id), read(ReasonForm)
    if form.errors:
        return _report_page(incident, form, 422)
    try:
        with transaction(g.session):
            may_proceed(g.session, incident, by=actor(), because=form.values["because"])
    except CaseRefused as no:
        form.refuse("because", str(no))
        return _report_page(_incident(incident_id), form, 422)
    flash("Noted: letters about this report may go out.", "good")
    return make_response(redirect(school_url("cases.report", incident_id=incident_id), 303))


@pages.post("/report/<uuid:incident_id>/words")
@needs(Can.KEEP_CASES)
def add(incident_id: UUID) -> Response:
    incident, form = _incident(incident_id), read(AddForm)
    if not form.errors:
        try:
            with transaction(g.session):
                values = form.values
                add_words(
                    g.session, incident, by=actor(), tag=Tag(values["tag"]),
                    words=values["words"], whose=values.get("whose", ""),
                )  # fmt: skip
        except ReportRefused as no:
            form.refuse(no.field, str(no))
    if form.errors:
        return _report_page(_incident(incident_id), form, 422)
    flash("Added. What was there before has not changed.", "good")
    return make_response(redirect(school_url("cases.report", incident_id=incident_id), 303))


# -- a case


def _case(case_id: UUID) -> ConductCase:
    return found(g.session.get(ConductCase, (g.school.id, case_id)))


def _back(case_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("cases.case", case_id=case_id), 303))


@pages.get("/<uuid:case_id>/")
@needs(Can.SEE_CASES)
def case(case_id: UUID) -> Response:
    return _case_page(_case(case_id), Form())


def _person(row: ConductCase) -> Adult | None:
    return g.session.get(Adult, (g.school.id, row.adult_id)) if row.adult_id else None


def _case_page(row: ConductCase, form: Form, status: int = 200) -> Response:
    adult = _person(row)
    told = told_in(g.session, row.id)
    page = staff_page(
        "staff/case.html",
        case=row,
        adult=adult,
        told=told,
        steps=steps_of(g.session, row),
        StepKind=StepKind,
        Duty=Duty,
        Tag=Tag,
        Place=Place,
        Involved=Involved,
        tags=[(each.value, each.word) for each in Tag],
        letter_of={kind.value: KINDS[word].word for kind, word in LETTER_OF.items()},
        letters=letters_page(g.session, adult_id=adult.id)[:PAGE] if adult else [],
        members=members_of(g.session, row.id),
        held=[one for one in told if one.holds],
        today=clock.today(),
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.CASE_READ, "conduct_case", row.id)
    return make_response(page, status)


@pages.post("/<uuid:case_id>/close")
@needs(Can.DECIDE_STEP)
def close(case_id: UUID) -> Response:
    row, form = _case(case_id), read(ReasonForm)
    if not form.errors:
        try:
            with transaction(g.session):
                close_case(g.session, row, by=actor(), because=form.values["because"])
        except CaseRefused as no:
            form.refuse("because", str(no))
    if form.errors:
        return _case_page(_case(case_id), form, 422)
    return _back(case_id, "The case is closed. It can still be read.")


# -- deciding


@pages.get("/<uuid:case_id>/decide")
@needs(Can.SEE_CASES)
def deciding(case_id: UUID) -> Response:
    return _decide_page(_case(case_id), Form())


def _decide_page(row: ConductCase, form: Form, status: int = 200) -> Response:
    heads = [(user.id, user.name) for user, _ in staff_here(Role.HEADTEACHER)]
    adult = _person(row)
    incidents = incidents_of(g.session, row.id)
    versions = {one.number: code_of_day(g.session, one) for one in incidents}
    rests_on = touched(g.session, incidents, versions, adult)
    steps = steps_of(g.session, row)
    today = clock.today()
    against = conflicts(g.session, row.id)
    page = staff_page(
        "staff/case_decide.html",
        case=row,
        adult=adult,
        rests_on=rests_on,
        doubts=doubts(rests_on, form.values),
        before=done_before(g.session, [one.clause.id for one in rests_on]),
        kinds=[(each.value, each.word, _needs_first(each, steps, today)) for each in StepKind],
        consider=list(CONSIDER.items()),
        why_not=[one.words for one in against if one.user_id == actor().id],
        others=who_may_decide(g.session, row.id, heads),
        may_decide=Can.DECIDE_STEP in mine(),
        held=holding(g.session, row.id),
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.CASE_READ, "conduct_case", row.id)
    return make_response(page, status)


def _needs_first(kind: StepKind, steps: list[CaseStep], today: Any) -> str:
    """What has to be there before a step, where it is not; as a hint below the choice."""
    if kind not in AFTER or prior_of(steps, kind, today):
        return ""
    return f"There is no {AFTER[kind].word.lower()} in force. Only with a reason (note 1)."


@pages.post("/<uuid:case_id>/decide")
@needs(Can.DECIDE_STEP)
def decide(case_id: UUID) -> Response:
    row, form = _case(case_id), read(StepForm)
    if form.errors:
        return _decide_page(row, form, 422)
    values = form.values
    clauses = {id: None for one in incidents_of(g.session, row.id) for id in one.clauses}
    decision = Decision(
        kind=StepKind(values["kind"]),
        because=values["because"],
        clauses=tuple(clauses),
        note_1=values.get("note_1", ""),
        considered={key: values[key] for key in CONSIDER if values.get(key, "").strip()},
    )
    try:
        with transaction(g.session):
            decide_step(g.session, row, decision, by=actor(), seen=values["seen"])
    except (CaseRefused, MayNotDecide) as no:
        form.refuse("kind", str(no))
        return _decide_page(_case(case_id), form, 422)
    return _back(case_id, f"Decided: {decision.kind.word}.")


@pages.post("/<uuid:case_id>/letter/<uuid:step_id>")
@needs(Can.WRITE_LETTER)
def letter(case_id: UUID, step_id: UUID) -> Response:
    """Begin the letter that a step is answered with; its parts come from the step."""
    row = _case(case_id)
    step = found(g.session.get(CaseStep, (g.school.id, step_id)))
    kind = found(LETTER_OF.get(StepKind(step.kind)))
    adult = found(g.session.get(Adult, (g.school.id, step.adult_id)))
    if step.case_id != row.id or step.withdrawn_at:
        return _back(case_id, "This step does not stand any more.", "waiting")
    try:
        with transaction(g.session):
            letter_id = begin_letter(
                g.session, adult, KINDS[kind], by=actor(), record_kind=STEP, record_id=step.id
            ).id
    except LetterRefused as no:
        return _back(case_id, str(no), "waiting")
    flash("The letter is begun. What the case says is filled in.", "good")
    return make_response(redirect(school_url("letters.letter", letter_id=letter_id), 303))


# -- tasks


@tasks(Can.KEEP_CASES, order=3, more=lambda: school_url("cases.show"))
def reports_waiting(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Reports that nobody has looked through; those with a child at risk first. One query."""
    for one in sorted(untriaged(session), key=lambda each: not each.at_risk):
        yield Task(
            f"Report {one.number} of {clock.day(one.happened_on)} waits to be looked through",
            school_url("cases.report", incident_id=one.id),
            "A child may be at risk." if one.at_risk else "",
            "Urgent" if one.at_risk else "To do",
            "attention" if one.at_risk else "waiting",
        )
