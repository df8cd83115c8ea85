"""Adults by the thousand through a campaign, its mails, reminders and answers, week after week.

Every count is checked against a truth that is kept beside it, person by person, in plain
Python. `WEEKS=20000` takes as many adults; by itself it is two thousand.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import time_machine
from sqlalchemy import func, insert, select, update

from tests.build import a_campaign, a_head, a_version, the_school
from trustconduct import clock
from trustconduct.acknowledgements.campaigns import carry_on
from trustconduct.acknowledgements.lists import Wanted, counts
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.plans import SignReminder
from trustconduct.acknowledgements.reminding import remind_adults
from trustconduct.db import new_id
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold

MANY = int(os.environ.get("WEEKS", "2000"))
FIRST = date(2027, 6, 1)
OFFICE = {"telephone": "01632 960001", "reply_to": "office@school.example"}
AFTER, EVERY, MOST, WITHIN = 5, 7, 3, 30


class Person:
    """What is true of one adult, and what should have happened to them."""

    def __init__(self) -> None:
        self.next: int | None = AFTER
        self.reminded: list[int] = []
        self.answers: list[tuple[int, str]] = []
        self.told = True

    def clock(self, day: int) -> None:
        if self.next is None or self.next > day:
            return
        if self.answers or day > WITHIN:
            self.next = None
        elif self.told:
            self.reminded.append(day)
            more = len(self.reminded) < MOST and day + EVERY <= WITHIN
            self.next = day + EVERY if more else None


def at(day: int, hour: int):
    when = datetime(2027, 6, 1, hour, tzinfo=clock.LONDON) + timedelta(days=day)
    return time_machine.travel(when, tick=False)


def test_every_count_is_the_truth_over_simulated_weeks(oak):
    chance = random.Random(20)
    with at(0, 9):
        version = a_version(oak)
        oak.execute(
            insert(Adult),
            [
                {
                    "school_id": oak.school_id, "id": new_id(), "name": f"Adult {n}",
                    "name_key": f"adult {n}", "email": f"a{n}@parents.example",
                    "added_at": clock.now(), "version": 1,
                }
                for n in range(MANY)
            ],
        )  # fmt: skip
        a_campaign(oak, version)
    requests: dict[UUID, UUID] = dict(
        oak.execute(select(SignRequest.adult_id, SignRequest.id)).all()
    )
    people = {adult: Person() for adult in requests}
    assert len(people) == MANY
    everybody = sorted(people)
    for day in range(1, 40):
        with at(day, 8):
            _answer(oak, chance, day, people, requests, chance.sample(everybody, MANY // 40))
            if day in (3, 11):
                for adult in chance.sample(everybody, 5):
                    if people[adult].told:
                        row = oak.get_one(Adult, (oak.school_id, adult))
                        mark_untold(oak, row, by=a_head(oak), because="An order")
                        people[adult].told = False
        if day in (6, 7, 19):  # a machine that was off
            continue
        for hour in (9, 14):  # twice a day, as if two had run
            with at(day, hour):
                remind_adults(oak, the_school(oak), **OFFICE)
                assert carry_on(oak, the_school(oak), **OFFICE) == 0
        for person in people.values():
            person.clock(day)
        oak.execute(
            update(SchoolMessage)
            .where(SchoolMessage.sent_at.is_(None), SchoolMessage.parked_at.is_(None))
            .values(sent_at=clock.now())
        )

    noted: dict[UUID, list[int]] = {adult: [] for adult in people}
    for adult, on in oak.execute(
        select(SignReminder.adult_id, SignReminder.local_day).order_by(SignReminder.local_day)
    ):
        noted[adult].append((on - FIRST).days)
    assert noted == {adult: person.reminded for adult, person in people.items()}
    mails = Counter(
        oak.scalars(select(SchoolMessage.adult_id).where(SchoolMessage.kind == "sign_reminder"))
    )
    assert mails == Counter({a: len(p.reminded) for a, p in people.items() if p.reminded})
    asked = select(func.count()).where(SchoolMessage.kind == "sign_request")
    assert oak.scalar(asked.select_from(SchoolMessage)) == MANY
    both = oak.execute(
        select(SchoolMessageContent.to_name, Adult.name)
        .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
        .join(Adult, Adult.id == SchoolMessage.adult_id)
    ).all()
    assert all(to == name for to, name in both), "each message is for the adult whom it names"
    with at(41, 9):
        for day in (0, 4, 12, 20, 39):
            told = counts(oak, version, Wanted(on=FIRST + timedelta(days=day)))
            expected = Counter(_status(person, day) for person in people.values())
            for one in ("signed", "declined", "talk", "none"):
                assert getattr(told, one) == expected[one], (day, one)


def _status(person: Person, day: int) -> str:
    given = {answer for on, answer in person.answers if on <= day}
    return next((one for one in ("signed", "declined", "talk") if one in given), "none")


def _answer(session, chance, day, people, requests, adults) -> None:
    rows = []
    for adult in adults:
        given = chance.choice(list(Answer)).value
        if given in {answer for _, answer in people[adult].answers} or not people[adult].told:
            continue
        people[adult].answers.append((day, given))
        rows.append(
            {
                "school_id": session.school_id, "id": new_id(), "request_id": requests[adult],
                "answer": given, "sha256": "0" * 64, "answered_at": clock.now(),
            }
        )  # fmt: skip
    if rows:
        session.execute(insert(Acknowledgement), rows)
