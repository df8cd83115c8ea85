"""The page behind a parent's personal link: read the code, and answer."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from marshmallow import ValidationError, fields, validates_schema
from sqlalchemy import select

from trustconduct.acknowledgements.links import disown
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.opened import is_opened, note_fetch, note_opened
from trustconduct.acknowledgements.receipt_code import ReceiptCode
from trustconduct.acknowledgements.receipts import receipts, signed_before
from trustconduct.acknowledgements.signing import (
    LONGEST_NOTE,
    AnswerRefused,
    Asked,
    LinkClosed,
    answer,
    asked,
    asked_by_sheet,
    checked_name,
    checked_note,
    copy_of,
)
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.db import transaction
from trustconduct.languages.spoken import Message, told
from trustconduct.outbox.links import is_token, token
from trustconduct.policies.differences import differences
from trustconduct.policies.facts import fill
from trustconduct.policies.in_short import IN_SHORT
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.translations import Words
from trustconduct.policies.wording import differences_html
from trustconduct.schools.look import look_of
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.web.cookies import link_cookie, set_link_cookie
from trustconduct.web.door import Form, enter_school, leave, open_to_all, read, works
from trustconduct.web.fields import Plain
from trustconduct.web.own_contact import own_plan
from trustconduct.web.speaking import own_matrix, own_words, say, speak, spoken, tongue

pages = Blueprint("sign", __name__, url_prefix="/<school>/sign")
COOKIE = "link"
pages.url_value_preprocessor(enter_school)
pages.before_request(lambda: speak())


class SignForm(Plain):
    """A parent's answer: the name, the choice, and for signing the tick."""

    answer = fields.String(load_default="")
    typed_name = fields.String(load_default="")
    read_it = fields.String(load_default="")
    note = fields.String(load_default="")
    shown = fields.String(load_default="")
    language = fields.String(load_default="en")

    @validates_schema(skip_on_field_errors=False)
    def _whole(self, data: dict[str, Any], **more: Any) -> None:
        errors: dict[str, list[str]] = {}
        if data["answer"] not in list(Answer):
            errors["answer"] = [Message("Choose one of the three answers.")]
        for check, name in ((checked_name, "typed_name"), (checked_note, "note")):
            try:
                check(data[name])
            except AnswerRefused as refused:
                errors[refused.field] = [refused.message]
        if data["answer"] == Answer.SIGNED and data["read_it"] != "yes":
            errors["read_it"] = [Message("Tick the box to say that you have read the code.")]
        if errors:
            raise ValidationError(errors)


@dataclass(frozen=True)
class Text:
    """A version's text as its page and its receipt need it. It never changes, so it is kept."""

    html: str
    copy: str


_texts: dict[tuple[UUID, UUID], Text] = {}
# What changed between two versions of a school: both never change, so it is kept.
_changes: dict[tuple[UUID, UUID, UUID], str] = {}
MOST_TEXTS = 500


def _text(version_id: UUID) -> Text:
    key = (g.school.id, version_id)
    if key not in _texts:
        version = g.session.scalars(
            select(SchoolVersion).where(SchoolVersion.id == version_id)
        ).one()
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        _texts[key] = Text(version.html, copy_of(version))
    return _texts[key]


def _words(asks: Asked) -> Words:
    """The text as the page shows it: the frozen one, or the Trust's translation of it."""
    if spoken().is_english:
        return Words(_text(asks.version_id).html)
    version = g.session.scalars(
        select(SchoolVersion).where(SchoolVersion.id == asks.version_id)
    ).one()
    return own_words(version)


def _since(asks: Asked) -> dict[str, Any]:
    """What changed since their last acknowledgement: for whoever has signed before."""
    before = signed_before(g.session, asks)
    if before is None:
        return {"before": None}
    key = (g.school.id, before.id, asks.version_id)
    if key not in _changes:
        version = g.session.scalars(
            select(SchoolVersion).where(SchoolVersion.id == asks.version_id)
        ).one()
        found = differences(before.document, version.document)
        if len(_changes) >= MOST_TEXTS:
            _changes.clear()
        _changes[key] = "" if found.is_empty else str(differences_html(found, level=3))
    return {"before": before.number, "changes": _changes[key]}


