"""A signed-in person's own account: recovery codes, password, authenticator."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect, request, url_for
from flask_login import current_user

from trustconduct.accounts.factors import (
    CODES,
    begin_move,
    codes_left,
    factor_of,
    finish_move,
    make_codes,
    next_secret_of,
)
from trustconduct.accounts.feeds import end_feed, feed_of, make_feed
from trustconduct.accounts.fresh import open_sign_in, prove_again, refuse
from trustconduct.accounts.mails import roles_in_words
from trustconduct.accounts.models import SignIn, User
from trustconduct.accounts.new_password import OldPasswordWrong, change_password
from trustconduct.accounts.passwords import SHORTEST, PasswordRefused
from trustconduct.accounts.signing_in import begin_whole
from trustconduct.accounts.throttle import Doing, forget_tries
from trustconduct.db import transaction
from trustconduct.web.cookies import set_cookie
from trustconduct.web.door import SAFE, Form, actor, came_from, open_to_all, read, works
from trustconduct.web.fields import Line, Nothing, Plain
from trustconduct.web.mailed import LONGEST_TYPED, AppForm, TwicePassword
from trustconduct.web.tries import (
    account_page,
    address,
    count_try,
    ended_by_tries,
    picture,
    sealer,
)

pages = Blueprint("you", __name__, url_prefix="/account/you")
WRONG = "That is no code of your app or of your list, or it was used already."


def own(view: Callable[..., Response]) -> Callable[..., Response]:
    """Guard a page that everyone who is signed in has for themselves, whatever their role."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        if not current_user.is_authenticated:
            return make_response(redirect(url_for("account.sign_in", to=came_from())))
        g.session = works().sessions.accounts(read_only=request.method in SAFE)
        return view(*args, **kwargs)

    return open_to_all(guarded)


class ProofForm(Plain):
    code = Line(longest=100, blank="Type a code of your app, or one of your recovery codes.")


class ChangePassword(TwicePassword):
    old = Line(longest=LONGEST_TYPED, blank="Type your current password.")


def _user() -> User:
    return g.session.get_one(User, actor().id)


def _page(template: str, form: Form | None = None, status: int = 200, **more: Any) -> Response:
    form = form or Form()
    return account_page(
        template, status=status, form=form, errors=form.errors, person=current_user, **more
    )


@pages.get("/")
@own
def show() -> Response:
    user = _user()
    factor = factor_of(g.session, user)
    return _page(
        "account/you.html",
        user=user,
        roles=roles_in_words(g.session, user.grants),
        left=codes_left(g.session, user),
        codes=CODES,
        since=factor.confirmed_at if factor else None,
    )


class _Ended(Exception):
    """The sign-in has ended: five wrong ones, or somebody else ended it a moment ago."""


def _here() -> SignIn:
    """This sign-in, locked: of two codes at once both would be the first."""
    sign_in = open_sign_in(g.session, current_user.sign_in_id)
    if sign_in is None:
        raise _Ended
    return sign_in


def _proved(sign_in: SignIn, form: Form) -> bool:
    """Whether the form's code is one of the person's; it is used up by asking."""
    if prove_again(g.session, sign_in, form.values["code"], by=actor(), sealer=sealer()):
        forget_tries(g.session, sealer(), Doing.CODE, str(sign_in.user_id), address())
        return True
    form.refuse("code", WRONG)
    return False


def _unless_ended(sign_in: SignIn) -> None:
    if sign_in.ended_at is not None:
        raise _Ended


@pages.errorhandler(_Ended)
def _ended(error: _Ended) -> Response:
    return ended_by_tries()


# -- recovery codes


@pages.get("/codes")
@own
def codes() -> Response:
    return _page("account/you_codes.html", left=codes_left(g.session, _user()), all=CODES)


@pages.post("/codes")
@own
def new_codes() -> Response:
    """Make ten new codes; the answer is the one page that shows them."""
    form, made, user = read(ProofForm), [], _user()
    if not form.errors:
        count_try(Doing.CODE, str(user.id))
        with transaction(g.session):
            if _proved(here := _here(), form):
                made = make_codes(g.session, user, by=actor(), sealer=sealer())
        _unless_ended(here)
    if form.errors:
        left = codes_left(g.session, user)
        return _page("account/you_codes.html", form, 422, left=left, all=CODES)
    return account_page("account/codes.html", codes=made, user=user, done="", step=False)


