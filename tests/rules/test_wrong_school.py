"""The wrong-school crawl: every address, every role, with ids of one's own school, of a
sister school, and of none. Nothing leaks, and a foreign id answers like an unknown one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import create_engine, delete, select, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.browser import TOKEN, Browser
from tests.build import SECRET_KEY, a_version, an_open_edition, the_edition
from tests.rules.tables import SCHOOL_TABLES
from tests.rules.writes import written
from tests.world import AT_SCHOOL, AT_TRUST, World, WorldSchool, consulted
from trustconduct import clock
from trustconduct.accounts.permissions import allowed
from trustconduct.acknowledgements.models import Campaign
from trustconduct.acknowledgements.plans import CampaignPlan
from trustconduct.audit.actor import Grant, Role
from trustconduct.conduct.models import CaseMember
from trustconduct.contact_matrix.changes import with_purpose, with_route
from trustconduct.contact_matrix.matrix import Purpose
from trustconduct.contact_matrix.matrix import Route as ContactRoute
from trustconduct.contact_matrix.save import current_matrix, save_matrix
from trustconduct.db import new_id, transaction
from trustconduct.outbox.links import token
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.models import Adult, Care
from trustconduct.people.untold import keep_apart
from trustconduct.policies.adoption import begin
from trustconduct.policies.consultations import Comment
from trustconduct.policies.models import LocalChange
from trustconduct.policies.own_text import add_clause, base_of

NUMBER = re.compile(r'<strong class="tc-request">[\d ]+</strong>')  # each request has its own
OWN, SISTER, NEVER = "own", "sister", "never"


@dataclass(frozen=True)
class Ids:
    """What stands in an address for each kind of id; `school` is the one of the slug."""

    own: dict[str, Any]
    sister: dict[str, Any]
    never: dict[str, Any]

    def kinds(self) -> Iterator[tuple[str, dict[str, Any]]]:
        # The own last: it may change something.
        yield from ((NEVER, self.never), (SISTER, self.sister), (OWN, self.own))


def a_request(secret: bool = False, of: str = "") -> Callable[[World], Ids]:
    """The request of Lee, or of somebody whom every school has by this name."""

    def ids(world: World) -> Ids:
        def one(request_id) -> dict[str, Any]:
            with_secret = {"secret": token(SECRET_KEY, "sign", request_id, 1)} if secret else {}
            return {"request_id": request_id, **with_secret}

        return Ids(
            one(world.oak.requests[of or f"Lee {world.oak.canary}"]),
            one(world.elm.requests[of or f"Lee {world.elm.canary}"]),
            one(new_id()),
        )

    return ids


def an_adult(world: World) -> Ids:
    each = (
        {"adult_id": school.adults[f"Lee {school.canary}"]} for school in (world.oak, world.elm)
    )
    return Ids(*each, {"adult_id": new_id()})


def a_meeting(world: World) -> Ids:
    each = (
        {"case_id": school.case, "meeting_id": school.meeting} for school in (world.oak, world.elm)
    )
    return Ids(*each, {"case_id": new_id(), "meeting_id": new_id()})


def a_mediation(world: World) -> Ids:
    each = (
        {"case_id": school.case, "mediation_id": school.mediation}
        for school in (world.oak, world.elm)
    )
    return Ids(*each, {"case_id": new_id(), "mediation_id": new_id()})


def a_referral(world: World) -> Ids:
    each = (
        {"case_id": school.case, "referral_id": school.referral}
        for school in (world.oak, world.elm)
    )
    return Ids(*each, {"case_id": new_id(), "referral_id": new_id()})


def a_plan(world: World) -> Ids:
    def one(school: WorldSchool) -> dict[str, Any]:
        return {"adult_id": school.adults[f"Lee {school.canary}"], "plan_id": school.plan}

    return Ids(one(world.oak), one(world.elm), {"adult_id": new_id(), "plan_id": new_id()})


def a_roll(world: World) -> Ids:
    return Ids({"roll_id": world.oak.roll}, {"roll_id": world.elm.roll}, {"roll_id": new_id()})


def a_care(world: World) -> Ids:
    def one(school: WorldSchool) -> dict[str, Any]:
        adult_id = school.adults[f"Lee {school.canary}"]
        with world.sessions.school(school.id) as session:
            care_id = session.scalars(select(Care.id).where(Care.adult_id == adult_id)).one()
        return {"adult_id": adult_id, "care_id": care_id}

    return Ids(one(world.oak), one(world.elm), {"adult_id": new_id(), "care_id": new_id()})


def two_apart(world: World) -> Ids:
    # They are kept apart in both schools: see `own_words`.
    each = (
        {
            "adult_id": school.adults[f"Lee {school.canary}"],
            "other_id": school.adults[f"Chris {school.canary}"],
        }
        for school in (world.oak, world.elm)
    )
    return Ids(*each, {"adult_id": new_id(), "other_id": new_id()})


def a_talk(world: World) -> Ids:
    return Ids(
        {"answer_id": world.oak.talk}, {"answer_id": world.elm.talk}, {"answer_id": new_id()}
    )


def a_campaign(world: World) -> Ids:
    """The newest, which has asked nobody yet: see `crawled`."""

    def one(school: WorldSchool) -> dict[str, Any]:
        with world.sessions.school(school.id) as session:
            newest = select(Campaign.id).order_by(Campaign.number.desc()).limit(1)
            return {"campaign_id": session.scalars(newest).one()}

    return Ids(one(world.oak), one(world.elm), {"campaign_id": new_id()})


def a_badge(world: World) -> Ids:
    return Ids({"file_id": world.oak.badge}, {"file_id": world.elm.badge}, {"file_id": new_id()})


def a_small_badge(world: World) -> Ids:
    return Ids(
        {"file_id": world.oak.small_badge},
        {"file_id": world.elm.small_badge},
        {"file_id": new_id()},
    )


def an_occasion(world: World) -> Ids:
    return Ids(
        {"occasion_id": world.oak.occasion},
        {"occasion_id": world.elm.occasion},
        {"occasion_id": new_id()},
    )


def a_notice(world: World) -> Ids:
    return Ids(
        {"notice_id": world.oak.notice},
        {"notice_id": world.elm.notice},
        {"notice_id": new_id()},
    )


def _own(name: str, of: str) -> Callable[[World], Ids]:
    def ids(world: World) -> Ids:
        each = ({name: getattr(school, of)} for school in (world.oak, world.elm))
        return Ids(*each, {name: new_id()})

    return ids


def a_report_of(world: World) -> Ids:
    return Ids(
        {"incident_id": world.oak.untriaged},
        {"incident_id": world.elm.untriaged},
        {"incident_id": new_id()},
    )


def a_case_of(step: bool = False) -> Callable[[World], Ids]:
    def ids(world: World) -> Ids:
        found = [(world.oak.case, world.oak.step), (world.elm.case, world.elm.step)]
        found.append((new_id(), new_id()))
        named = [{"case_id": case} | ({"step_id": one} if step else {}) for case, one in found]
        return Ids(*named)

    return ids


def a_member_of(world: World) -> Ids:
    named = []
    for school in (world.oak, world.elm):
        with world.sessions.school(school.id, read_only=True) as session:
            member = session.scalars(select(CaseMember.id)).first()
        named.append({"case_id": school.case, "member_id": member})
    return Ids(*named, {"case_id": new_id(), "member_id": new_id()})


def a_letter(which: str, **more: Any) -> Callable[[World], Ids]:
    """A letter of each school; the draft, or the one that was approved and withdrawn."""
    return lambda world: Ids(
        {"letter_id": getattr(world.oak, which), **more},
        {"letter_id": getattr(world.elm, which), **more},
        {"letter_id": new_id(), **more},
    )


def an_exception(world: World) -> Ids:
    def one(school: WorldSchool) -> dict[str, Any]:
        return {"ban_id": school.ban, "exception_id": school.exception}

    return Ids(one(world.oak), one(world.elm), {"ban_id": new_id(), "exception_id": new_id()})


def a_signatory(world: World) -> Ids:
    each = ({"signatory_id": school.signatory} for school in (world.oak, world.elm))
    return Ids(*each, {"signatory_id": new_id()})


def a_letter_run(world: World) -> Ids:
    """A print run of each school."""
    return Ids(
        {"run_id": world.oak.letter_run}, {"run_id": world.elm.letter_run}, {"run_id": new_id()}
    )


def a_letter_link(secret: bool = False) -> Callable[[World], Ids]:
    def ids(world: World) -> Ids:
        def one(service_id) -> dict[str, Any]:
            with_secret = {"secret": token(SECRET_KEY, "letter", service_id, 1)} if secret else {}
            return {"service_id": service_id, **with_secret}

        return Ids(one(world.oak.service), one(world.elm.service), one(new_id()))

    return ids


def a_sheet_link(world: World) -> Ids:
    def one(sheet_id: UUID) -> dict[str, Any]:
        return {"sheet_id": sheet_id, "secret": token(SECRET_KEY, "paper", sheet_id, 1)}

    assert world.oak.sheet
    assert world.elm.sheet
    return Ids(one(world.oak.sheet), one(world.elm.sheet), one(new_id()))


def a_comment(world: World) -> Ids:
    """What a school said of a draft: see `crawled`."""

    def one(school: WorldSchool) -> dict[str, Any]:
        with world.sessions.school(school.id) as session:
            return {"comment_id": session.scalars(select(Comment.id)).first() or new_id()}

    return Ids(one(world.oak), one(world.elm), {"comment_id": new_id()})


def a_part(world: World) -> Ids:
    # A part is a word, and every school has the same: so the others are none at all.
    return Ids(*({"part": name} for name in ("facts", "roofs", "cellar")))


def a_word(name: str, own: str) -> Callable[[World], Ids]:
    """A word that is the same in every school: so the others are none at all."""
    return lambda world: Ids(*({name: word} for word in (own, "roofs", "cellar")))


def a_clause(world: World) -> Ids:
    # Elm Park alone has a second clause of its own: see `crawled`.
    return Ids(*({"clause_id": f"online.local.{number}"} for number in (1, 2, 99)))


def a_clause_of_the_trust(world: World) -> Ids:
    names = ("online.3", "online.local.2", "online.99")
    return Ids(*({"clause_id": name} for name in names))


def a_section(world: World) -> Ids:
    # The Trust's own, and two that no school has.
    names = ("online", "section.local.1", "section.local.99")
    return Ids(*({"section_id": name} for name in names))


def a_decision(world: World) -> Ids:
    return Ids(*({"item_id": f"online.local.{number}"} for number in (1, 2, 99)))


def a_way(name: str, there: str = "telephone") -> Callable[[World], Ids]:
    # Elm Park alone has the second one: see `own_words`.
    each = "elm-want" if there == "ask" else "elm-way"
    return lambda world: Ids({name: there}, {name: each}, {name: "no-school-has-it"})


def a_number(world: World) -> Ids:
    # Elm Park alone has a version 2: see `crawled`.
    return Ids({"number": 1}, {"number": 2}, {"number": 99})


def message_to(world: World, school: WorldSchool, name: str) -> dict[str, Any]:
    """The mail that asked somebody of the school."""
    asked = (SchoolMessage.kind == "sign_request") & (SchoolMessageContent.to_name == name)
    with world.sessions.school(school.id) as session:
        found = select(SchoolMessage.id).join(
            SchoolMessageContent, SchoolMessageContent.id == SchoolMessage.id
        )
        return {"message_id": session.scalars(found.where(asked)).one()}


def a_message(first_name: str) -> Callable[[World], Ids]:
    """Mails that could not be sent: see `crawled`."""

    def ids(world: World) -> Ids:
        each = (
            message_to(world, school, f"{first_name} {school.canary}")
            for school in (world.oak, world.elm)
        )
        return Ids(*each, {"message_id": new_id()})

    return ids


# Every route below a school that has an id in its address. One that stands in no list fails.
SCHOOL_IDS: dict[str, Callable[[World], Ids]] = {
    **{
        f"people.{name}": an_adult
        for name in (
            "person.show",
            "person.change",
            "person.changed",
            "person.left",
            "person.back",
            "person.child",
            "person.child_added",
            "marks.mark",
            "marks.marked",
            "marks.clear",
            "marks.cleared",
            "marks.apart",
            "marks.find_other",
            "marks.parted",
        )
    },
    **{
        f"people.{name}": a_care
        for name in (
            "person.care",
            "person.care_changed",
            "person.care_ended",
        )
    },
    **{f"people.{name}": two_apart for name in ("marks.reunite", "marks.reunited")},
    **{f"people.rolls.{name}": a_roll for name in ("show", "columns", "save", "drop")},
    **{f"cases.meetings.{name}": a_case_of() for name in ("show", "offer", "mediate")},
    **{
        f"cases.meetings.{name}": a_meeting
        for name in ("move", "agree", "came", "comment", "invite", "calendar_entry")
    },
    **{f"cases.referrals.{name}": a_case_of() for name in ("show", "note")},
    "cases.referrals.end": a_referral,
    **{f"cases.meetings.{name}": a_mediation for name in ("answered", "ended")},
    "people.plan.show": an_adult,
    "people.plan.make": an_adult,
    "people.plan.end": a_plan,
    "people.plan.write": a_plan,
    "cases.report": a_report_of,
    "cases.look_through": a_report_of,
    "cases.proceed": a_report_of,
    "cases.add": a_report_of,
    "cases.case": a_case_of(),
    "cases.close": a_case_of(),
    "cases.deciding": a_case_of(),
    "cases.decide": a_case_of(),
    "cases.letter": a_case_of(step=True),
    "bans.new": an_adult,
    "bans.begin": an_adult,
    **{
        f"bans.{name}": _own("ban_id", "ban")
        for name in (
            "ban",
            "letter",
            "steps.said",
            "steps.more_time",
            "steps.deciding",
            "steps.decide",
            "steps.lapse",
            "steps.lift_it",
            "steps.withdraw_it",
            "steps.vary_it",
            "steps.add",
            "reviews.show",
            "reviews.declare",
            "reviews.finish",
        )
    },
    "bans.steps.strike": an_exception,
    "gate.revoke": _own("device_id", "device"),
    "letter.answer": a_letter_link(),
    "cases.assigning.show": a_case_of(),
    "cases.assigning.add": a_case_of(),
    "cases.assigning.end": a_member_of,
    "assigned.case": a_case_of(),
    "letters.new": an_adult,
    "letters.begin": an_adult,
    **{
        f"letters.{name}": a_letter("draft_letter")
        for name in (
            "letter",
            "preview",
            "pdf",
            "ask",
            "again",
            "approval.look",
            "approval.approve",
            "parts.way",
            "parts.save_way",
            "drop",
        )
    },
    "letters.parts.show": a_letter("draft_letter", part_id="body"),
    "letters.parts.save": a_letter("draft_letter", part_id="body"),
    **{f"letters.approval.{name}": a_letter("letter") for name in ("withdrawing", "withdraw")},
    "letters.approval.anew": a_letter("withdrawn_letter"),
    **{
        f"posting.{name}": a_letter("letter")
        for name in ("letter", "hand", "email", "text", "ended")
    },
    "letters.set_up.end": a_signatory,
    "posting.run": a_letter_run,
    "posting.take_out": a_letter_run,
    "letter.open_link": a_letter_link(secret=True),
    "letter.show": a_letter_link(),
    "letter.open_with_code": a_letter_link(),
    "letter.pdf": a_letter_link(),
    "letter.meeting": a_letter_link(),
    "finder.show": a_way("purpose_id", "ask"),
    "finder.block_of": a_way("purpose_id", "ask"),
    "setup.ways.way": a_way("way_id"),
    "setup.ways.save_way": a_way("way_id"),
    "setup.ways.purpose": a_way("purpose_id", "ask"),
    "setup.ways.save_purpose": a_way("purpose_id", "ask"),
    "setup.ways.order": a_way("thing_id"),
    "school.policy_version": a_number,
    "school.policy_changes": a_number,
    "setup.versions.show": a_number,
    "setup.versions.document": a_number,
    "school.policy_version_pdf": a_number,
    **{
        f"own_reviews.{page}": a_part
        for page in ("look", "looked", "edit", "save", "pausing", "pause", "resume")
    },
    "setup.badge.picture": a_badge,
    "school.badge": a_small_badge,
    "setup.entrance.down": a_notice,
    "setup.occasions.change": an_occasion,
    "setup.settings.change": a_word("group", "office"),
    "setup.settings.save": a_word("group", "office"),
    "setup.settings.history": a_word("key", "telephone"),
    "setup.occasions.save": an_occasion,
    "setup.occasions.withdraw": an_occasion,
    "setup.entrance.take_down": a_notice,
    "setup.text.clause": a_clause,
    "setup.text.save": a_clause,
    "setup.text.put_back": a_clause_of_the_trust,
    "setup.text.leave": a_clause,
    "setup.text.addition": a_section,
    "setup.text.add": a_section,
    "setup.adoption.item": a_decision,
    "setup.adoption.decide": a_decision,
    "sign.open_link": a_request(secret=True),
    "sign.show": a_request(),
    "sign.give_answer": a_request(),
    "sign.another": a_request(),
    "sign.not_me": a_request(),
    "sign.opened": a_request(),
    "sign.open_sheet": a_sheet_link,
    "answers.packs.one": _own("pack_id", "pack"),
    "answers.packs.take_out": _own("pack_id", "pack"),
    "answers.packs.drop": _own("pack_id", "pack"),
    "answers.packs.revoke": _own("sheet_id", "sheet"),
    "answers.keyed.one": an_adult,
    "answers.keyed.one_keyed": an_adult,
    "answers.keyed.scan": _own("file_id", "scan"),
    "people.notice.show": an_adult,
    "people.notice.told_back": _own("told_id", "telling"),
    "answers.again": a_request(),
    "answers.take_proof": a_request(),
    # Of another than Lee: it takes back what waits for them, which other pages show.
    "answers.take_back": a_request(of="Jo Sample"),
    "answers.campaigns.stop": a_campaign,
    "answers.keyed.strike": a_talk,
    "answers.talk": a_talk,
    "answers.held": a_talk,
    "setup.draft.back": a_comment,
    "mail.one": a_message("Lee"),
    "mail.again": a_message("Lee"),
    "mail.by_hand": a_message("Pat"),
}
# Ids of the Trust's own things: there is no sister.
TRUST_IDS = {
    "editions.show",
    "editions.approval",
    "editions.approve",
    "editions.publication",
    "editions.publish",
    "editions.rollout",
    "editions.more_schools",
    "editions.ask_more",
    "editions.other_day",
    "editions.move",
    "editions.impact",
    "editions.mark",
    "editions.withdrawing",
    "editions.withdraw",
    "editions.edit",
    "editions.begin_next",
    "editions.clause",
    "languages.one",
    "languages.reviewed",
    "languages.clause",
    "languages.translate",
    "editions.save_clause",
    "editions.move_clause",
    "editions.retire_clause",
    "editions.add",
    "editions.save_added",
    "editions.changes",
    "editions.put_back",
    "editions.compare",
    "editions.document",
    "editions.paper",
    "editions.take_paper",
    "editions.header",
    "editions.save_header",
    "editions.add_section",
    "editions.save_new_section",
    "editions.section",
    "editions.save_section",
    "editions.move_section",
    "editions.retire_section",
    "editions.facts",
    "editions.add_fact",
    "editions.save_new_fact",
    "editions.fact",
    "editions.save_fact",
    "editions.retire_fact",
    "editions.consultation",
    "editions.approvers",
    "editions.name_approvers",
    "editions.ask_approvers",
    "editions.signing_off",
    "editions.sign_off",
    "editions.consult",
    "editions.end_consultation",
    "editions.ask_guest",
    "editions.end_guest",
    "editions.comment",
    "editions.answer_comment",
    "letter_words.kind",
    "letter_words.save",
    "letter_words.approve",
    "timetable.run",
    "trust_mail.one",
    "trust_mail.again",
    "trust_mail.told",
}
# Ids of schools in the console, which sees every one: a made-up one is no school's.
CONSOLE_SCHOOLS = {
    "schools.edit",
    "schools.save_edit",
    "schools.head",
    "schools.invite_head",
    "schools.suspension",
    "schools.suspend",
    "schools.resumption",
    "schools.resume",
}
# Ids of people who sign in, whom the console shows of every school.
USER_IDS = {
    "users.new_role",
    "users.add_role",
    "users.role",
    "users.date_role",
    "users.end_role",
    "users.closing",
    "users.close",
    "users.reopen",
    "users.resetting",
    "users.reset_factor",
    "users.invite_again",
}
# Ids of links that people who sign in get by mail: nobody in the world has one.
LINK_IDS = {
    "guests.open_link",
    "guests.show",
    "guests.add",
    "guests.back",
    "feed.show",
    "mailed.open_link",
    "mailed.come_in",
    "mailed.take_password",
    "mailed.take_code",
    "mailed.codes",
    "mailed.done",
    "mailed.again",
    "mailed.open_reset",
    "mailed.new_password",
    "mailed.keep_password",
}
# Ids that stand behind the question mark.
QUERY_IDS = {"users.details_view", "schools.details_view"}
NO_IDS = {"public.asset": "the name of a built file", "public.look_sheet": "two colours"}

ACTORS = [
    "nobody",
    *(f"{role.value}@{slug}" for slug in ("oak-lane", "elm-park") for role in AT_SCHOOL),
    *(f"{role.value}@trust" for role in AT_TRUST),
]


def test_every_route_with_an_id_is_placed(app):
    with_ids = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments - {"school"}}
    placed = SCHOOL_IDS.keys() | TRUST_IDS | CONSOLE_SCHOOLS | USER_IDS | LINK_IDS | NO_IDS.keys()
    assert with_ids == placed, "say in tests/rules/test_wrong_school.py what its ids are"
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    details = {name for name in endpoints if name.endswith(".details_view")}
    assert details == QUERY_IDS


def test_the_world_has_a_canary_wherever_words_can_stand(world, servers):
    """A table whose words hold no canary would let a leak pass."""
    engine = create_engine(servers.superuser_url(world.name))
    wordless = {"audit_event_school", "outbox_school", "policy_in_force", "sign_request",
                "acknowledgement", "answer_struck", "calendar_span_school", "stored_file_content",
                "school_badge", "review_school", "reminder_school", "rollout_reminder",
                "ban", "ban_notice",
                "roll", "campaign_plan", "sign_reminder", "paper_pack", "letter_run", "paper_sheet",
                "link_fetch", "told_adult", "audit_seal_school", "audit_leaf_school"}  # fmt: skip
    try:
        with engine.connect() as connection:
            for school in world.schools.values():
                for table in SCHOOL_TABLES - wordless:
                    rows = connection.scalars(
                        text(f"select t::text from {table} t where school_id = :id"),
                        {"id": school.id},
                    ).all()
                    words = "\n".join(rows)
                    assert school.canary in words or school.staff_canary in words, table
    finally:
        engine.dispose()


@dataclass
class Crawl:
    """One person (or nobody) who tries every address of Oak Lane and of the Trust."""

    app: Any
    client: Browser
    world: World
    grants: frozenset[Grant]
    csrf: str
    written: list[str]  # what its requests have tried to write so far

    def every(self) -> Iterator[tuple[Rule, str]]:
        """Each rule and method. Signing out comes last: it ends the crawl."""
        rules = self.app.url_map.iter_rules()
        for rule in sorted(rules, key=lambda rule: (rule.endpoint == "account.leave", rule.rule)):
            if rule.endpoint not in NO_IDS:
                for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                    yield rule, method

    def open(self, rule: Rule, method: str, ids: dict[str, Any]) -> TestResponse:
        if "request_id" in ids and rule.endpoint.startswith("sign."):
            # Whoever has a link has its cookie too, at this very path.
            link = token(SECRET_KEY, "sign-page", ids["request_id"], 1)
            path = f"/oak-lane/sign/{ids['request_id']}"
            self.client.set_cookie("link", link, path=path)
        if "service_id" in ids:
            opened = token(SECRET_KEY, "letter-open", ids["service_id"], 1)
            self.client.set_cookie("letter", opened, path=f"/oak-lane/letter/{ids['service_id']}")
        form = {"csrf_token": self.csrf} if method == "POST" else None
        self.written.clear()
        build = "POST" if method == "POST" else "GET"
        address = address_of(self.app, rule, build, ids)
        return self.client.open(address, method=method, data=form)

    def check_others(self, rule: Rule, ids: dict[str, Any]) -> None:
        """HEAD and OPTIONS tell no more than GET; `test_routes.py` holds that no others are."""
        self.check(rule, self.open(rule, "HEAD", ids))
        if not self.grants:  # answered without asking anyone's view
            options = self.open(rule, "OPTIONS", ids)
            assert (options.status_code, options.get_data()) in ((200, b""), (404, b""))

    def may(self, rule: Rule) -> bool:
        needs = self.app.view_functions[rule.endpoint].needs
        at = self.world.oak.id if "school" in rule.arguments else None
        return needs is None or needs in allowed(self.grants, at)

    def words_not_to_see(self, rule: Rule) -> list[str]:
        """At a school's addresses the words of the others, at all other addresses of every one."""
        at_school = "school" in rule.arguments
        of_own = {grant.school_id for grant in self.grants}
        others = [
            each
            for each in self.world.schools.values()
            if not (at_school and each.slug == "oak-lane")
            # A person's own account has their own name on it.
            and not (rule.endpoint.startswith("you.") and each.id in of_own)
        ]
        words = [each.canary for each in others]
        if at_school or not any(grant.role.of_trust for grant in self.grants):
            # The console names the staff of every school, to those who may see it.
            words += [each.staff_canary for each in others]
        return words

    def check(self, rule: Rule, response: TestResponse) -> None:
        """What holds for every single answer."""
        where = f"{response.request.method} {response.request.url}: {response.status}"
        assert response.status_code < 500, where
        whole = f"{response.headers}\n{words_of(response)}"
        for word in self.words_not_to_see(rule):
            assert word not in whole, f"{where} shows {word}"
        if response.request.method != "POST":
            wrong = [each for each in self.written if not may_be_written_by_a_get(each)]
            assert not wrong, f"{where} writes: {wrong}"
        if self.may(rule):
            assert response.status_code != 403, where
        elif self.grants:
            assert response.status_code == 403, where
        else:
            assert response.status_code in (302, 303), where
            assert response.headers["Location"].startswith("/account/sign-in"), where


