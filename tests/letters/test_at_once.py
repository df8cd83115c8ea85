"""Two who approve, post or try a code at the very same moment."""

from __future__ import annotations

from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import SECRET_KEY
from tests.letters import rows
from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.letters.approve import approve_letter
from trustconduct.letters.compose import draft_of
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, Way
from trustconduct.letters.opening import behind_link, open_letter
from trustconduct.letters.serve import post_letters, send_by_email
from trustconduct.letters.write import LetterMoved
from trustconduct.people.models import Adult
from trustconduct.tenants.models import School


def an_adult(session, world):
    return session.get_one(Adult, (world.oak.id, world.oak.adults[f"Lee {world.oak.canary}"]))


def test_of_many_approvals_one_freezes_the_letter(world):
    with world.sessions.school(world.oak.id) as session:
        letter = session.get_one(Letter, (world.oak.id, world.oak.draft_letter))
        seen = draft_of(session, letter).composed.sha256

    def approve():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            mine = session.get_one(Letter, (world.oak.id, world.oak.draft_letter))
            return approve_letter(
                session, mine, by=world.oak.head, seen_sha256=seen, pdf=rows.PDF, pages=1
            ).id

    answers = at_once(4, approve)
    assert sorted(type(one) is LetterMoved for one in answers) == [False, True, True, True]
    with world.sessions.school(world.oak.id) as session:
        many = select(func.count()).where(FrozenLetter.id == world.oak.draft_letter)
        assert session.scalar(many) == 1


def test_a_letter_is_posted_once_however_often_the_button_is_pressed(world):
    head = world.oak.head
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = an_adult(session, world)
        adult.address = "1 High Street, Anytown"
        letter = rows.a_letter(session, "plain", adult=adult, by=head, way=Way.POST)
        rows.approved(session, letter, head)
        letter_id = letter.id

    def post():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            return post_letters(session, [letter_id], by=head, on=clock.today())

    assert sorted(at_once(5, post)) == [0, 0, 0, 0, 1]


def test_no_wrong_code_goes_uncounted(world):
    head = world.oak.head
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = an_adult(session, world)
        letter = rows.a_letter(session, "plain", adult=adult, by=head, way=Way.EMAIL)
        rows.approved(session, letter, head)
        school = session.get_one(School, world.oak.id)
        service_id = send_by_email(session, letter, school, by=head, reply_to="x@oak.example").id

    def guess():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            there = behind_link(session, service_id)
            return open_letter(session, there, by=there.by, key=SECRET_KEY, typed="AAAA-AAAA")

    at_once(8, guess)
    with world.sessions.school(world.oak.id) as session:
        assert session.get_one(LetterService, (world.oak.id, service_id)).wrong_tries == 8
