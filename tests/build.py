"""Rows for tests: every default in one place, made by the rules themselves.

A test says only what it is about; the rest comes from here.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pyotp
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.factors import make_factor, secret_of
from trustconduct.accounts.models import User
from trustconduct.accounts.sealing import Sealer
from trustconduct.accounts.users import add_user
from trustconduct.acknowledgements import signing
from trustconduct.acknowledgements.campaigns import Plan, start_campaign
from trustconduct.acknowledgements.models import Answer, Campaign, SignRequest
from trustconduct.acknowledgements.signing import Asked, asked, copy_of
from trustconduct.audit.actor import COMMAND, Actor, Grant, Role
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.contact_matrix.save import current_matrix, save_matrix
from trustconduct.csv_lists import key
from trustconduct.db import new_id
from trustconduct.files.models import MediaType
from trustconduct.files.take_in import Looked
from trustconduct.languages.spoken import language
from trustconduct.outbox.links import token
from trustconduct.outbox.models import TrustMessageContent
from trustconduct.people.models import Adult
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.people.who_is_told import confirm_list, the_list
from trustconduct.policies.adoption import begin, finish
from trustconduct.policies.consultations import Consultation, Guest, GuestKind
from trustconduct.policies.consulting import invite_guest, open_consultation
from trustconduct.policies.document import TextStanding
from trustconduct.policies.editions import approve, import_edition, newest_published, publish
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.reading import read_policy, template
from trustconduct.policies.signing_off import Asking, AtTrust, name_approvers
from trustconduct.policies.translation_models import ClauseTranslation
from trustconduct.policies.translations import newest, parts_of, translate
from trustconduct.policies.versions import newest_version, publish_version, version_in_force
from trustconduct.reviews.cycles import change_cycle, cycle_of
from trustconduct.reviews.due_days import Reminder
from trustconduct.reviews.models import Outcome, Part, SchoolReminder, TrustCycle
from trustconduct.reviews.school_reviews import (
    begin_reviews,
    cycle_of_part,
    mark_reviewed,
    open_reviews,
    pause_part,
)
from trustconduct.schools.add import add_school, name_trust
from trustconduct.schools.badge import set_badge
from trustconduct.schools.calendars import mark, save_year
from trustconduct.schools.settings import SUGGESTED, change_settings, facts_of, settings_of
from trustconduct.tenants.calendars import Kind, Span
from trustconduct.tenants.models import School, SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession

# Of the app that tests get: links are derived from it.
SECRET_KEY = "a key that is used by tests and by nothing else"
SEALER = Sealer(SECRET_KEY)
PASSWORD = "quite a long password"
REVIEW = "Summer Term 2028"
FORCE = "thames-valley"
FACTS: dict[str, Any] = {
    "policies_url": "https://school.example/policies",
    "app_name": "Arbor",
    "telephone": "01632 960001",
    "email": "office@school.example",
    "police_force_id": FORCE,
}
BANS = dict(SUGGESTED)
# The sections of `an_open_edition` that schools may change.
OPEN = ("importance", "online")
MATRIX = Matrix(
    purposes=(Purpose("ask", "Ask a question"), Purpose("pay", "Pay for something")),
    routes=(
        Route("telephone", "Telephone", "01632 960001"),
        Route("office", "Come to the office", "Front gate"),
    ),
    ticks=frozenset({("telephone", "ask"), ("office", "ask"), ("office", "pay")}),
)


# -- who does it


def an_actor(role: Role, school_id: UUID | None = None, name: str = "") -> Actor:
    grants = frozenset({Grant(role, school_id)})
    return Actor("user", new_id(), name or role.word, grants, fresh=True)


def an_officer() -> Actor:
    return an_actor(Role.TRUST_OFFICER)


def a_reader() -> Actor:
    return an_actor(Role.TRUST_READER)


def a_head(session: ScopedSession) -> Actor:
    return an_actor(Role.HEADTEACHER, session.school_id)


def an_office(session: ScopedSession) -> Actor:
    return an_actor(Role.OFFICE, session.school_id)


def a_teacher(session: ScopedSession) -> Actor:
    return an_actor(Role.TEACHER, session.school_id)


# -- in the Trust's session


def a_trust(session: ScopedSession, name: str = "Lantern Trust") -> Trust:
    return name_trust(session, by=COMMAND, name=name, telephone="01632 960000")


def the_trust(session: ScopedSession) -> Trust:
    trust = session.scalar(select(Trust))
    assert trust is not None
    return trust


def a_school(session: ScopedSession, slug: str = "beech-hill", name: str = "") -> School:
    return add_school(
        session, by=COMMAND, slug=slug, name=name or slug.replace("-", " ").title() + " School"
    )


def a_text(review: str = REVIEW) -> str:
    """The shipped policy's text, with another review date if wanted."""
    text = template().decode("utf-8")
    return text.replace(f"Review date: {REVIEW}", f"Review date: {review}")


