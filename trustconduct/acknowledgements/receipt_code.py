"""The code of a receipt: what the receipt says, in one line that `/verify` can check.

    oakfield.signed.2026-09-07.0199…-….9f86…

School, answer, day, receipt number, fingerprint of the text. Nobody's name is in it, and
nothing that the receipt does not say in plain words. It is checked against the answer on
record, and against the sealed journal. The receipt number is made at random, so that a code
can't be guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.acknowledgements.models import Acknowledgement, Answer
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit import proof
from trustconduct.audit.models import (
    SchoolAuditDetail,
    SchoolAuditEvent,
    SchoolLeaf,
    SchoolSeal,
)
from trustconduct.audit.seals import seal, sealed_event, sealed_seal
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 400
_CODE = re.compile(
    r"(?P<slug>[a-z0-9-]{1,80})\.(?P<answer>signed|declined|talk)\."
    r"(?P<day>\d{4}-\d{2}-\d{2})\.(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\."
    r"(?P<sha256>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class ReceiptCode:
    """What a receipt says, of which school. `day` is that of the record, in London."""

    slug: str
    answer: Answer
    day: date
    id: UUID
    sha256: str

    def __str__(self) -> str:
        return ".".join(
            (self.slug, self.answer.value, self.day.isoformat(), str(self.id), self.sha256)
        )


def read_code(typed: str) -> ReceiptCode | None:
    """A code as it was typed or copied, line breaks and spaces and all; None for none."""
    found = _CODE.fullmatch("".join(typed[: 4 * LONGEST].split()).lower())
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        return None
    return ReceiptCode(
        found["slug"], Answer(found["answer"]), day, UUID(found["id"]), found["sha256"]
    )


def is_on_record(session: ScopedSession, code: ReceiptCode) -> bool:
    """Whether this very answer is on record, stands, and is sealed as it is.

    What is not sealed yet is sealed first, so that a receipt holds from the moment it is
    given. Every part of the code is held against the row, the row against the sealed
    event, the event against its leaf, and all leaves of its seal against the root and head.
    """
    given = session.execute(
        select(Acknowledgement.answer, Acknowledgement.answered_at, Acknowledgement.sha256).where(
            Acknowledgement.id == code.id, stands()
        )
    ).one_or_none()
    if given is None or (given.answer, given.sha256) != (code.answer.value, code.sha256):
        return False
    if clock.local(given.answered_at).date() != code.day:
        return False
    event, detail = SchoolAuditEvent, SchoolAuditDetail
    names = [proof.KEYED, proof.ANSWERS[code.answer.value]]
    row = session.execute(
        select(event, detail.salt, detail.details)
        .join(detail, detail.id == event.id)
        .where(event.thing_id == code.id, event.event.in_(names))
    ).one_or_none()
    if row is None:
        return False
    told, salt, details = row
    return (
        proof.details_hash(salt, details) == told.details_sha256
        and details.get("sha256") == code.sha256
        and details.get("answer", code.answer.value) == code.answer.value
        and abs(told.at - given.answered_at) <= proof.MOMENTS_APART
        and _is_sealed(session, told)
    )


def _is_sealed(session: ScopedSession, event: SchoolAuditEvent) -> bool:
    of_it = (
        select(SchoolSeal)
        .join(SchoolLeaf, SchoolLeaf.seal_id == SchoolSeal.id)
        .where(SchoolLeaf.id == event.id)
    )
    its = session.scalar(of_it)
    if its is None:
        seal(session)
        its = session.scalar(of_it)
    if its is None:
        return False
    leaves = session.execute(
        select(SchoolLeaf.id, SchoolLeaf.hash)
        .where(SchoolLeaf.seal_id == its.id)
        .order_by(SchoolLeaf.position)
    ).all()
    of = session.school_id
    return (
        dict((row.id, row.hash) for row in leaves)[event.id]
        == proof.leaf_hash(sealed_event(event, of))
        and proof.root_of([row.hash for row in leaves]) == its.root
        and proof.head_of(sealed_seal(its, of)) == its.head
    )
