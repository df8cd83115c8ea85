"""Schools are reminded of their own reviews: each once, on the right day of their own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import a_head, a_user, an_officer
from trustconduct.audit.actor import Role
from trustconduct.db import new_id, transaction
from trustconduct.outbox.models import SchoolMessageContent
from trustconduct.reviews.models import Outcome, Part, SchoolReminder, SchoolReview, outcomes_of
from trustconduct.reviews.school_reminders import (
    Colleague,
    look_after,
    schools_to_look_at,
)
from trustconduct.reviews.school_reviews import (
    begin_reviews,
    change_part,
    cycle_of_part,
    mark_reviewed,
    open_reviews,
    pause_part,
)
from trustconduct.schools.calendars import mark, save_year
from trustconduct.schools.change import suspend
from trustconduct.tenants.calendars import Kind, Span
from trustconduct.tenants.models import School

DAY, WEEK = timedelta(days=1), timedelta(days=7)
OFFICE = Colleague(new_id(), "Olive", "office@oak.example", Role.OFFICE)
HEAD = Colleague(new_id(), "Hal", "head@oak.example", Role.HEADTEACHER)
STAFF = (HEAD, OFFICE)


def look(session, staff=STAFF) -> bool:
    return look_after(session, staff, trust="Lantern Trust", base_url="https://x.example")


def mails(session) -> list[tuple[str, str]]:
    return list(
        session.execute(
            select(SchoolMessageContent.to_name, SchoolMessageContent.subject).order_by(
                SchoolMessageContent.id
            )
        )
    )


def test_what_is_due_on_one_day_goes_in_one_mail_to_the_office(oak):
    with time_machine.travel("2026-12-10T09:00:00Z"):
        assert look(oak)  # complaints, this autumn
        assert not look(oak)
    with time_machine.travel("2027-01-08T09:00:00Z"):  # two terms ahead of three parts
        assert look(oak)
        assert not look(oak)
    told = mails(oak)
    # Complaints, which nobody noted, have been overdue for a week: the head is told of them.
    assert [to for to, _ in told] == ["Olive", "Hal", "Olive"]
    assert ("Olive", "4 things to look at for Oak Lane") in told
    assert ("Hal", "Sharing the complaints policy with parents: overdue") in told
    body = oak.scalars(
        select(SchoolMessageContent.body).where(SchoolMessageContent.subject.like("4 things%"))
    ).one()
    assert "- Site bans: due in two terms. Autumn Term 2027, by 31 December 2027" in body
    assert "https://x.example/oak-lane/staff/reviews/" in body
    assert "provisionally" in body


@pytest.mark.parametrize(("staff", "to"), [((HEAD,), ["Hal"]), ((), [])])
def test_without_an_office_the_head_is_reminded_and_without_anyone_it_waits(oak, staff, to):
    with time_machine.travel("2026-12-10T09:00:00Z"):
        assert look(oak, staff) == bool(to)
        assert [name for name, _ in mails(oak)] == to
        assert look(oak) == (not to)


def test_who_is_both_head_and_office_gets_one_mail(oak):
    both = [Colleague(HEAD.id, HEAD.name, HEAD.email, role) for role in (Role.OFFICE, HEAD.role)]
    with time_machine.travel("2027-01-08T09:00:00Z"):
        begin_reviews(oak)
    with time_machine.travel("2028-01-20T09:00:00Z"):
        assert look(oak, both)
        assert not look(oak, both)
    assert mails(oak) == [("Hal", "4 things to look at for Oak Lane")]


def test_who_looks_every_term_gets_no_mail_on_the_day_they_have_looked(oak):
    with time_machine.travel("2027-05-10T09:00:00Z"):
        begin_reviews(oak)
        cycle = cycle_of_part(oak, Part.FACTS)
        more = {"every": 1, "unit": "terms", "owner_id": None, "upward_id": None}
        change_part(oak, cycle, by=a_head(oak), seen=1, people=(), **more)
        review = next(one for one in open_reviews(oak) if one.subject == Part.FACTS.value)
        mark_reviewed(oak, review.id, by=a_head(oak), outcome=Outcome.SAME, note="")
        assert not look(oak)
        assert not look(oak)
    with time_machine.travel("2027-09-01T09:00:00Z"):
        assert look(oak)
    assert "due this term" in oak.scalars(select(SchoolMessageContent.body)).one()


def test_two_at_once_write_one_reminder(ground):
    def once():
        with ground.sessions.school(ground.oak.id) as session, transaction(session):
            return look(session)

    with time_machine.travel("2026-12-10T09:00:00Z"):
        assert sorted(at_once(4, once)) == [False, False, False, True]
        with ground.sessions.school(ground.oak.id) as session:
            assert len(mails(session)) == 1


def test_one_query_finds_the_schools_that_wait_and_no_suspended_one(ground, queries):
    def waiting() -> set[str]:
        with ground.sessions.trust() as trust:
            names = dict(trust.execute(select(School.id, School.slug)).all())
            with queries(ground.sessions.engine) as counted:
                found = schools_to_look_at(trust)
            assert counted.n == 2  # the Trust's calendar, and the one grouped query
            return {names[school] for school in found}

    with time_machine.travel("2026-12-10T09:00:00Z"):
        assert waiting() == {"oak-lane", "elm-park", "ash-grove"}  # none has begun
        for school in (ground.oak, ground.elm):
            with ground.sessions.school(school.id) as session, transaction(session):
                look(session)
        assert waiting() == {"ash-grove"}
        with ground.sessions.trust() as trust, transaction(trust):
            ash = trust.get(School, ground.ash.id)
            suspend(trust, ash, by=an_officer(), reason="Left", heads=[])
        assert waiting() == set()
        with ground.sessions.trust() as trust, transaction(trust):
            term = Span(date(2027, 9, 1), date(2027, 12, 21), Kind.TERM, "autumn")
            save_year(trust, 2027, [term], by=an_officer(), seen=mark(()))
        assert waiting() == {"oak-lane", "elm-park"}  # days are to be worked out anew
        for school in (ground.oak, ground.elm):
            with ground.sessions.school(school.id) as session, transaction(session):
                look(session)
        assert waiting() == set()
    with time_machine.travel("2027-01-01T09:00:00Z"):
        assert waiting() == {"oak-lane", "elm-park"}  # complaints are overdue
        with ground.sessions.school(ground.elm.id) as elm, transaction(elm):
            for part in Part:
                cycle = cycle_of_part(elm, part)
                until = date(2027, 1, 31)
                pause_part(elm, cycle, by=a_head(elm), seen=1, because="Moving", until=until)
        assert waiting() == {"oak-lane"}
    with time_machine.travel("2027-02-01T09:00:00Z"):
        assert waiting() == {"oak-lane", "elm-park"}


# -- the clock, day by day


def a_year_of(session, begins: int, *days: tuple[date, date]) -> None:
    spans = [
        Span(first, last, Kind.TERM, season)
        for season, (first, last) in zip(("autumn", "spring", "summer"), days, strict=True)
    ]
    by = a_head(session) if session.scope.school_id else an_officer()
    save_year(session, begins, spans, by=by, seen=mark(()))


def test_day_by_day_until_september_2028_each_school_s_reminders_go_once_on_its_own_days(ground):
    """Oak goes by the Trust's dates, Elm by its own, Ash rests for a year; all run hourly."""
    with ground.sessions.trust() as trust, transaction(trust):
        a_year_of(
            trust,
            2026,
            (date(2026, 9, 2), date(2026, 12, 18)),
            (date(2027, 1, 4), date(2027, 3, 25)),
            (date(2027, 4, 12), date(2027, 7, 21)),
        )
        a_year_of(
            trust,
            2027,
            (date(2027, 9, 1), date(2027, 12, 17)),
            (date(2028, 1, 4), date(2028, 3, 31)),
            (date(2028, 4, 17), date(2028, 7, 20)),
        )
    schools = {ground.oak.id: "oak", ground.elm.id: "elm", ground.ash.id: "ash"}
    sent: dict[str, list[tuple[date, str, str]]] = {
        "oak": [],
        "elm": [],
        "ash": [],
    }
    day = date(2026, 11, 27)
    with time_machine.travel(0, tick=False) as time:
        while day <= date(2028, 9, 1):
            time.move_to(datetime(day.year, day.month, day.day, 6, 10, tzinfo=UTC))
            if day == date(2026, 11, 30):
                with ground.sessions.school(ground.elm.id) as elm, transaction(elm):
                    # Another county: back a week later, and an autumn that ends earlier.
                    a_year_of(elm, 2026, (date(2026, 9, 7), date(2026, 12, 11)),
                              (date(2027, 1, 11), date(2027, 4, 1)),
                              (date(2027, 4, 19), date(2027, 7, 28)))  # fmt: skip
                    a_year_of(elm, 2027, (date(2027, 9, 8), date(2027, 12, 10)),
                              (date(2028, 1, 10), date(2028, 4, 7)),
                              (date(2028, 4, 24), date(2028, 7, 27)))  # fmt: skip
                with ground.sessions.school(ground.ash.id) as ash, transaction(ash):
                    for part in Part:
                        cycle = cycle_of_part(ash, part)
                        pause_part(ash, cycle, by=a_head(ash), seen=cycle.version,
                                   because="Building works", until=date(2027, 11, 29))  # fmt: skip
            if day == date(2027, 9, 20):  # Oak looks at all of it but its facts
                with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
                    for review in open_reviews(oak):
                        if review.subject != Part.FACTS.value:
                            outcome = outcomes_of(Part(review.subject))[0]
                            mark_reviewed(oak, review.id, by=a_head(oak), outcome=outcome, note="")
            for hour in (6, 12, 18):
                time.move_to(datetime(day.year, day.month, day.day, hour, 10, tzinfo=UTC))
                with ground.sessions.trust(read_only=True) as trust:
                    found = schools_to_look_at(trust)
                for school_id in found:
                    with ground.sessions.school(school_id) as session, transaction(session):
                        look(session)
            day += DAY
        for school_id, name in schools.items():
            with ground.sessions.school(school_id) as session:
                rows = session.execute(
                    select(SchoolReminder, SchoolReview.subject)
                    .join(SchoolReview, SchoolReview.id == SchoolReminder.subject_id)
                    .order_by(SchoolReminder.reminded_at, SchoolReview.subject)
                )
                sent[name] = [(row.reminded_at.date(), row.kind, subject) for row, subject in rows]
                once = [(row[0], row[2]) for row in sent[name]]
                assert len(once) == len(set(once)), "two of one subject on one day"

    def of(name: str, subject: str) -> list[tuple[date, str]]:
        return [(on, kind) for on, kind, about in sent[name] if about == subject]

    def weekly(first: date, last: date) -> list[tuple[date, str]]:
        weeks = (last - first) // WEEK
        return [(first + n * WEEK, "overdue") for n in range(weeks + 1)]

    # Oak's facts, by the Trust's calendar: due in Autumn 2027, and nobody ever looks.
    assert of("oak", "facts") == [
        (date(2027, 1, 4), "two_terms_ahead"),
        (date(2027, 4, 12), "one_term_ahead"),
        (date(2027, 9, 1), "term_begins"),
        *weekly(date(2027, 12, 18), date(2028, 9, 1)),
    ]
    # Its bans were looked at in Autumn 2027: the next ones count from there.
    assert of("oak", "bans") == [
        (date(2027, 1, 4), "two_terms_ahead"),
        (date(2027, 4, 12), "one_term_ahead"),
        (date(2027, 9, 1), "term_begins"),
        (date(2028, 1, 4), "two_terms_ahead"),
        (date(2028, 4, 17), "one_term_ahead"),
        (date(2028, 9, 1), "term_begins"),
    ]
    # The complaints policy of 2026 was overdue until the September after.
    assert of("oak", "complaints") == [
        (date(2026, 11, 27), "term_begins"),
        *weekly(date(2026, 12, 19), date(2027, 9, 19)),
        (date(2027, 9, 20), "term_begins"),
        *weekly(date(2027, 12, 18), date(2028, 9, 1)),
    ]
    # Elm, a week later throughout.
    assert of("elm", "matrix") == [
        (date(2027, 1, 11), "two_terms_ahead"),
        (date(2027, 4, 19), "one_term_ahead"),
        (date(2027, 9, 8), "term_begins"),
        *weekly(date(2027, 12, 11), date(2028, 9, 1)),
    ]
    # Ash rested until 29 November 2027: what it missed is one reminder on the day after.
    assert of("ash", "matrix") == [
        (date(2027, 11, 30), "term_begins"),
        *weekly(date(2027, 12, 18), date(2028, 9, 1)),
    ]
    assert of("ash", "complaints")[:2] == [
        (date(2026, 11, 27), "term_begins"),
        (date(2027, 11, 30), "overdue"),
    ]


