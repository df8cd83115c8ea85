"""Adults by the thousand through a campaign, its mails, reminders and answers, week after week.

All of it by the rules themselves and through a real mail server: answers by link and by
hand, some struck out, addresses that bounce, adults who must not be told, days on which the
machine was off, and reminders of what was answered a second ago. Every count is checked
against a truth that is kept beside it, person by person, in plain Python.
`make test-weeks` takes 20,000 adults; in the suite it is a few hundred, with the same seed.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import insert, select

from tests.build import a_campaign, a_head, a_version, an_answer, the_school
from tests.mail import Mailbox
from tests.outbox.sending import ENVELOPE
from trustconduct import clock
from trustconduct.acknowledgements.campaigns import carry_on
from trustconduct.acknowledgements.lists import Wanted, counts
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer
from trustconduct.acknowledgements.paper_models import How
from trustconduct.acknowledgements.plans import SignReminder
from trustconduct.acknowledgements.reminding import no_longer_wanted, remind_adults
from trustconduct.acknowledgements.signing import asked
from trustconduct.acknowledgements.strike_out import strike_out
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.audit.seals import seal, verify
from trustconduct.db import new_id
from trustconduct.outbox.bounces import take_bounce
from trustconduct.outbox.delivery import ByMail, begin_next, deliver_and_begin
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel, SchoolMessage, SchoolMessageContent
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold

MANY = int(os.environ.get("WEEKS", "200"))
pytestmark = pytest.mark.timeout(300 if MANY <= 200 else 4 * 3600)
DAYS = 40
OFF = (6, 7, 19)  # days on which the machine was off
FIRST = date(2027, 6, 1)
OFFICE = {"telephone": "01632 960001", "reply_to": "office@school.example"}
AFTER, EVERY, MOST, WITHIN = 5, 7, 3, 30


class Person:
    """What is true of one adult, and what should have happened to them."""

    def __init__(self) -> None:
        self.next: int | None = AFTER
        self.reminded: list[int] = []
        self.answers: list[list] = []  # the day, the answer, the day on which it was struck out
        self.told = self.reached = True
        self.by_link = self.by_hand = self.struck = self.too_late = 0

    def stand(self, day: int = DAYS) -> set[str]:
        return {
            answer
            for on, answer, struck in self.answers
            if on <= day and (struck is None or struck > day)
        }

    def clock(self, day: int) -> None:
        if self.next is None or self.next > day:
            return
        if self.stand() or day > WITHIN:
            self.next = None
        elif self.told and self.reached:
            self.reminded.append(day)
            more = len(self.reminded) < MOST and day + EVERY <= WITHIN
            self.next = day + EVERY if more else None

    def status(self, day: int) -> str:
        given = self.stand(day)
        return next((one for one in ("signed", "declined", "talk") if one in given), "none")


def at(day: int, hour: int):
    when = datetime(2027, 6, 1, hour, tzinfo=clock.LONDON) + timedelta(days=day)
    return time_machine.travel(when)


class School:
    """The school's weeks: each act by its rule, and noted in the truth beside it."""

    def __init__(self, session, chance: random.Random, mailbox: Mailbox) -> None:
        self.session, self.chance, self.mailbox = session, chance, mailbox
        with at(0, 9):
            self.version = a_version(session)
            session.execute(
                insert(Adult),
                [
                    {
                        "school_id": session.school_id, "id": new_id(), "name": f"Adult {n}",
                        "name_key": f"adult {n}", "email": f"a{n}@parents.example",
                        "added_at": clock.now(), "version": 1,
                    }
                    for n in range(MANY)
                ],
            )  # fmt: skip
            a_campaign(session, self.version)
            self.head = a_head(session)
        self.requests: dict[UUID, UUID] = dict(
            session.execute(select(SignRequest.adult_id, SignRequest.id)).all()
        )
        self.people = {adult: Person() for adult in self.requests}
        self.arrived: list[tuple[str, str]] = []  # what the mail server took: its name, whom for
        self.keyed: list[tuple[UUID, UUID, list]] = []  # adult, answer, what is true of it
        assert len(self.people) == MANY

    def some(self, many: int) -> list[UUID]:
        return self.chance.sample(sorted(self.people), many)

    def adult(self, adult_id: UUID) -> Adult:
        return self.session.get_one(Adult, (self.session.school_id, adult_id))

    def answer(self, day: int, adult: UUID) -> bool:
        """One answers, by their link or at the office; twice the same has no effect."""
        person, given = self.people[adult], self.chance.choice(list(Answer))
        new = given.value not in person.stand()
        by_hand = not person.told or not person.reached or self.chance.random() < 0.2
        if by_hand:
            today = clock.today()
            keyed = Keyed(given, How.PAPER, "Adult Sample", today, today)
            assert key_answer(self.session, self.adult(adult), keyed, by=self.head) is new
        else:
            request = asked(self.session, self.requests[adult])
            assert request.answers == {Answer(one) for one in person.stand()}
            assert an_answer(self.session, request, given) is new
        if not new:
            return False
        person.answers.append([day, given.value, None])
        if by_hand:
            person.by_hand += person.told
            person.next = None
            answer_id = self.session.scalars(
                select(Acknowledgement.id)
                .where(Acknowledgement.request_id == self.requests[adult])
                .order_by(Acknowledgement.answered_at.desc(), Acknowledgement.id.desc())
                .limit(1)
            ).one()
            self.keyed.append((adult, answer_id, person.answers[-1]))
        else:
            person.by_link += 1
        return True

    def strike(self, day: int) -> None:
        """One that was keyed turns out to be another person's."""
        if not self.keyed:
            return
        adult, answer_id, true = self.keyed.pop(self.chance.randrange(len(self.keyed)))
        assert strike_out(self.session, answer_id, "Another person's", by=self.head)
        person = self.people[adult]
        true[2] = day
        person.struck += person.told
        if len(person.reminded) < MOST:
            person.next = day + 1

    def bounce(self) -> None:
        for adult in self.some(3):
            sent = self.session.scalars(
                select(SchoolMessage.id)
                .where(SchoolMessage.adult_id == adult, SchoolMessage.kind == "sign_request")
            ).one()  # fmt: skip
            assert take_bounce(self.session, sent, "5.1.1", by=CLOCK)
            self.people[adult].reached = False

    def hide(self) -> None:
        for adult in self.some(3):
            if self.people[adult].told:
                mark_untold(self.session, self.adult(adult), by=self.head, because="An order")
                self.people[adult].told = False

    def remind(self, day: int) -> None:
        for hour in (9, 14):  # twice a day, as if two had run
            with at(day, hour):
                remind_adults(self.session, the_school(self.session), **OFFICE)
                assert carry_on(self.session, the_school(self.session), **OFFICE) == 0
        for person in self.people.values():
            person.clock(day)
        with at(day, 15):  # a reminder is written, and they answer a second before it leaves
            late = [
                adult
                for adult, person in sorted(self.people.items())
                if person.reminded[-1:] == [day] and not person.stand()
            ]
            for adult in late[:2]:
                self.people[adult].too_late += self.answer(day, adult)

    def deliver(self, day: int) -> None:
        with at(day, 16), Post(self.mailbox.url) as post:
            carriers = {Channel.MAIL: ByMail(post, ENVELOPE)}
            id = begin_next(self.session, ENVELOPE)
            while id is not None:
                _, id = deliver_and_begin(
                    self.session, id, carriers, ENVELOPE, no_longer_wanted
                )  # fmt: skip
                self.session.expunge_all()
        box = self.mailbox
        self.arrived += [
            (mail["Message-ID"], mail["To"].addresses[0].addr_spec) for mail in box.messages
        ]
        for kept in (box.messages, box.raw, box.senders):  # a mail is large, and there are many
            kept.clear()