# The three things that a GET may write (DESIGN.md): when a person was last seen, that a
# sensitive record was read, that a link was fetched. Each in a transaction of its own.
WRITTEN_BY_A_GET = (
    r"UPDATE account_sign_in SET seen_at=%\(seen_at\)s",
    r"insert into audit_(event|detail)_(school|trust)\b",
    r"insert into link_fetch\b",
)


def may_be_written_by_a_get(statement: str) -> bool:
    return any(re.search(each, statement, re.I) for each in WRITTEN_BY_A_GET)


def words_of(response: TestResponse) -> str:
    """What an answer says: a PDF's words, and whatever a picture's bytes spell."""
    body = response.get_data()
    if body and response.mimetype == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return body.decode("utf-8", "replace")


def address_of(app: Any, rule: Rule, method: str, ids: dict[str, Any]) -> str:
    """The address of a rule at Oak Lane, with these ids."""
    if rule.endpoint in QUERY_IDS:
        return f"{rule.rule}?{urlencode(ids)}"
    named = {name: value for name, value in ids.items() if name in rule.arguments}
    if "school" in rule.arguments:
        named["school"] = "oak-lane"
    return app.url_map.bind("localhost").build(rule.endpoint, named, method=method)


def ids_of(rule: Rule, world: World) -> Ids:
    if rule.endpoint in SCHOOL_IDS:
        return SCHOOL_IDS[rule.endpoint](world)
    if rule.endpoint in TRUST_IDS:
        numbers = zip((1, 98, 99), (new_id(), new_id(), new_id()), strict=True)
        parts = {
            "clause_id": "behaviour.1", "section_id": "importance", "fact_name": "school.x",
            "task": "deliver_mail", "kind_id": "plain",
            "code": "ur",
        }  # fmt: skip
        return Ids(
            *(
                {
                    "number": number,
                    "message_id": id_,
                    "change_id": id_,
                    "guest_id": id_,
                    "comment_id": id_,
                    **parts,
                }
                for number, id_ in numbers
            )
        )
    if rule.endpoint in CONSOLE_SCHOOLS:
        never = {"school_id": new_id()}
        return Ids({"school_id": world.oak.id}, never, {"school_id": new_id()})
    if rule.endpoint in USER_IDS:
        someone = world.ash.users[Role.GOVERNOR].id  # not the one who crawls
        kinds = [{"user_id": id_, "grant_id": new_id()} for id_ in (someone, new_id(), new_id())]
        return Ids(*kinds)
    if rule.endpoint in LINK_IDS:
        return Ids(
            *(
                {
                    "place": "invitation",
                    "link_id": new_id(),
                    "guest_id": new_id(),
                    "comment_id": new_id(),
                    "feed_id": new_id(),
                    "secret": token(SECRET_KEY, "x", id_, 1),
                }
                for id_ in (new_id(), new_id(), new_id())
            )
        )
    if rule.endpoint in QUERY_IDS:
        users = rule.endpoint.startswith("users.")
        own = world.oak.users[Role.HEADTEACHER].id if users else world.oak.id
        return Ids({"id": own}, {"id": new_id()}, {"id": new_id()})
    return Ids({}, {}, {})


