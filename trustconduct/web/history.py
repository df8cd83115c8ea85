"""Looking back at what happened in a school: in words, by person, thing and day.

The Trust's own history in the console is the same page: `admin/audit.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.audit.history import Happened, Wanted
from trustconduct.audit.kinds import ELSE, KINDS
from trustconduct.oversight.history import (
    SOMEONE,
    About,
    Names,
    Piece,
    all_about,
    look_back,
    people_of,
    told,
)
from trustconduct.tenants.sessions import SCHOOL
from trustconduct.web.door import Form, actor, enter_school, leave, needs, note_reading, works
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("history", __name__, url_prefix="/<school>/staff/history")
pages.url_value_preprocessor(enter_school)

A_PAGE = 50
FIELDS = ("person", "kind", "thing", "since", "until")
# Whom one may choose besides the people who sign in, and what they are in an event.
OTHERS = {
    "parents": ("Parents and carers", frozenset({"link"})),
    "service": ("The service itself", frozenset({"clock", "command"})),
    "nobody": ("Nobody who was signed in", frozenset({"nobody"})),
}

AT_TRUST = frozenset({"code", "dates", "trust", "accounts", "messages"})

Address = Callable[..., str]


@pages.get("/")
@needs(Can.SEE_HISTORY)
def show() -> Response:
    looked = look(lambda **values: school_url("history.show", **values))
    page = staff_page("staff/history.html", looked=looked, errors=looked.form.errors)
    looked.note()
    return make_response(page, 422 if looked.form.errors else 200)


@dataclass(frozen=True)
class Line:
    """An event as the page shows it: the time, and a sentence with its links."""

    time: str
    pieces: tuple[tuple[str, str], ...]  # the words, and where they lead
    address: str
    whole: bool


@dataclass
class Looked:
    """What someone asked the history for, and what it says."""

    form: Form
    address: Address
    heading: str = ""
    days: list[tuple[str, list[Line]]] = field(default_factory=list)
    people: list[tuple[str, str]] = field(default_factory=list)
    onward: str = ""
    newest: str = ""
    first: bool = True
    narrowed: bool = False
    about: tuple[str, UUID] | None = None  # the person whose history this is

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What there is at this place: the Trust asks no parents."""
        there = KINDS.keys() if g.get("school") else AT_TRUST
        offered = [(key, kind.word) for key, kind in KINDS.items() if key in there]
        return [*offered, (ELSE, "Everything else")]

    def note(self) -> None:
        """Looking at the history of one person is an event itself."""
        if self.about:
            note_reading(Event.HISTORY_READ, *self.about)


def look(address: Address) -> Looked:
    """Read what the address asks for, and find it, in the scope of the request's session.

    A fixed number of queries: the events, the names of things, the people; one
    more where it asks about a thing.
    """
    form, wanted = _asked()
    looked = Looked(form, address, first="after" not in request.args)
    looked.narrowed = any(form.typed.values())
    about = About(frozenset())
    events: list[Happened] = []
    names: Names = {}
    if not form.errors:
        if thing := form.values.get("thing"):
            in_school = g.session.scope.role == SCHOOL
            about = all_about(g.session, thing) if in_school else About(frozenset({thing}))
            wanted = _with(wanted, things=about.ids)
        events, names = look_back(g.session, wanted, by=actor(), most=A_PAGE)
    more, events = len(events) > A_PAGE, events[:A_PAGE]
    school_id = g.school.id if g.get("school") else None
    leave()  # one connection at a time: a pool may have no more
    with works().sessions.accounts(read_only=True) as session:
        people = people_of(session, _ids(events), school_id=school_id)
    names = {**people.names, **names}
    looked.days = _by_day(events, names, address)
    looked.people = _to_choose(people.staff, events, names, form)
    looked.heading = _heading(form, looked, names)
    looked.about = _person(form, about, people.names)
    looked.newest = address(**_kept(form))
    if more and events:
        mark = f"{events[-1].at.isoformat()}|{events[-1].id}"
        looked.onward = address(**_kept(form), after=mark)
    return looked


def _ids(events: Sequence[Happened]) -> set[UUID]:
    """Ids of people who sign in: those who did it, and those whom it was done to."""
    done_to = {one.thing_id for one in events if one.thing_kind in KINDS["accounts"].tables}
    return {one for one in done_to | {each.actor_id for each in events} if one}


def _kept(form: Form) -> dict[str, str]:
    return {name: form.typed[name] for name in FIELDS if form.typed.get(name)}


def _with(wanted: Wanted, **more: Any) -> Wanted:
    return Wanted(**{**wanted.__dict__, **more})


# -- what was asked