def test_a_part_s_owner_is_reminded_and_whoever_the_school_chose_above_them(ground):
    with ground.sessions.accounts() as accounts, transaction(accounts):
        made = [
            a_user(accounts, Role.OFFICE, ground.oak.id, email=f"{name}@oak.example", name=name)
            for name in ("Ola", "Una")
        ]
    ola, una = (Colleague(user.id, user.name, user.email, Role.OFFICE) for user in made)
    with (
        time_machine.travel("2026-12-10T09:00:00Z"),
        ground.sessions.school(ground.oak.id) as oak,
        transaction(oak),
    ):
        begin_reviews(oak)
        cycle = cycle_of_part(oak, Part.COMPLAINTS)
        more = {"every": 1, "unit": "years", "owner_id": ola.id, "upward_id": una.id}
        change_part(oak, cycle, by=a_head(oak), seen=1, people={ola.id, una.id}, **more)
        assert look(oak, [*STAFF, ola, una])
        assert [to for to, _ in mails(oak)] == ["Ola"]
    with (
        time_machine.travel("2027-01-08T09:00:00Z"),
        ground.sessions.school(ground.oak.id) as oak,
        transaction(oak),
    ):
        assert look(oak, [*STAFF, ola, una])
        assert [to for to, _ in mails(oak)] == ["Ola", "Ola", "Olive", "Una"]