def own_words(world: World) -> None:
    """Both schools have words of their own, and are taking up an edition. Elm Park has a way of
    its own to be reached.
    """
    with world.sessions.school(world.elm.id) as session, transaction(session):
        saved = current_matrix(session)
        matrix = with_route(saved.matrix, ContactRoute("elm-way", "Elm’s own way"))
        matrix = with_purpose(matrix, Purpose("elm-want", "Elm’s own purpose"))
        ticks = matrix.ticks | {("elm-way", "elm-want")}
        save_matrix(
            session, replace(matrix, ticks=ticks), by=world.elm.head, seen_number=saved.number
        )
    publish_open(world)
    for school in world.schools.values():
        with world.sessions.school(school.id) as session, transaction(session):
            session.execute(delete(LocalChange))  # so that they begin with the newest edition
    for school, count in ((world.oak, 1), (world.elm, 2)):
        with world.sessions.school(school.id) as session, transaction(session):
            for _ in range(count):
                edition = the_edition(session)
                add_clause(
                    session, edition, "online", by=school.head, seen=base_of(session, edition)[2],
                    text=f"Own {school.canary}.", reason="The Trust reads it.",
                )  # fmt: skip
    publish_open(world, importance_p1="Theirs.")
    for school in (world.oak, world.elm):
        with world.sessions.school(school.id) as session, transaction(session):
            begin(session, the_edition(session), by=school.head)
            lee, chris = (
                session.get_one(Adult, (school.id, school.adults[f"{name} {school.canary}"]))
                for name in ("Lee", "Chris")
            )
            keep_apart(session, lee, chris, by=school.head, because=f"For {school.canary}")


