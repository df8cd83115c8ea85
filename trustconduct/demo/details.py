"""What a person needs to look around: written to var/demo.json, and printed.

Read anew from the database at each start, so that another port gives right
addresses and a link that was answered is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy import select

from trustconduct import clock, embedded
from trustconduct.accounts.factors import secret_of
from trustconduct.accounts.models import Factor, User
from trustconduct.accounts.sealing import sealer_of
from trustconduct.acknowledgements.models import Acknowledgement, SignRequest
from trustconduct.audit.actor import Role
from trustconduct.demo.schools import PASSWORD, SCHOOLS, TRUST, USERS
from trustconduct.outbox.links import token
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force
from trustconduct.supervise import CannotRun
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession, Sessions

SHOWN_LINKS = 2  # a school; demo.json has all of them


def details(sessions: Sessions, *, base_url: str, key: str, mail_dir: Path) -> dict[str, Any]:
    """All of demo.json."""
    with sessions.accounts(read_only=True) as session:
        factors = session.execute(
            select(User.email, Factor).join(Factor, Factor.user_id == User.id)
        )
        secrets = {email: secret_of(factor, sealer_of(key)) for email, factor in factors}
        schools = dict(session.execute(select(School.slug, School.id)).all())
    links = []
    for demo in SCHOOLS:
        with sessions.school(schools[demo.slug], read_only=True) as session:
            links += [
                {"school": demo.slug, "url": base_url + path} for path in _unanswered(session, key)
            ]
    return {
        "base_url": base_url,
        "users": [
            {
                "role": user.role.value,
                "school": user.slug,
                "email": user.email,
                "password": PASSWORD,
                "totp_secret": secrets[user.email],
            }
            for user in USERS
        ],
        "schools": [{"slug": demo.slug, "name": demo.name} for demo in SCHOOLS],
        "sign_links": links,
        "mail_dir": str(mail_dir),
    }


def _unanswered(session: ScopedSession, key: str) -> Iterator[str]:
    """The paths of the links that still take a first answer, by the adult's name."""
    version = version_in_force(session)
    school = session.get_one(School, session.school_id)
    if version is None:
        return
    rows = session.execute(
        select(SignRequest.id, SignRequest.generation)
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .where(
            SignRequest.version_id == version.id,
            SignRequest.closes_on >= clock.today(),
            Acknowledgement.id.is_(None),
        )
        .order_by(Adult.name, SignRequest.id)
    )
    for request_id, generation in rows:
        yield f"/{school.slug}/sign/{request_id}/" + token(key, "sign", request_id, generation)


def _file(var: Path) -> Path:
    return var / "demo.json"


def write(var: Path, found: dict[str, Any]) -> None:
    embedded.write_private(_file(var), json.dumps(found, indent=1))


def told(found: dict[str, Any], var: Path) -> Iterator[str]:
    """The lines that a person reads once everything runs."""
    base = found["base_url"]
    yield ""
    yield f"{TRUST['name']} runs at {base}/ and everyone in it is made up."
    yield ""
    yield f"Sign in:   {base}/account/sign-in"
    yield f"Password:  {PASSWORD}  (the same for all)"
    yield "Code:      .venv/bin/trustconduct demo --codes  prints the codes of this moment;"
    yield "           or put the secret beside the name into an authenticator app"
    names = {school["slug"]: school["name"] for school in found["schools"]}
    place = ""
    for user in found["users"]:
        here = names.get(user["school"], TRUST["name"])
        if here != place:
            place = here
            where = f"{base}/{user['school']}/" if user["school"] else f"{base}/admin/"
            yield ""
            yield f"{place}   {where}"
        yield f"  {Role(user['role']).word:14} {user['email']:30} {user['totp_secret']}"
    yield ""
    yield "Parents who have not answered yet, each by a link of their own:"
    for slug in names:
        links = [link["url"] for link in found["sign_links"] if link["school"] == slug]
        yield from (f"  {url}" for url in links[:SHOWN_LINKS])
    yield ""
    yield f"All of this is in {_file(var)}. Mail goes to {found['mail_dir']}/."
    yield "Ctrl-C stops everything; the next start keeps what you did."


def codes(var: Path) -> Iterator[str]:
    """Everyone's code of this moment, out of demo.json: a code works once, for half a minute."""
    try:
        users = json.loads(_file(var).read_text())["users"]
    except (OSError, ValueError):
        raise CannotRun("There is no demo here yet: run make demo first.") from None
    for user in users:
        yield f"{pyotp.TOTP(user['totp_secret']).at(clock.now())}  {user['email']}"
