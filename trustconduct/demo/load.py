"""Filling an empty database with the made-up Trust, by the very rules that people use.

One commit a scope, each of them whole: a load that was killed is finished by
the next start, and what is there already, also what a person changed since,
stays as it is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from PIL import Image, ImageChops, ImageDraw
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.factors import make_codes, make_factor
from trustconduct.accounts.models import User
from trustconduct.accounts.sealing import Sealer, sealer_of
from trustconduct.accounts.users import add_user
from trustconduct.acknowledgements.answers import hold_talk, talks
from trustconduct.acknowledgements.campaigns import start_campaign
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.signing import answer, asked, copy_of
from trustconduct.audit.actor import COMMAND, Actor, Grant, Role
from trustconduct.contact_matrix.hours import parse
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.contact_matrix.save import save_matrix
from trustconduct.db import transaction
from trustconduct.demo.answered import go_on
from trustconduct.demo.schools import (
    NEXT_EDITION,
    NEXT_EDITION_NAME,
    PASSWORD,
    SCHOOLS,
    TRUST,
    USERS,
    DemoSchool,
)
from trustconduct.files.models import MediaType
from trustconduct.files.take_in import Looked
from trustconduct.letters.signatories import add_signatory
from trustconduct.letters.wordings import approve_wording, take_up_shipped, wordings
from trustconduct.people.models import Adult
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.people.who_is_told import confirm_list, the_list
from trustconduct.policies.editions import approve, import_edition, newest_published, publish
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.reading import read_policy, template
from trustconduct.policies.rollouts import suggested_day
from trustconduct.policies.versions import publish_version
from trustconduct.reviews.school_reviews import begin_reviews
from trustconduct.schools.add import add_school, name_trust
from trustconduct.schools.badge import set_badge
from trustconduct.schools.change import suspend
from trustconduct.schools.settings import change_settings, facts_of
from trustconduct.tenants.calendars import calendar_of
from trustconduct.tenants.models import School, SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions


class NotOurs(RuntimeError):
    """The database holds another Trust: made-up people must not be put among real ones."""


def load(sessions: Sessions, *, link_days: int, key: str) -> bool:
    """Load what is missing of the made-up Trust; whether anything was. Raises NotOurs."""
    schools = _trust(sessions)
    if schools is None:
        return False
    users = _users(sessions, schools, sealer_of(key))
    for demo in SCHOOLS:
        if demo.settings:
            _school(sessions.school(schools[demo.slug]), demo, users, link_days)
    return True


def _is_loaded(session: ScopedSession, demo: DemoSchool) -> bool:
    return not demo.settings or session.scalar(select(SchoolSettings.id)) is not None


def _trust(sessions: Sessions) -> dict[str, UUID] | None:
    """The Trust, its schools and its editions.

    Gives the schools' ids by slug, or None where nothing at all is missing.
    """
    with sessions.trust() as session, transaction(session):
        name = session.scalar(select(Trust.name))
        there = dict(session.execute(select(School.slug, School.id)).all())
        if name is None and there:
            raise NotOurs("The database has schools of another Trust, so nothing was loaded.")
        ours = {demo.slug for demo in SCHOOLS if not demo.suspended}
        if name is not None and not ours <= there.keys():
            raise NotOurs(f"The database belongs to {name}, so nothing was loaded.")
        if name is None:
            name_trust(session, by=COMMAND, **TRUST)
            edition = _edition(session, template().decode(), "template.txt")
            approve(session, edition, by=COMMAND, board_on=clock.today())
            day = suggested_day(calendar_of(session), clock.today())
            publish(session, edition, by=COMMAND, adopt_by_on=day)
            _letter_words(session)
            text = template().decode()
            for old, new in NEXT_EDITION:
                text = text.replace(old, new, 1)
            _edition(session, text, NEXT_EDITION_NAME)
        for demo in SCHOOLS:
            if demo.slug not in there:
                there[demo.slug] = _added(session, demo)
    for demo in SCHOOLS:
        with sessions.school(there[demo.slug], read_only=True) as session:
            if not _is_loaded(session, demo):
                return there
    with sessions.accounts(read_only=True) as session:
        return None if USERS[-1].email in set(session.scalars(select(User.email))) else there


def _added(session: ScopedSession, demo: DemoSchool) -> UUID:
    school = add_school(
        session,
        by=COMMAND,
        slug=demo.slug,
        name=demo.name,
        phase=demo.phase,
        address=demo.address,
    )
    if demo.suspended:
        suspend(session, school, by=COMMAND, reason=demo.suspended, heads=())
    return school.id


def _letter_words(session: ScopedSession) -> None:
    """Every kind of letter has its words, approved: made up, as all of the demo is."""
    take_up_shipped(session, by=COMMAND)
    for ones in wordings(session).values():
        approve_wording(
            session, ones[0], by=COMMAND, seen=ones[0].version,
            solicitor="Nobody: this is a demonstration, and no letter of it may be used",
        )  # fmt: skip


def _edition(session: ScopedSession, text: str, name: str) -> Edition:
    reading = read_policy(text.encode(), filename=name)
    return import_edition(session, reading, by=COMMAND, source_name=name, source_text=text)


def _users(sessions: Sessions, schools: Mapping[str, UUID], sealer: Sealer) -> dict[str, User]:
    """Everyone who signs in, by email, each with an authenticator that works at once."""
    with sessions.accounts() as session, transaction(session):
        there = {user.email: user for user in session.scalars(select(User))}
        for demo in USERS:
            if demo.email in there:
                continue
            there[demo.email] = user = add_user(
                session,
                by=COMMAND,
                email=demo.email,
                name=demo.name,
                password=PASSWORD,
                grants=[Grant(demo.role, schools[demo.slug] if demo.slug else None)],
            )
            factor = make_factor(session, user, sealer)
            factor.confirmed_at, user.enrols_at_sign_in = clock.now(), False
            make_codes(session, user, by=COMMAND, sealer=sealer)
    return there


def _school(
    session: ScopedSession, demo: DemoSchool, users: Mapping[str, User], link_days: int
) -> None:
    """A school that has published its version, taken in its roll and asked its parents."""
    head = _actor(session, users, demo, Role.HEADTEACHER)
    office = _actor(session, users, demo, Role.OFFICE)
    pastoral = _actor(session, users, demo, Role.PASTORAL)
    add_signatory(session, by=head, name=head.name, role="Headteacher", from_on=clock.today())
    with session, transaction(session):
        if _is_loaded(session, demo):
            return
        school = session.get_one(School, session.school_id)
        edition = newest_published(session)
        assert edition is not None, "the Trust's commit published it"
        settings = change_settings(session, by=office, seen_version=None, **demo.settings)
        facts = facts_of(session, school, settings)
        matrix = _matrix(edition.document.matrix, demo)
        save_matrix(session, matrix, by=office, seen_number=0)
        if demo.badge != ("", ""):
            set_badge(session, _badge(demo), by=head, seen=None)
        version = publish_version(session, school, edition, facts, settings, by=head, seen_number=0)
        take_in(session, read_roll(demo.roll), by=office)
        confirm_list(session, by=office, seen=the_list(session).mark)
        start_campaign(
            session,
            school,
            version,
            by=head,
            link_days=link_days,
            telephone=settings.telephone,
            reply_to=settings.email,
        )
        _answer(session, demo, version)
        for talk in talks(session):
            if not talk.note:  # the one who left no word was rung at once
                hold_talk(session, talk.id, by=pastoral)
        go_on(session, version, head=head, office=office, link_days=link_days)
        begin_reviews(session)


def _actor(
    session: ScopedSession, users: Mapping[str, User], demo: DemoSchool, role: Role
) -> Actor:
    email = next(user.email for user in USERS if (user.slug, user.role) == (demo.slug, role))
    user = users[email]
    grants = frozenset({Grant(role, session.school_id)})
    return Actor("user", user.id, user.name, grants, fresh=True)


def _badge(demo: DemoSchool) -> Looked:
    """A picture of our own drawing: a leaf on a round ground."""
    ground, leaf = demo.badge
    drawn = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((4, 4, 252, 252), fill=ground)
    # Where two circles overlap there is a leaf.
    at = Image.new("L", drawn.size, 0)
    ImageDraw.Draw(at).ellipse((34, 34, 190, 190), fill=255)
    other = Image.new("L", drawn.size, 0)
    ImageDraw.Draw(other).ellipse((66, 66, 222, 222), fill=255)
    drawn.paste(Image.new("RGBA", drawn.size, leaf), mask=ImageChops.multiply(at, other))
    pen.line((84, 172, 172, 84), fill=ground, width=7)
    png = io.BytesIO()
    drawn.save(png, "PNG")
    return Looked(f"{demo.slug}.png", MediaType.PNG, png.getvalue())


def _matrix(offered: Matrix, demo: DemoSchool) -> Matrix:
    """The Trust's matrix with this school's ways in, and one tick that it does without."""
    details = {
        "phone": demo.settings["telephone"],
        "email": demo.settings["email"],
        "visit": demo.settings["policies_url"],
    }
    said: dict[str, dict[str, Any]] = {
        "phone": {"hours": parse("Monday to Friday 8:30am to 4pm"), "who": "The office staff"},
        "email": {"answer_within": 2, "who": "The office staff"},
    }
    routes = tuple(
        replace(
            route,
            detail=next((to for word, to in details.items() if word in route.id), ""),
            **next((more for word, more in said.items() if word in route.id), {}),
        )
        for route in offered.routes
    )
    ticks = frozenset(
        (route, purpose)
        for route, purpose in offered.ticks
        if not (route.startswith(demo.unticked[0]) and purpose.startswith(demo.unticked[1]))
    )
    return replace(offered, routes=routes, ticks=ticks)


def _answer(session: ScopedSession, demo: DemoSchool, version: SchoolVersion) -> None:
    copy = copy_of(version)
    requests = session.scalars(
        select(SignRequest.id)
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .order_by(Adult.name, SignRequest.id)
    ).all()
    for request_id, (kind, note) in zip(requests, demo.replies, strict=False):
        request = asked(session, request_id)
        assert request is not None, "it was made in this commit"
        answer(
            session,
            request,
            kind,
            by=request.by,
            typed_name=request.adult_name,
            note=note,
            shown_sha256=request.sha256,
            copy=copy,
            school=session.get_one(School, session.school_id),
        )