def publish_open(world: World, **words: str) -> None:
    with world.sessions.trust() as trust, transaction(trust):
        an_open_edition(trust, **words)


@pytest.fixture
def crawled(app, world, request) -> Iterator[Crawl]:
    with world.sessions.school(world.elm.id) as session, transaction(session):
        assert a_version(session, by=world.elm.head).number == 2
    own_words(world)
    consulted(world)
    for school in (world.oak, world.elm):
        with world.sessions.school(school.id) as session, transaction(session):
            session.execute(text("update outbox_school set parked_at = now()"))
            again = Campaign(number=2, version_id=school.version, started_by=school.canary)
            session.add(again)
            session.flush()
            session.add(
                CampaignPlan(
                    id=again.id, goes_on=clock.today() + timedelta(days=9), way="mail",
                    link_days=9, remind_after=5, remind_every=7, remind_most=3,
                    remind_within=30, welcomes=False,
                )
            )  # fmt: skip
    client = app.test_client()
    role, _, slug = request.param.partition("@")
    grants: frozenset[Grant] = frozenset()
    if slug:
        user = next(
            user for user in world.users if (user.role, user.slug or "trust") == (role, slug)
        )
        client.sign_in(user)
        school_id = world.schools[slug].id if user.slug else None
        grants = frozenset({Grant(Role(role), school_id)})
    csrf = client.csrf()
    with written(app.extensions["trustconduct"].sessions.engine) as statements:
        yield Crawl(app, client, world, grants, csrf, statements)


