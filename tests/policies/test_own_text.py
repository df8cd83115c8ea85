"""A school's own words: where the Trust allows them, with a reason, and taken along to a new
edition.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.build import (
    a_head,
    a_matrix,
    a_teacher,
    a_version,
    an_office,
    an_open_edition,
    settings_filled,
    the_edition,
    the_school,
)
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.db import transaction
from trustconduct.policies.adoption import (
    AdoptionChanged,
    begin,
    decide_item,
    finish,
    must_adopt,
    open_adoption,
    plan_of,
)
from trustconduct.policies.decisions import Choice, DecisionRefused
from trustconduct.policies.merge import Undecided
from trustconduct.policies.models import Adoption, LocalChange
from trustconduct.policies.own_text import (
    NotTakenUp,
    TextChangedMeanwhile,
    TextRefused,
    add_clause,
    base_of,
    leave_out,
    local_changes,
    restore,
    reword,
    text_on,
)
from trustconduct.policies.versions import NotReady, missing, publish_version
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.sessions import ScopedSession

WHY = "Our families asked for plainer words."


def published(ground, **words: str) -> None:
    with ground.sessions.trust() as trust, transaction(trust):
        an_open_edition(trust, **words)


@pytest.fixture
def oak(ground) -> Iterator[ScopedSession]:
    """A school whose Trust has opened two sections, in a database of its own."""
    published(ground)
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        yield session


def seen(session) -> int:
    return base_of(session, the_edition(session))[2]


def change(session, clause="importance.p1", text="Ours.", reason=WHY, **more) -> None:
    reword(
        session,
        the_edition(session),
        clause,
        by=more.pop("by", None) or an_office(session),
        text=text,
        reason=reason,
        seen=more.pop("seen", None) or seen(session),
        **more,
    )


def words(session, clause="importance.p1") -> str:
    return text_on(session, the_edition(session)).clauses_by_id[clause].text


def test_a_school_has_the_trusts_words_until_it_changes_one(oak):
    edition = the_edition(oak)
    assert text_on(oak, edition) == edition.document
    change(oak)
    assert words(oak) == "Ours."
    assert words(oak, "importance.p2") == edition.document.clauses_by_id["importance.p2"].text
    [noted] = local_changes(oak).values()
    assert (noted.clause, noted.kind, noted.reason) == ("importance.p1", "reworded", WHY)


@pytest.mark.parametrize("clause", ["behaviour.1", "welcome.p1"])
def test_the_trusts_locked_words_stay(oak, clause):
    with pytest.raises(TextRefused, match="every school has the same"):
        change(oak, clause)
    with pytest.raises(TextRefused, match="every school has the same"):
        leave_out(oak, the_edition(oak), clause, by=an_office(oak), reason=WHY, seen=seen(oak))
    section = clause.partition(".")[0]
    with pytest.raises(TextRefused, match="nothing can be added"):
        add_clause(
            oak, the_edition(oak), section, by=an_office(oak), text="x", reason=WHY, seen=seen(oak)
        )


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("text", {"text": "  "}),
        ("text", {"text": "x" * 4_001}),
        ("text", {"text": "a\x07b"}),
        ("text", {"text": "Ask {school.nmae}."}),
        ("exceptions", {"exceptions": ["not {this}"]}),
        ("exceptions", {"exceptions": ["x"] * 21}),
        ("reason", {"reason": " "}),
        ("reason", {"reason": "x" * 501}),
    ],
)
def test_what_will_not_do_is_refused_by_its_field(oak, field, typed):
    with pytest.raises(TextRefused) as refused:
        change(oak, **typed)
    assert refused.value.field == field
    assert local_changes(oak) == {}


def test_an_unknown_fact_is_refused_by_its_name(oak):
    with pytest.raises(TextRefused, match=r"\{school.nmae\}"):
        change(oak, text="Ask {school.nmae}.")


def test_a_teacher_changes_no_words(oak):
    with pytest.raises(NotAllowed):
        change(oak, by=a_teacher(oak))


def test_the_second_of_two_who_save_at_once_is_told(oak):
    change(oak)
    before = seen(oak)
    change(oak, "importance.p2", "Mine.", seen=before)
    with pytest.raises(TextChangedMeanwhile):
        change(oak, "importance.p2", "Theirs.", seen=before)
    assert words(oak, "importance.p2") == "Mine."


def test_a_clause_of_its_own_has_an_id_that_no_edition_can_have(oak):
    edition = the_edition(oak)
    more = {"by": an_office(oak), "reason": WHY}
    first = add_clause(oak, edition, "online", text="No live streams.", seen=seen(oak), **more)
    assert first == "online.local.1"
    settings_filled(oak)
    a_matrix(oak)
    version = a_version(oak)
    assert "No live streams." in version.html
    leave_out(oak, edition, first, by=an_office(oak), reason="", seen=seen(oak))
    assert local_changes(oak) == {}
    again = add_clause(oak, edition, "online", text="No filming.", seen=seen(oak), **more)
    assert again == "online.local.2", "what a version has cited is never given again"


def test_what_was_left_out_is_put_back_where_it_stood(oak):
    edition = the_edition(oak)
    leave_out(oak, edition, "online.3", by=an_office(oak), reason=WHY, seen=seen(oak))
    assert text_on(oak, edition).clause("online.3") is None
    assert local_changes(oak)["online.3"].kind == "left_out"
    restore(oak, edition, "online.3", by=an_office(oak), seen=seen(oak))
    assert text_on(oak, edition) == edition.document
    change(oak)
    restore(oak, edition, "importance.p1", by=an_office(oak), seen=seen(oak))
    assert text_on(oak, edition) == edition.document
    assert local_changes(oak) == {}


# -- a new edition


@pytest.fixture
def behind(ground) -> Iterator[ScopedSession]:
    """A school with words of its own, whose Trust has published another edition since.

    Both changed importance.p1; the Trust alone importance.p2 and a locked clause, the
    school alone online.1.
    """
    published(ground)
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        change(session)
        change(session, "online.1", "Ours online.")
        add_clause(
            session, the_edition(session), "online", by=an_office(session), text="No drones.",
            reason=WHY, seen=seen(session),
        )  # fmt: skip
    published(
        ground, importance_p1="Theirs.", importance_p2="Theirs too.", behaviour_1="Theirs, locked."
    )
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        yield session


def begun(session) -> Adoption:
    found = begin(session, the_edition(session), by=an_office(session))
    assert found is not None
    return found


def decide(session, clause="importance.p1", choice=Choice.OURS, reason=WHY, **more) -> None:
    there = open_adoption(session)
    decide_item(
        session,
        there,
        clause,
        by=an_office(session),
        choice=choice,
        reason=reason,
        seen=more.pop("seen", there.version),
        **more,
    )


def test_nothing_is_published_before_the_new_edition_is_taken_up(behind):
    edition = the_edition(behind)
    with pytest.raises(NotTakenUp):
        text_on(behind, edition)
    settings_filled(behind)
    a_matrix(behind)
    settings = settings_of(behind)
    facts = facts_of(behind, the_school(behind), settings)
    lacking = missing(behind, edition, facts, settings, current_matrix(behind))
    assert [item.step for item in lacking] == ["adoption"]
    with pytest.raises(NotReady):
        publish_version(
            behind, the_school(behind), edition, facts, settings, by=a_head(behind), seen_number=0
        )


def test_what_only_one_side_changed_comes_or_stays_by_itself(behind):
    there = begun(behind)
    with pytest.raises(Undecided, match=r"importance\.p1"):
        finish(behind, there, by=an_office(behind), seen=there.version)
    decide(behind)
    finish(behind, there, by=an_office(behind), seen=there.version)
    assert words(behind) == "Ours."
    assert words(behind, "importance.p2") == "Theirs too."
    assert words(behind, "behaviour.1") == "Theirs, locked."
    assert words(behind, "online.1") == "Ours online."
    assert words(behind, "online.local.1") == "No drones."
    kept = {id: (one.kind, one.reason) for id, one in local_changes(behind).items()}
    assert kept == {
        "importance.p1": ("reworded", WHY),
        "online.1": ("reworded", WHY),
        "online.local.1": ("added", WHY),
    }
    assert not must_adopt(behind, the_edition(behind))
    assert there.finished_by
    assert there.decisions[0]["reason"] == WHY, "the reasons are kept"
    settings_filled(behind)
    a_matrix(behind)
    assert "No drones." in a_version(behind).html


def test_a_half_done_adoption_is_taken_up_again(behind):
    there = begun(behind)
    decide(behind, choice=Choice.TEXT, text="Both.")
    assert begun(behind).id == there.id
    _, fit = plan_of(behind, open_adoption(behind))
    assert [(each.id, each.text) for each in fit.kept] == [("importance.p1", "Both.")]


def test_a_still_newer_edition_keeps_what_fits_and_names_the_rest(ground, behind):
    there = begun(behind)
    decide(behind)
    decide(behind, "importance.p2", Choice.TEXT, text="Mixed.")
    behind.commit()
    published(ground, importance_p1="Theirs.", importance_p2="Theirs anew.")
    assert begun(behind).id == there.id
    _, fit = plan_of(behind, open_adoption(behind))
    assert [each.id for each in fit.kept] == ["importance.p1"]
    assert [each.id for each in fit.dropped] == ["importance.p2"]


def test_the_trusts_words_need_no_reason_and_others_do(behind):
    begun(behind)
    with pytest.raises(DecisionRefused, match="Say why"):
        decide(behind, reason="")
    decide(behind, choice=Choice.THEIRS, reason="")
    there = open_adoption(behind)
    finish(behind, there, by=an_office(behind), seen=there.version)
    assert words(behind) == "Theirs."


def test_of_two_who_decide_at_once_the_second_is_told(behind):
    before = begun(behind).version
    decide(behind, seen=before)
    with pytest.raises(AdoptionChanged):
        decide(behind, choice=Choice.THEIRS, seen=before)


def test_a_school_without_words_of_its_own_has_nothing_to_take_up(ground, oak):
    oak.commit()
    published(ground, importance_p1="Theirs.")
    assert begin(oak, the_edition(oak), by=an_office(oak)) is None
    assert words(oak) == "Theirs."


def test_a_change_that_was_taken_back_leaves_nothing_to_take_up(ground, oak):
    change(oak)
    restore(oak, the_edition(oak), "importance.p1", by=an_office(oak), seen=seen(oak))
    oak.commit()
    published(ground, importance_p1="Theirs.")
    assert not must_adopt(oak, the_edition(oak))
    change(oak, "importance.p2", "Ours, on the new one.")
    assert (words(oak), words(oak, "importance.p2")) == ("Theirs.", "Ours, on the new one.")


def test_the_trust_reads_where_schools_differ_and_why_and_no_words(ground, oak):
    change(oak)
    oak.commit()
    with ground.sessions.trust() as trust:
        [row] = trust.scalars(select(LocalChange)).all()
        assert (row.school_id, row.reason) == (ground.oak.id, WHY)
