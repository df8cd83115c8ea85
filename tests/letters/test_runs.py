"""A day's letters in one print run: made away from the page, within a minute."""

from __future__ import annotations

import io
import time

import pikepdf

from tests import build
from tests.letters import rows
from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.jobs.letter_runs import make_due
from trustconduct.letters.approve import withdraw_letter
from trustconduct.letters.compose import draft_of
from trustconduct.letters.models import FrozenLetter, Letter, LetterRun, LetterRunFile, RunState
from trustconduct.letters.printing import print_letter
from trustconduct.letters.runs import begin_run, letters_of_run, take_out_run
from trustconduct.letters.serve import post_letters, print_queue
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold
from trustconduct.sealed.room import room

A_DAY, LIMIT = 200, 60.0


def letters(session, head, count, pdf=rows.PDF):
    """So many letters to post, each to another adult."""
    first = rows.a_letter(session, "plain", by=head)
    rows.approved(session, first, head)
    frozen = session.get_one(FrozenLetter, (session.school_id, first.id))
    for number in range(1, count):
        adult = Adult(name=f"Sam {number}", name_key=f"sam {number}", email="",
                      address=f"{number} High Street, Anytown")  # fmt: skip
        session.add(adult)
        session.flush()
        one = Letter(
            number=first.number + number, adult_id=adult.id, kind="plain", begun_by="Jo",
            way="post", frozen_at=clock.now(),
        )  # fmt: skip
        session.add(one)
        session.flush()
        same = {
            name: getattr(frozen, name)
            for name in ("text", "html", "sha256", "pdf_sha256", "pages", "wording_id", "way",
                         "version_id", "answer_days", "answer_unit", "approved_by")
        }  # fmt: skip
        session.add(FrozenLetter(
            id=one.id, pdf=pdf, to_name=adult.name, to_address=adult.address, to_email="", **same
        ))  # fmt: skip
    session.flush()


def test_two_hundred_letters_are_one_run_within_a_minute_with_its_progress(world):
    head = world.oak.head
    with world.sessions.school(world.oak.id) as session, transaction(session):
        draft = draft_of(session, rows.a_letter(session, "invitation", by=head))
        page = print_letter(draft.composed, None, draft=False)
        letters(session, head, A_DAY, room().do("print", page.encode()).content)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        run = begin_run(session, by=head)
        assert (run.total, run.made) == (A_DAY, 0)
        assert begin_run(session, by=head).id == run.id
        run_id = run.id
    begun = time.monotonic()
    assert make_due(world.sessions) == 1
    assert time.monotonic() - begun < LIMIT
    with world.sessions.school(world.oak.id) as session, transaction(session):
        run = session.get_one(LetterRun, (world.oak.id, run_id))
        assert (run.state, run.made) == (RunState.READY.value, A_DAY)
        content = take_out_run(session, run_id, by=head)
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert len(pdf.pages) >= 2 * A_DAY  # each on a sheet of its own
        assert post_letters(
            session, [one.id for one in print_queue(session)], by=head, on=clock.today()
        ) == A_DAY  # fmt: skip
    assert make_due(world.sessions) == 0


def test_a_letter_that_must_not_go_out_any_more_takes_the_run_with_it(oak):
    head = build.a_head(oak)
    letters(oak, head, 3)
    run = begin_run(oak, by=head)
    first, second, third = letters_of_run(oak, run.id)
    run.state, run.made = RunState.READY.value, 3
    oak.get_one(LetterRunFile, (oak.school_id, run.id)).content = rows.PDF
    oak.flush()
    assert take_out_run(oak, run.id, by=head) == rows.PDF
    withdraw_letter(oak, oak.get_one(Letter, (oak.school_id, first.id)), by=head, because="Wrong")
    assert take_out_run(oak, run.id, by=head) is None
    assert run.state == RunState.GONE.value
    other = begin_run(oak, by=head)
    assert other.total == 2
    adult = rows.adult_of(oak, oak.get_one(Letter, (oak.school_id, second.id)))
    mark_untold(oak, adult, by=head, because="Court order")
    assert [one.id for one in letters_of_run(oak, other.id)] == [third.id]


def test_without_letters_there_is_no_run(oak):
    assert begin_run(oak, by=build.a_head(oak)) is None
