"""Packs of paper sheets: whom for, made by the worker, and never of who must not be told."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pikepdf
import pytest
import time_machine
from sqlalchemy import select, update

from tests.build import (
    SECRET_KEY,
    a_campaign,
    a_head,
    a_request,
    a_version,
    an_adult,
    an_answer,
    an_office,
    confirmed,
)
from trustconduct import clock
from trustconduct.accounts.sealing import sealer_of
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.notice_facts import What, facts_of_person
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer, sheet_numbered
from trustconduct.acknowledgements.pack_lists import packs, sheets_of
from trustconduct.acknowledgements.packs import (
    DAYS_KEPT,
    NobodyForPaper,
    PackListNotConfirmed,
    PackWho,
    begin_pack,
    drop_pack,
    keep_pack,
    take_out_pack,
    to_print,
)
from trustconduct.acknowledgements.paper_models import (
    AnswerHow,
    How,
    PackState,
    PaperPack,
    PaperPackFile,
    PaperSheet,
)
from trustconduct.db import transaction
from trustconduct.jobs.packs import make_due
from trustconduct.outbox.links import token
from trustconduct.people.doubles import merge
from trustconduct.people.models import UntoldMark
from trustconduct.people.untold import clear_untold, mark_untold
from trustconduct.policies.versions import version_in_force

SEALER = sealer_of(SECRET_KEY)


def begin(session, who: PackWho = PackWho.NO_REPLY, **more):
    version = more.pop("version", None) or a_version(session)
    confirmed(session)
    return begin_pack(session, version, by=a_head(session), who=who, link_days=180, **more)


def names(session, pack: PaperPack) -> list[str]:
    return [one.name for one in to_print(session, pack.id)]


def kept(session, pack: PaperPack, content: bytes = b"%PDF secret") -> bool:
    sheets = [one.sheet_id for one in to_print(session, pack.id)]
    return keep_pack(session, pack.id, content, sheets, SEALER)


def test_each_sheet_has_a_number_and_stands_by_year_and_name(oak):
    an_adult(oak, "Zoe Sample", email="", child="A", year="2")
    an_adult(oak, "Ann Sample", email="ann@parents.example", child="B", year="10")
    an_adult(oak, "Bo Sample", email="", child="C", year="10")
    assert names(oak, begin(oak)) == ["Zoe Sample", "Ann Sample", "Bo Sample"]
    numbers = oak.scalars(select(PaperSheet.number).order_by(PaperSheet.number)).all()
    assert numbers == [1001, 1002, 1003]
    version = oak.get_one(PaperPack, (oak.school_id, packs(oak)[0].id)).version_id
    assert {one.campaign_id for one in oak.scalars(select(SignRequest))} == {None}
    assert {one.version_id for one in oak.scalars(select(SignRequest))} == {version}


def test_a_pack_is_for_those_whom_no_email_reaches_or_a_year_or_chosen(oak):
    version = a_version(oak)
    one = an_adult(oak, "Ann Sample", email="ann@parents.example", child="B", year="10")
    an_adult(oak, "Bo Sample", email="", child="C", year="2")
    assert names(oak, begin(oak, PackWho.NO_EMAIL, version=version)) == ["Bo Sample"]
    assert names(oak, begin(oak, years=["10"], version=version)) == ["Ann Sample"]
    chosen = begin(oak, PackWho.CHOSEN, chosen=[one.id], version=version)
    assert names(oak, chosen) == ["Ann Sample"]


def test_who_has_answered_gets_no_sheet_their_double_neither(oak):
    request = a_request(oak)
    an_answer(oak, request, Answer.DECLINED)
    adult = an_adult(oak)
    kept_one = an_adult(oak, "Alexandra Sample", email="")
    merge(oak, adult, kept_one, by=a_head(oak))
    version = version_in_force(oak)
    with pytest.raises(NobodyForPaper):
        begin(oak, version=version)


def test_the_first_thing_that_leaves_a_school_waits_for_the_list(oak):
    version = a_version(oak)
    an_adult(oak)
    with pytest.raises(PackListNotConfirmed):
        begin_pack(oak, version, by=a_head(oak), who=PackWho.NO_REPLY, link_days=180)


@pytest.mark.parametrize("who", list(PackWho))
def test_who_must_not_be_told_is_in_no_pack(oak, who):
    version = a_version(oak)
    adult = an_adult(oak, email="")
    other = an_adult(oak, "Jo Sample", email="", child="Kim Sample")
    mark_untold(oak, adult, by=a_head(oak), because="A court order")
    pack = begin(oak, who, chosen=[adult.id, other.id], version=version)
    assert names(oak, pack) == ["Jo Sample"]


def test_who_is_marked_while_a_pack_is_printed_is_not_kept_in_it(oak):
    a_version(oak)
    adult = an_adult(oak, email="")
    an_adult(oak, "Jo Sample", email="", child="Kim Sample")
    pack = begin(oak, version=version_in_force(oak))
    printed = [one.sheet_id for one in to_print(oak, pack.id)]
    mark_untold(oak, adult, by=a_head(oak), because="A court order")
    assert not keep_pack(oak, pack.id, b"%PDF", printed, SEALER)
    assert names(oak, pack) == ["Jo Sample"]
    assert [one.name for one in sheets_of(oak, pack.id)] == ["Jo Sample"]


def test_who_is_marked_before_a_pack_is_taken_out_takes_it_back(oak):
    a_version(oak)
    adult = an_adult(oak, email="")
    an_adult(oak, "Jo Sample", email="", child="Kim Sample")
    pack, head = begin(oak, version=version_in_force(oak)), a_head(oak)
    assert kept(oak, pack)
    mark_untold(oak, adult, by=head, because="A court order")
    assert take_out_pack(oak, pack.id, by=head, sealer=SEALER) is None
    assert packs(oak)[0].state is PackState.WAITING
    assert oak.scalars(select(PaperPackFile.content)).one() == b""
    clear_untold(oak, adult, by=head, because="The order has ended")
    assert names(oak, pack) == ["Jo Sample"]  # the link that was taken back stays so
    assert kept(oak, pack, b"%PDF again")
    assert take_out_pack(oak, pack.id, by=head, sealer=SEALER) == b"%PDF again"
    assert oak.scalars(select(UntoldMark)).one().ended_at


def test_a_pack_is_kept_sealed_and_dropping_it_closes_its_links(oak):
    an_adult(oak)
    pack = begin(oak)
    assert kept(oak, pack)
    assert not kept(oak, pack)  # another worker was first
    assert b"secret" not in oak.scalars(select(PaperPackFile.content)).one()
    drop_pack(oak, pack.id, by=an_office(oak))
    drop_pack(oak, pack.id, by=an_office(oak))
    assert oak.scalars(select(PaperSheet.revoked_at)).one()
    assert packs(oak)[0].state is PackState.GONE


def test_a_sheet_that_comes_back_is_found_by_its_number(oak):
    a_version(oak)
    adult = an_adult(oak, email="")
    begin(oak, version=version_in_force(oak))
    of = sheet_numbered(oak, 1001)
    assert of
    assert of.adult is adult
    today = clock.today()
    keyed = Keyed(Answer.SIGNED, How.PAPER, "Alex Sample", today, today, sheet=of.sheet)
    assert key_answer(oak, adult, keyed, by=a_head(oak))
    assert oak.scalars(select(AnswerHow.sheet_id)).one() == of.sheet.id
    assert packs(oak)[0].answered == 1
    facts = {one.what: one for one in facts_of_person(oak, [adult.id])}
    assert facts[What.PRINTED].against
    assert not facts[What.ANSWERED].against


@pytest.fixture
def pack_of_two(ground):
    with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
        a_version(oak)
        an_adult(oak, email="")
        an_adult(oak, "Jo Sample", email="jo@parents.example", child="Kim Sample")
        return begin(oak, version=version_in_force(oak)).id


def test_the_worker_makes_the_sheets_and_forgets_them_after_two_weeks(
    ground, pack_of_two, settings
):
    assert make_due(ground.sessions, settings) == 1
    assert make_due(ground.sessions, settings) == 0
    with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
        sealer = sealer_of(settings.SECRET_KEY)
        content = take_out_pack(oak, pack_of_two, by=a_head(oak), sealer=sealer)
    assert content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 2  # one A4 page each
    with time_machine.travel(clock.now() + timedelta(days=DAYS_KEPT + 1)):
        make_due(ground.sessions, settings)
    with ground.sessions.school(ground.oak.id) as oak:
        assert packs(oak)[0].state is PackState.GONE
        assert oak.scalars(select(PaperPackFile.content)).one() == b""


@pytest.fixture
def link(world, settings):
    """The link on the sheet of Lee, who has not answered, and the page behind it."""
    sheet, request = world.oak.sheet, world.oak.requests[f"Lee {world.oak.canary}"]
    secret = token(settings.SECRET_KEY, "paper", sheet, 1)
    return f"/oak-lane/sign/paper/{sheet}/{secret}", f"/oak-lane/sign/{request}"


def test_the_link_on_a_sheet_signs_and_says_that_it_was_paper(world, link, client):
    link, page = link
    answer = client.get(link)
    assert answer.status_code == 303
    assert answer.location.endswith(page)
    form = client.get(page)
    sha = re.search(r'name="shown" value="(\w+)"', form.text)[1]
    sent = client.send(
        page,
        page=page,
        shown=sha,
        typed_name="Alex Sample",
        answer="signed",
        read_it="yes",
        note="",
    )
    assert sent.status_code == 303
    assert "By the link on a sheet of paper" in client.get(page).text
    with world.sessions.school(world.oak.id) as oak:
        request_id = page.rpartition("/")[2]
        given = oak.scalars(
            select(Acknowledgement).where(Acknowledgement.request_id == request_id)
        ).one()
        how = oak.get_one(AnswerHow, (oak.school_id, given.id))
        assert (how.how, how.keyed_by) == ("sheet_link", "")
        assert how.sheet_id


def test_a_sheets_link_is_taken_back_by_itself(world, link, client):
    link, page = link
    client.get(link)
    assert client.get(page).status_code == 200
    assert client.get(f"{link[:-1]}x").status_code == 410
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        oak.execute(update(PaperSheet).values(revoked_at=clock.now()))
    assert client.get(link).status_code == 410
    assert client.get(page).status_code == 410


def test_a_sheet_in_other_hands_closes_alone(world, link, client):
    link, page = link
    client.get(link)
    client.send(f"{page}/another-person", page=f"{page}/another-person")
    assert client.get(page).status_code == 410
    with world.sessions.school(world.oak.id) as oak:
        assert oak.scalars(select(PaperSheet.disowned_at)).first()
        assert not oak.scalars(
            select(SignRequest.id).where(SignRequest.disowned_at.is_not(None))
        ).all()


def test_an_adult_with_an_email_is_mailed_by_their_campaign_all_the_same(oak):
    a_version(oak)
    an_adult(oak)
    a_campaign(oak)
    pack = begin(oak, version=version_in_force(oak))
    assert names(oak, pack) == ["Alex Sample"]
    assert len(oak.scalars(select(SignRequest)).all()) == 1
