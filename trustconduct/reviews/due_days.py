"""The days of a review, counted in the terms of a calendar: plain functions, no database.

A term differs by weeks between counties, so "two terms ahead" is the first day of
that term wherever a calendar knows it. Where none does, the day is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from trustconduct.clock import Term, Window
from trustconduct.tenants.calendars import SEASONS, Calendar

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# The Board reads its papers six weeks before the review is due, and whoever writes the
# paper hears of it two weeks sooner. A draft takes four weeks.
BOARD_PAPER = 6 * WEEK
NOTICE = 2 * WEEK
DRAFTING = 4 * WEEK
# Counted on from the review: schools adopt within four weeks, parents answer within eight.
ADOPTION = 4 * WEEK
ACKNOWLEDGEMENT = 8 * WEEK


class Reminder(StrEnum):
    """Kinds of reminder, in the order in which they fall due."""

    TWO_TERMS_AHEAD = "two_terms_ahead"
    ONE_TERM_AHEAD = "one_term_ahead"
    TERM_BEGINS = "term_begins"
    BOARD_PAPER = "board_paper"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Due:
    """A reminder that fell due on `on`; `provisional` where no calendar gave that day."""

    kind: Reminder
    on: date
    provisional: bool = False
    weeks: int = 0  # of one that is overdue: for how many whole weeks it has been

    @property
    def goes_up(self) -> bool:
        """Whether the next person up hears of it as well: from the second week on."""
        return self.weeks > 0


@dataclass(frozen=True)
class Sent:
    """A reminder that went out: for the day on which it was due, and on which local day."""

    kind: str
    due_on: date
    sent_on: date


class Step(StrEnum):
    """What a review is made of, in order."""

    START = "Start the review"
    CONSULT = "Consult"
    DRAFT = "Draft the next edition"
    BOARD_PAPER = "Send the Board paper"
    APPROVE = "Approve"
    ADOPT = "Schools adopt it"
    ACKNOWLEDGE = "Parents acknowledge it"


@dataclass(frozen=True)
class StepDue:
    """A step of a review and the last day for it, provisional where no calendar gave it."""

    step: Step
    on: date
    provisional: bool


def term_of(calendar: Calendar, day: date) -> Term:
    """The term in which a day lies; in the holidays, the one that ended before it."""
    return max(
        (
            _term(season, year)
            for year in (day.year - 1, day.year)
            for season in SEASONS
            if calendar.window(_term(season, year)).first <= day
        ),
        key=lambda term: calendar.window(term).first,
    )


def term_before(term: Term) -> Term:
    """The term before a term that has a season: autumn 2027 before spring 2028."""
    season = {"autumn": "summer", "summer": "spring", "spring": "autumn"}[term.season]
    return _term(season, term.year - 1 if season == "autumn" else term.year)


def _term(season: str, year: int) -> Term:
    return Term(f"{season.capitalize()} Term {year}", season=season, year=year)


# The order of the terms in a calendar year.
_IN_YEAR = ("spring", "summer", "autumn")


def number_of(term: Term) -> int:
    """The place of a term that has a season among all terms: the next one's is one more."""
    return term.year * len(_IN_YEAR) + _IN_YEAR.index(term.season)


def term_numbered(number: int) -> Term:
    """The term of a number that `number_of` gave."""
    year, place = divmod(number, len(_IN_YEAR))
    return _term(_IN_YEAR[place], year)


def _begins(calendar: Calendar, review: Term) -> list[tuple[date, bool]]:
    """The first days of the review's own term, of the one before and of the one before that.

    Each with whether it is provisional. One of six terms a year begins by itself;
    "ahead" is counted in whole terms for it as well.
    """
    window = calendar.window(review)
    own = term_of(calendar, window.first)
    first = calendar.window(review if review.season or review.number else own)
    one = calendar.window(term_before(own))
    two = calendar.window(term_before(term_before(own)))
    return [(each.first, each.provisional) for each in (first, one, two)]


def steps(calendar: Calendar, review: Term) -> tuple[StepDue, ...]:
    """The steps of a review and their days: no step falls before the one before it.

    Up to the approval they are counted back from the last day of the review date, then on.
    """
    window = calendar.window(review)
    (own, own_guess), (one, one_guess), (two, two_guess) = _begins(calendar, review)
    guess = window.provisional
    paper = window.last - BOARD_PAPER
    draft, draft_guess = min((own, own_guess), (paper - DRAFTING, guess))
    consult, consult_guess = min((one, one_guess), (draft, draft_guess))
    start, start_guess = min((two, two_guess), (consult, consult_guess))
    return (
        StepDue(Step.START, start, start_guess),
        StepDue(Step.CONSULT, consult, consult_guess),
        StepDue(Step.DRAFT, draft, draft_guess),
        StepDue(Step.BOARD_PAPER, paper, guess),
        StepDue(Step.APPROVE, window.last, guess),
        StepDue(Step.ADOPT, window.last + ADOPTION, guess),
        StepDue(Step.ACKNOWLEDGE, window.last + ACKNOWLEDGEMENT, guess),
    )


def due(calendar: Calendar, review: Term, today: date, *, papers: bool = True) -> Due | None:
    """The newest reminder that is due for a review, or None before the first.

    Two terms ahead, one term ahead, when the term begins, two weeks before the Board
    paper, and weekly once the review date is over. Days on which nothing ran collapse
    into the newest one: nobody wants four mails after a holiday. Of two that fall on
    one day the later kind stands. Without `papers` no Board paper is waited for: it
    is sent already, or the review has none.
    """
    window = calendar.window(review)
    days = _days_ahead(calendar, review, window, papers=papers)
    if today > window.last:
        weeks = (today - window.last - DAY) // WEEK
        on = window.last + DAY + weeks * WEEK
        days.append(Due(Reminder.OVERDUE, on, window.provisional, weeks))
    order = list(Reminder)
    return max(
        (each for each in days if each.on <= today),
        key=lambda each: (each.on, order.index(each.kind)),
        default=None,
    )


def next_day(calendar: Calendar, review: Term, today: date, *, papers: bool = True) -> date:
    """The first day after `today` on which a reminder falls due: there always is one."""
    window = calendar.window(review)
    overdue = window.last + DAY
    if today >= overdue:
        overdue += ((today - overdue) // WEEK + 1) * WEEK
    ahead = (each.on for each in _days_ahead(calendar, review, window, papers=papers))
    return min([overdue, *(on for on in ahead if on > today)])


def _days_ahead(calendar: Calendar, review: Term, window: Window, *, papers: bool) -> list[Due]:
    """The reminders before a review is overdue."""
    own, one, two = _begins(calendar, review)
    days = [
        Due(Reminder.TWO_TERMS_AHEAD, *two),
        Due(Reminder.ONE_TERM_AHEAD, *one),
        Due(Reminder.TERM_BEGINS, *own),
    ]
    if papers:
        paper = window.last - BOARD_PAPER - NOTICE
        days.append(Due(Reminder.BOARD_PAPER, paper, window.provisional))
    return days


def goes_out(reminder: Due, sent: Iterable[Sent], today: date) -> bool:
    """Whether a reminder that is due is still to go out, after those about the same subject.

    Term dates may be changed at any time, and every day then moves. So a kind goes
    once whatever its day has become, one that is overdue once in a week, and never two
    on one local day.
    """
    for each in sent:
        if each.sent_on == today:
            return False
        if each.kind == reminder.kind and (
            reminder.kind is not Reminder.OVERDUE or reminder.on - each.due_on < WEEK
        ):
            return False
    return True