def _matrix() -> Matrix | None:
    """The contact matrix of today: it stands under the text, and is not what is signed."""
    saved = current_matrix(g.session)
    if saved is None:
        return None
    facts = facts_of(g.session, g.school, settings_of(g.session))
    return own_matrix(saved.matrix.reworded(lambda text: fill(text, facts)))


def _path(request_id: UUID) -> str:
    return f"/{g.school.slug}/sign/{request_id}"


@pages.get("/<uuid:request_id>/<secret>")
@open_to_all
def open_link(request_id: UUID, secret: str) -> Response:
    """Swap the link's secret for a cookie of this path, so that the address loses it.

    The address would stand in the browser's history and in whatever the parent
    passes on.
    """
    key = works().settings.SECRET_KEY
    asks = asked(g.session, request_id)
    if asks is None or not is_token(secret, key, "sign", asks.id, asks.generation):
        return _closed()
    speak(asks.language)
    response = make_response(redirect(_path(request_id) + tongue(), 303))
    set_link_cookie(
        response,
        COOKIE,
        token(key, "sign-page", asks.id, asks.generation),
        _path(request_id),
    )
    _note_fetch(asks.id)
    return response


@pages.get("/paper/<uuid:sheet_id>/<secret>")
@open_to_all
def open_sheet(sheet_id: UUID, secret: str) -> Response:
    """The same for the link in the QR code of a sheet of paper."""
    key = works().settings.SECRET_KEY
    asks = asked_by_sheet(g.session, sheet_id)
    if asks is None or not is_token(secret, key, "paper", sheet_id, 1):
        return _closed()
    speak(asks.language)
    response = make_response(redirect(_path(asks.id) + tongue(), 303))
    cookie = f"{sheet_id}.{token(key, 'paper-page', sheet_id, 1)}"
    set_link_cookie(response, COOKIE, cookie, _path(asks.id))
    _note_fetch(asks.id)
    return response


def _note_fetch(request_id: UUID) -> None:
    """Write down that a link was fetched: one of the three things that a GET may write."""
    leave()
    with works().sessions.school(g.school.id) as session, transaction(session):
        note_fetch(session, request_id)


def _behind_sheet(request_id: UUID, given: str) -> Asked | None:
    sheet, _, secret = given.partition(".")
    try:
        sheet_id = UUID(sheet)
    except ValueError:  # made up
        return None
    if not is_token(secret, works().settings.SECRET_KEY, "paper-page", sheet_id, 1):
        return None
    asks = asked_by_sheet(g.session, sheet_id)
    return asks if asks and asks.id == request_id else None


def _behind_cookie(request_id: UUID) -> Asked | None:
    given = request.cookies.get(link_cookie(COOKIE), "")
    if "." in given:
        return _behind_sheet(request_id, given)
    asks = asked(g.session, request_id) if given else None
    key = works().settings.SECRET_KEY
    if asks and is_token(given, key, "sign-page", asks.id, asks.generation):
        speak(asks.language)
        return asks
    return None


def _mark(request_id: UUID) -> str:
    """What the form of a link's page carries: derived from the link's cookie, stored nowhere.

    Who can't read the page can't make it. So a parent carries no cookie but the
    link's, and the session that other forms take their mark from is not opened
    here, where a thousand answer at once.
    """
    cookie = request.cookies.get(link_cookie(COOKIE), "")
    return token(works().settings.SECRET_KEY, f"sign-form:{cookie}", request_id, 0)


