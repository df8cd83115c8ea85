"""Every rule: which permission it asks for, or why it asks for none.

A new rule stands here or the build fails; `test_permissions.py` prints the line to
add. It then calls the rule with an actor who may do everything but this one thing,
and expects a refusal before anything is written.

- `Asks(Can.X, SCHOOL, lambda s: given(…))`: the session's scope, and what the rule is
  given besides `session` and `by`. `s` is the session; what the rule needs to be there
  is made with `tests/build.py`. A rule in a session of the Trust or for accounts is
  asked about the Trust, in a school's about that school; `at=` says otherwise.
  `at_both(…)` is a rule that is asked in a school's session and in the Trust's, and a
  rule that asks for one thing or another has an entry for each.
- `Free("why")`: anyone may, and why that is right. Think twice.
- `UNSIGNED`: what writes without saying by whom, and why that is right. Think three times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from tests import build
from tests.bans import rows as bans
from tests.build import SEALER, the_edition, the_school
from tests.conduct import meeting_rows, plan_rows, referral_rows
from tests.conduct import rows as conduct
from tests.letters import rows
from trustconduct import clock
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.models import User, UserGrant
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.entrance import EntranceNotice, hang_notice
from trustconduct.acknowledgements.lists import Wanted as Wanted_
from trustconduct.acknowledgements.models import Answer, Campaign
from trustconduct.acknowledgements.models import SignRequest as SignRequest_
from trustconduct.acknowledgements.notice_models import ToldHow
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer
from trustconduct.acknowledgements.packs import PackWho, begin_pack, keep_pack, to_print
from trustconduct.acknowledgements.paper_models import AnswerHow, How, PaperPack, PaperSheet
from trustconduct.acknowledgements.told_otherwise import note_told
from trustconduct.audit.actor import Grant, Role
from trustconduct.audit.history import Wanted
from trustconduct.bans.gate import enrol_device
from trustconduct.bans.models import Ban, BanException, Found, Means
from trustconduct.bans.reviews import open_review
from trustconduct.bans.terms import terms_of
from trustconduct.conduct.cases import assign
from trustconduct.conduct.ladder import Decision
from trustconduct.conduct.models import CaseMember, Duty, StepKind, Tag
from trustconduct.db import new_id
from trustconduct.files.models import FileKind, MediaType
from trustconduct.files.take_in import Looked
from trustconduct.languages.spoken import OTHERS
from trustconduct.letters.approve import withdraw_letter
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Ended, Letter
from trustconduct.letters.models import Way as LetterWay
from trustconduct.letters.serve import hand_over, send_by_email
from trustconduct.letters.shipped import shipped
from trustconduct.letters.wordings import save_wording
from trustconduct.outbox.models import models_of
from trustconduct.outbox.write import Mail, write
from trustconduct.people.change import leave
from trustconduct.people.doubles import merge
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.roll_files import begin_roll, check
from trustconduct.people.take_in import compare
from trustconduct.people.untold import keep_apart, mark_untold
from trustconduct.people.who_is_told import the_list
from trustconduct.policies.approvers import Approver, Said, text_mark
from trustconduct.policies.consultations import Comment, Consultation, GuestKind
from trustconduct.policies.consultations import Outcome as CommentOutcome
from trustconduct.policies.consulting import comment, comment_as_guest
from trustconduct.policies.decisions import Choice
from trustconduct.policies.document import Document, Form, Section, TextStanding
from trustconduct.policies.editing import HEADER, HeaderFields
from trustconduct.policies.edition_changes import EditionChange
from trustconduct.policies.edits import AddClause
from trustconduct.policies.models import Adoption, Edition, PolicyText
from trustconduct.policies.reading import read_policy
from trustconduct.policies.rollouts import changes_of
from trustconduct.policies.signing_off import AtTrust
from trustconduct.policies.versions import newest_version
from trustconduct.reviews.cycles import cycle_of, pause
from trustconduct.reviews.due_days import WEEK, Step
from trustconduct.reviews.models import Outcome, Part, SchoolCycle, TrustCycle
from trustconduct.reviews.review_steps import tick
from trustconduct.reviews.school_reviews import (
    begin_reviews,
    cycle_of_part,
    open_reviews,
    pause_part,
)
from trustconduct.schools.add import NewSchool
from trustconduct.schools.calendars import mark
from trustconduct.schools.change import suspend
from trustconduct.schools.inherited import Given as Given_
from trustconduct.schools.models import AuthorisedEvent
from trustconduct.schools.occasions import authorise
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.schools.start import Head
from trustconduct.tenants.calendars import Calendar, Kind, Span
from trustconduct.tenants.sessions import SCHOOL as SCHOOL_ROLE
from trustconduct.tenants.sessions import ScopedSession

SCHOOL, TRUST, ACCOUNTS = "school", "trust", "accounts"


@dataclass(frozen=True)
class Given:
    args: tuple[Any, ...]
    more: Mapping[str, Any]


def given(*args: Any, **more: Any) -> Given:
    return Given(args, more)


@dataclass(frozen=True)
class Asks:
    can: Can
    scope: str
    with_: Callable[[ScopedSession], Given]
    at: str = ""  # SCHOOL or TRUST, where that does not follow from the scope
    idle: str = ""  # why it finds nothing to do in this database
    role: Role | None = None  # that the rule asks for besides, by the school's settings
    also: frozenset[Can] = frozenset()  # what a rule that it calls asks for

    @property
    def place(self) -> str:
        return self.at or (SCHOOL if self.scope == SCHOOL else TRUST)


@dataclass(frozen=True)
class Free:
    why: str


def at_both(can: Can, with_: Callable[[ScopedSession], Given]) -> tuple[Asks, ...]:
    return Asks(can, SCHOOL, with_), Asks(can, TRUST, with_)


SOMEBODY = new_id()  # who calls them

# -- what some of them are given


def _draft(session: ScopedSession) -> Edition:
    return build.a_draft(session)


def _to_sign_off(s: ScopedSession) -> Edition:
    """A draft that `SOMEBODY` was asked yesterday to approve."""
    draft = _draft(s)
    build.approvers(s, draft, SOMEBODY)
    for one in s.scalars(select(Approver)):
        one.asked_on = clock.today() - timedelta(days=1)
    return draft


def _asked_about(s: ScopedSession) -> Edition:
    return s.get_one(Edition, build.a_consultation(s).edition_id)


def _said(s: ScopedSession) -> Comment:
    there = build.a_consultation(s)
    comment_as_guest(s, there, build.a_guest(s, there), clause="", words="Good")
    return s.scalars(select(Comment)).one()


def _consulted(s: ScopedSession) -> Consultation:
    """The Trust's own, put in beneath a school's session: for it to speak of."""
    there = Consultation(
        edition_id=the_edition(s).id, edition_number=1, body=the_edition(s).body,
        opened_by="An officer", closes_on=clock.today() + WEEK,
    )  # fmt: skip
    s.execute(text("set local role tc_trust"))
    s.add(there)
    s.flush()
    s.execute(text("set local role tc_school"))
    return there


def _own_comment(s: ScopedSession) -> Comment:
    by = build.a_head(s)
    comment(s, _consulted(s), by=by, clause="", words="Good")
    return s.scalars(select(Comment)).one()


def _approved(session: ScopedSession) -> Edition:
    edition = build.a_draft(session)
    build.approve(session, edition, by=build.an_officer(), board_on=clock.today())
    session.flush()
    return edition


def _reading() -> Any:
    return read_policy(build.a_text().encode(), filename="code.txt")


def _version(session: ScopedSession) -> Given:
    settings = build.settings_filled(session)
    build.a_matrix(session)
    school = the_school(session)
    facts = facts_of(session, school, settings)
    return given(school, the_edition(session), facts, settings, seen_number=0)


def _change_of(draft: Edition) -> EditionChange:
    before = {**HeaderFields.of(draft).to_json(), "author": "Somebody else"}
    return EditionChange(
        edition_id=draft.id, kind=HEADER, about="", before=before, at=clock.now(), by_name="A"
    )


def _opened(session: ScopedSession) -> Edition:
    """The edition as if the Trust had opened it: not kept, since it is published."""
    edition = the_edition(session)
    session.expunge(edition)
    sections = (replace(one, standing=TextStanding.ADAPTABLE) for one in edition.document.sections)
    edition.body = replace(edition.document, sections=tuple(sections)).to_json()
    return edition


def _adoption(session: ScopedSession) -> Adoption:
    edition = the_edition(session)
    own = Section("section.local.1", "Ours", (), TextStanding.ADAPTABLE)
    document = replace(edition.document, sections=(*edition.document.sections, own))
    text = PolicyText(edition_id=edition.id, body=document.to_json())
    adoption = Adoption(edition_id=edition.id, base_id=edition.id, begun_by="A head")
    session.add_all([text, adoption])
    session.flush()
    return adoption


def _campaign(session: ScopedSession) -> Given:
    build.an_adult(session)
    build.a_version(session)
    build.confirmed(session)
    version = newest_version(session)
    return given(
        the_school(session), version, link_days=9, telephone="01632 960001", reply_to="a@b.example"
    )


def _two(session: ScopedSession) -> tuple[Adult, Adult]:
    other = build.an_adult(session, email="alex@other.example", child="Kim Sample")
    return build.an_adult(session), other


def _marked(session: ScopedSession) -> Adult:
    adult = build.an_adult(session)
    mark_untold(session, adult, by=build.a_head(session), because="So")
    return adult


def _parted(session: ScopedSession) -> tuple[Adult, Adult]:
    two = _two(session)
    keep_apart(session, *two, by=build.a_head(session), because="So")
    return two


def _merged(session: ScopedSession) -> Adult:
    double, into = _two(session)
    merge(session, double, into, by=build.a_head(session))
    return double


def _gone(session: ScopedSession) -> Adult:
    adult = build.an_adult(session)
    leave(session, adult, by=build.a_head(session))
    return adult


_ROLL = build.a_roll("Sam,4,Alex,mother,alex@parents.example")


def _brought_in(session: ScopedSession, raw: bytes = _ROLL) -> UUID:
    roll = begin_roll(session, raw, name="roll.csv", whole=True, by=build.a_head(session))
    return roll.id


def _looked_at(session: ScopedSession) -> UUID:
    roll_id = _brought_in(session)
    check(session, roll_id)
    return roll_id


_PERSON = {"name": "Nia", "kind": "parent", "email": "", "telephone": "", "address": ""}
_SAID = {
    "relationship": "aunt",
    "parental_responsibility": None,
    "lives_with": None,
    "may_collect": None,
    "court_order": "",
}


def _care(session: ScopedSession) -> tuple[Care, Pupil]:
    build.an_adult(session)
    return session.scalars(select(Care)).one(), session.scalars(select(Pupil)).one()


def _newest_campaign(session: ScopedSession) -> UUID:
    return session.scalars(select(Campaign.id).order_by(Campaign.number.desc()).limit(1)).one()


def _fresh_link(session: ScopedSession) -> Given:
    request = build.a_request(session)
    return given(
        the_school(session),
        {request.id: 1},
        link_days=9,
        telephone="01632 960001",
        reply_to="a@b.example",
    )


def _wish_to_talk(session: ScopedSession) -> Given:
    request = build.a_request(session)
    build.an_answer(session, request, Answer.TALK, note="Please call.")
    model = build.signing.Acknowledgement
    return given(session.scalars(select(model.id).where(model.request_id == request.id)).one())


def _grants() -> list[Grant]:
    return [Grant(Role.TRUST_READER)]


def _new_user() -> dict[str, Any]:
    return {"email": "nia@trust.example", "name": "Nia", "grants": _grants()}


def _a_grant(session: ScopedSession) -> UserGrant:
    """A role of somebody who has come in, and whose leaving leaves an officer."""
    build.a_user(session, Role.TRUST_OFFICER, email="first@trust.example")
    return build.a_user(session, Role.TRUST_OFFICER, email="second@trust.example").grants[0]


def _invited(session: ScopedSession) -> User:
    return invite(session, by=build.an_officer(), **_new_user(), trust_name="Lantern Trust")


def _closed(session: ScopedSession) -> User:
    user = _a_grant(session).user
    user.disabled_at = clock.now()
    return user


def _school_as_it_is(session: ScopedSession) -> Given:
    school = build.a_school(session)
    session.flush()
    more = {"seen_version": school.version, "phase": None, "address": "Lane"}
    return given(school, **more, name=school.name)


def _suspended(session: ScopedSession) -> Given:
    school = build.a_school(session)
    suspend(session, school, by=build.an_officer(), reason="Left", heads=[])
    return given(school, heads=[_head()])


def _head() -> Head:
    return Head("Jo Sample", "jo@sample.example")


def _looked() -> Looked:
    return Looked("Badge.png", MediaType.PNG, b"a picture that was looked at")


def _parked(session: ScopedSession) -> UUID:
    """The id of a message that was given up, of the school or of the Trust."""
    names = {"to_name": "Nia", "to_address": "nia@trust.example", "from_name": "Lantern Trust"}
    write(session, [Mail(kind="account_joined", subject="Hello", body="Hello", **names)])
    model, _ = models_of(in_school=session.scope.role == SCHOOL_ROLE)
    message = session.scalars(select(model).order_by(model.id.desc()).limit(1)).one()
    message.parked_at = clock.now()
    return message.id


def _all_parked(session: ScopedSession) -> Given:
    _parked(session)
    return given()


def _paused(session: ScopedSession) -> TrustCycle:
    cycle = cycle_of(session)
    pause(session, cycle, by=build.an_officer(), seen=None, because="Merging", until=None)
    return cycle


def _ticked(session: ScopedSession) -> Edition:
    edition = the_edition(session)
    tick(session, edition, Step.START, by=build.an_officer())
    return edition


def _part(session: ScopedSession) -> SchoolCycle:
    begin_reviews(session)
    cycle = cycle_of_part(session, Part.FACTS)
    assert cycle
    return cycle


def _paused_part(session: ScopedSession) -> SchoolCycle:
    cycle = _part(session)
    pause_part(session, cycle, by=build.a_head(session), seen=1, because="Moving", until=None)
    return cycle


def _notice(session: ScopedSession) -> EntranceNotice:
    return hang_notice(session, by=build.a_head(session), place="Gate", hung_on=clock.today())


def _keyed(session: ScopedSession) -> tuple[Adult, Keyed]:
    build.a_version(session)
    today = clock.today()
    return build.an_adult(session), Keyed(Answer.SIGNED, How.PAPER, "Alex Sample", today, today)


def _given_on_paper(session: ScopedSession) -> UUID:
    assert key_answer(session, *_keyed(session), by=build.a_head(session))
    return session.scalars(select(AnswerHow.id)).one()


def _to_be_told(session: ScopedSession) -> Given:
    build.a_version(session)
    adult = build.an_adult(session)
    return given([adult.id], how=ToldHow.MEETING, told_on=clock.today(), words="The hall")


def _telling(session: ScopedSession) -> UUID:
    told = _to_be_told(session)
    return note_told(session, *told.args, by=build.a_head(session), **told.more).id


def _for_pack(session: ScopedSession) -> Given:
    version = build.a_version(session)
    build.an_adult(session)
    build.confirmed(session)
    return given(version, who=PackWho.NO_REPLY, link_days=180)


def _pack(session: ScopedSession) -> PaperPack:
    asked = _for_pack(session)
    return begin_pack(session, *asked.args, by=build.a_head(session), **asked.more)


def _sheet(session: ScopedSession) -> PaperSheet:
    pack = _pack(session)
    return session.scalars(select(PaperSheet).where(PaperSheet.pack_id == pack.id)).one()


def _printed(session: ScopedSession) -> UUID:
    pack = _pack(session)
    sheets = [one.sheet_id for one in to_print(session, pack.id)]
    assert keep_pack(session, pack.id, b"%PDF", sheets, SEALER)
    return pack.id


def _occasion(session: ScopedSession) -> AuthorisedEvent:
    return authorise(
        session,
        by=build.a_head(session),
        name="Fair",
        held_on=clock.today(),
        place="Hall",
        alcohol=True,
    )


def _letter(session: ScopedSession, way: LetterWay = LetterWay.HAND) -> Letter:
    there = rows.an_addressee(session, email="lee@parents.example")
    return rows.a_letter(session, "plain", adult=there, way=way)


def _frozen(session: ScopedSession, way: LetterWay = LetterWay.HAND) -> Letter:
    letter = _letter(session, way)
    rows.approved(session, letter)
    return letter


def _to_move(session: ScopedSession) -> Given:
    incident = conduct.an_incident(session)
    case, _ = conduct.a_case(session)
    return given(incident, case, seen=incident.version)


def _to_triage(session: ScopedSession) -> Given:
    incident = conduct.an_incident(session)
    return given(incident, adult_id=None, clauses=(), case=None, seen=incident.version)


def _to_decide(session: ScopedSession) -> Given:
    case, _ = conduct.a_case(session)
    return given(case, Decision(StepKind.WORD, "It was small."), seen=case.version)


def _decided(session: ScopedSession) -> Given:
    case, _ = conduct.a_case(session)
    return given(case, conduct.a_step(session, case, StepKind.WORD), because="Wrong case")


def _ban(session: ScopedSession) -> Ban:
    bans.ready(session)
    return bans.in_force(session)


def _ended(session: ScopedSession) -> Given:
    ban = _ban(session)
    return given(ban, seen=ban.version, because="Enough")


def _to_confirm(session: ScopedSession) -> Given:
    ban = bans.a_notice(session)
    bans.served(session, ban)
    bans.heard(session, ban)
    return given(ban, bans.a_decision(session, ban), seen=ban.version)


def _to_reject(session: ScopedSession) -> Given:
    ban = bans.a_notice(session)
    return given(ban, seen=ban.version, weighed="We believe you.")


def _to_lapse(session: ScopedSession) -> Given:
    ban = bans.a_temporary(session)
    return given(ban, seen=ban.version, because="We have talked.")


def _to_vary(session: ScopedSession) -> Given:
    ban = _ban(session)
    return given(ban, terms_of(session, ban.id), seen=ban.version, because="It went well.")


def _more_time(session: ScopedSession) -> Given:
    ban = bans.a_notice(session)
    bans.served(session, ban)
    return given(ban, until_on=bans.on(25), because="Ill")


def _exception(session: ScopedSession) -> Given:
    ban = _ban(session)
    one = session.scalars(select(BanException).where(BanException.ban_id == ban.id)).first()
    return given(ban, one, because="A court order")


def _reviewed(session: ScopedSession) -> Given:
    ban, chair = _ban(session), replace(bans.a_chair(session), id=SOMEBODY)
    review = open_review(session, ban, by=chair)
    return given(ban, review, found=Found.STAYS, words="Looked")


def _of_ban(session: ScopedSession, **more: Any) -> Given:
    bans.ready(session)
    return given(rows.an_addressee(session), bans.terms(session, **more))


def _before(session: ScopedSession) -> Given:
    found = _of_ban(session)
    return given(*found.args, review_on=bans.on(20), words="In the file")


def _longer(session: ScopedSession) -> Given:
    ban = _ban(session)
    until = bans.on(50).isoformat()
    return given(ban, terms_of(session, ban.id).but(ends_on=until))


def _a_member(session: ScopedSession) -> Given:
    case, _ = conduct.a_case(session)
    assign(session, case, by=build.a_head(session), user_id=new_id(), name="Lee",
           duty=Duty.ASSIGNED)  # fmt: skip
    return given(
        case, session.scalars(select(CaseMember).where(CaseMember.case_id == case.id)).one()
    )


def _withdrawn(session: ScopedSession) -> Letter:
    letter = _frozen(session)
    withdraw_letter(session, letter, by=build.a_head(session), because="Wrong day")
    return letter


def _handed(session: ScopedSession) -> Letter:
    letter = _frozen(session)
    hand_over(session, letter, by=build.a_head(session), on=clock.today(), handed_by="The deputy",
              witness="")  # fmt: skip
    return letter


def _emailed(session: ScopedSession) -> Letter:
    letter = _frozen(session, LetterWay.EMAIL)
    send_by_email(session, letter, build.the_school(session), by=build.a_head(session), reply_to="")
    rows.adult_of(session, letter).telephone = "07700 900123"
    session.flush()
    return letter


def _written(session: ScopedSession, **more: Any) -> Given:
    letter = _letter(session)
    return given(letter, seen=letter.version, **more)


def _to_approve(session: ScopedSession) -> Given:
    letter = _letter(session)
    seen = draft_of(session, letter).composed.sha256
    return given(letter, seen_sha256=seen, pdf=b"%PDF", pages=1)


def _way_of_letter(session: ScopedSession) -> Given:
    letter = _letter(session)
    return given(letter, KINDS["plain"], way=LetterWay.HAND, seen=letter.version,
                 signatory=rows.a_signatory(session))  # fmt: skip


def _to_post(session: ScopedSession) -> Given:
    return given([_frozen(session, LetterWay.POST).id], on=clock.today())


def _wording(session: ScopedSession) -> Given:
    words = shipped("plain")["words"]
    return given(KINDS["plain"], words=words, open_parts=[], seen=0)


def _drafted(session: ScopedSession) -> Given:
    draft = save_wording(session, KINDS["plain"], by=build.an_officer(),
                         words=shipped("plain")["words"], open_parts=[], seen=0)  # fmt: skip
    return given(draft, solicitor="A solicitor, today", seen=draft.version)


def _own_review(session: ScopedSession) -> UUID:
    begin_reviews(session)
    return next(one.id for one in open_reviews(session) if one.subject == Part.FACTS.value)


def _year() -> Given:
    autumn = Span(date(2031, 9, 3), date(2031, 12, 19), Kind.TERM, "autumn")
    return given(2031, [autumn], seen=mark(()))


OWN = "an act of a person on their own account, by what they know or have"
LINK = "the mailed link is what lets them"
ONCE_PERMITTED = "rules call it once they have permitted"

# fmt: off
RULES: dict[str, Asks | Free | tuple[Asks, ...]] = {
    "accounts.asking.ask_again": Free(
        "anyone may say that a link or password is lost: only its owner gets the mail"),
    "accounts.factors.confirm": Free(OWN),
    "accounts.factors.finish_move": Free(OWN),
    "accounts.factors.make_codes": Free(OWN),
    "accounts.factors.note_enrolled": Free(OWN),
    "accounts.factors.prove": Free(OWN),
    "accounts.factors.reset_factor": Asks(
        Can.CHANGE_USER, ACCOUNTS, lambda s: given(_a_grant(s).user, sealer=SEALER)),
    "accounts.factors.spend_recovery_code": Free(OWN),
    "accounts.feeds.end_feed": Free(f"{OWN}; closing an account, which is permitted, ends it too"),
    "accounts.feeds.make_feed": Free(OWN),
    "accounts.fresh.confirm": Free(OWN),
    "accounts.fresh.prove_again": Free(OWN),
    "accounts.fresh.refuse": Free(OWN),
    "accounts.invitations.invite": Asks(
        Can.ADD_USER, ACCOUNTS, lambda s: given(**_new_user(), trust_name="Lantern Trust")),
    "accounts.invitations.invite_again": Asks(
        Can.ADD_USER, ACCOUNTS, lambda s: given(_invited(s), trust_name="Lantern Trust")),
    "accounts.invitations.reset_all": Asks(
        Can.CHANGE_USER, ACCOUNTS,
        lambda s: given(_a_grant(s).user, sealer=SEALER, trust_name="Lantern Trust")),
    "accounts.invitations.send_invitation": Free(
        f"{ONCE_PERMITTED}; asking again sends the one that an officer has sent"),
    "accounts.joining.codes_again": Free(LINK),
    "accounts.joining.confirm_app": Free(LINK),
    "accounts.joining.finish": Free(LINK),
    "accounts.joining.give_link_password": Free(LINK),
    "accounts.new_password.change_password": Free(OWN),
    "accounts.new_password.reset_password": Free(LINK),
    "accounts.permissions.may": Free("it is the question itself"),
    "accounts.permissions.permit": Free("it is the question itself"),
    "accounts.roles.date_role": Asks(
        Can.CHANGE_USER, ACCOUNTS,
        lambda s: given(_a_grant(s), first_on=None, last_on=clock.today())),
    "accounts.roles.disable": Asks(
        Can.CHANGE_USER, ACCOUNTS, lambda s: given(_a_grant(s).user)),
    "accounts.roles.enable": Asks(Can.CHANGE_USER, ACCOUNTS, lambda s: given(_closed(s))),
    "accounts.roles.end_role": Asks(Can.CHANGE_USER, ACCOUNTS, lambda s: given(_a_grant(s))),
    "accounts.signing_in.sign_out": Free(OWN),
    "accounts.users.add_user": Asks(
        Can.ADD_USER, ACCOUNTS, lambda s: given(**_new_user(), password=build.PASSWORD)),
    "accounts.users.refuse_own": Free("it changes nothing and only refuses"),
    "acknowledgements.answers.hold_talk": Asks(Can.HOLD_TALK, SCHOOL, _wish_to_talk),
    "acknowledgements.campaigns.start_campaign": Asks(Can.START_CAMPAIGN, SCHOOL, _campaign),
    "acknowledgements.campaigns.stop_campaign": Asks(
        Can.START_CAMPAIGN, SCHOOL, lambda s: given(build.a_request(s) and _newest_campaign(s))),
    "acknowledgements.links.disown": Free("a parent's link is what lets them say so"),
    "acknowledgements.links.revoke": Asks(
        Can.SEND_LINK_AGAIN, SCHOOL, lambda s: given(build.a_request(s).id)),
    "acknowledgements.links.send_again": Asks(Can.SEND_LINK_AGAIN, SCHOOL, _fresh_link),
    "acknowledgements.lists.export": Asks(
        Can.EXPORT, SCHOOL, lambda s: given(build.a_version(s), Wanted_())),
    "acknowledgements.opened.note_opened": Free("a parent's link is what lets them say so"),
    "acknowledgements.signing.answer": Free("a parent's link is what lets them answer"),
    "audit.reading.record_reading": Free("who looks was asked by the page they look at"),
    "audit.record.event_rows": Free(ONCE_PERMITTED),
    "audit.record.record": Free(ONCE_PERMITTED),
    "contact_matrix.save.save_matrix": Asks(
        Can.CHANGE_MATRIX, SCHOOL, lambda s: given(build.MATRIX, seen_number=0)),
    "files.take_in.take_in_file": Asks(
        Can.CHANGE_SETTINGS, SCHOOL,
        lambda s: given(_looked(), kind=FileKind.BADGE, needs=Can.CHANGE_SETTINGS)),
    "oversight.board_paper.board_paper": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given(_draft(s))),
    "jobs.runs.ask": Asks(Can.RUN_TASK, TRUST, lambda s: given("start_schools", "Starting")),
    "oversight.drift.drift": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given(most=50)),
    "oversight.drift.editions_in_force": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given()),
    "oversight.drift.export": Asks(Can.EXPORT, TRUST, lambda s: given()),
    "oversight.heads.heads": Asks(Can.SEE_CONSOLE, ACCOUNTS, lambda s: given()),
    "oversight.history.look_back": at_both(
        Can.SEE_HISTORY, lambda s: given(Wanted(), most=10)),
    "oversight.impact.impact": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given(_draft(s))),
    "oversight.overview.overview": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given()),
    "oversight.review_board.board_by_school": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given(Calendar({}), most=10)),
    "oversight.review_board.board_counts": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given(Calendar({}))),
    "oversight.review_board.overdue_reviews": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given()),
    "oversight.review_board.review_board": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given(Calendar({}), most=10)),
    "oversight.states.mail_waiting": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given(build.a_school(s))),
    "oversight.states.states": Asks(
        Can.SEE_CONSOLE, TRUST, lambda s: given([build.a_school(s)])),
    "outbox.bounces.take_bounce": Free(
        "who knows a return address that only we could make; the event says by whom"),
    "people.change.add_adult": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(**_PERSON)),
    "people.change.add_care": Asks(
        Can.CHANGE_PEOPLE, SCHOOL,
        lambda s: given(build.an_adult(s), child="Kim", year="", **_SAID)),
    "people.change.change_adult": Asks(
        Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(build.an_adult(s), seen=1, **_PERSON)),
    "people.change.change_care": Asks(
        Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(*_care(s), seen=1, **_SAID)),
    "people.change.come_back": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(_gone(s))),
    "people.change.end_care": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(*_care(s))),
    "people.change.leave": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(build.an_adult(s))),
    "people.doubles.merge": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(*_two(s))),
    "people.doubles.separate": Asks(Can.CHANGE_PEOPLE, SCHOOL, lambda s: given(_merged(s))),
    "people.untold.clear_untold": Asks(
        Can.CLEAR_UNTOLD, SCHOOL, lambda s: given(_marked(s), because="So")),
    "people.untold.end_apart": Asks(
        Can.CLEAR_UNTOLD, SCHOOL, lambda s: given(*_parted(s), because="So")),
    "people.untold.keep_apart": Asks(
        Can.MARK_UNTOLD, SCHOOL, lambda s: given(*_two(s), because="So")),
    "people.untold.mark_untold": Asks(
        Can.MARK_UNTOLD, SCHOOL, lambda s: given(build.an_adult(s), because="So")),
    "people.who_is_told.confirm_list": Asks(
        Can.CONFIRM_LIST, SCHOOL,
        lambda s: given(seen=the_list(s).mark)),
    "people.take_in.take_in": Asks(
        Can.TAKE_IN_ROLL, SCHOOL,
        lambda s: given(build.read_roll(build.a_roll("Sam,4,Alex,mother,alex@parents.example")))),
    "people.roll_files.ask_to_save": Asks(
        Can.TAKE_IN_ROLL, SCHOOL, lambda s: given(_looked_at(s))),
    "people.roll_files.begin_roll": Asks(
        Can.TAKE_IN_ROLL, SCHOOL, lambda s: given(_ROLL, name="roll.csv", whole=True)),
    "people.roll_files.choose_columns": Asks(
        Can.TAKE_IN_ROLL, SCHOOL, lambda s: given(
            _brought_in(s, b"a,b,c,d\nSam,Alex,mother,a@b.example\n"),
            {"pupil": "a", "adult": "b", "relationship": "c", "email": "d"})),
    "people.roll_files.drop_roll": Asks(
        Can.TAKE_IN_ROLL, SCHOOL, lambda s: given(_looked_at(s))),
    "people.take_in.save_compared": Asks(
        Can.TAKE_IN_ROLL, SCHOOL, lambda s: given(
            compare(s, build.read_roll(_ROLL).lines, whole=False), whole=False)),
    "policies.editing.begin_next": Asks(
        Can.EDIT_EDITION, TRUST, lambda s: given(the_edition(s))),
    "policies.editing.change_header": Asks(
        Can.EDIT_EDITION, TRUST,
        lambda s: given(draft := _draft(s), HeaderFields.of(draft), seen="")),
    "policies.editing.edit": Asks(
        Can.EDIT_EDITION, TRUST, 
        lambda s: given(_draft(s), AddClause("importance", Form.PARAGRAPH, "More"))),
    "policies.editing.put_back": Asks(
        Can.EDIT_EDITION, TRUST, lambda s: given(draft := _draft(s), _change_of(draft))),
    "policies.editions.approve": Asks(
        Can.APPROVE_EDITION, TRUST, lambda s: given(_draft(s), board_on=clock.today())),
    "policies.editions.import_edition": Asks(
        Can.IMPORT_EDITION, TRUST,
        lambda s: given(_reading(), source_name="code.txt", source_text=build.a_text())),
    "policies.editions.publish": Asks(
        Can.PUBLISH_EDITION, TRUST, lambda s: given(_approved(s))),
    "policies.editions.mark_change": Asks(
        Can.PUBLISH_EDITION, TRUST, lambda s: given(_draft(s), material=False, because="Words")),
    "policies.editions.withdraw": Asks(
        Can.WITHDRAW_EDITION, TRUST, lambda s: given(_draft(s), because="Wrong text")),
    "policies.translations.translate": Asks(
        Can.TRANSLATE, TRUST,
        lambda s: given(
            Document("Code", (Section("aim", "Our aim"),)), OTHERS[0], "aim", text="Ein nod",
            exceptions=[], by_machine=False, seen=0)),
    "policies.translations.note_review": Asks(
        Can.TRANSLATE, TRUST,
        lambda s: given(OTHERS[0], reviewer="Jo Bell", role="Interpreter")),
    "policies.signing_off.name_approvers": Asks(
        Can.APPROVE_EDITION, TRUST,
        lambda s: given(
            _draft(s), chosen=[SOMEBODY], all_of=True,
            people={SOMEBODY: AtTrust(SOMEBODY, "Jo", "jo@t.example")}, asking=build.ASKING)),
    "policies.signing_off.ask_again": Asks(
        Can.APPROVE_EDITION, TRUST, lambda s: given(_to_sign_off(s), asking=build.ASKING)),
    "policies.signing_off.sign_off": Asks(
        Can.SIGN_OFF_EDITION, TRUST,
        lambda s: given(
            draft := _to_sign_off(s), said=Said.APPROVED, words="", seen=text_mark(draft))),
    "policies.consulting.open_consultation": Asks(
        Can.EDIT_EDITION, TRUST,
        lambda s: given(_draft(s), closes_on=clock.today() + WEEK)),
    "policies.consulting.close_consultation": Asks(
        Can.EDIT_EDITION, TRUST, lambda s: given(_asked_about(s), because="Enough")),
    "policies.consulting.invite_guest": Asks(
        Can.EDIT_EDITION, TRUST,
        lambda s: given(
            build.a_consultation(s), name="Jo", email="jo@union.example",
            kind=GuestKind.UNION, of="", trust="Lantern")),
    "policies.consulting.end_guest": Asks(
        Can.EDIT_EDITION, TRUST, lambda s: given(build.a_guest(s, build.a_consultation(s)))),
    "policies.consulting.answer_comment": Asks(
        Can.EDIT_EDITION, TRUST,
        lambda s: given(_said(s), outcome=CommentOutcome.TAKEN, answer="")),
    "policies.consulting.comment": Asks(
        Can.COMMENT_ON_DRAFT, SCHOOL, lambda s: given(_consulted(s), clause="", words="Good")),
    "policies.consulting.take_back": Asks(
        Can.COMMENT_ON_DRAFT, SCHOOL, lambda s: given(_own_comment(s))),
    "policies.adoption.begin": Asks(
        Can.CHANGE_TEXT, SCHOOL, lambda s: given(the_edition(s)),
        idle="there is one edition; tests/policies/test_own_text.py has two"),
    "policies.adoption.decide_item": Asks(
        Can.CHANGE_TEXT, SCHOOL,
        lambda s: given(_adoption(s), "section.local.1", choice=Choice.OURS, reason="So", seen=1)),
    "policies.adoption.finish": Asks(
        Can.CHANGE_TEXT, SCHOOL, lambda s: given(_adoption(s), seen=1)),
    "policies.own_text.add_clause": Asks(
        Can.CHANGE_TEXT, SCHOOL,
        lambda s: given(_opened(s), "importance", text="More", reason="So", seen=0)),
    "policies.own_text.leave_out": Asks(
        Can.CHANGE_TEXT, SCHOOL,
        lambda s: given(_opened(s), "importance.p1", reason="So", seen=0)),
    "policies.own_text.restore": Asks(
        Can.CHANGE_TEXT, SCHOOL, lambda s: given(the_edition(s), "importance.p1", seen=0)),
    "policies.own_text.reword": Asks(
        Can.CHANGE_TEXT, SCHOOL,
        lambda s: given(_opened(s), "importance.p1", text="Ours", reason="So", seen=0)),
    "policies.rollouts.move_day": Asks(
        Can.PUBLISH_EDITION, TRUST,
        lambda s: given(
            the_edition(s), to=None, adopt_by_on=clock.today() + WEEK, because="Too soon",
            seen=changes_of(s, the_edition(s)))),
    "policies.rollouts.roll_out": Asks(
        Can.PUBLISH_EDITION, TRUST, lambda s: given(the_edition(s), adopt_by_on=None)),
    "policies.versions.publish_version": Asks(Can.PUBLISH_VERSION, SCHOOL, _version),
    "schools.add.add_checked": Asks(
        Can.ADD_SCHOOL, TRUST, lambda s: given([NewSchool("Beech Hill")], ())),
    "schools.add.add_school": Asks(
        Can.ADD_SCHOOL, TRUST, lambda s: given(slug="beech-hill", name="Beech Hill")),
    "reviews.cycles.change_cycle": Asks(
        Can.KEEP_REVIEWS, TRUST,
        lambda s: given(cycle_of(s), seen=None, every=2, unit="years", owner_id=None,
                        upward_id=None, people=())),
    "reviews.cycles.move_review": Asks(
        Can.KEEP_REVIEWS, TRUST,
        lambda s: given(
            cycle_of(s), the_edition(s), seen=None, to="Summer Term 2031", because="A new law")),
    "reviews.cycles.pause": Asks(
        Can.KEEP_REVIEWS, TRUST,
        lambda s: given(cycle_of(s), seen=None, because="Merging", until=None)),
    "reviews.cycles.resume": Asks(Can.KEEP_REVIEWS, TRUST, lambda s: given(_paused(s))),
    "reviews.review_steps.tick": Asks(
        Can.KEEP_REVIEWS, TRUST, lambda s: given(the_edition(s), Step.START)),
    "reviews.review_steps.untick": Asks(
        Can.KEEP_REVIEWS, TRUST, lambda s: given(_ticked(s), Step.START)),
    "reviews.school_reviews.change_part": Asks(
        Can.KEEP_REVIEWS, SCHOOL,
        lambda s: given(_part(s), seen=1, every=2, unit="terms", owner_id=None, upward_id=None,
                        people=())),
    "reviews.school_reviews.mark_reviewed": Asks(
        Can.KEEP_REVIEWS, SCHOOL,
        lambda s: given(_own_review(s), outcome=Outcome.SAME, note="")),
    "reviews.school_reviews.pause_part": Asks(
        Can.KEEP_REVIEWS, SCHOOL,
        lambda s: given(_part(s), seen=1, because="Moving", until=None)),
    "reviews.school_reviews.resolve_days": Free(
        "whoever changed the term dates was permitted to, and the days follow from them"),
    "reviews.school_reviews.resume_part": Asks(
        Can.KEEP_REVIEWS, SCHOOL, lambda s: given(_paused_part(s))),
    "schools.add.name_trust": Asks(Can.CHANGE_TRUST, TRUST, lambda s: given(name="Harbour Trust")),
    "schools.inherited.give_schools": Asks(
        Can.CHANGE_TRUST, TRUST,
        lambda s: given({"app_name": Given_("Arbor")}, seen_version=build.the_trust(s).version)),
    "acknowledgements.entrance.hang_notice": Asks(
        Can.CHANGE_SETTINGS, SCHOOL, lambda s: given(place="Gate", hung_on=clock.today())),
    "acknowledgements.on_behalf.key_answer": Asks(
        Can.KEY_ANSWER, SCHOOL, lambda s: given(*_keyed(s))),
    "acknowledgements.strike_out.strike_out": Asks(
        Can.KEY_ANSWER, SCHOOL, lambda s: given(_given_on_paper(s), "Another person’s")),
    "acknowledgements.told_otherwise.note_told": Asks(
        Can.KEY_ANSWER, SCHOOL, _to_be_told),
    "acknowledgements.told_otherwise.take_back_told": Asks(
        Can.KEY_ANSWER, SCHOOL, lambda s: given(_telling(s), because="A mistake")),
    "acknowledgements.proving.prove": Asks(
        Can.EXPORT, SCHOOL,
        lambda s: given(s.get_one(SignRequest_, (s.school_id, build.a_request(s).id)))),
    "acknowledgements.packs.begin_pack": Asks(
        Can.PRINT_PACK, SCHOOL, _for_pack),
    "acknowledgements.packs.drop_pack": Asks(
        Can.PRINT_PACK, SCHOOL, lambda s: given(_pack(s).id)),
    "acknowledgements.packs.revoke_sheet": Asks(
        Can.PRINT_PACK, SCHOOL, lambda s: given(_sheet(s))),
    "acknowledgements.packs.take_out_pack": Asks(
        Can.EXPORT, SCHOOL, lambda s: given(_printed(s), sealer=SEALER)),
    "acknowledgements.entrance.take_down_notice": Asks(
        Can.CHANGE_SETTINGS, SCHOOL, lambda s: given(_notice(s), on=clock.today())),
    "oversight.week.week": Free("it counts for its reader what the table lets them see"),
    "schools.occasions.authorise": Asks(
        Can.CHANGE_SETTINGS, SCHOOL,
        lambda s: given(
            name="Fair", held_on=clock.today(), place="Hall", alcohol=True)),
    "schools.occasions.change_occasion": Asks(
        Can.CHANGE_SETTINGS, SCHOOL,
        lambda s: given(
            _occasion(s), seen_version=1, name="Fete", held_on=clock.today(), place="Field",
            alcohol=False)),
    "schools.occasions.withdraw_occasion": Asks(
        Can.CHANGE_SETTINGS, SCHOOL, lambda s: given(_occasion(s), seen_version=1)),
    "conduct.cases.assign": Asks(
        Can.DECIDE_STEP, SCHOOL,
        lambda s: given(conduct.a_case(s)[0], user_id=new_id(), name="Lee", duty=Duty.ASSIGNED)),
    "conduct.cases.end_assignment": Asks(Can.DECIDE_STEP, SCHOOL, _a_member),
    "conduct.cases.close_case": Asks(
        Can.DECIDE_STEP, SCHOOL, lambda s: given(conduct.a_case(s)[0], because="Settled")),
    "conduct.cases.may_see": Free("it says whether they may"),
    "conduct.cases.open_case": Asks(Can.KEEP_CASES, SCHOOL, lambda s: given()),
    "conduct.cases.put_into_case": Asks(Can.KEEP_CASES, SCHOOL, _to_move),
    "conduct.deciding.refuse_involved": Free("it refuses, and tells nothing of others"),
    "conduct.ladder.decide_step": Asks(Can.DECIDE_STEP, SCHOOL, _to_decide),
    "conduct.ladder.withdraw_step": Asks(Can.DECIDE_STEP, SCHOOL, _decided),
    "conduct.report.add_words": Asks(
        Can.KEEP_CASES, SCHOOL, lambda s: given(conduct.an_incident(s), tag=Tag.OWN, words="So")),
    "conduct.report.report_incident": Asks(
        Can.REPORT_INCIDENT, SCHOOL, lambda s: given(conduct.a_report())),
    "conduct.triage.triage": Asks(Can.KEEP_CASES, SCHOOL, _to_triage),
    "conduct.risk.may_proceed": Asks(
        Can.ANSWER_RISK, SCHOOL,
        lambda s: given(conduct.an_incident(s, at_risk=True), because="Talked")),
    "bans.begin.ask_longer": Asks(Can.ISSUE_BAN, SCHOOL, _longer),
    "bans.begin.ban_for_now": Asks(
        Can.ISSUE_BAN, SCHOOL, lambda s: _of_ban(s, why_now="They come back."),
        role=Role.HEADTEACHER),
    "bans.begin.give_notice": Asks(Can.ISSUE_BAN, SCHOOL, _of_ban, role=Role.HEADTEACHER),
    "bans.begin.take_in_ban": Asks(Can.ISSUE_BAN, SCHOOL, _before),
    "bans.breach.note_breach": Asks(
        Can.SEE_GATE, SCHOOL, lambda s: given(_ban(s), people=(), base_url=""),
        also=frozenset({Can.REPORT_INCIDENT})),
    "bans.change.add_exception": Asks(
        Can.CHANGE_BAN, SCHOOL, lambda s: given(_ban(s), words="Fair", by_appointment=True)),
    "bans.change.lift": Asks(Can.END_BAN, SCHOOL, _ended),
    "bans.change.lift_now": Free("the rule of its caller has asked: a lift or a review"),
    "bans.change.strike_exception": Asks(Can.CHANGE_BAN, SCHOOL, _exception),
    "bans.change.vary": Asks(Can.CHANGE_BAN, SCHOOL, _to_vary),
    "bans.change.withdraw": Asks(Can.END_BAN, SCHOOL, _ended),
    "bans.decide.confirm": Asks(Can.ISSUE_BAN, SCHOOL, _to_confirm, role=Role.HEADTEACHER),
    "bans.decide.let_lapse": Asks(Can.ISSUE_BAN, SCHOOL, _to_lapse, role=Role.HEADTEACHER),
    "bans.decide.not_confirm": Asks(Can.ISSUE_BAN, SCHOOL, _to_reject, role=Role.HEADTEACHER),
    "bans.gate.enrol_device": Asks(Can.KEEP_GATE, SCHOOL, lambda s: given(name="Desk")),
    "bans.gate.revoke_device": Asks(
        Can.KEEP_GATE, SCHOOL,
        lambda s: given(enrol_device(s, by=build.a_head(s), name="Desk"))),
    "bans.gate.seen_on_site": Asks(Can.SEE_GATE, SCHOOL, lambda s: given(_ban(s))),
    "bans.hearing.give_more_time": Asks(Can.HEAR_BAN, SCHOOL, _more_time),
    "bans.hearing.note_said": Asks(
        Can.HEAR_BAN, SCHOOL,
        lambda s: given(_ban(s), means=Means.TELEPHONE, words="I was upset.", is_all=False)),
    "bans.hearing.say": Free("the addressee’s link and code are what lets them in"),
    "bans.people.may_decide": Free("it only says who may not, and writes nothing"),
    "bans.people.may_review": Free("it only says who may not, and writes nothing"),
    "bans.people.refuse_whom_it_concerns": Free("it only says who may not, and writes nothing"),
    "bans.reviews.finish_review": Asks(Can.REVIEW_BAN, SCHOOL, _reviewed, role=Role.GOVERNOR),
    "bans.reviews.open_review": Asks(
        Can.REVIEW_BAN, SCHOOL, lambda s: given(_ban(s)), role=Role.GOVERNOR),
    "bans.terms.standing_exceptions": Free("the rule that begins a ban has asked"),
    "bans.terms.write_terms": Free("the rule that writes a ban has asked"),
    "letters.approve.approve_letter": Asks(Can.APPROVE_LETTER, SCHOOL, _to_approve),
    "letters.approve.withdraw_letter": Asks(
        Can.APPROVE_LETTER, SCHOOL, lambda s: given(_frozen(s), because="Wrong day")),
    "letters.opening.open_letter": Free("the addressee's link and code are what lets them in"),
    "letters.print_run.print_run": Asks(Can.SERVE_LETTER, SCHOOL, lambda s: given()),
    "letters.runs.begin_run": Asks(
        Can.SERVE_LETTER, SCHOOL, lambda s: (_frozen(s, LetterWay.POST), given())[1]),
    "letters.runs.take_out_run": Asks(
        Can.SERVE_LETTER, SCHOOL, lambda s: given(rows.a_run(s).id)),
    "letters.serve.end_service": Asks(
        Can.SERVE_LETTER, SCHOOL,
        lambda s: given(_handed(s), how=Ended.REFUSED, on=clock.today(), because="")),
    "letters.serve.hand_over": Asks(
        Can.SERVE_LETTER, SCHOOL,
        lambda s: given(_frozen(s), on=clock.today(), handed_by="The deputy", witness="")),
    "letters.serve.post_letters": Asks(Can.SERVE_LETTER, SCHOOL, _to_post),
    "letters.serve.send_by_email": Asks(
        Can.SERVE_LETTER, SCHOOL,
        lambda s: given(_frozen(s, LetterWay.EMAIL), the_school(s), reply_to="")),
    "letters.code_by_text.text_code": Asks(
        Can.SERVE_LETTER, SCHOOL, lambda s: given(_emailed(s), the_school(s))),
    "letters.signatories.add_signatory": Asks(
        Can.SET_UP_LETTERS, SCHOOL,
        lambda s: given(name="Lee", role="Deputy", from_on=clock.today())),
    "letters.signatories.ask_for_second_person": Asks(
        Can.SET_UP_LETTERS, SCHOOL, lambda s: given(wanted=True)),
    "letters.signatories.end_signatory": Asks(
        Can.SET_UP_LETTERS, SCHOOL, lambda s: given(rows.a_signatory(s))),
    "letters.staff_names.change_staff_names": Asks(
        Can.SET_UP_LETTERS, SCHOOL, lambda s: given(wanted=True, typed="Jo Sample")),
    "letters.wordings.approve_wording": Asks(Can.WORD_LETTERS, TRUST, _drafted),
    "letters.wordings.change_letter_rules": Asks(
        Can.WORD_LETTERS, TRUST, lambda s: given(post_days=3, advice="")),
    "letters.wordings.save_wording": Asks(Can.WORD_LETTERS, TRUST, _wording),
    "letters.wordings.take_up_shipped": Asks(
        Can.WORD_LETTERS, TRUST, lambda s: given(), idle="every kind has its words"),
    "letters.write.ask_approval": Asks(Can.WRITE_LETTER, SCHOOL, lambda s: _written(s)),
    "conduct.contact_plans.end_plan": Asks(
        Can.KEEP_CONTACT_PLAN, SCHOOL, lambda s: given(plan_rows.a_plan(s), because="So")),
    "conduct.contact_plans.make_plan": Asks(
        Can.KEEP_CONTACT_PLAN, SCHOOL,
        lambda s: given(build.an_adult(s), plan_rows.planned(), seen=None)),
    "conduct.referrals.end_referral": Asks(
        Can.KEEP_REFERRALS, SCHOOL,
        lambda s: given(*referral_rows.a_referral(s), outcome="So", on=clock.today())),
    "conduct.referrals.note_referral": Asks(
        Can.KEEP_REFERRALS, SCHOOL,
        lambda s: given(meeting_rows.about_somebody(s), referral_rows.told(s))),
    "conduct.referrals.referrals_of": Asks(
        Can.SEE_REFERRALS, SCHOOL, lambda s: given(meeting_rows.about_somebody(s).id),
        idle="it reads"),
    **{
        f"conduct.{name}": Asks(Can.KEEP_CASES, SCHOOL, made)
        for name, made in meeting_rows.RULES.items()
    },
    "letters.write.begin_letter": Asks(
        Can.WRITE_LETTER, SCHOOL, lambda s: given(rows.an_addressee(s), KINDS["plain"])),
    "letters.write.choose_way": Asks(Can.WRITE_LETTER, SCHOOL, _way_of_letter),
    "letters.write.drop_letter": Asks(Can.WRITE_LETTER, SCHOOL, lambda s: _written(s)),
    "letters.write.fill_part": Asks(
        Can.WRITE_LETTER, SCHOOL,
        lambda s: _written(s, kind=KINDS["plain"], part_id="body", typed={"words": "Hello."})),
    "letters.write.look_again": Asks(
        Can.WRITE_LETTER, SCHOOL, lambda s: _written(s, kind=KINDS["plain"])),
    "letters.write.write_anew": Asks(
        Can.WRITE_LETTER, SCHOOL, lambda s: given(_withdrawn(s), KINDS["plain"])),
    "schools.badge.set_badge": Asks(
        Can.CHANGE_SETTINGS, SCHOOL, lambda s: given(_looked(), seen=None)),
    "schools.calendars.save_year": at_both(Can.CHANGE_CALENDAR, lambda s: _year()),
    "schools.change.change_school": Asks(Can.CHANGE_SCHOOL, TRUST, _school_as_it_is),
    "schools.change.resume": Asks(Can.SUSPEND_SCHOOL, TRUST, _suspended),
    "schools.change.suspend": Asks(
        Can.SUSPEND_SCHOOL, TRUST,
        lambda s: given(build.a_school(s), reason="Left", heads=[_head()])),
    "schools.many.add_schools": Asks(
        Can.ADD_SCHOOL, TRUST, lambda s: given(b"name,phase\r\nBeech Hill,Primary\r\n")),
    "schools.notices.record_for_both": Free("as record: its rule has asked"),
    "schools.settings.change_settings": Asks(
        Can.CHANGE_SETTINGS, SCHOOL,
        lambda s: given(seen_version=settings_of(s).version, telephone="01632 960009")),
    "schools.start.ask_head": Asks(
        Can.ADD_USER, TRUST, lambda s: given(build.a_school(s), _head())),
    "schools.start.hand_over": (
        Asks(Can.ADD_USER, TRUST, lambda s: given(build.a_school(s), _head(), build.FORCE)),
        Asks(Can.ADD_SCHOOL, TRUST, lambda s: given(build.a_school(s), None, build.FORCE)),
    ),
    "schools.undelivered.first_given_up": at_both(Can.SEE_MAIL, lambda s: given(most=5)),
    "schools.undelivered.how_many": at_both(Can.SEE_MAIL, lambda s: given()),
    "schools.undelivered.one_unsent": at_both(Can.SEE_MAIL, lambda s: given(_parked(s))),
    "schools.undelivered.settle": at_both(Can.SEE_TO_MAIL, lambda s: given(_parked(s))),
    "schools.undelivered.standings": Asks(Can.SEE_MAIL, TRUST, lambda s: given()),
    "schools.undelivered.try_again": at_both(Can.SEE_TO_MAIL, lambda s: given(_parked(s))),
    "schools.undelivered.try_all_again": at_both(Can.SEE_TO_MAIL, _all_parked),
    "schools.undelivered.unsent": at_both(
        Can.SEE_MAIL, lambda s: given(parked=True, most=10)),
}

# What writes and does not say by whom.
UNSIGNED: dict[str, str] = {
    "bans.clocks.tell_of_bans": "the clock does it, and the event says so",
    "acknowledgements.asking.make_requests": ONCE_PERMITTED,
    "audit.seals.verify": "it writes a list of its own and nothing else",
    "audit.seals.seal": "the clock does it: a seal changes nothing that is sealed",
    "acknowledgements.campaigns.carry_on": "the clock does it, and the event says so",
    "acknowledgements.opened.note_fetch": "a link was fetched by whoever: of no weight to anyone",
    "letters.signatories.noted": "choose_way, which asks, is what needs the row",
    "letters.runs.end_run": "the worker and the clock do it",
    "letters.runs.keep_run": "the worker puts together what begin_run permitted",
    "letters.runs.note_run": "the worker notes what it does",
    "acknowledgements.packs.forget_pack": "the clock does it, and drop_pack, which has asked",
    "acknowledgements.packs.keep_pack": "the worker prints what begin_pack permitted",
    "acknowledgements.packs.note_pack_failed": "the worker notes what it did",
    "acknowledgements.packs.note_pack_progress": "the worker notes what it does",
    "acknowledgements.reminding.remind_adults": "the clock does it, and the event says so",
    "policies.consulting.comment_as_guest": "a guest by their own link, whom the event names",
    "policies.consulting.take_back_as_guest": "a guest by their own link, what came by it",
    "policies.consulting_told.tell": "the clock does it, and the event says so",
    "accounts.endings.end_sign_ins": ONCE_PERMITTED,
    "accounts.factors.begin_move": "a blank factor of one's own; the old one counts until its code",
    "accounts.factors.enrol": "a blank factor of one's own, on the way to signing in",
    "accounts.factors.make_factor": "a blank factor, which counts for nothing until its code",
    "accounts.factors.spend_code": "a code of one's own; what it opens says by whom",
    "accounts.kept_forms.forget": "what a person typed, sealed for their own browser",
    "accounts.kept_forms.forget_old": "the clock does it: typing is kept for an hour",
    "accounts.kept_forms.keep": "what a person typed, sealed for their own browser",
    "accounts.links.fresh": f"{ONCE_PERMITTED}; it goes to the person alone",
    "accounts.links.kill_links": ONCE_PERMITTED,
    "accounts.mails.tell": f"{ONCE_PERMITTED}, as write",
    "policies.own_text.note_changes": ONCE_PERMITTED,
    "accounts.signing_in.begin_whole": "both factors were shown; the event is its caller's",
    "accounts.signing_in.give_code": "the person becomes known by it, and the event names them",
    "accounts.signing_in.give_password": "nobody is signed in yet; the event names the address",
    "accounts.signing_in.give_recovery_code": "as give_code, and the event names them",
    "accounts.signing_in.seen": "when the person was last there: of no weight to anyone",
    "accounts.throttle.forget_tries": "only a count of tries; it follows a try that was right",
    "accounts.throttle.try_once": "nobody is known yet; the event names the address",
    "jobs.runs.begin": "the worker notes what it does: of no weight to anyone",
    "jobs.runs.claim": "the timetable does it; `ask` permits and records before it claims",
    "jobs.runs.end": "the worker notes what it did: of no weight to anyone",
    "jobs.runs.forget_old": "the clock does it: what ran is kept for 90 days",
    "outbox.delivery.begin_next": "the worker; what the mail is about was recorded with it",
    "outbox.delivery.deliver_and_begin": "the worker; what the mails are about was recorded",
    "outbox.delivery.deliver": "the worker; what the mail is about was recorded with it",
    "outbox.write.withdraw": ONCE_PERMITTED,
    "outbox.write.withdraw_untold": ONCE_PERMITTED,
    "people.change.child_named": ONCE_PERMITTED,
    "outbox.write.write": ONCE_PERMITTED,
    "people.roll_files.carry_out": "the worker, as the person who asked: they are named",
    "people.roll_files.check": "it only compares: it saves what would be, and nobody is changed",
    "people.roll_findings.forget_findings": ONCE_PERMITTED,
    "people.roll_files.note_failed": "the worker notes why it could not: of no weight to anyone",
    "people.roll_files.note_progress": "the worker notes how far it is: of no weight to anyone",
    "reviews.reminders.remind": "the clock does it, and the event says so",
    "schools.notices.tell_in_history": "the worker, as the officer who did it: they are named",
    "reviews.school_reminders.remind_school": "the clock does it, and the event says so",
    "reviews.school_reviews.begin_reviews": "the clock does it, and the event says so",
    "reviews.rollouts.raise_late": "the clock does it, and the event says so",
    "reviews.rollouts.remind_school": "the clock does it, and the event says so",
    "schools.start.begin_settings": "the worker, as the officer who asked: they are named",
    "schools.start.invite_head": "the worker, as the officer who asked: they are named",
}
# fmt: on