def a_draft(session: ScopedSession, review: str = REVIEW, source_name: str = "code.txt") -> Edition:
    text = a_text(review)
    reading = read_policy(text.encode(), filename=source_name)
    return import_edition(
        session, reading, by=an_officer(), source_name=source_name, source_text=text
    )


def an_edition(session: ScopedSession, review: str = REVIEW, **rolled: Any) -> Edition:
    """A published edition; `to` and `adopt_by_on` where it is rolled out to some, or by a day."""
    edition = a_draft(session, review)
    approve(session, edition, by=an_officer(), board_on=clock.today())
    publish(session, edition, by=an_officer(), **rolled)
    session.flush()
    return edition


def a_translation(
    session: ScopedSession, clause: str, text: str, code: str = "ur", *, by_machine: bool = False
) -> ClauseTranslation:
    """A clause of the newest edition in another language; its exceptions in the same words."""
    document, spoken = the_edition(session).document, language(code)
    part = next(one for one in parts_of(document) if one.id == clause)
    before = newest(session, code).get(clause)
    return translate(
        session,
        document,
        spoken,
        clause,
        by=an_officer(),
        text=text,
        exceptions=[text for _ in part.exceptions],
        by_machine=by_machine,
        seen=before.number if before else 0,
    )


def an_open_edition(session: ScopedSession, **words: str) -> Edition:
    """A published edition of which schools may change the sections "importance" and "online".

    `words` take the place of a clause's: `importance_p1="Ours"`.
    """
    edition = a_draft(session)
    document = edition.document
    sections = []
    for section in document.sections:
        standing = TextStanding.ADAPTABLE if section.id in OPEN else section.standing
        clauses = tuple(
            replace(clause, text=words.get(clause.id.replace(".", "_"), clause.text))
            for clause in section.clauses
        )
        sections.append(replace(section, standing=standing, clauses=clauses))
    edition.body = replace(document, sections=tuple(sections)).to_json()
    session.flush()
    approve(session, edition, by=an_officer(), board_on=clock.today())
    publish(session, edition, by=an_officer())
    session.flush()
    return edition


def a_cycle(session: ScopedSession, **values: Any) -> TrustCycle:
    """The cycle of the Trust's policy: every three years, unless the test says otherwise."""
    cycle = cycle_of(session)
    given = {"every": 3, "unit": "years", "owner_id": None, "upward_id": None, **values}
    people = {each for each in (given["owner_id"], given["upward_id"]) if each}
    change_cycle(session, cycle, by=an_officer(), seen=cycle.version, people=people, **given)
    return cycle


# -- in the session for accounts


def a_user(
    session: ScopedSession,
    role: Role = Role.HEADTEACHER,
    school_id: UUID | None = None,
    *,
    email: str = "someone@school.example",
    name: str = "",
    password: str = PASSWORD,
) -> User:
    return add_user(
        session,
        by=COMMAND,
        email=email,
        name=name or role.word,
        password=password,
        grants=[Grant(role, school_id)],
    )


def an_authenticator(session: ScopedSession, user: User) -> str:
    """A confirmed authenticator; gives its secret."""
    factor = make_factor(session, user, SEALER)
    factor.confirmed_at, user.enrols_at_sign_in = clock.now(), False
    session.flush()
    return secret_of(factor, SEALER)


def a_code(secret: str, ahead: int = 0) -> str:
    """The code of this moment, or of `ahead` steps later."""
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=ahead)


# -- mail to people who sign in


