"""What a person reads when something went wrong: what happened, what became of what they
typed, what to do next, whom to call, and the number of the request.

It must stand when the database does not, so it asks for nothing that is not in memory.
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from typing import Any

from flask import Flask, current_app, g, make_response, render_template, request, template_rendered
from flask.wrappers import Response
from flask_wtf.csrf import CSRFError, validate_csrf
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests
from wtforms import ValidationError as WrongToken

from trustconduct import clock
from trustconduct.accounts.permissions import Can, NotAllowed, NotFresh
from trustconduct.accounts.throttle import TooManyTries
from trustconduct.outbox.write import HeaderRefused
from trustconduct.plain_log import log
from trustconduct.schools.inherited import telephone_in_force
from trustconduct.tenants.models import SchoolSettings
from trustconduct.web import door, sign
from trustconduct.web.speaking import say, speak, spoken
from trustconduct.web.watch import number_of

NOTHING = "Nothing was saved or changed."
UNKNOWN = "We do not know if what you sent was saved. Go back and look before you send it again."
ONCE = (
    "What you sent did not reach our records. You can send it again in a minute or two."
    " It counts once, even if the first one arrived after all."
)
TRIED = (
    "That was tried ten times within five minutes. You can try again at {at:%H:%M:%S}. This keeps"
    " others from guessing, and nobody else has to wait. If you forgot your password, the page"
    " where you sign in leads to a new one."
)
SECONDS_AWAY = 30  # after which a browser may try again, where nobody said
SECRET = ("password", "code", "secret", "token", "file")
MOST_TYPED = 100_000


@dataclass(frozen=True)
class Words:
    """A page's words. `fate` is what became of what was sent; `next` what to do, if not waiting."""

    title: str
    what: str
    fate: str = NOTHING
    next: str = "Go back and try another way."


WORDS = {
    400: Words("Please send that again", "Something in what reached us was not right."),
    403: Words(
        "You may not do this",
        "Your role does not include this page or this act. If you need it, ask your headteacher"
        " or the Trust.",
    ),
    404: Words(
        "We could not find that page",
        "The address may be mistyped, or the page is not there any more.",
        next="Check the address, or begin from the first page.",
    ),
    405: Words(
        "That page does not work like this",
        "It was opened in a way that it is not made for.",
        next="Start again from the page that you came from.",
    ),
    409: Words(
        "Somebody else was quicker",
        "What you wanted to change was changed by somebody else in the meantime.",
        "What you sent was not saved, and what they saved is kept.",
        "Open the page again, look at what is there now, and add yours.",
    ),
    413: Words(
        "That is too large",
        "All that is sent at once may be up to {limit}.",
        next="Choose a smaller file, or save it again in a smaller size.",
    ),
    422: Words(
        "Something has to be put right first",
        "We could not take it as it was sent.",
        next="Go back, look at what you filled in, and send it again.",
    ),
    429: Words(
        "Please wait a little",
        "There were too many tries in a short time.",
        next="Then try again. Nobody is locked out.",
    ),
    500: Words(
        "Sorry, something went wrong",
        "The fault is ours, not yours.",
        UNKNOWN,
        "Try again in a few minutes.",
    ),
    503: Words(
        "We cannot reach our records just now",
        "This usually lasts a minute or two.",
        ONCE,
        "Try again in a minute or two.",
    ),
}
STALE = Words(
    "Please send that once more",
    "This page was open for a long time, so we could not be sure that it was you.",
    next="Open the page anew, and then send it.",
)
# Whose pages speak a parent's language, their errors as well.
PARENTS = ("public", "school", "finder", "sign")
# Whose own words a page may show: what our pages say by `abort(409, description="…")`.
SAY_MORE = (403, 409, 413, 422, 429)


def answer(app: Flask) -> None:
    """Give every error its page."""
    template_rendered.connect(_learn_number, app)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Any:
        if error.response is not None:
            return error.response
        if error.code is None or error.code < 400:
            return error
        return page(error.code, error)

    @app.errorhandler(door.SchoolClosed)
    def _closed(error: door.SchoolClosed) -> Any:
        door.leave()
        return _closed_page(error)

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> Response:
        return page(400, words=STALE)

    @app.errorhandler(NotAllowed)
    def _not_allowed(error: NotAllowed) -> Response:
        return page(403)

    @app.errorhandler(NotFresh)
    def _not_fresh(error: NotFresh) -> Any:
        # A rule asked before its door did.
        door.leave()
        return door.confirm_first()

    @app.errorhandler(TooManyTries)
    def _too_many(error: TooManyTries) -> Response:
        seconds = math.ceil((error.again_at - clock.now()).total_seconds())
        said = TRIED.format(at=clock.local(error.again_at))
        return page(429, TooManyRequests(said, retry_after=max(seconds, 1)))

    @app.errorhandler(HeaderRefused)
    def _line_break(error: HeaderRefused) -> Response:
        return page(422)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(NoConnectionFree)
    def _no_database(error: SQLAlchemyError) -> Response:
        cause = getattr(error, "orig", None) or error
        log.error("PostgreSQL did not answer.", error=type(cause).__name__)
        return page(503)

    @app.errorhandler(Exception)
    def _broken(error: Exception) -> Response:
        app.log_exception(sys.exc_info())
        return page(500)


