"""What happens to an account is recorded, in the commit in which it happens."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tests.build import PASSWORD, SEALER, SECRET_KEY, a_code, an_officer
from trustconduct.accounts.asking import Lost, ask_again
from trustconduct.accounts.factors import (
    begin_move,
    factor_of,
    finish_move,
    next_secret_of,
    reset_factor,
    secret_of,
    spend_recovery_code,
)
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.joining import by_link, confirm_app, finish, give_link_password
from trustconduct.accounts.links import Purpose, fresh, opened
from trustconduct.accounts.models import User
from trustconduct.accounts.new_password import change_password
from trustconduct.accounts.roles import date_role, disable, enable, end_role
from trustconduct.accounts.signing_in import actor_of
from trustconduct.accounts.throttle import MOST, Doing, try_once
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.models import TrustAuditDetail, TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.outbox.links import token

HERE = "192.0.2.9"
NEW = "purple gravel tide lamp"


def an_open_link(session, user: User):
    link = fresh(session, user, Purpose.INVITE, anew=False)
    secret = token(SECRET_KEY, link.purpose, link.row, link.generation)
    return opened(session, Purpose.INVITE, link.row, secret, key=SECRET_KEY, lock=True)


def live(session, school_id) -> User:
    """The life of an account, each thing once."""
    by = an_officer()
    user = invite(
        session,
        by=by,
        email="nell@school.example",
        name="Nell Sample",
        grants=[Grant(Role.OFFICE, school_id)],
        trust_name="Lantern Trust",
    )
    stranger = Actor("nobody", None, "", address=HERE)
    ask_again(session, user, by=stranger, lost=Lost.LINK)
    link = an_open_link(session, user)
    own = by_link(link, HERE)
    assert give_link_password(session, link, PASSWORD, by=own, sealer=SEALER)
    secret = secret_of(factor_of(session, user), SEALER)
    codes = confirm_app(session, link, a_code(secret), by=own, sealer=SEALER)
    finish(session, link, by=own)
    own = actor_of(user, HERE)
    assert spend_recovery_code(session, user, codes[0], by=own, sealer=SEALER)
    begin_move(session, user, sealer=SEALER)
    code = a_code(next_secret_of(session, user, SEALER))
    assert finish_move(session, user, code, by=own, sealer=SEALER)
    change_password(session, user, by=own, old=PASSWORD, password=NEW)
    reset_factor(session, user, by=by, sealer=SEALER)
    disable(session, user, by=by)
    enable(session, user, by=by)
    date_role(session, user.grants[0], by=by, first_on=None, last_on=date(2099, 1, 1))
    end_role(session, user.grants[0], by=by)
    for _ in range(MOST):
        try_once(session, SEALER, Doing.PASSWORD, user.email, HERE)
    return user


def test_every_step_is_an_event_with_who_and_from_where(ground):
    with ground.sessions.accounts() as session, transaction(session):
        user = live(session, ground.oak.id)
    with ground.sessions.trust() as trust:
        rows = trust.execute(
            select(TrustAuditEvent, TrustAuditDetail.details)
            .join(TrustAuditDetail, TrustAuditDetail.id == TrustAuditEvent.id)
            .order_by(TrustAuditEvent.id)
        ).all()
    begin = next(n for n, (event, _) in enumerate(rows) if event.thing_id == user.id)
    told = [(event.event, event.actor_kind) for event, _ in rows[begin:]]
    assert told == [
        ("user.added", "user"),
        ("role.added", "user"),
        ("user.invited", "user"),
        ("link.asked", "nobody"),
        ("user.invited", "nobody"),
        ("password.changed", "link"),
        ("factor.enrolled", "link"),
        ("recovery_codes.made", "link"),
        ("user.joined", "link"),
        ("recovery_code.used", "user"),
        ("factor.replaced", "user"),
        ("password.changed", "user"),
        ("factor.reset", "user"),
        ("user.disabled", "user"),
        ("user.enabled", "user"),
        ("role.dated", "user"),
        ("role.ended", "user"),
        ("user.slowed", "nobody"),
    ]
    details = {event.event: found for event, found in rows[begin:]}
    assert details["user.joined"]["address"] == HERE
    assert details["role.dated"]["last_on"] == "2099-01-01"
    assert details["recovery_code.used"]["left"] == 9
    whole = str(details)
    for secret in (PASSWORD, NEW):
        assert secret not in whole