TIME_LEFT = re.compile(r'data-(idle|rest)="\d+"')


def bare(response, ids: dict[str, Any]) -> str:
    """An answer without what may differ between two ids: the ids, tokens, the time left."""
    told = words_of(response)
    told = NUMBER.sub("", TIME_LEFT.sub("", TOKEN.sub("", told)))
    for value in ids.values():
        whole = str(value) if len(str(value)) > 2 else rf"(?<![\w-]){value}(?![\w-])"
        told = re.sub(whole, "ID", told)
    where = response.headers.get("Location", "")
    for value in sorted(ids.values(), key=lambda one: -len(str(one))):  # a 98 within an id
        where = where.replace(str(value), "ID")
    cookies = sorted(line.split("=")[0] for line in response.headers.getlist("Set-Cookie"))
    return f"{response.status}\n{where}\n{cookies}\n{response.mimetype}\n{told}"


def rows_of(servers, world: World, school: WorldSchool) -> dict[str, str]:
    """A hash of all that a school has, table by table."""
    engine = create_engine(servers.superuser_url(world.name))
    try:
        with engine.connect() as connection:
            return {
                table: connection.scalar(
                    text(
                        "select md5(coalesce(string_agg(t::text, '' order by t::text), ''))"
                        f" from {table} t where school_id = :id"
                    ),
                    {"id": school.id},
                )
                for table in SCHOOL_TABLES
            }
    finally:
        engine.dispose()


