"""What waits for a person: each part adds a source of tasks, the home pages collect them.

    @tasks(Can.HOLD_TALK, order=20, more=lambda: school_url("answers.show", status="talk"))
    def to_talk(session: ScopedSession, here: Here) -> Iterator[Task]: ...

A source is asked only for those who may do what it is about. It makes a fixed
number of queries however many tasks it finds; what several sources need they share
through `here`. A new source stands in tests/web/test_tasks.py, with its queries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, TypeVar

from sqlalchemy import select

from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.models import Campaign
from trustconduct.audit.actor import Actor
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.rollouts import RollOut, rollout_here
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import SchoolCard

# A list of fifty would hide what stands below it.
MOST = 5
Where = TypeVar("Where")


@dataclass(frozen=True)
class Task:
    """One thing to do, as the component `task_list` shows it. Without `href` it only says so."""

    text: str
    href: str = ""
    hint: str = ""
    word: str = "To do"
    tone: str = "waiting"


@dataclass(frozen=True)
class Source(Generic[Where]):
    """Where tasks of one kind come from. `more` is the address of the whole list of them."""

    name: str
    find: Callable[[ScopedSession, Where], Iterable[Task]]
    needs: Can
    order: int
    more: Callable[[], str]

    def cut(self, session: ScopedSession, here: Where) -> Iterator[Task]:
        """The first few; how many more there are, in one line."""
        found = list(self.find(session, here))
        yield from found[:MOST]
        if len(found) > MOST:
            more = f"and {len(found) - MOST} more"
            yield replace(found[MOST], text=more, hint="", href=self.more())


class Sources(Generic[Where]):
    """The registry of one home page."""

    def __init__(self) -> None:
        self._sources: dict[str, Source[Where]] = {}

    def __call__(
        self, needs: Can, *, order: int, more: Callable[[], str] = lambda: ""
    ) -> Callable[
        [Callable[[ScopedSession, Where], Iterable[Task]]],
        Callable[[ScopedSession, Where], Iterable[Task]],
    ]:
        """Register a source; `order` is its place on the page, the small numbers first."""

        def add(
            find: Callable[[ScopedSession, Where], Iterable[Task]],
        ) -> Callable[[ScopedSession, Where], Iterable[Task]]:
            name = find.__name__
            if name in self._sources:
                raise ValueError(f"There are two sources of tasks called {name}.")
            self._sources[name] = Source(name, find, needs, order, more)
            return find

        return add

    def __iter__(self) -> Iterator[Source[Where]]:
        return iter(sorted(self._sources.values(), key=lambda one: (one.order, one.name)))

    def waiting(self, session: ScopedSession, here: Where, may: Collection[Can]) -> list[Task]:
        """All that waits for a person who may do these things, in the page's order."""
        return [task for one in self if one.needs in may for task in one.cut(session, here)]


class Here:
    """The school that tasks are looked for in, and for whom; what sources share is asked once."""

    def __init__(
        self, session: ScopedSession, school: SchoolCard, may: Collection[Can], by: Actor
    ) -> None:
        self.session = session
        self.school = school
        self.may = may
        self.by = by

    @cached_property
    def version(self) -> SchoolVersion | None:
        return version_in_force(self.session)

    @cached_property
    def edition(self) -> Edition | None:
        return newest_published(self.session)

    @cached_property
    def rollout(self) -> RollOut | None:
        return rollout_here(self.session, self.edition) if self.edition else None

    @cached_property
    def starting(self) -> bool:
        """Whether the school has never asked its parents: its head is led step by step."""
        return self.session.scalar(select(Campaign.id).limit(1)) is None


tasks: Sources[Here] = Sources()
