"""What someone sent by a form that could not be taken: kept here, sent again later.

The cookie holds a token of this browser, never what was typed. Without it, and
without the same person signed in, nothing of it can be read.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Response, after_this_request, request

from trustconduct.accounts.kept_forms import KEPT_FOR, Owner, Typed, forget, keep
from trustconduct.db import transaction
from trustconduct.tenants.sessions import Sessions
from trustconduct.web.cookies import cookie_name, set_cookie

COOKIE = "kept"
# The field that names the kept form, in the form that sends it again.
KEPT_FORM = "kept_form"
TOKEN_BYTES = 32
# Answers that show the form again, with all that was typed.
SHOWN_AGAIN = (409, 422)
_UNSHOWABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def showable(text: str) -> str:
    """What was typed, without the characters that no page can hold."""
    return text.translate(_UNSHOWABLE)


def owner_here(user_id: UUID) -> Owner | None:
    """This person at this browser; None where the browser keeps nothing."""
    browser = request.cookies.get(cookie_name(COOKIE))
    return Owner(user_id, browser) if browser else None


def keep_typed(sessions: Sessions, key: str, user_id: UUID, *, what: str, where: str) -> None:
    """Keep this request's form for the person who sent it, for an hour."""
    owner = owner_here(user_id) or Owner(user_id, secrets.token_urlsafe(TOKEN_BYTES))
    typed = Typed(
        path=request.full_path.rstrip("?"),
        what=what,
        where=where,
        fields=tuple(
            (showable(name), showable(value))
            for name, value in request.form.items(multi=True)
            if _may_be_kept(name)
        ),
        files=tuple(showable(file.filename) for file in request.files.values() if file.filename),
    )
    with sessions.accounts() as session, transaction(session):
        keep(session, typed, owner=owner, key=key, instead_of=sent_again())

    @after_this_request
    def _remember(response: Response) -> Response:
        set_cookie(response, COOKIE, owner.browser, seconds=int(KEPT_FOR.total_seconds()))
        return response


def _may_be_kept(name: str) -> bool:
    """Tokens of the page say nothing later, and what signs a person in is never kept."""
    return name not in ("csrf_token", KEPT_FORM, "code") and "password" not in name


def sent_again() -> UUID | None:
    """The kept form that this request sends again, if it does."""
    try:
        return UUID(request.form[KEPT_FORM])
    except (KeyError, ValueError):
        return None


def forget_when_taken(sessions: Sessions, user_id: UUID) -> None:
    """Delete the kept form that this request sends, once the page has answered for it.

    An answer that asks to mend something (409, 422) shows what was typed, so that
    the page has it now. After any other refusal or a fault of ours it stays.
    """
    form_id, owner = sent_again(), owner_here(user_id)
    if form_id is None or owner is None:
        return

    @after_this_request
    def _forget(response: Response) -> Response:
        if response.status_code < 400 or response.status_code in SHOWN_AGAIN:
            with sessions.accounts() as session, transaction(session):
                forget(session, form_id, owner=owner)
        return response