# -- the password


@pages.get("/password")
@own
def password() -> Response:
    return _page("account/you_password.html", shortest=SHORTEST)


@pages.post("/password")
@own
def keep_password() -> Response:
    """Keep the new password. Every sign-in ends; this browser gets a new one."""
    form, user, signed_in = read(ChangePassword), _user(), ""
    if not form.errors:
        count_try(Doing.PASSWORD, str(user.id))
        with transaction(g.session):
            here = _here()
            try:
                change_password(
                    g.session,
                    user,
                    by=actor(),
                    old=request.form["old"],
                    password=request.form["password"],
                )
            except OldPasswordWrong as wrong:
                refuse(g.session, here, by=actor())
                form.refuse("old", str(wrong))
            except PasswordRefused as refused:
                form.refuse("password", str(refused))
            else:
                signed_in = begin_whole(g.session, user, code_given=False)
        if not signed_in:
            _unless_ended(here)
    if form.errors:
        return _page("account/you_password.html", form, 422, shortest=SHORTEST)
    return _back("Your new password is kept. You are signed out everywhere else.", signed_in)


def _back(said: str, signed_in: str) -> Response:
    response = make_response(redirect(url_for("you.show"), 303))
    set_cookie(response, "signed-in", signed_in)
    flash(said, "good")
    return response


# -- moving to another authenticator


@pages.get("/authenticator")
@own
def authenticator() -> Response:
    return _page("account/you_authenticator.html")


@pages.post("/authenticator")
@own
def begin() -> Response:
    """With a code of the old one, or a recovery code, make the secret of the new one."""
    form, user = read(ProofForm), _user()
    if not form.errors:
        count_try(Doing.CODE, str(user.id))
        with transaction(g.session):
            if _proved(here := _here(), form):
                begin_move(g.session, user, sealer=sealer())
        _unless_ended(here)
    if form.errors:
        return _page("account/you_authenticator.html", form, 422)
    return make_response(redirect(url_for("you.move"), 303))


def _next_secret(user: User) -> str | None:
    """The new secret, for the sign-in that has just given a code: no other one may see it."""
    return next_secret_of(g.session, user, sealer()) if actor().fresh else None


@pages.get("/authenticator/new")
@own
def move() -> Response:
    user = _user()
    secret = _next_secret(user)
    if secret is None:
        return make_response(redirect(url_for("you.authenticator")))
    return _page("account/you_move.html", Form(), 200, **picture(secret, user.email))


@pages.post("/authenticator/new")
@own
def finish() -> Response:
    form, user, moved, signed_in = read(AppForm), _user(), False, ""
    secret = _next_secret(user)
    if secret is None:
        return make_response(redirect(url_for("you.authenticator"), 303))
    if not form.errors:
        count_try(Doing.CODE, str(user.id))
        with transaction(g.session):
            moved = finish_move(g.session, user, form.values["code"], by=actor(), sealer=sealer())
            if moved:
                signed_in = begin_whole(g.session, user)
        if not moved:
            form.refuse("code", "That code is not right. Wait for the next and type that.")
    if form.errors:
        return _page("account/you_move.html", form, 422, **picture(secret, user.email))
    return _back("From now on your new authenticator counts.", signed_in)


# -- reviews in one's calendar


@pages.get("/calendar")
@own
def calendar() -> Response:
    found = feed_of(g.session, actor().id or UUID(int=0), works().settings.SECRET_KEY)
    path = url_for("feed.show", feed_id=found.feed_id, secret=found.secret) if found else ""
    address = f"{works().settings.BASE_URL.rstrip('/')}{path}" if found else ""
    return _page("account/you_calendar.html", address=address)


@pages.post("/calendar")
@own
def make_calendar() -> Response:
    """Make an address for the person's calendar, or a new one: the old one is dead then."""
    read(Nothing)
    with transaction(g.session):
        make_feed(g.session, _user(), by=actor())
    return _to_calendar("This address is new. Any other one has stopped.")


@pages.post("/calendar/end")
@own
def end_calendar() -> Response:
    read(Nothing)
    with transaction(g.session):
        ended = end_feed(g.session, _user(), by=actor())
    return _to_calendar("The address has stopped." if ended else "There was no address.")


def _to_calendar(said: str) -> Response:
    flash(said, "good")
    return make_response(redirect(url_for("you.calendar"), 303))
