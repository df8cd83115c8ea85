"""People are invited: a mail, a link that works once within three days, and no password in it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests.build import PASSWORD, SEALER, SECRET_KEY, a_code, a_user, an_actor, an_officer
from trustconduct import clock
from trustconduct.accounts.factors import begin_move, finish_move, make_factor, next_secret_of
from trustconduct.accounts.invitations import invite, invite_again, send_invitation
from trustconduct.accounts.links import Purpose, fresh, opened
from trustconduct.accounts.models import AccountLink, SignIn, User, UserGrant
from trustconduct.accounts.new_password import change_password
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.accounts.roles import disable
from trustconduct.accounts.signing_in import actor_of, give_password
from trustconduct.accounts.users import UserRefused, staff_of
from trustconduct.audit.actor import Grant, Role
from trustconduct.outbox.links import token

NOON = "2027-03-01T12:00:00Z"
EMAIL = "nell@school.example"


def invited(session, schools, *, role=Role.OFFICE, by=None, **more) -> User:
    given = {
        "email": EMAIL,
        "name": "Nell Sample",
        "grants": [Grant(role, schools.oak.id)],
        "trust_name": "Lantern Trust",
        **more,
    }
    user = invite(session, by=by or an_officer(), **given)
    session.flush()
    return user


def link_of(session, user) -> AccountLink:
    return session.scalars(select(AccountLink).where(AccountLink.user_id == user.id)).one()


def secret_of(row: AccountLink) -> str:
    return token(SECRET_KEY, row.purpose, row.id, row.generation)


def opens(session, row: AccountLink, secret: str) -> bool:
    return opened(session, Purpose.INVITE, row.id, secret, key=SECRET_KEY) is not None


def test_an_invited_person_has_no_password_and_can_not_sign_in(accounts, schools):
    user = invited(accounts, schools)
    assert user.password_hash is None
    assert give_password(accounts, EMAIL, "", address="192.0.2.1", sealer=SEALER) is None
    assert actor_of(user).grants == {Grant(Role.OFFICE, schools.oak.id)}


def test_the_link_works_for_three_days(accounts, schools):
    with time_machine.travel(NOON, tick=False) as time:
        row = link_of(accounts, invited(accounts, schools))
        secret = secret_of(row)
        time.shift(timedelta(days=3) - timedelta(seconds=1))
        assert opens(accounts, row, secret)
        time.shift(timedelta(seconds=1))
        assert not opens(accounts, row, secret)


def test_a_used_link_and_one_of_a_disabled_person_do_not_work(accounts, schools):
    user = invited(accounts, schools)
    row = link_of(accounts, user)
    user.disabled_at = clock.now()
    accounts.flush()
    assert not opens(accounts, row, secret_of(row))
    user.disabled_at, row.used_at = None, clock.now()
    accounts.flush()
    assert not opens(accounts, row, secret_of(row))


def test_a_second_invitation_ends_the_first(accounts, schools):
    user = invited(accounts, schools)
    row = link_of(accounts, user)
    first = secret_of(row)
    invite_again(accounts, user, by=an_officer(), trust_name="Lantern Trust")
    assert not opens(accounts, row, first)
    assert opens(accounts, row, secret_of(row))


def test_a_link_of_another_purpose_does_not_open_it(accounts, schools):
    row = link_of(accounts, invited(accounts, schools))
    for purpose in ("reset", "factor", "invite-page", "sign"):
        assert not opens(accounts, row, token(SECRET_KEY, purpose, row.id, row.generation))


def test_who_signs_in_already_gets_the_role_and_is_signed_out(accounts, schools):
    user = a_user(accounts, Role.TEACHER, schools.oak.id, email=EMAIL)
    accounts.add(SignIn(user_id=user.id, token_sha256="x" * 64, confirmed_at=clock.now()))
    invited(accounts, schools, grants=[Grant(Role.GOVERNOR, schools.elm.id)])
    assert {grant.role for grant in user.grants} == {"teacher", "governor"}
    assert accounts.scalar(select(func.count()).select_from(AccountLink)) == 0
    assert accounts.scalars(select(SignIn.ended_at)).one() is not None


def test_who_has_the_role_already_is_refused(accounts, schools):
    invited(accounts, schools)
    with pytest.raises(UserRefused, match="that role already"):
        invited(accounts, schools)


def test_a_disabled_person_is_not_invited(accounts, schools):
    invited(accounts, schools).disabled_at = clock.now()
    accounts.flush()
    with pytest.raises(UserRefused, match="may not sign in"):
        invited(accounts, schools, role=Role.TEACHER)


def test_nobody_invites_themselves_to_more(accounts, schools):
    officer = a_user(accounts, Role.TRUST_OFFICER, email=EMAIL)
    with pytest.raises(UserRefused, match="your own"):
        invited(accounts, schools, by=actor_of(officer, fresh=True), role=Role.HEADTEACHER)


@pytest.mark.parametrize("role", [Role.TRUST_READER, Role.HEADTEACHER, Role.TEACHER])
def test_only_an_officer_invites(accounts, schools, role):
    by = an_actor(role, None if role.of_trust else schools.oak.id)
    with pytest.raises(NotAllowed):
        invited(accounts, schools, by=by)
    assert accounts.scalar(select(func.count()).select_from(User)) == 0


def test_an_acting_head_is_one_from_the_first_day_to_the_last(accounts, schools):
    first, last = date(2027, 3, 29), date(2027, 4, 30)
    user = invited(accounts, schools, role=Role.HEADTEACHER, first_on=first, last_on=last)
    head = {Grant(Role.HEADTEACHER, schools.oak.id)}
    # London is an hour ahead of UTC from 28 March.
    for at, is_one in (
        ("2027-03-28T22:59:59Z", False),
        ("2027-03-28T23:00:00Z", True),
        ("2027-04-30T22:59:59Z", True),
        ("2027-04-30T23:00:00Z", False),
    ):
        with time_machine.travel(at, tick=False):
            assert (actor_of(user).grants == head) == is_one, at
            found = staff_of(accounts, schools.oak.id, Role.HEADTEACHER)
            assert (found == [user]) == is_one, at


def test_a_role_can_not_end_before_it_begins(accounts, schools):
    user = invited(accounts, schools)
    accounts.add(
        UserGrant(
            user_id=user.id,
            role="teacher",
            at_school_id=schools.oak.id,
            first_on=date(2027, 3, 2),
            last_on=date(2027, 3, 1),
        )
    )
    with pytest.raises(Exception, match="days_in_order"):
        accounts.flush()


def test_asking_once_more_does_not_prolong_a_link_that_is_out(accounts, schools):
    with time_machine.travel(NOON, tick=False) as time:
        user = invited(accounts, schools)
        row = link_of(accounts, user)
        first = secret_of(row)
        time.shift(timedelta(days=2))
        send_invitation(accounts, user, by=an_officer(), trust_name="Lantern Trust", anew=False)
        assert opens(accounts, row, first), "nobody can kill the link that is about to be opened"
        time.shift(timedelta(days=1))
        assert not opens(accounts, row, first)


def test_a_link_that_is_about_to_run_out_is_made_anew(accounts, schools):
    with time_machine.travel(NOON, tick=False) as time:
        user = invited(accounts, schools)
        row = link_of(accounts, user)
        first = secret_of(row)
        time.shift(timedelta(days=3) - timedelta(minutes=5))
        send_invitation(accounts, user, by=an_officer(), trust_name="Lantern Trust", anew=False)
        assert not opens(accounts, row, first)
        time.shift(timedelta(days=1))
        assert opens(accounts, row, secret_of(row))


@pytest.mark.parametrize("name", ["Ada\nBcc: all@x.example", "Ada\r\n", "\tAda \x00", " "])
def test_a_name_stands_on_one_line(accounts, schools, name):
    with pytest.raises(UserRefused, match="name"):
        invited(accounts, schools, name=f"{name}x" if name.strip() else name)


def test_a_role_and_its_place_go_together(accounts, schools):
    for grant in (Grant(Role.TRUST_READER, schools.oak.id), Grant(Role.OFFICE, None)):
        with pytest.raises(UserRefused, match="school"):
            invite(
                accounts,
                by=an_officer(),
                email=EMAIL,
                name="Ada Example",
                grants=[grant],
                trust_name="Lantern Trust",
            )


def test_no_link_leads_around_a_new_password_a_new_authenticator_or_a_closed_account(
    accounts, schools
):
    def closed(user):
        disable(accounts, user, by=an_officer())

    def renewed(user):
        change_password(
            accounts, user, by=actor_of(user), old=PASSWORD, password="purple gravel tide lamp"
        )

    def moved(user):
        make_factor(accounts, user, SEALER).confirmed_at = clock.now()
        accounts.flush()
        begin_move(accounts, user, sealer=SEALER)
        accounts.flush()
        code = a_code(next_secret_of(accounts, user, SEALER))
        assert finish_move(accounts, user, code, by=actor_of(user), sealer=SEALER)

    for number, change in enumerate((closed, renewed, moved)):
        user = a_user(accounts, Role.OFFICE, schools.oak.id, email=f"{number}@links.example")
        accounts.flush()
        fresh(accounts, user, Purpose.RESET)
        row = link_of(accounts, user)
        change(user)
        user.disabled_at = None
        accounts.flush()
        accounts.refresh(row)
        secret = secret_of(row)
        assert opened(accounts, Purpose.RESET, row.id, secret, key=SECRET_KEY) is None, change