def from_own_page() -> bool:
    """Whether a form was sent from the page of its own link.

    It asks nothing of the database: the page that says that the database is away
    must know it too, or a parent's note would be lost.
    """
    if request.blueprint != pages.name or link_cookie(COOKIE) not in request.cookies:
        return False
    request_id: UUID = (request.view_args or {})["request_id"]
    given = request.form.get("csrf_token", "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), _mark(request_id).encode())


@pages.get("/<uuid:request_id>")
@open_to_all
def show(request_id: UUID) -> Response:
    asks = _behind_cookie(request_id)
    if asks is None:
        return _closed()
    if Answer.SIGNED in asks.answers or (asks.answers and "again" not in request.args):
        return _page("sign/done.html", asks, receipts=receipts(g.session, asks.id))
    if not asks.open:
        return _closed()
    return _form_page(asks, Form())


@pages.get("/<uuid:request_id>/another-person")
@open_to_all
def another(request_id: UUID) -> Response:
    """Ask once more: saying so closes the link for good."""
    asks = _behind_cookie(request_id)
    return _closed() if asks is None else _page("sign/another.html", asks, said=False)


@pages.post("/<uuid:request_id>/another-person")
@open_to_all
def not_me(request_id: UUID) -> Response:
    """Whoever opened the link is somebody else: it closes, and the office puts it right."""
    asks = _behind_cookie(request_id)
    if asks is None:
        return _closed()
    if not from_own_page():
        raise CSRFError
    with transaction(g.session):
        disown(g.session, asks, by=asks.by)
    return _page("sign/another.html", asks, said=True)


@pages.post("/<uuid:request_id>")
@open_to_all
def give_answer(request_id: UUID) -> Response:
    asks = _behind_cookie(request_id)
    if asks is None:
        return _closed()
    if not from_own_page():
        raise CSRFError
    if Answer.SIGNED in asks.answers:
        return _back(request_id)
    form = read(SignForm)
    if form.errors:
        return _form_page(asks, form, 422)
    try:
        with transaction(g.session):
            answer(
                g.session,
                asks,
                Answer(form.values["answer"]),
                by=asks.by,
                typed_name=form.values["typed_name"],
                note=form.values["note"],
                shown_sha256=form.values["shown"],
                copy=_text(asks.version_id).copy,
                school=g.school,
                language=spoken(),
            )
    except LinkClosed:
        return _closed()
    except AnswerRefused as refused:
        form.refuse(refused.field, refused.message)
        return _form_page(asks, form, 422)
    return _back(request_id)


class OpenedForm(Plain):
    """That somebody has opened the text: with the name, which no scanner types."""

    opened_name = fields.String(load_default="")
    shown = fields.String(load_default="")


@pages.post("/<uuid:request_id>/opened")
@open_to_all
def opened(request_id: UUID) -> Response:
    """Whoever reads says so by an act of their own, without answering."""
    asks = _behind_cookie(request_id)
    if asks is None:
        return _closed()
    if not from_own_page():
        raise CSRFError
    form = read(OpenedForm)
    try:
        with transaction(g.session):
            note_opened(
                g.session,
                asks,
                by=asks.by,
                typed_name=form.values.get("opened_name", ""),
                shown_sha256=form.values.get("shown", ""),
            )
    except LinkClosed:
        return _closed()
    except AnswerRefused as refused:
        field = "opened_name" if refused.field == "typed_name" else refused.field
        form.refuse(field, str(refused))
        return _form_page(asks, form, 422)
    return Response(status=303, headers={"Location": _path(request_id) + tongue("opened=yes")})


def _back(request_id: UUID) -> Response:
    """To the page itself, without the body that Flask writes for browsers that stay."""
    return Response(status=303, headers={"Location": _path(request_id) + tongue()})


def _form_page(asks: Asked, form: Form, status: int = 200) -> Response:
    form.errors = {
        name: [told(one, spoken()) for one in messages] for name, messages in form.errors.items()
    }
    return _page("sign/sign.html", asks, status=status, form=form, **_since(asks))


def _page(template: str, asks: Asked, *, status: int = 200, **more: Any) -> Response:
    plan = own_plan(asks.adult_id)  # it takes the place of the matrix
    page = render_template(
        template,
        asks=asks,
        words=_words(asks),
        plan=plan,
        matrix=None if plan else _matrix(),
        trust=works().directory.trust(),
        look=look_of(g.session),
        facts={"school.telephone": asks.telephone},
        longest_note=LONGEST_NOTE,
        breaking=breaking,
        in_short=[say(one) for one in IN_SHORT],
        just_opened="opened" in request.args and is_opened(g.session, asks.id),
        form_token=_mark(asks.id),
        site=works().settings.BASE_URL.rstrip("/"),
        Answer=Answer,
        **more,
    )
    return make_response(page, status)


def breaking(code: ReceiptCode) -> Markup:
    """A receipt's code with places where a narrow screen may break it."""
    return Markup(".<wbr>").join(str(code).split("."))


def _closed() -> Response:
    """One plain page, with one status, for every link that does not work: whether it ran out,
    was replaced, is of another school or made up, it tells nobody anything.
    """
    page = render_template(
        "sign/closed.html",
        trust=works().directory.trust(),
        look=look_of(g.session),
        facts=facts_of(g.session, g.school, settings_of(g.session)),
    )
    return make_response(page, 410)