def mailed(session: ScopedSession, to: str) -> list[TrustMessageContent]:
    """What was written to an address, the oldest first; in the Trust's session."""
    return list(
        session.scalars(
            select(TrustMessageContent)
            .where(TrustMessageContent.to_address == to)
            .order_by(TrustMessageContent.id)
        )
    )


def link_in(content: TrustMessageContent) -> str:
    """The path of the link in a mail, as the worker makes it."""
    link = content.link
    assert link is not None, content.subject
    row = UUID(link["row"])
    return link["path"] + token(SECRET_KEY, link["purpose"], row, link["generation"])


ASKING = Asking("Lantern Trust", "https://code.example/admin/editions/1/sign-off")

# -- in a school's session


def a_consultation(session: ScopedSession, review: str = "Spring Term 2031") -> Consultation:
    """An open consultation on a draft of its own, for ten more days."""
    return consult(session, a_draft(session, review))


def consult(session: ScopedSession, draft: Edition) -> Consultation:
    last = clock.today() + timedelta(days=10)
    return open_consultation(session, draft, by=an_officer(), closes_on=last, words="Read it")


def approvers(
    session: ScopedSession, edition: Edition, *people: UUID, all_of: bool = True
) -> dict[UUID, AtTrust]:
    """Name people who must approve a draft's text."""
    there = {id: AtTrust(id, f"Approver {n}", f"{id}@trust.example") for n, id in enumerate(people)}
    name_approvers(
        session, edition, by=an_officer(), chosen=people, people=there, all_of=all_of, asking=ASKING
    )
    return there


def a_guest(session: ScopedSession, consultation: Consultation, name: str = "Sam Sample") -> Guest:
    return invite_guest(
        session, consultation, by=an_officer(), name=name, email=f"{new_id()}@union.example",
        kind=GuestKind.UNION, of="Union of Examples", trust="Lantern Trust",
    )  # fmt: skip


def the_school(session: ScopedSession) -> School:
    school = session.get(School, session.school_id)
    assert school is not None
    return school


def the_edition(session: ScopedSession) -> Edition:
    edition = newest_published(session)
    assert edition is not None
    return edition


def settings_filled(
    session: ScopedSession, *, by: Actor | None = None, **values: Any
) -> SchoolSettings:
    """A school's settings with nothing blank; `values` are what the test is about."""
    return change_settings(
        session,
        by=by or a_head(session),
        seen_version=settings_of(session).version,
        **{**FACTS, **BANS, **values},
    )


def a_year(session: ScopedSession, begins: int = 2027) -> None:
    """One term of a school's own, in a school year that the Trust says nothing of."""
    autumn = Span(date(begins, 9, 6), date(begins, 12, 17), Kind.TERM, "autumn")
    save_year(session, begins, [autumn], by=a_head(session), seen=mark(()))


def own_reviews(session: ScopedSession, word: str, *, by: Actor) -> None:
    """The school's own reviews: one held, one paused, each with the word; one was reminded of."""
    begin_reviews(session)
    review = next(one for one in open_reviews(session) if one.subject == Part.COMPLAINTS.value)
    mark_reviewed(session, review.id, by=by, outcome=Outcome.SHARED, note=f"Sent by {word}")
    cycle = cycle_of_part(session, Part.BANS)
    assert cycle
    pause_part(session, cycle, by=by, seen=cycle.version, because=f"After {word}", until=None)
    session.add(
        SchoolReminder(
            kind=Reminder.TERM_BEGINS.value, subject_id=review.id, local_day=review.begins_on
        )
    )
    session.flush()


def a_badge(session: ScopedSession, word: str, *, by: Actor) -> UUID:
    """A badge whose name and bytes both hold the word; it has been looked at, let us say."""
    looked = Looked(f"Badge {word}.png", MediaType.PNG, _png(word))
    small = Looked(f"Small {word}.png", MediaType.PNG, _png(word))
    badge = set_badge(session, looked, by=by, seen=None, small=small)
    assert badge
    return badge.id


def a_looked(word: str) -> Looked:
    """A scan that has been looked at, let us say; its name and bytes hold the word."""
    return Looked(f"Scan {word}.png", MediaType.PNG, _png(word))


