"""The proof of what one adult was asked and answered: a bundle that a stranger can check.

It holds the exact text, the answers, the history of notice, and each sealed record with its
path to a seal; `verify.py` in it is `audit/proof.py`, which needs Python and nothing else.
The reason that somebody gave with an answer is not in it: it stays in the acknowledgements.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Collection, Sequence
from importlib import resources
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    SignRequest,
)
from trustconduct.acknowledgements.notice_facts import facts_of_person
from trustconduct.acknowledgements.struck_models import AnswerStruck
from trustconduct.audit import proof
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.models import (
    SchoolAuditDetail,
    SchoolAuditEvent,
    SchoolLeaf,
    SchoolSeal,
    SealMailed,
)
from trustconduct.audit.record import record
from trustconduct.audit.seals import instant, seal, sealed_event, sealed_seal
from trustconduct.outbox.untold import may_be_told
from trustconduct.people.models import Adult
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

# Which records go in: those of the answer, its link and the text. None of anybody else.
KEPT = (
    Event.POLICY_SIGNED,
    Event.POLICY_DECLINED,
    Event.TALK_ASKED,
    Event.ANSWER_KEYED,
    Event.ANSWER_STRUCK,
    Event.TEXT_OPENED,
    Event.LINK_SENT_AGAIN,
    Event.LINK_REVOKED,
    Event.LINK_DISOWNED,
    Event.VERSION_PUBLISHED,
)


class NotToBeTaken(ValueError):
    """Nothing about this adult may leave: they must not be told."""


def prove(session: ScopedSession, request: SignRequest, *, by: Actor) -> bytes:
    """Make the bundle for one request, a zip file, and note that it was taken out.

    Everything that happened so far is sealed first. Raises NotToBeTaken for an adult who
    must not be told.
    """
    permit(by, Can.EXPORT, session.school_id)
    told = session.scalar(
        select(Adult.id).where(Adult.id == request.adult_id, may_be_told(Adult.id))
    )
    if told is None:
        raise NotToBeTaken
    seal(session)
    adult = session.get_one(Adult, (session.school_id, request.adult_id))
    version = session.get_one(SchoolVersion, (session.school_id, request.version_id))
    answers = _answers(session, request)
    events, needed = _events(session, [request.id, version.id, *(one["id"] for one in answers)])
    made = {
        "format": proof.FORMAT,
        "made_at": instant(clock.now()),
        "school": _named(session),
        "person": {"name": adult.name},
        "version": {
            "number": version.number,
            "sha256": version.sha256,
            "in_force_on": version.in_force_on.isoformat(),
        },
        "request": {
            "id": str(request.id),
            "asked_at": instant(request.asked_at),
            "closes_on": request.closes_on.isoformat(),
        },
        "answers": [{**one, "id": str(one["id"])} for one in answers],
        "notice": [
            {"on": one.on.isoformat(), "what": one.what.word, "words": one.words}
            for one in facts_of_person(session, [adult.id])
            if one.version_id in (None, version.id)
        ],
        "events": events,
        "seals": _seals(session, needed),
    }
    files = {
        "README.txt": _README.encode(),
        "proof.json": proof.canonical(made) + b"\n",
        "text.html": version.html.encode(),
        "text.json": version.text.encode(),
        "verify.py": (resources.files("trustconduct.audit") / "proof.py").read_bytes(),
    }
    listed = {name: proof.sha256(content) for name, content in files.items()}
    files["files.json"] = proof.canonical(listed) + b"\n"
    bundle = _zipped(files)
    record(
        session,
        Event.PROOF_TAKEN_OUT,
        by=by,
        about=request,
        version=version.number,
        sha256=proof.sha256(bundle),
    )
    return bundle


def _named(session: ScopedSession) -> dict[str, str]:
    name = session.scalars(select(School.name).where(School.id == session.school_id)).one()
    return {"id": str(session.school_id), "name": name}


def _answers(session: ScopedSession, request: SignRequest) -> list[dict[str, Any]]:
    rows = session.execute(
        select(
            Acknowledgement.id,
            Acknowledgement.answer,
            Acknowledgement.answered_at,
            Acknowledgement.sha256,
            AcknowledgementWords.typed_name,
            AnswerStruck.struck_at.label("struck_out_at"),
        )
        .outerjoin(
            AnswerStruck,
            (AnswerStruck.school_id == Acknowledgement.school_id)
            & (AnswerStruck.id == Acknowledgement.id),
        )
        .join(
            AcknowledgementWords,
            (AcknowledgementWords.school_id == Acknowledgement.school_id)
            & (AcknowledgementWords.id == Acknowledgement.id),
        )
        .where(Acknowledgement.request_id == request.id)
        .order_by(Acknowledgement.answered_at)
    )
    return [
        {
            **row._mapping,
            "answered_at": instant(row.answered_at),
            "struck_out_at": instant(row.struck_out_at) if row.struck_out_at else None,
        }
        for row in rows
    ]


def _events(
    session: ScopedSession, things: Sequence[UUID]
) -> tuple[list[dict[str, Any]], set[int]]:
    """The records about these things with their paths, and the numbers of their seals."""
    event, detail, leaf = SchoolAuditEvent, SchoolAuditDetail, SchoolLeaf
    rows = session.execute(
        select(event, detail.salt, detail.details, leaf.seal_id, leaf.position, SchoolSeal.number)
        .join(detail, (detail.school_id == event.school_id) & (detail.id == event.id))
        .join(leaf, (leaf.school_id == event.school_id) & (leaf.id == event.id))
        .join(
            SchoolSeal,
            (SchoolSeal.school_id == leaf.school_id) & (SchoolSeal.id == leaf.seal_id),
        )
        .where(event.thing_id.in_(things), event.event.in_([one.value for one in KEPT]))
        .order_by(event.at, event.id)
    ).all()
    leaves: dict[UUID, list[str]] = defaultdict(list)
    for seal_id, hash_ in session.execute(
        select(leaf.seal_id, leaf.hash)
        .where(leaf.seal_id.in_({row.seal_id for row in rows}))
        .order_by(leaf.seal_id, leaf.position)
    ):
        leaves[seal_id].append(hash_)
    found = [
        {
            "event": sealed_event(row[0], session.school_id),
            "salt": row.salt,
            "details": row.details,
            "seal": row.number,
            "path": proof.path_to(leaves[row.seal_id], row.position),
        }
        for row in rows
    ]
    return found, {row.number for row in rows}


def _seals(session: ScopedSession, needed: Collection[int]) -> list[dict[str, Any]]:
    """Each needed seal, with those after it up to one that went out by mail, or the newest."""
    newest = session.scalar(select(func.max(SchoolSeal.number))) or 0
    mailed = sorted(
        session.scalars(select(SealMailed.number).where(SealMailed.of_id == session.school_id))
    )
    wanted: set[int] = set()
    for number in needed:
        until = next((one for one in mailed if one >= number), newest)
        wanted |= set(range(number, until + 1))
    rows = session.scalars(
        select(SchoolSeal).where(SchoolSeal.number.in_(wanted)).order_by(SchoolSeal.number)
    )
    return [sealed_seal(row, session.school_id) for row in rows]


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            bundle.writestr(name, files[name])
    return made.getvalue()


_README = """What this is

A proof of what one person was asked about a school's code of conduct, and what they
answered. You need not trust the school to check it.

How to check it

You need Python 3.11 or later, and no connection to anything. Take verify.py from a copy
that you trust, or read it first: it is short. Then:

    python verify.py the-bundle.zip

The school's Trust gets the newest seal by mail each day. Ask it for the mail of a day
after the answer, and give the number and the hash that stand beside the school:

    python verify.py the-bundle.zip --head NUMBER:HASH

What is in it

text.json    the exact text, in the form that its fingerprint is taken of
text.html    the same text as the page showed it
proof.json   the answers, what was sent, the sealed records, the seals
files.json   the fingerprints of these files

What is not in it

The reason that somebody may have given with an answer. It is nobody else's business.
"""
