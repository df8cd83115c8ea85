"""Every rule: which permission it asks for, or why it asks for none.

A new rule stands here or the build fails; `test_permissions.py` prints the line to
add. It then calls the rule with an actor who may do everything but this one thing,
and expects a refusal before anything is written.

- `Asks(Can.X, SCHOOL, lambda s: given(…))`: the session's scope, and what the rule is
  given besides `session` and `by`. `s` is the session; what the rule needs to be there
  is made with `tests/build.py`. A rule in a session of the Trust or for accounts is
  asked about the Trust, in a school's about that school; `at=` says otherwise.
- `Free("why")`: anyone may, and why that is right. Think twice.
- `UNSIGNED`: what writes without saying by whom, and why that is right. Think three times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests import build
from tests.build import the_edition, the_school
from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.models import Answer
from trustconduct.audit.actor import Grant, Role
from trustconduct.policies.models import Edition
from trustconduct.policies.reading import read_policy
from trustconduct.policies.versions import newest_version
from trustconduct.schools.settings import facts_of, settings_of
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

    @property
    def place(self) -> str:
        return self.at or (SCHOOL if self.scope == SCHOOL else TRUST)


@dataclass(frozen=True)
class Free:
    why: str


# -- what some of them are given


def _draft(session: ScopedSession) -> Edition:
    return build.a_draft(session)


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


def _campaign(session: ScopedSession) -> Given:
    build.an_adult(session)
    build.a_version(session)
    version = newest_version(session)
    return given(
        the_school(session), version, link_days=9, telephone="01632 960001", reply_to="a@b.example"
    )


def _fresh_link(session: ScopedSession) -> Given:
    request = build.a_request(session)
    return given(
        the_school(session),
        request.id,
        seen_generation=1,
        link_days=9,
        telephone="01632 960001",
        reply_to="a@b.example",
    )


def _wish_to_talk(session: ScopedSession) -> Given:
    request = build.a_request(session)
    build.an_answer(session, request, Answer.TALK, note="Please call.")
    model = build.signing.Acknowledgement
    return given(session.scalars(select(model.id).where(model.request_id == request.id)).one())


def _new_user() -> Given:
    grants = [Grant(Role.TRUST_READER)]
    return given(email="nia@trust.example", name="Nia", password=build.PASSWORD, grants=grants)


# fmt: off
RULES: dict[str, Asks | Free] = {
    "accounts.signing_in.sign_out": Free("a person ends a sign-in of their own"),
    "accounts.users.add_user": Asks(Can.ADD_USER, ACCOUNTS, lambda s: _new_user()),
    "acknowledgements.answers.hold_talk": Asks(Can.HOLD_TALK, SCHOOL, _wish_to_talk),
    "acknowledgements.answers.send_again": Asks(Can.SEND_LINK_AGAIN, SCHOOL, _fresh_link),
    "acknowledgements.campaigns.start_campaign": Asks(Can.START_CAMPAIGN, SCHOOL, _campaign),
    "acknowledgements.signing.answer": Free("a parent's link is what lets them answer"),
    "audit.record.event_rows": Free("rules call it once they have permitted"),
    "audit.record.record": Free("rules call it once they have permitted"),
    "contact_matrix.save.save_matrix": Asks(
        Can.CHANGE_MATRIX, SCHOOL, lambda s: given(build.MATRIX, seen_number=0)),
    "oversight.overview.overview": Asks(Can.SEE_CONSOLE, TRUST, lambda s: given()),
    "people.take_in.take_in": Asks(
        Can.TAKE_IN_ROLL, SCHOOL,
        lambda s: given(build.read_roll(build.a_roll("Sam,4,Alex,mother,alex@parents.example")))),
    "policies.editions.approve": Asks(
        Can.APPROVE_EDITION, TRUST, lambda s: given(_draft(s), board_on=clock.today())),
    "policies.editions.import_edition": Asks(
        Can.IMPORT_EDITION, TRUST,
        lambda s: given(_reading(), source_name="code.txt", source_text=build.a_text())),
    "policies.editions.publish": Asks(
        Can.PUBLISH_EDITION, TRUST, lambda s: given(_approved(s))),
    "policies.versions.publish_version": Asks(Can.PUBLISH_VERSION, SCHOOL, _version),
    "schools.add.add_school": Asks(
        Can.ADD_SCHOOL, TRUST, lambda s: given(slug="beech-hill", name="Beech Hill")),
    "schools.add.name_trust": Asks(Can.CHANGE_TRUST, TRUST, lambda s: given(name="Harbour Trust")),
    "schools.settings.change_settings": Asks(
        Can.CHANGE_SETTINGS, SCHOOL,
        lambda s: given(seen_version=settings_of(s).version, telephone="01632 960009")),
    "accounts.permissions.may": Free("it is the question itself"),
    "accounts.permissions.permit": Free("it is the question itself"),
}

# What writes and does not say by whom.
UNSIGNED: dict[str, str] = {
    "accounts.signing_in.give_password": "nobody is signed in yet; the event names the address",
    "accounts.signing_in.give_code": "the person becomes known by it, and the event names them",
    "accounts.signing_in.enrol": "a blank factor of one's own, on the way to signing in",
    "accounts.signing_in.seen": "when the person was last there: of no weight to anyone",
    "outbox.delivery.deliver_next": "the worker; what the mail is about was recorded with it",
    "outbox.write.write": "rules call it once they have permitted",
    "people.take_in.changes": "it only compares: its counts are no rows",
    "reviews.reminders.remind": "the clock does it, and the event says so",
}
# fmt: on
