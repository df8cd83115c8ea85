"""The sign page: what changed comes first; "I am not this person"; the receipt; what to pass on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import select, text

import trustconduct
from tests.build import a_campaign, a_version, an_edition, asked_again
from tests.outbox.sending import clear
from tests.web.test_sign import page_of, send
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.receipts import signed_before
from trustconduct.acknowledgements.signing import asked
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.printing import pdf_of
from trustconduct.outbox.delivery import ByMail, begin_next, deliver
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.links import token
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel, SchoolMessage, SchoolMessageContent

ANSWERS = "/oak-lane/staff/acknowledgements"


@pytest.fixture
def link(world, settings):
    """The path of Lee's link: asked, and not answered yet."""
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    return f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"


def link_to(world, settings, name: str, version) -> str:
    """The newest link of an adult who was asked about this version."""
    with world.sessions.school(world.oak.id) as session:
        request = session.scalars(
            select(SignRequest.id).where(
                SignRequest.version_id == version.id,
                SignRequest.adult_id == world.oak.adults[name],
            )
        ).one()
    return f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"


@pytest.fixture
def second(world):
    """Another version, about which everyone is asked; its telephone number is another."""
    with world.sessions.trust() as trust, transaction(trust):
        an_edition(trust, "Autumn Term 2031")
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(text("update school_settings set policies_url = 'https://new.example/p'"))
        session.expire_all()
        version = a_version(session, by=world.oak.head)
        a_campaign(session, version, by=world.oak.head)
        session.refresh(version)
        session.expunge(version)
    return version


def test_who_signed_before_sees_first_what_has_changed_since(client, world, settings, second):
    page = client.get(link_to(world, settings, "Alex Sample", second), follow_redirects=True).text
    changed, whole = page.index("What has changed since you last signed"), page.index('id="text"')
    assert changed < whole
    assert "You signed version 1. This is version 2." in page
    assert "https://new.example/p" in page[changed:whole]


def test_who_never_signed_sees_the_whole_text_and_no_changes(client, world, settings, second):
    lee = f"Lee {world.oak.canary}"
    page = client.get(link_to(world, settings, lee, second), follow_redirects=True).text
    assert "What has changed" not in page


def test_what_a_double_signed_counts_for_the_person(world, second):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        request = session.scalars(
            select(SignRequest.id).where(
                SignRequest.version_id == second.id,
                SignRequest.adult_id == world.oak.adults[f"Lee {world.oak.canary}"],
            )
        ).one()
        assert signed_before(session, asked_again(session, request)) is None
        session.execute(
            text("update adult set merged_into = :into where id = :id"),
            {"into": world.oak.adults[f"Lee {world.oak.canary}"],
             "id": world.oak.adults["Alex Sample"]},
        )  # fmt: skip
        before = signed_before(session, asked_again(session, request))
        assert before is not None
        assert before.number == 1


def test_another_person_says_so_and_the_link_closes_and_the_office_is_told(client, world, link):
    client.get(link)
    asks = f"{page_of(link)}/another-person"
    assert "another-person" in client.get(page_of(link)).text
    page = client.get(asks)
    assert "This is not for me" in page.text
    assert client.get(page_of(link)).status_code == 200, "looking changes nothing"
    said = client.send(asks, page=asks)
    assert said.status_code == 200
    assert "We have closed this link" in said.text
    for path in (link, page_of(link), asks):
        assert client.get(path).status_code == 410
    client.sign_in(world.oak.users[Role.OFFICE])
    assert "1 message reached somebody else" in client.get("/oak-lane/staff/").text
    assert f"Lee {world.oak.canary}" in client.get(f"{ANSWERS}/?status=wrong").text
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    client.send(f"{ANSWERS}/{request}/again", page=f"{ANSWERS}/", generation="1")
    assert "reached somebody else" not in client.get("/oak-lane/staff/").text
    with world.sessions.school(world.oak.id) as session:
        assert asked(session, request) is not None