def test_every_count_is_the_truth_over_simulated_weeks(oak):
    with Mailbox() as mailbox:
        here = School(oak, random.Random(20), mailbox)
        here.deliver(0)
        for day in range(1, DAYS):
            with at(day, 8):
                for adult in here.some(MANY // 40):
                    here.answer(day, adult)
                if day == 2:
                    here.bounce()
                if day in (3, 11):
                    here.hide()
                if day % 3 == 0:
                    here.strike(day)
            if day not in OFF:
                here.remind(day)
                here.deliver(day)
        _reminders_are_the_truth(here)
        _mails_are_the_truth(here)
        _counts_are_the_truth(here)
        _all_is_sealed(here)


def _reminders_are_the_truth(here: School) -> None:
    noted: dict[UUID, list[int]] = {adult: [] for adult in here.people}
    for adult, on in here.session.execute(
        select(SignReminder.adult_id, SignReminder.local_day).order_by(SignReminder.local_day)
    ):
        noted[adult].append((on - FIRST).days)
    assert noted == {adult: person.reminded for adult, person in here.people.items()}


def _mails_are_the_truth(here: School) -> None:
    """What the mail server took: whom for, of which kind, and each once."""
    rows = here.session.execute(
        select(
            SchoolMessage.reference, SchoolMessage.kind, SchoolMessage.adult_id,
            SchoolMessageContent.to_address, Adult.email,
        )
        .join(SchoolMessageContent, SchoolMessageContent.id == SchoolMessage.id)
        .join(Adult, Adult.id == SchoolMessage.adult_id)
    ).all()  # fmt: skip
    assert all(row.to_address == row.email for row in rows)
    known = {f"<{row.reference}>": row for row in rows if row.reference}
    arrived = Counter(one for one, _ in here.arrived)
    assert set(arrived.values()) == {1}
    assert arrived.keys() <= known.keys()
    assert all(to == known[one].to_address for one, to in here.arrived)
    came = Counter((known[one].kind, known[one].adult_id) for one in arrived)
    people = here.people.items()
    assert {a: came["sign_request", a] for a, _ in people} == {a: 1 for a, _ in people}
    for kind, truth in (
        ("sign_reminder", lambda one: len(one.reminded) - one.too_late),
        ("sign_receipt", lambda one: one.by_link),
        ("answer_noted", lambda one: one.by_hand),
        ("answer_struck", lambda one: one.struck),
    ):
        assert {a: came[kind, a] for a, _ in people} == {a: truth(one) for a, one in people}, kind
    assert sum(came.values()) == len(here.arrived)


def _counts_are_the_truth(here: School) -> None:
    with at(DAYS + 1, 9):
        for day in (0, 4, 12, 20, 39):
            told = counts(here.session, here.version, Wanted(on=FIRST + timedelta(days=day)))
            expected = Counter(person.status(day) for person in here.people.values())
            assert told.asked == MANY
            for one in ("signed", "declined", "talk", "none"):
                assert getattr(told, one) == expected[one], (day, one)
        now = counts(here.session, here.version)
        assert now.signed == sum(person.status(DAYS) == "signed" for person in here.people.values())


def _all_is_sealed(here: School) -> None:
    """Each answer and each striking out stands in the sealed journal, once."""
    while seal(here.session):
        pass
    walk = verify(here.session)
    assert (walk.faults, walk.unsealed) == ([], 0)
    events = Counter(here.session.scalars(select(SchoolAuditEvent.event)))
    given = sum(len(person.answers) for person in here.people.values())
    struck = sum(one[2] is not None for p in here.people.values() for one in p.answers)
    kinds = ("policy.signed", "policy.declined", "talk.asked", "answer.keyed")
    assert sum(events[one] for one in kinds) == given
    assert events["answer.struck"] == struck