@pytest.mark.parametrize("crawled", ACTORS, indirect=True)
def test_no_address_shows_or_changes_anything_of_another_school(crawled, servers, caplog, capfd):
    caplog.set_level("INFO")
    world = crawled.world
    before = [rows_of(servers, world, each) for each in (world.elm, world.ash)]
    for rule, method in crawled.every():
        ids = ids_of(rule, world)
        answers: dict[str, str] = {}
        for kind, values in ids.kinds():
            if kind != OWN and not values:
                continue  # an address without an id is one address
            response = crawled.open(rule, method, values)
            crawled.check(rule, response)
            answers[kind] = bare(response, values)
        if method == "POST":
            crawled.client.get("/account/sign-in")  # takes what was flashed
        if rule.endpoint == "health.metrics":
            continue  # it counts the very requests of this crawl
        assert answers.get(SISTER) == answers.get(NEVER), f"{method} {rule.rule}"
        if rule.endpoint in SCHOOL_IDS and crawled.may(rule):
            assert answers[OWN] != answers[NEVER], f"{method} {rule.rule} finds nothing at all"
        if method == "GET":
            crawled.check_others(rule, ids.own)
    assert [rows_of(servers, world, each) for each in (world.elm, world.ash)] == before
    told = caplog.text + "".join(capfd.readouterr())
    for school in world.schools.values():
        for word in (school.canary, school.staff_canary):
            assert word not in told, f"the log shows {word}"
    assert "@" not in told, "the log shows somebody's address"