def test_without_the_mark_of_its_page_nobody_closes_a_link(client, link):
    client.get(link)
    asks = f"{page_of(link)}/another-person"
    assert client.post(asks, data={"csrf_token": "x" * 43}).status_code == 400
    assert client.get(page_of(link)).status_code == 200


def test_who_has_signed_is_not_disowned(client, world, settings):
    request = world.oak.requests["Alex Sample"]
    link = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
    client.get(link)
    asks = f"{page_of(link)}/another-person"
    client.send(asks, page=asks)
    assert "Your receipt" in client.get(page_of(link)).text


def test_the_receipt_opens_again_with_what_was_typed_and_never_the_reason(client, link):
    client.get(link)
    send(client, link, answer="declined", note="Because of the fence")
    for _ in range(2):
        page = client.get(link, follow_redirects=True).text
        assert "Your receipt" in page
        assert "I would rather not sign it." in page
        assert "Lee Sample" in page
        assert "Because of the fence" not in page


def test_the_text_to_pass_on_holds_no_link_of_theirs(client, link, world):
    client.get(link)
    page = client.get(page_of(link)).text
    passed_on = page.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert "/oak-lane/policy" in passed_on
    assert str(world.oak.requests[f"Lee {world.oak.canary}"]) not in passed_on


def test_the_receipt_goes_by_mail_as_a_pdf_with_the_link_that_opens_it(
    client, link, world, mailbox, settings
):
    clear(world)
    client.get(link)
    send(client, link)
    key = settings.SECRET_KEY
    envelope = Envelope(key=key, base_url="https://x.example", mail_from="a@x.example")
    with Post(mailbox.url) as post, world.sessions.school(world.oak.id) as session:
        with transaction(session):
            message_id = begin_next(session, envelope)
        with transaction(session):
            carriers = {Channel.MAIL: ByMail(post, envelope, pdf_of)}
            assert deliver(session, message_id, carriers)
    [mail] = mailbox.messages
    assert f"https://x.example{link}" in mail.get_body(("plain",)).get_content()
    files = {part.get_filename(): part for part in mail.iter_attachments()}
    assert set(files) == {"code-of-conduct.txt", "receipt.pdf"}
    assert files["receipt.pdf"].get_content().startswith(b"%PDF-")
    assert files["receipt.pdf"].get_content_type() == "application/pdf"


def test_a_receipt_that_cannot_be_printed_leaves_without_its_pdf():
    assert pdf_of('<img src="https://elsewhere.example/x.png">') is None


def test_markup_in_a_name_is_words_in_the_receipt(client, link, world):
    client.get(link)
    send(client, link, typed_name="<b>Lee</b> & <img src=x>")
    with world.sessions.school(world.oak.id) as session:
        page = session.scalars(
            select(SchoolMessageContent.attachment["page"].astext)
            .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
            .where(SchoolMessage.kind == "sign_receipt")
            .order_by(SchoolMessage.id.desc())
        ).first()
    assert "&lt;b&gt;Lee&lt;/b&gt; &amp; &lt;img" in page
    assert "<img" not in page


@pytest.mark.parametrize("role", [Role.TEACHER, Role.GOVERNOR])
def test_a_reason_never_shows_to_a_teacher(client, world, role):
    client.sign_in(world.oak.users[role])
    for path in (f"{ANSWERS}/", f"{ANSWERS}/campaigns", f"{ANSWERS}/talk/{world.oak.talk}"):
        assert client.get(path).status_code == 403
    assert "No thank you." not in client.get("/oak-lane/staff/").text


@pytest.mark.static
def test_no_part_but_acknowledgements_reads_what_was_written_with_an_answer():
    """Conduct, bans and letters must not: what a parent wrote here is no part of a case."""
    root = Path(trustconduct.__file__).parent
    readers = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom | ast.Name)
        and "AcknowledgementWords"
        in ([each.name for each in node.names] if isinstance(node, ast.ImportFrom) else [node.id])
    }
    assert readers == {"acknowledgements"}
