"""From an empty school to the first published version, and on to asking the parents.

The steps of the wizard in setup.py with their states, for a head who has just come
in; and the task of adopting a later edition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.people.models import Adult
from trustconduct.policies.altered import has_moved_on
from trustconduct.policies.versions import missing, newest_version
from trustconduct.schools.inherited import bans_in_force, for_schools
from trustconduct.schools.settings import facts_of, settings_of, wrong_bans
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.navigation import count, school_url
from trustconduct.web.tasks import Here, Task, tasks

DONE, NEXT, TO_DO, NOT_YET = "Done", "Next", "To do", "Not yet"
_TONES = {DONE: "good", NEXT: "calm", TO_DO: "waiting"}


@dataclass(frozen=True)
class Step:
    """A step of getting started. `waits_for` says who or what it waits for, if anything."""

    text: str
    endpoint: str
    needs: Can
    done: bool
    hint: str = ""
    waits_for: str = ""
    place: str = ""  # a field of the page

    def task(self, here: Here, *, next_: bool) -> Task:
        word = DONE if self.done else self.waits_for or (NEXT if next_ else TO_DO)
        opens = self.needs in here.may and (self.done or not self.waits_for)
        return Task(
            self.text,
            school_url(self.endpoint) + self.place if opens else "",
            self.hint,
            word,
            _TONES.get(word, "quiet"),
        )


def getting_started(session: ScopedSession, here: Here) -> list[Task]:
    """What is done, what is next and what comes after: eight queries. One step is "Next"."""
    found = list(_steps(session, here))
    next_ = next((one for one in found if not one.done and not one.waits_for), None)
    return [one.task(here, next_=one is next_) for one in found]


def _steps(session: ScopedSession, here: Here) -> Iterator[Step]:
    settings = settings_of(session)
    facts = facts_of(session, here.school, settings)
    matrix, newest = current_matrix(session), newest_version(session)
    edition = here.edition
    lacking = missing(session, edition, facts, settings, matrix) if edition else []
    police = facts["school.police_force"]
    given = for_schools(session)
    bans = bans_in_force(settings, given)
    blank = [one.text for one in lacking if one.step == "facts" and "Police force" not in one.text]
    known = bool(facts["school.telephone"] and settings.email)
    no_edition = "" if edition else "Waits for the Trust"

    yield Step(
        "Your school’s facts", "setup.facts", Can.CHANGE_SETTINGS,
        done=known and not blank, hint=" ".join(blank) or "Telephone, office email, web pages",
    )  # fmt: skip
    yield Step(
        "Your police force", "setup.facts", Can.CHANGE_SETTINGS,
        done=bool(police), hint=police or "It stands in the code.", place="#police_force_id",
    )  # fmt: skip
    yield Step(
        "How you handle site bans", "setup.bans", Can.CHANGE_SETTINGS,
        done=None not in bans.values() and not wrong_bans(settings, given),
        hint="How long they last, who decides and who reviews",
    )  # fmt: skip
    yield Step(
        "Ways to contact you", "setup.contact", Can.CHANGE_MATRIX,
        done=matrix is not None, hint="Which way is good for what", waits_for=no_edition,
    )  # fmt: skip
    not_ready = no_edition or (NOT_YET if lacking else "")
    yield Step(
        "Read it as your parents will", "setup.publishing.preview", Can.CHANGE_SETTINGS,
        done=newest is not None, hint="The Trust’s words with your facts in them",
        waits_for=not_ready,
    )  # fmt: skip
    yield Step(
        "Publish it", "setup.publishing.preview", Can.PUBLISH_VERSION,
        done=newest is not None,
        hint=f"Version {newest.number} is published" if newest else "Parents can read it at once",
        waits_for=not_ready or _whom(here, Can.PUBLISH_VERSION, "Waits for the headteacher"),
    )  # fmt: skip
    yield Step(
        "Bring in your parents and carers", "people.rolls.new", Can.TAKE_IN_ROLL,
        done=session.scalar(select(Adult.id).limit(1)) is not None,
        hint="A CSV file from your school’s system",
        waits_for=_whom(here, Can.TAKE_IN_ROLL, "Waits for the school"),
    )  # fmt: skip
    yield Step(
        "Ask them to read it", "answers.campaigns.ask", Can.START_CAMPAIGN,
        done=not here.starting, hint="Each gets one email with a link of their own",
        waits_for=_whom(here, Can.START_CAMPAIGN, "Waits for the school")
        or ("" if here.version else NOT_YET),
    )  # fmt: skip


def _whom(here: Here, needs: Can, words: str) -> str:
    return "" if needs in here.may else words


def done_of(steps: Sequence[Task]) -> str:
    return f"{sum(one.word == DONE for one in steps)} of {count(len(steps), 'step', 'steps')}"


@tasks(Can.CHANGE_SETTINGS, order=12)
def to_publish_again(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Settings, the Trust's or the school's, that the published code does not say yet."""
    edition = here.edition
    newest = newest_version(session) if edition and here.version else None
    if edition is None or newest is None or newest.edition_id != edition.id:
        return
    settings = settings_of(session)
    facts = facts_of(session, here.school, settings)
    if wrong := wrong_bans(settings, for_schools(session)):
        yield Task(
            "Look at how you handle site bans", school_url("setup.bans"), min(wrong.values())
        )
    if not has_moved_on(session, newest, edition, facts):
        return
    task = Task(
        "Your settings have changed: publish a new version",
        school_url("setup.publishing.preview"),
        f"Parents still read version {newest.number}",
    )
    doable = Can.PUBLISH_VERSION in here.may
    yield task if doable else replace(task, word="Waits for the headteacher", tone="quiet")


@tasks(Can.CHANGE_SETTINGS, order=10)
def to_adopt(session: ScopedSession, here: Here) -> Iterator[Task]:
    """A later edition of the Trust that the school has not published yet, and what it lacks."""
    edition, version = here.edition, here.version
    if edition is None or version is None or version.edition_number >= edition.number:
        return  # before the first version `getting_started` leads
    settings = settings_of(session)
    facts = facts_of(session, here.school, settings)
    lacking = missing(session, edition, facts, settings, current_matrix(session))
    hint = f"{len(lacking)} things to fill in first" if len(lacking) > 1 else ""
    doable = bool(lacking) or Can.PUBLISH_VERSION in here.may
    by = here.rollout.adopt_by_on if here.rollout else None
    days_late = (clock.today() - by).days if by else 0
    task = Task(
        f"The Trust’s new edition {edition.number}: adopt it by {clock.day(by)}"
        if by
        else f"Adopt edition {edition.number} of the code of conduct",
        school_url("setup.adopt"),
        hint or (lacking[0].text if lacking else "Everything is filled in"),
    )
    if days_late > 0:
        word = f"{count(days_late, 'day', 'days')} late"
        yield replace(task, word=word, tone="attention")
    else:
        yield task if doable else replace(task, word="Waits for the headteacher", tone="quiet")
