"""The pages on which staff write answers down, and on which a reader says they opened the text."""

from __future__ import annotations

import io
import re

from PIL import Image
from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.acknowledgements.models import Acknowledgement
from trustconduct.acknowledgements.notice_models import LinkFetch, TextOpened, ToldOtherwise
from trustconduct.acknowledgements.paper_models import AnswerHow
from trustconduct.acknowledgements.reference import shown
from trustconduct.audit.actor import Role
from trustconduct.outbox.links import token

STAFF = "/oak-lane/staff"


def lee(world):
    return world.oak.adults[f"Lee {world.oak.canary}"]


def one(world, query):
    with world.sessions.school(world.oak.id) as session:
        return session.scalar(query)


def test_an_answer_with_its_scan_is_kept_and_the_scan_comes_back(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    page = f"{STAFF}/acknowledgements/answer/{lee(world)}"
    png = io.BytesIO()
    Image.new("RGB", (8, 8), "#0f4c5c").save(png, "PNG")
    today = clock.day(clock.today())
    given = {
        "how": "telephone", "answer": "declined", "typed_name": "Lee Sample", "note": "",
        "witness": "Mx Sample", "reference": "", "signed_on": today,
    }  # fmt: skip
    wrong = client.send(page, page=page, **given, received_on="31/02/2026")
    assert wrong.status_code == 422
    assert "Lee Sample" in wrong.text
    png.seek(0)
    done = client.send(page, page=page, **given, received_on=today, scan=(png, "scan.png"))
    assert done.status_code == 303
    kept = one(world, select(AnswerHow).where(AnswerHow.how == "telephone"))
    assert kept.scan_id
    assert kept.witness == "Mx Sample"


def test_a_name_that_is_quite_another_asks_once_more(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    page = f"{STAFF}/acknowledgements/paper"
    today = clock.day(clock.today())
    given = {
        "reference": shown(1001), "letter": "R", "typed_name": "Somebody Else",
        "signed_on": today, "received_on": today,
    }  # fmt: skip
    asked = client.send(page, page=page, **given)
    assert asked.status_code == 422
    assert f"This sheet is for Lee {world.oak.canary}" in asked.text
    assert client.send(page, page=page, **given, sure="yes").status_code == 303
    sheets = select(func.count()).where(AnswerHow.sheet_id == world.oak.sheet)
    assert one(world, sheets) == 1
    again = client.send(page, page=page, **given, sure="yes")
    assert "gave this answer before" in client.get(again.location).text
    assert one(world, sheets) == 1


def test_saying_that_one_opened_the_text_needs_a_name_and_is_no_answer(client, world, settings):
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    client.get(f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}")
    page = f"/oak-lane/sign/{request}"
    fetched = select(func.count()).where(LinkFetch.request_id == request)
    assert one(world, fetched) == 1
    sha = re.search(r'name="shown" value="(\w+)"', client.get(page).text)[1]
    opened = select(func.count()).where(TextOpened.request_id == request)
    nameless = client.send(f"{page}/opened", page=page, shown=sha, opened_name="")
    assert nameless.status_code == 422
    assert one(world, opened) == 0
    for _ in range(2):
        done = client.send(f"{page}/opened", page=page, shown=sha, opened_name="Lee Sample")
        assert done.status_code == 303
    assert "noted that you opened the code" in client.get(done.location).text
    assert one(world, opened) == 1
    assert one(world, select(func.count()).where(Acknowledgement.request_id == request)) == 0


def test_a_telling_is_noted_shown_and_taken_back_with_a_reason(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    person = f"{STAFF}/people/{lee(world)}/"
    assert f"In the hall of {world.oak.canary}" in client.get(person).text
    tomorrow = f"{STAFF}/people/{lee(world)}/on-notice?clause=behaviour.1&day={clock.today()}"
    assert "same day" in client.get(tomorrow).text
    back = f"{STAFF}/people/told-otherwise/{world.oak.telling}/back"
    client.send(back, page=person, because="")
    assert one(world, select(ToldOtherwise.taken_back_at)) is None
    client.send(back, page=person, because="Another Lee")
    assert "Taken back: Another Lee" in client.get(person).text
    nobody = f"{STAFF}/people/told-otherwise"
    refused = client.send(nobody, page=nobody, how="meeting", told_on="1 May 2020", words="Hall")
    assert refused.status_code == 422