def _asked() -> tuple[Form, Wanted]:
    """The address's wishes. What it says wrongly is answered at its own field."""
    form = Form({name: " ".join(request.args.get(name, "").split())[:100] for name in FIELDS})
    form.typed = {name: _printable(text) for name, text in form.typed.items()}
    person, kinds = _who(form)
    form.values["thing"] = _id(form, "thing", "That link is not whole. Go back and try it again.")
    kind = form.typed["kind"]
    if kind and kind not in KINDS and kind != ELSE:
        form.refuse("kind", "Choose one of the kinds in the list.")
    since, until = _day(form, "since"), _day(form, "until")
    if since and until and until < since:
        form.refuse("until", "The last day comes before the first one. Choose a later day.")
    return form, Wanted(
        person=person,
        actor_kinds=kinds,
        kind=kind,
        since=_midnight(since),
        until=_midnight(until + timedelta(days=1)) if until else None,
        after=_mark(),
    )


def _printable(text: str) -> str:
    return "".join(mark for mark in text if mark.isprintable())


def _who(form: Form) -> tuple[UUID | None, frozenset[str]]:
    typed = form.typed["person"]
    if typed in OTHERS:
        return None, OTHERS[typed][1]
    person = _id(form, "person", "Choose one of the people in the list.")
    form.values["person"] = person
    return person, frozenset()


def _id(form: Form, name: str, message: str) -> UUID | None:
    if not form.typed[name]:
        return None
    try:
        return UUID(form.typed[name])
    except ValueError:
        form.refuse(name if name != "thing" else "", message)
        return None


def _day(form: Form, name: str) -> date | None:
    """A day of this century: typed as 2026-05-04, as a browser sends it, or as 4 May 2026."""
    typed = form.typed[name]
    if not typed:
        return None
    with suppress(ValueError):
        found = date.fromisoformat(typed)
        if 2000 <= found.year < 2100:
            return found
    with suppress(clock.TermRefused):
        if found_ := clock.Term.parse(typed).day:
            return found_
    form.refuse(name, "That is not a day that we know. Write it like 4 May 2026.")
    return None


def _midnight(on: date | None) -> datetime | None:
    """When a day begins in London, whatever the machine's own time."""
    return datetime.combine(on, time(), clock.LONDON) if on else None


def _mark() -> tuple[datetime, UUID] | None:
    """Where the page before ended; a mark that somebody made up leads to the first page."""
    at, _, id_text = request.args.get("after", "").rpartition("|")
    with suppress(ValueError):
        moment = datetime.fromisoformat(at)
        if moment.tzinfo and 2000 <= moment.year < 2100:
            return moment, UUID(id_text)
    return None


# -- what is shown


def _by_day(
    events: Sequence[Happened], names: Names, address: Address
) -> list[tuple[str, list[Line]]]:
    days: list[tuple[str, list[Line]]] = []
    for on, that_day in groupby(events, key=lambda event: clock.local(event.at).date()):
        lines = [_line(event, names, address) for event in that_day]
        days.append((f"{on:%A} {clock.day(on)}", lines))
    return days


def _line(event: Happened, names: Names, address: Address) -> Line:
    words = told(event, names)
    return Line(
        f"{clock.local(words.at):%H:%M}",
        tuple((piece.text, _leads_to(piece, address)) for piece in words.pieces),
        words.address,
        words.whole,
    )


def _leads_to(piece: Piece, address: Address) -> str:
    if piece.person:
        return address(person=piece.person)
    return address(thing=piece.thing) if piece.thing else ""


def _to_choose(
    staff: Sequence[tuple[UUID, str]], events: Sequence[Happened], names: Names, form: Form
) -> list[tuple[str, str]]:
    """Whom the page offers: also somebody who has left, once their own events are shown."""
    people = [(str(id_), name) for id_, name in staff]
    chosen = form.typed["person"]
    others = [(key, word) for key, (word, _) in OTHERS.items()]
    if chosen and not form.errors and chosen not in dict([*people, *others]):
        people.append((chosen, _name_of(chosen, events, names)))
    return [*people, *others]


def _name_of(chosen: str, events: Sequence[Happened], names: Names) -> str:
    for event in events:
        if event.details and str(event.actor_id) == chosen:
            return str(event.details.get("by") or "")
    return names.get(UUID(chosen)) or SOMEONE["user"]


def _heading(form: Form, looked: Looked, names: Names) -> str:
    if form.errors:
        return "History"
    if thing := form.values.get("thing"):
        return f"History of {names.get(thing, 'one thing')}"
    if person := form.typed["person"]:
        return f"What was done by {dict(looked.people).get(person, 'one person')}"
    return "History"


def _person(form: Form, about: About, people: Names) -> tuple[str, UUID] | None:
    """Whose history was looked at, if it is a known person's: staff, a parent or a carer."""
    if form.errors:
        return None
    if about.adult:
        return "adult", about.adult
    one: UUID | None = form.values["thing"] or form.values["person"]
    return ("account_user", one) if one and one in people else None
