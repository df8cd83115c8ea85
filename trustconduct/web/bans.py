"""Site bans for staff: the register, beginning one, and the page of each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.models import User, UserGrant, held
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.bans.begin import ban_for_now, give_notice, take_in_ban
from trustconduct.bans.decide import why_not_yet
from trustconduct.bans.gate import as_allowed, sightings_of
from trustconduct.bans.letters import BAN, kinds_for
from trustconduct.bans.limits import LimitsMissing, limits_of
from trustconduct.bans.models import Ban, BanDecision, BanException, Means, Route
from trustconduct.bans.refused import BanRefused, WrongPerson
from trustconduct.bans.register import PAGE, Figures, figures, register
from trustconduct.bans.reviews import reviews_of
from trustconduct.bans.standing import hearing_of, representations_of, state_of
from trustconduct.bans.terms import Terms, terms_of
from trustconduct.db import transaction
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Letter
from trustconduct.letters.write import LetterRefused, begin_letter
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force
from trustconduct.web import ban_review, ban_steps
from trustconduct.web.ban_rows import back, the_ban
from trustconduct.web.door import (
    Form,
    actor,
    enter_school,
    found,
    needs,
    note_reading,
    read,
    works,
)
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("bans", __name__, url_prefix="/<school>/staff/bans")
pages.url_value_preprocessor(enter_school)
for part in (ban_steps.pages, ban_review.pages):
    pages.register_blueprint(part)

ROUTES = (
    ("intention", "Give notice of the intention", "They answer first. Nobody is barred yet."),
    ("temporary", "Bar them now, for a short time", "Only in a serious case, and it says why."),
    ("before", "Take in a ban from before this service", "With its own days and a day of review."),
)
NEEDS_DAY = "Type the day, like 3 September 2026 or 03/09/2026."


class BeginForm(Plain):
    route = Choice([value for value, *_ in ROUTES], blank="Choose how it comes about.")
    incident_on = WrittenDay(blank=NEEDS_DAY)
    reasons = Words(required=True)
    why_now = Words(load_default="")
    skipped_because = Words(load_default="")
    sites = Words(required=True)
    hours = Words(required=True)
    events = Words(load_default="")
    remote = Words(load_default="")
    starts_on = WrittenDay()
    ends_on = WrittenDay()
    review_on = WrittenDay()
    bringing = Words(load_default="")
    contact = Line(longest=200)
    papers = Words(load_default="")
    case = Line(longest=40)


class LetterForm(Plain):
    kind = Choice(list(KINDS), blank="Choose the letter.")


@pages.get("/")
@needs(Can.SEE_BANS)
def show() -> Response:
    page = min(max(request.args.get("page", 0, type=int), 0), 1_000)
    listed = register(g.session, page=page)
    counted = figures(g.session).get(g.school.id, Figures())
    made = staff_page(
        "staff/ban_register.html", entries=listed[:PAGE], more=len(listed) > PAGE, page=page,
        counted=counted, day=clock.day,
    )  # fmt: skip
    note_reading(Event.BAN_READ, "ban")
    return make_response(made)


@pages.get("/to/<uuid:adult_id>")
@needs(Can.ISSUE_BAN)
def new(adult_id: UUID) -> Response:
    typed = {"incident_on": "", "case": request.args.get("case", "")[:40]}
    return _new_page(_adult(adult_id), Form(typed))


def _adult(adult_id: UUID) -> Adult:
    return found(g.session.get(Adult, (g.school.id, adult_id)))


def _new_page(adult: Adult, form: Form, status: int = 200) -> Response:
    try:
        limits = limits_of(g.session)
    except LimitsMissing:
        limits = None
    version = version_in_force(g.session)
    page = staff_page(
        "staff/ban_new.html", adult=adult, form=form, errors=form.errors, routes=ROUTES,
        limits=limits, version=version, day=clock.day,
        clauses=list(version.document.clauses()) if version else [],
    )  # fmt: skip
    return make_response(page, status)


@pages.post("/to/<uuid:adult_id>")
@needs(Can.ISSUE_BAN)
def begin(adult_id: UUID) -> Response:
    adult = _adult(adult_id)
    chosen = request.form.getlist("clauses")
    given = {name: value for name, value in request.form.to_dict().items() if name != "clauses"}
    form = read(BeginForm, given)
    ban_id = None
    if not form.errors and (days := _days(form)):
        try:
            with transaction(g.session):
                ban_id = _begin(adult, form, days, chosen).id
        except BanRefused as no:
            form.refuse(no.field, str(no))
        except (LimitsMissing, WrongPerson) as no:
            form.refuse("", str(no))
    if ban_id is None:
        return _new_page(_adult(adult_id), form, 422)
    return back(ban_id, "The ban is begun. Write its letter next: nothing counts before that.")


def _days(form: Form) -> tuple[date, date] | None:
    """The first and the last day; a temporary ban has both from the settings."""
    today = clock.today()
    if form.values["route"] == "temporary":
        return today, today
    for name in ("starts_on", "ends_on"):
        if form.values[name] is None:
            form.refuse(name, NEEDS_DAY)
    if form.values["route"] == "before" and form.values["review_on"] is None:
        form.refuse("review_on", NEEDS_DAY)
    return None if form.errors else (form.values["starts_on"], form.values["ends_on"])


def _begin(adult: Adult, form: Form, days: tuple[date, date], clauses: list[str]) -> Ban:
    values = form.values
    version = version_in_force(g.session)
    known = version.document.clauses_by_id if version else {}
    terms = Terms(
        incident_on=values["incident_on"].isoformat(), reasons=values["reasons"],
        sites=values["sites"], hours=values["hours"], starts_on=days[0].isoformat(),
        ends_on=days[1].isoformat(), clauses=tuple(id for id in clauses if id in known),
        why_now=values["why_now"], skipped_because=values["skipped_because"],
        events=values["events"], remote=values["remote"], bringing=values["bringing"],
        contact=values["contact"],
    )  # fmt: skip
    if values["route"] == Route.BEFORE.value:
        return take_in_ban(
            g.session, adult, terms, by=actor(), review_on=values["review_on"],
            words=values["papers"],
        )  # fmt: skip
    rule = ban_for_now if values["route"] == Route.TEMPORARY.value else give_notice
    return rule(
        g.session, adult, terms, by=actor(), case_id=_case(values["case"]),
        works_here=works_here(adult),
    )  # fmt: skip


def _case(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        raise BanRefused("", "That case is not there. Begin from the case’s page.") from None


def works_here(adult: Adult) -> bool:
    """Whether the person signs in here as staff: by the address that they share."""
    if not adult.email:
        return False
    with works().sessions.accounts(read_only=True) as session:
        return bool(
            session.scalar(
                select(func.count())
                .select_from(User)
                .join(UserGrant, UserGrant.user_id == User.id)
                .where(
                    User.email == adult.email,
                    User.disabled_at.is_(None),
                    UserGrant.at_school_id == g.school.id,
                    held(clock.today()),
                )
            )
        )


@pages.get("/<uuid:ban_id>/")
@needs(Can.SEE_BANS)
def ban(ban_id: UUID) -> Response:
    return ban_page(the_ban(ban_id), Form())


def ban_page(row: Ban, form: Form, status: int = 200) -> Response:
    """The page of one ban, with what may be done next."""
    page = staff_page("staff/ban.html", form=form, errors=form.errors, **papers(row))
    if status == 200:
        note_reading(Event.BAN_READ, "ban", row.id)
    return make_response(page, status)


ban_steps.on_refused(ban_page)


def papers(row: Ban) -> dict[str, Any]:
    """All that is known of a ban, for its page and for its reviewer. A fixed number of queries."""
    hearing = hearing_of(g.session, row)
    exceptions = g.session.scalars(
        select(BanException).where(BanException.ban_id == row.id).order_by(BanException.added_at)
    ).all()
    written = g.session.scalars(
        select(Letter)
        .where(Letter.record_kind == BAN, Letter.record_id == row.id, Letter.dropped_at.is_(None))
        .order_by(Letter.number)
    ).all()
    return {
        "ban": row,
        "adult": _adult(row.adult_id),
        "terms": terms_of(g.session, row.id),
        "hearing": hearing,
        "state": state_of(row, hearing),
        "why_not": why_not_yet(row, hearing),
        "said": representations_of(g.session, row.id),
        "exceptions": [(one, as_allowed(one).when) for one in exceptions],
        "letters": [(one, KINDS[one.kind].word) for one in written],
        "letter_kinds": [(id, KINDS[id].word) for id in kinds_for(row)],
        "decisions": g.session.scalars(
            select(BanDecision).where(BanDecision.ban_id == row.id).order_by(BanDecision.decided_at)
        ).all(),
        "reviews": reviews_of(g.session, row.id),
        "seen": sightings_of(g.session, row.id),
        "route": Route(row.route).word,
        "means": {one.value: one.word for one in Means},
        "day": clock.day,
    }


ban_review.shows(papers)


@pages.post("/<uuid:ban_id>/letter")
@needs(Can.WRITE_LETTER)
def letter(ban_id: UUID) -> Response:
    row, form = the_ban(ban_id), read(LetterForm)
    if form.errors or form.values["kind"] not in kinds_for(row):
        return back(ban_id, "That letter does not fit the ban as it stands now.", "waiting")
    adult = _adult(row.adult_id)
    try:
        with transaction(g.session):
            letter_id = begin_letter(
                g.session, adult, KINDS[form.values["kind"]], by=actor(), record_kind=BAN,
                record_id=row.id,
            ).id  # fmt: skip
    except LetterRefused as no:
        return back(ban_id, str(no), "waiting")
    flash("The letter is filled from the ban. Choose how it is sent and who signs.", "good")
    return make_response(redirect(school_url("letters.letter", letter_id=letter_id), 303))


@tasks(Can.ISSUE_BAN, order=11, more=lambda: school_url("bans.show"))
def bans_to_see_to(session: Any, here: Here) -> Any:
    """Bans that wait for a letter, a decision or a review. One query."""
    today = clock.today()
    for entry in register(session):
        what, by = entry.due
        if what == "Review by":
            if by is None or by > today:
                continue
            what = "Have it reviewed"
        elif not what or what.startswith("They can"):
            continue
        yield Task(
            f"Ban {entry.ban.number}: {what[0].lower()}{what[1:]}",
            school_url("bans.ban", ban_id=entry.ban.id),
            f"By {clock.day(by)}" if by else "",
            entry.state.word,
            "attention" if by and by <= today else "waiting",
        )