def _png(word: str) -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", word)
    png = io.BytesIO()
    Image.new("RGB", (8, 8), "#0f4c5c").save(png, "PNG", pnginfo=about)
    return png.getvalue()


def a_matrix(
    session: ScopedSession, matrix: Matrix = MATRIX, *, by: Actor | None = None
) -> SchoolMatrix:
    newest = current_matrix(session)
    return save_matrix(
        session, matrix, by=by or a_head(session), seen_number=newest.number if newest else 0
    )


def a_version(
    session: ScopedSession,
    *,
    edition: Edition | None = None,
    by: Actor | None = None,
    seen_number: int | None = None,
    in_force_on: date | None = None,
) -> SchoolVersion:
    """Publish the school's next version, with settings and a matrix if it has none yet."""
    settings = settings_of(session)
    if settings.version is None:
        settings = settings_filled(session)
    if current_matrix(session) is None:
        a_matrix(session)
    newest = newest_version(session)
    school = the_school(session)
    edition = edition or the_edition(session)
    if (adoption := begin(session, edition, by=by or a_head(session))) is not None:
        finish(session, adoption, by=by or a_head(session), seen=adoption.version)
    version = publish_version(
        session,
        school,
        edition,
        facts_of(session, school, settings),
        settings,
        by=by or a_head(session),
        seen_number=(newest.number if newest else 0) if seen_number is None else seen_number,
        in_force_on=in_force_on,
    )
    session.flush()
    return version


HEADER = "Pupil,Year,Adult,Relationship,Email"


def a_roll(*lines: str, header: str = HEADER) -> bytes:
    """A roll's file: `a_roll("Sam Sample,4,Alex Sample,mother,alex@parents.example")`."""
    return "\r\n".join([header, *lines, ""]).encode()


def an_adult(
    session: ScopedSession,
    name: str = "Alex Sample",
    *,
    email: str = "alex@parents.example",
    child: str = "Sam Sample",
    year: str = "4",
    relationship: str = "mother",
) -> Adult:
    roll = read_roll(a_roll(f"{child},{year},{name},{relationship},{email}"))
    take_in(session, roll, by=a_head(session))
    return session.scalars(
        select(Adult).where(Adult.name_key == key(name), Adult.email == email.lower())
    ).one()


def confirmed(session: ScopedSession, *, by: Actor | None = None) -> None:
    """The list of who is told, confirmed as it stands: before it no first campaign starts."""
    confirm_list(session, by=by or a_head(session), seen=the_list(session).mark)


def a_campaign(
    session: ScopedSession,
    version: SchoolVersion | None = None,
    *,
    by: Actor | None = None,
    link_days: int = 180,
    **plan: Any,
) -> Campaign:
    """A campaign to everyone by email, today; `plan` is what the test is about."""
    version = version or version_in_force(session) or a_version(session)
    confirmed(session, by=by)
    return start_campaign(
        session,
        the_school(session),
        version,
        by=by or a_head(session),
        link_days=link_days,
        telephone="01632 960001",
        reply_to="office@school.example",
        plan=Plan(**plan),
    )


def a_request(session: ScopedSession, adult: Adult | None = None, *, link_days: int = 180) -> Asked:
    """An adult who was asked and has not answered yet, as their link's page knows them."""
    adult = adult or an_adult(session)
    a_campaign(session, link_days=link_days)
    request_id = session.scalars(
        select(SignRequest.id)
        .where(SignRequest.adult_id == adult.id)
        .order_by(SignRequest.asked_at.desc())
        .limit(1)
    ).one()
    return asked_again(session, request_id)


def asked_again(session: ScopedSession, request_id: UUID) -> Asked:
    request = asked(session, request_id)
    assert request is not None
    return request


def an_answer(
    session: ScopedSession, request: Asked, answer: Answer = Answer.SIGNED, **values: Any
) -> bool:
    """Answer as the page does; `values` are what the test is about."""
    version = session.scalars(
        select(SchoolVersion).where(SchoolVersion.id == request.version_id)
    ).one()
    given = {
        "by": request.by,
        "typed_name": request.adult_name,
        "note": "",
        "shown_sha256": request.sha256,
        "copy": copy_of(version),
        "school": the_school(session),
        **values,
    }
    return signing.answer(session, request, answer, **given)
