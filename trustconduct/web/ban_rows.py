"""What the pages of a ban share: the row, and the way back to it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, g, make_response, redirect

from trustconduct.bans.models import Ban
from trustconduct.web.door import found
from trustconduct.web.navigation import school_url

CHANGED = "Somebody else changed the ban meanwhile. Look at it again."


def the_ban(ban_id: UUID) -> Ban:
    return found(g.session.get(Ban, (g.school.id, ban_id)))


def back(ban_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("bans.ban", ban_id=ban_id), 303))