def test_without_the_forms_token_nothing_is_written(app, world, servers):
    """Every address that changes something, by those who may do most."""
    for user in (world.oak.users[Role.HEADTEACHER], world.trust_users[Role.TRUST_OFFICER]):
        client = app.test_client()
        client.sign_in(user)
        before = rows_of(servers, world, world.oak)
        for rule in app.url_map.iter_rules():
            if "POST" not in rule.methods:
                continue
            address = address_of(app, rule, "POST", ids_of(rule, world).own)
            for form in ({}, {"csrf_token": "made-up"}):
                response = client.post(address, data=form)
                # A parent's form has a mark of its own: tests/web/test_sign.py.
                own = ("sign.give_answer", "sign.not_me", "sign.opened")
                refused = 410 if rule.endpoint in own else 400
                assert response.status_code == refused, (rule.endpoint, response.status)
        assert rows_of(servers, world, world.oak) == before


@pytest.mark.parametrize("made_up", ["' or 1=1", "1", "\0", "x" * 3_000, "%ff", ","])
@pytest.mark.parametrize("place", ["schools", "people"])
def test_an_id_of_the_console_that_is_no_id_is_not_found(app, world, place, made_up):
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    response = client.get(f"/admin/{place}/details/", query_string={"id": made_up})
    assert response.status_code == 404


@pytest.mark.parametrize("address", ["/no-school/", "/no-school/policy", "/no-school/staff/"])
def test_a_school_that_is_not_there_is_not_found(client, address):
    assert client.get(address).status_code == 404
