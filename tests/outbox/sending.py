"""What the tests of the outbox share: a mail, and one try of what is due."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.build import SECRET_KEY
from tests.world import World, WorldSchool
from trustconduct.db import transaction
from trustconduct.outbox.delivery import ByMail, ByText, begin_next, deliver
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel, SchoolMessage
from trustconduct.outbox.texts import Gateway, NoGateway
from trustconduct.outbox.write import Mail, TextMessage, write

ENVELOPE = Envelope(key=SECRET_KEY, base_url="https://x.example/", mail_from="no-reply@x.example")


def a_mail(**values: Any) -> Mail:
    given = {
        "kind": "test",
        "to_name": "Alex Sample",
        "to_address": "alex@parents.example",
        "from_name": "Oak Lane",
        "subject": "Hello",
        "body": "Dear Alex\n\n{link}\n",
    }
    return Mail(**{**given, **values})


def put(world: World, *mails: Mail | TextMessage, school: WorldSchool | None = None) -> list[UUID]:
    """Write these into a school's outbox, and give their ids."""
    with world.sessions.school((school or world.oak).id) as session, transaction(session):
        before = set(session.scalars(text("select id from outbox_school")))
        write(session, mails)
        ids = session.scalars(text("select id from outbox_school order by id"))
        return [each for each in ids if each not in before]


def clear(world: World) -> None:
    """Nothing waits but what the test itself writes."""
    for school in world.schools.values():
        with world.sessions.school(school.id) as session, transaction(session):
            session.execute(text("update outbox_school set sent_at = now()"))


def carriers(post: Post | None = None, gateway: Gateway | None = None) -> dict[Channel, Any]:
    return {
        Channel.MAIL: ByMail(post, ENVELOPE),
        Channel.TEXT: ByText(gateway or NoGateway(), ENVELOPE),
    }


def attempt(session: Any, with_: dict[Channel, Any]) -> bool:
    """One try of what is due next, as the worker makes it; False where nothing is."""
    with transaction(session):
        message_id = begin_next(session, ENVELOPE)
    if message_id is None:
        return False
    with transaction(session):
        deliver(session, message_id, with_)
    return True


def try_next(world: World, post: Post | None = None, school: WorldSchool | None = None) -> bool:
    with world.sessions.school((school or world.oak).id) as session:
        return attempt(session, carriers(post))


def state(world: World, message_id: UUID) -> SchoolMessage:
    with world.sessions.school(world.oak.id) as session:
        return session.get(SchoolMessage, (world.oak.id, message_id))
