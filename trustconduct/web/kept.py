"""Parents' pages as they were made, kept while what they are made from stays the same."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request
from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.policies.models import InForce
from trustconduct.schools.models import AuthorisedEvent, SchoolBadge
from trustconduct.tenants.models import SchoolSettings, Trust
from trustconduct.web.door import works
from trustconduct.web.memory import keep
from trustconduct.web.speaking import spoken, stamp


@dataclass
class Kept:
    """A page in memory, and what it was made from."""

    stamp: tuple
    body: bytes
    etag: str
    until: float


class Pages:
    """Parents' pages in memory, looked at again once a second.

    A whole school reads its code on the day it is published: each page would
    otherwise be made anew a thousand times. What a page is made from is one
    short query; the page itself is made again only when that has changed, or at
    midnight, when another version may come into force.
    """

    SECONDS = 1.0
    MOST = 2_000

    def __init__(self) -> None:
        self._kept: dict[tuple[UUID, str], Kept] = {}

    def page(self, name: str, make: Callable[[], str], also: Any = None) -> Response:
        """The page; made anew as well when `also`, of which it speaks, is another."""
        kept = self.kept(name, make, also)
        keep(request.environ, kept.until)
        # Asked again each time, so that a new version shows at once; answered by 304
        # where nothing has changed.
        headers = {
            "ETag": f'W/"{kept.etag}"',  # the same page, compressed or not
            "Cache-Control": "public, no-cache",
            "Vary": "Accept-Encoding",
        }
        if request.if_none_match.contains_weak(kept.etag):
            return Response(status=304, headers=headers)
        return Response(kept.body, headers=headers, content_type="text/html; charset=utf-8")

    def kept(self, name: str, make: Callable[[], str], also: Any = None) -> Kept:
        """What stands in memory by that name, as it is now."""
        key = (g.school.id, f"{name} {spoken().code}")
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is None or now >= kept.until:
            stamp = (*self._stamp(), also)
            if kept is None or kept.stamp != stamp:
                body = make().encode()
                kept = Kept(stamp, body, hashlib.sha256(body).hexdigest()[:32], 0.0)
                if len(self._kept) >= self.MOST:
                    self._kept.clear()
                self._kept[key] = kept
            kept.until = now + min(self.SECONDS, _until_midnight())
        return kept

    def _stamp(self) -> tuple:
        row = g.session.execute(
            select(
                select(InForce.version_id)
                .where(InForce.during.op("@>")(clock.today()))
                .scalar_subquery(),
                select(func.count()).select_from(InForce).scalar_subquery(),
                select(func.max(SchoolMatrix.number)).scalar_subquery(),
                select(SchoolSettings.version).scalar_subquery(),
                select(SchoolBadge.file_id).scalar_subquery(),
                select(func.sum(AuthorisedEvent.version)).scalar_subquery(),
                select(Trust.version).scalar_subquery(),
            )
        ).one()
        return (*row, stamp(g.session), clock.today(), g.school, works().directory.trust())


def _until_midnight() -> float:
    """Seconds to midnight in London, when another version may come into force."""
    here = clock.local(clock.now())
    gone = (here.hour * 60 + here.minute) * 60 + here.second + here.microsecond / 1e6
    return 24 * 3600 - gone


def kept_pages() -> Pages:
    """The pages in the memory of this app."""
    return current_app.extensions.setdefault("trustconduct.pages", Pages())
