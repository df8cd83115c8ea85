"""The calendar feed that a program fetches: no sign-in, but an address that can be ended."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, abort, make_response, request
from werkzeug import Response

from trustconduct.accounts.feeds import reader_of
from trustconduct.accounts.permissions import Can, may
from trustconduct.reviews.feed import Entry, calendar_file, policy_entries, school_entries
from trustconduct.web.door import open_to_all, works

pages = Blueprint("feed", __name__, url_prefix="/account/calendar")


@pages.get("/<uuid:feed_id>/<secret>.ics")
@open_to_all
def show(feed_id: UUID, secret: str) -> Response:
    """A person's reviews; 404 alike for whatever address does not work. Writes nothing.

    One session after the other: a school's words never meet another's in one.
    """
    sessions, settings = works().sessions, works().settings
    with sessions.accounts(read_only=True) as session:
        reader = reader_of(session, feed_id, secret, settings.SECRET_KEY)
    if reader is None:
        abort(404)
    entries: list[Entry] = []
    if may(reader, Can.SEE_CONSOLE):
        with sessions.trust(read_only=True) as session:
            entries += policy_entries(session)
    own = {grant.school_id for grant in reader.grants if grant.school_id}
    for card in works().directory.schools():
        if card.id in own and not card.suspended and may(reader, Can.KEEP_REVIEWS, card.id):
            with sessions.school(card.id, read_only=True) as session:
                entries += school_entries(session, card.name)
    host = urlsplit(settings.BASE_URL).hostname or "trustconduct"
    response = make_response(calendar_file(entries, host=host))
    response.mimetype = "text/calendar"
    response.headers["Content-Disposition"] = 'inline; filename="reviews.ics"'
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)
