"""One Trust with three schools, staff of every role, parents, and a campaign that began.

In every school the same parents have the same names and addresses, and a word
that no other school has stands wherever words can stand: a page that shows the
word of another school has leaked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests import build
from tests.bans import rows as bans
from tests.conduct import meeting_rows as meetings
from tests.conduct import plan_rows as plans
from tests.conduct import referral_rows as referrals
from tests.conduct import rows as conduct
from tests.letters import rows as letters
from trustconduct import clock
from trustconduct.accounts.feeds import make_feed
from trustconduct.accounts.models import User
from trustconduct.acknowledgements.answers import hold_talk
from trustconduct.acknowledgements.entrance import hang_notice
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    Campaign,
    SignRequest,
)
from trustconduct.acknowledgements.notice_models import LinkFetch, TextOpened, ToldHow
from trustconduct.acknowledgements.packs import PackWho, begin_pack
from trustconduct.acknowledgements.paper_models import AnswerHow, How, PaperSheet
from trustconduct.acknowledgements.plans import SignReminder
from trustconduct.acknowledgements.struck_models import AnswerStruck, AnswerStruckWords
from trustconduct.acknowledgements.told_otherwise import note_told
from trustconduct.acknowledgements.words import Words
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.events import Event
from trustconduct.audit.models import SealMailed
from trustconduct.audit.record import record
from trustconduct.audit.seals import newest_seal, seal, subject
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route
from trustconduct.db import new_id, transaction
from trustconduct.jobs.models import Run
from trustconduct.languages.spoken import OTHERS
from trustconduct.people.models import Adult, KeptApart, Pupil, UntoldMark
from trustconduct.people.roll import read_roll
from trustconduct.people.roll_models import (
    RollFile,
    RollFinding,
    RollMapping,
    RollState,
    StoredRoll,
    Verdict,
)
from trustconduct.people.take_in import Changes, take_in
from trustconduct.policies.approvers import Said, text_mark
from trustconduct.policies.consultations import Comment
from trustconduct.policies.consulting import comment, comment_as_guest
from trustconduct.policies.models import Adoption, LocalChange, PolicyText
from trustconduct.policies.signing_off import sign_off
from trustconduct.policies.translations import note_review
from trustconduct.reviews.due_days import Step
from trustconduct.reviews.models import RollOutReminder
from trustconduct.reviews.review_steps import tick
from trustconduct.schools.models import SchoolBadge
from trustconduct.schools.occasions import authorise
from trustconduct.tenants.sessions import ScopedSession, Sessions

NAMES = {"oak-lane": "Oak Lane", "elm-park": "Elm Park", "ash-grove": "Ash Grove"}
AT_SCHOOL = (
    Role.HEADTEACHER, Role.OFFICE, Role.PASTORAL, Role.TEACHER, Role.GOVERNOR, Role.SAFEGUARDING,
)  # fmt: skip
AT_TRUST = (Role.TRUST_OFFICER, Role.TRUST_READER)


@dataclass(frozen=True)
class WorldUser:
    id: UUID
    role: Role
    slug: str | None
    email: str
    name: str
    secret: str
    password: str = build.PASSWORD


@dataclass(frozen=True)
class WorldSchool:
    id: UUID
    slug: str
    name: str
    canary: str = ""  # in what people, settings and texts say
    staff_canary: str = ""  # in the names of staff, which the console may show
    users: dict[Role, WorldUser] = field(default_factory=dict)
    adults: dict[str, UUID] = field(default_factory=dict)
    pupils: dict[str, UUID] = field(default_factory=dict)
    requests: dict[str, UUID] = field(default_factory=dict)  # by the adult's name
    campaign: UUID | None = None
    version: UUID | None = None
    version_number: int = 0
    talk: UUID | None = None  # an open wish to talk
    badge: UUID | None = None
    small_badge: UUID | None = None
    notice: UUID | None = None  # at an entrance
    occasion: UUID | None = None  # an authorised event
    letter: UUID | None = None  # which its addressee has opened
    withdrawn_letter: UUID | None = None
    draft_letter: UUID | None = None  # being written
    letter_run: UUID | None = None
    service: UUID | None = None  # of the letter
    signatory: UUID | None = None
    incident: UUID | None = None  # in the case
    untriaged: UUID | None = None
    case: UUID | None = None
    plan: UUID | None = None  # of Lee, ended
    meeting: UUID | None = None  # of the case, to come
    mediation: UUID | None = None
    referral: UUID | None = None  # of the case, ended
    step: UUID | None = None
    ban: UUID | None = None  # in force
    exception: UUID | None = None
    device: UUID | None = None
    roll: UUID | None = None  # looked at, and not saved
    pack: UUID | None = None  # of one sheet
    sheet: UUID | None = None
    telling: UUID | None = None
    scan: UUID | None = None

    @property
    def head(self) -> Actor:
        user = self.users[Role.HEADTEACHER]
        grants = frozenset({Grant(user.role, self.id)})
        return Actor("user", user.id, user.name, grants, fresh=True)


@dataclass(frozen=True)
class World:
    schools: dict[str, WorldSchool]
    trust_users: dict[Role, WorldUser] = field(default_factory=dict)
    edition: UUID | None = None
    # Filled by the fixture, for the database that the test got.
    name: str = ""
    url: str = ""
    sessions: Sessions | None = None

    @property
    def oak(self) -> WorldSchool:
        return self.schools["oak-lane"]

    @property
    def elm(self) -> WorldSchool:
        return self.schools["elm-park"]

    @property
    def ash(self) -> WorldSchool:
        return self.schools["ash-grove"]

    @property
    def users(self) -> list[WorldUser]:
        at_schools = [user for school in self.schools.values() for user in school.users.values()]
        return [*self.trust_users.values(), *at_schools]


def make_ground(sessions: Sessions) -> World:
    """The Trust, three schools without anything, and one published edition."""
    with sessions.trust() as trust, transaction(trust):
        build.a_trust(trust)
        schools = {
            slug: WorldSchool(
                id=build.a_school(trust, slug, name).id,
                slug=slug,
                name=name,
                canary=f"kestrel{slug[:3]}",
                staff_canary=f"heron{slug[:3]}",
            )
            for slug, name in NAMES.items()
        }
        edition = build.an_edition(trust)
        letters.words_approved(trust)
        return World(schools, edition=edition.id)


def make_world(sessions: Sessions, ground: World) -> World:
    with sessions.accounts() as accounts, transaction(accounts):
        trust_users = {role: _user(accounts, role, None) for role in AT_TRUST}
        users = {
            slug: {role: _user(accounts, role, school) for role in AT_SCHOOL}
            for slug, school in ground.schools.items()
        }
        reader = accounts.get_one(User, trust_users[Role.TRUST_READER].id)
        make_feed(accounts, reader, by=build.a_reader())
    with sessions.trust() as trust, transaction(trust):
        build.a_cycle(trust, owner_id=trust_users[Role.TRUST_OFFICER].id)
        tick(trust, build.the_edition(trust), Step.START, by=build.an_officer())
        build.a_translation(trust, "behaviour.1", "Geiriau Cymraeg", "cy")
        note_review(trust, OTHERS[0], by=build.an_officer(), reviewer="Jo Sample", role="Reader")
    schools = {}
    for slug, school in ground.schools.items():
        with sessions.school(school.id) as session, transaction(session):
            schools[slug] = _filled(session, replace(school, users=users[slug]))
    with sessions.trust() as trust, transaction(trust):
        now = clock.now()
        run = Run(task="deliver_mail", slot_at=now, started_at=now, ended_at=now, tries=1, found=1)
        trust.add(run)
    _sealed(sessions, [school.id for school in schools.values()])
    return replace(ground, schools=schools, trust_users=trust_users)


def _sealed(sessions: Sessions, schools: list[UUID]) -> None:
    """What happened is sealed, and the heads were mailed a day ago."""
    heads = []
    for scope in (sessions.trust, *(partial(sessions.school, id) for id in schools)):
        with scope() as session, transaction(session):
            seal(session)
            newest = newest_seal(session)
            heads.append((subject(session), newest.number, newest.head))
    day = clock.today() - timedelta(days=1)
    with sessions.trust() as trust, transaction(trust):
        for of, number, head in heads:
            trust.add(SealMailed(local_day=day, of_id=of, number=number, head=head))


def _user(accounts: ScopedSession, role: Role, school: WorldSchool | None) -> WorldUser:
    place = school.slug if school else "trust"
    name = f"{role.word} {school.staff_canary if school else ''}".strip()
    email = f"{role.value}@{place}.example"
    user = build.a_user(accounts, role, school.id if school else None, email=email, name=name)
    secret = build.an_authenticator(accounts, user)
    return WorldUser(user.id, role, school.slug if school else None, email, name, secret)


def own_words(session: ScopedSession, word: str, by: Actor) -> None:
    """A text of the school's own that reads as the Trust's does: its pages stay as they are."""
    edition = build.the_edition(session)
    body = edition.document.to_json()
    body["matrix"] = {**body["matrix"], "corner": word}  # which is not what is published
    session.add_all(
        [
            PolicyText(edition_id=edition.id, body=body),
            LocalChange(
                edition_id=edition.id, clause="online.local.1", kind="added", reason=f"For {word}"
            ),
            Adoption(
                edition_id=edition.id,
                base_id=edition.id,
                decisions=[{"reason": f"For {word}"}],
                begun_by=by.name,
                finished_at=clock.now(),
                finished_by=by.name,
            ),
            RollOutReminder(kind="asked", subject_id=edition.id, local_day=clock.today()),
        ]
    )
    session.flush()


def _on_paper(
    session: ScopedSession, version: Any, requests: dict[str, UUID], word: str, by: Actor
) -> dict[str, Any]:
    """A pack of one sheet; an answer that was keyed; who opened the text, and who was told."""
    lee = session.scalars(select(Adult.id).where(Adult.name == f"Lee {word}")).one()
    alex = requests["Alex Sample"]
    today = clock.today()
    pack = begin_pack(session, version, by=by, who=PackWho.CHOSEN, chosen=[lee], link_days=180)
    telling = note_told(
        session, [lee], by=by, how=ToldHow.MEETING, told_on=today,
        words=f"In the hall of {word}", scan=build.a_looked(word),
    )  # fmt: skip
    answer = session.scalars(
        select(Acknowledgement.id).where(Acknowledgement.request_id == alex)
    ).one()
    session.add_all(
        [
            AnswerHow(
                id=answer, how=How.MEETING.value, signed_on=today, received_on=today,
                keyed_by=by.name, witness=word,
            ),
            TextOpened(request_id=alex, sha256=version.sha256, typed_name=f"Alex {word}"),
            LinkFetch(request_id=alex, local_day=today),
        ]
    )  # fmt: skip
    session.flush()
    _struck_out(session, alex, version, word, by)
    sheet = session.scalars(select(PaperSheet.id)).one()
    return {"pack": pack.id, "sheet": sheet, "telling": telling.id, "scan": telling.scan_id}


def _struck_out(session: ScopedSession, request: UUID, version: Any, word: str, by: Actor) -> None:
    """An answer that was noted for the wrong person, and struck out: it counts nowhere."""
    id, today = new_id(), clock.today()
    given = Acknowledgement(
        id=id, request_id=request, answer="talk", sha256=version.sha256, answered_at=clock.now()
    )
    session.add(given)
    session.flush()
    record(session, Event.ANSWER_KEYED, by=by, about=given, version=version.number,
           sha256=version.sha256, answer="talk", signed_as=f"Sam {word}", how="at a meeting",
           signed_on=today.isoformat())  # fmt: skip
    record(session, Event.ANSWER_STRUCK, by=by, about=given, version=version.number)
    session.add_all(
        [
            AcknowledgementWords(id=id, typed_name=f"Sam {word}", note=""),
            AnswerHow(
                id=id, how=How.MEETING.value, signed_on=today, received_on=today,
                keyed_by=by.name,
            ),
        ]
    )  # fmt: skip
    session.flush()
    session.add(AnswerStruck(id=id))
    session.flush()
    session.add(AnswerStruckWords(id=id, struck_by=by.name, because=f"Of Sam {word}"))
    session.flush()


def _said_once(session: ScopedSession, word: str) -> None:
    """Marks that have ended: they are shown, and hold nobody back."""
    pat, chris = session.scalars(
        select(Adult.id).where(Adult.name.in_([f"Pat {word}", f"Chris {word}"])).order_by(Adult.id)
    )
    said = {
        "because": f"For {word}",
        "said_by": word,
        "ended_at": clock.now(),
        "ended_because": f"Over for {word}",
        "ended_by": word,
    }
    session.add(UntoldMark(adult_id=chris, **said))
    session.add(KeptApart(adult_id=min(pat, chris), other_id=max(pat, chris), **said))
    session.flush()


def _a_roll_on_its_way(session: ScopedSession, word: str) -> UUID:
    """A roll that was looked at and not saved."""
    roll = StoredRoll(whole=True, state=RollState.READY.value, progress=100)
    session.add(roll)
    session.flush()
    counts = Changes(lines=1, adults_new=1).to_json()
    content = f"about {word}".encode()
    session.add_all(
        [
            RollFile(id=roll.id, name=f"{word}.csv", content=content, header=[word], counts=counts),
            RollFinding(
                roll_id=roll.id, number=2, verdict=Verdict.ADDED.value,
                adult=f"New {word}", pupil="", what="new adult",
            ),
            RollMapping(columns={"pupil": f"Pupil {word}"}),
        ]
    )  # fmt: skip
    session.flush()
    return roll.id


def _filled(session: ScopedSession, school: WorldSchool) -> WorldSchool:
    word, by = school.canary, school.head
    build.settings_filled(
        session,
        by=by,
        policies_url=f"https://{word}.example/policies",
        app_name=f"App {word}",
        telephone=f"01632 960001 {word}",
        email=f"office@{word}.example",
        address=f"1 {word} Lane",
        office_hours=f"Monday 9am to 4pm {word}",
        complaints_url=f"https://{word}.example/complaints",
        safeguarding_url=f"https://{word}.example/safeguarding",
        staff_code_url=f"https://{word}.example/staff",
        governing_body=f"Governors of {word}",
        signatories=f"Ada {word}, Headteacher",
    )
    build.a_year(session, 2024)
    build.a_matrix(
        session,
        Matrix(
            purposes=(Purpose("ask", f"Ask {word}"),),
            routes=(Route("telephone", f"Telephone {word}", f"01632 {word}"),),
            ticks=frozenset({("telephone", "ask")}),
        ),
        by=by,
    )
    version = build.a_version(session, by=by)
    own_words(session, word, by)
    roll = build.a_roll(
        # The same in every school, and two adults with one address.
        "Sam Sample,4,Alex Sample,mother,family@parents.example",
        "Sam Sample,4,Jo Sample,father,family@parents.example",
        # This school's own.
        f"Robin {word},Year {word},Pat {word},aunt {word},pat@{word}.example",
        f"Robin {word},Year {word},Lee {word},uncle {word},lee@{word}.example",
        f"Kim {word},,Chris {word},carer,",
    )
    take_in(session, read_roll(roll), by=by)
    badge = build.a_badge(session, word, by=by)
    words = Words(subject=f"From {word}", body=f"{word} {{link}}", text=f"{word} {{link}}")
    build.a_campaign(session, version, by=by, words=words)
    occasion = authorise(
        session,
        by=by,
        name=f"Fair {word}",
        held_on=clock.today() + timedelta(days=30),
        place=f"Hall {word}",
        alcohol=True,
    )
    notice = hang_notice(session, by=by, place=f"Door {word}", hung_on=clock.today())
    requests = dict(
        session.execute(
            select(Adult.name, SignRequest.id).join(Adult, Adult.id == SignRequest.adult_id)
        ).all()
    )

    def answers(name: str, answer: Answer, note: str = "") -> UUID:
        request = build.asked_again(session, requests[name])
        build.an_answer(session, request, answer, note=note)
        return session.scalars(
            select(Acknowledgement.id).where(
                Acknowledgement.answer == answer.value, Acknowledgement.request_id == request.id
            )
        ).one()

    answers("Alex Sample", Answer.SIGNED)
    hold_talk(session, answers("Jo Sample", Answer.TALK, f"Please call. {word}"), by=by)
    answers(f"Pat {word}", Answer.DECLINED, f"No thank you. {word}")
    talk = answers(f"Pat {word}", Answer.TALK, f"Call me about {word}")
    build.own_reviews(session, word, by=by)
    session.add(
        SignReminder(
            request_id=requests["Alex Sample"],
            adult_id=session.scalars(select(Adult.id).where(Adult.name == "Alex Sample")).one(),
            local_day=clock.today(),
        )
    )
    _said_once(session, word)
    on_paper = _on_paper(session, version, requests, word, by)
    return replace(
        school,
        **on_paper,
        adults=dict(session.execute(select(Adult.name, Adult.id)).all()),
        pupils=dict(session.execute(select(Pupil.name, Pupil.id)).all()),
        requests=requests,
        campaign=session.scalars(select(Campaign.id)).one(),
        version=version.id,
        version_number=version.number,
        talk=talk,
        badge=badge,
        small_badge=session.scalars(select(SchoolBadge.small_file_id)).one(),
        notice=notice.id,
        occasion=occasion.id,
        **letters.of_world(session, word, by),
        **(of_conduct := conduct.of_world(session, word, by, school.users)),
        **meetings.of_world(session, word, by, of_conduct["case"]),
        **referrals.of_world(session, word, by, of_conduct["case"]),
        **plans.of_world(session, word, by),
        **bans.of_world(session, word, by),
        roll=_a_roll_on_its_way(session, word),
    )


def signed_off(world: World) -> None:
    """A draft whose text an officer was asked to approve, and approved."""
    officer = build.an_officer()
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
        build.approvers(session, draft, officer.id)
        sign_off(session, draft, by=officer, said=Said.APPROVED, words="", seen=text_mark(draft))


def consulted(world: World) -> tuple[UUID, dict[str, Any]]:
    """A consultation: each school's head and a guest have said something. Gives the guest,
    and what the address of one of the comments needs.
    """
    with world.sessions.trust() as session, transaction(session):
        there = build.a_consultation(session)
        guest = build.a_guest(session, there)
        comment_as_guest(session, there, guest, clause="behaviour.1", words="Too harsh")
    for each in world.schools.values():
        with world.sessions.school(each.id) as session, transaction(session):
            comment(session, there, by=each.head, clause="behaviour.1", words=f"Said {each.canary}")
    with world.sessions.trust() as session:
        said = session.scalars(select(Comment.id).where(Comment.guest_id == guest.id)).one()
    return guest.id, {"number": there.edition_number, "comment_id": said}