def _closed_page(error: door.SchoolClosed) -> Any:
    if not error.for_staff:
        speak()
    shown = render_template(
        "public/closed.html",
        trust=door.works().directory.trust(),
        error=error,
        heads=error.for_staff and Can.PUBLISH_VERSION in door.mine(),
        number=number_of(request),
    )
    return shown, error.code


def page(status: int, error: HTTPException | None = None, words: Words | None = None) -> Response:
    """The page of an error, with what of its headers a browser needs.

    For a wait, `abort(429, retry_after=120)`: the page says "in about 2 minutes",
    and the header the seconds. A sentence of one's own is `description=`.
    """
    door.leave()
    if request.blueprint in PARENTS or request.blueprint is None:
        speak()
    found = words or WORDS.get(status) or WORDS[500 if status >= 500 else 400]
    own = type(error).description if error else None
    if error and status in SAY_MORE and error.description and error.description != own:
        found = replace(found, what=error.description)
    limit = f"{current_app.config['MAX_CONTENT_LENGTH'] // 1024**2} MB"
    headers = _headers(status, error)
    school, trust, telephone, whose = _whom_to_call(status)
    typed = _typed(status)
    found = Words(*(say(text) for text in astuple(found)))
    found = replace(found, what=found.what.replace("{limit}", limit))
    shown = render_template(
        "error.html",
        words=found,
        status=status,
        sent=request.method not in door.SAFE,
        wait=_in_words(headers["Retry-After"]) if status == 429 else "",
        school=school,
        trust=trust,
        telephone=telephone,
        whose=whose,
        number=number_of(request),
        texts=[text for text in typed.values() if " " in text.strip()],
        again=typed if status == 503 and "csrf_token" in typed else {},
        action=request.full_path.rstrip("?"),
    )
    return make_response(shown, status, headers)


def _headers(status: int, error: HTTPException | None) -> dict[str, str]:
    given = {name.title(): value for name, value in error.get_headers()} if error else {}
    headers: dict[str, str] = {
        name: given[name] for name in ("Allow", "Retry-After") if name in given
    }
    if status in (429, 503):
        headers.setdefault("Retry-After", "300" if status == 429 else str(SECONDS_AWAY))
    return headers


def _in_words(seconds: str) -> str:
    """How long to wait, as one says it: never too short."""
    if not seconds.isdigit():  # a day and time, as a header may have it
        return say("later")
    minutes = -(-int(seconds) // 60)
    if minutes <= 1:
        return say("in about a minute")
    hours = -(-minutes // 60)
    if minutes < 90:
        return spoken().many("in about %(num)s minute", "in about %(num)s minutes", minutes)
    return spoken().many("in about %(num)s hour", "in about %(num)s hours", hours)


# -- whom to call


def _learn_number(app: Flask, template: Any, context: dict[str, Any], **more: Any) -> None:
    """Keep the school's number that a page has just shown: later pages may have no database."""
    facts, school = context.get("facts"), context.get("school")
    if isinstance(facts, dict) and isinstance(school, door.SchoolCard):
        door.works().directory.learn(school.id, facts.get("school.telephone") or "")


def _whom_to_call(status: int) -> tuple[door.SchoolCard | None, door.TrustCard, str, str]:
    """The school of this address, the Trust, a telephone number, and whose it is.

    The school's own number, else the Trust's.
    """
    directory = door.works().directory
    if status != 503:
        with suppress(SQLAlchemyError):
            directory.trust()  # looks again if it is time
    known, trust = directory.last_known(request.path.split("/")[1])
    school = g.get("school") or known
    number = _number_of(school, status) if school else ""
    if school and number:
        return school, trust, number, school.name
    return school, trust, trust.telephone, trust.name


def _number_of(school: door.SchoolCard, status: int) -> str:
    directory = door.works().directory
    if not directory.telephone(school.id) and status != 503:
        try:
            with door.works().sessions.school(school.id, read_only=True) as session:
                number = select(telephone_in_force()).select_from(SchoolSettings)
                directory.learn(school.id, session.scalar(number) or "")
        except SQLAlchemyError:
            log.warning("A school's number could not be looked up.", school=school.slug)
    return directory.telephone(school.id)


# -- what was typed


def _typed(status: int) -> dict[str, str]:
    """What was typed, to be shown and sent again: a browser does not always keep it.

    Nothing where somebody else's page may have sent it, where it holds a
    password or a file, or where it is too much.
    """
    if request.method in door.SAFE or status == 413:
        return {}
    try:
        fields = request.form.to_dict()
        has_files = bool(request.files)
    except RequestEntityTooLarge:
        return {}
    secret = any(word in name.lower() for name in fields for word in SECRET if name != "csrf_token")
    if has_files or secret or sum(map(len, fields.values())) > MOST_TYPED:
        return {}
    return fields if _from_our_page(fields.get("csrf_token")) else {}


def _from_our_page(form_token: str | None) -> bool:
    """By the form's token; by the browser's own word where the token has grown old.

    A parent's form has a mark of its own.
    """
    if sign.from_own_page():
        return True
    try:
        validate_csrf(form_token)
    except WrongToken:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return True
