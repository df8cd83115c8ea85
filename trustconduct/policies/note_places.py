"""Which clause a note belongs to, and the question where its mark is doubtful.

A note that says when a ban may come sooner changes what the school may do. In
the copies that schools hold the marks are easily swapped, so a mark that does
not fit the words is asked about and never silently believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trustconduct.policies.document import LADDER, Clause, Section
from trustconduct.policies.facts import fill
from trustconduct.policies.line_kinds import marks_in, speaks_of


class AnswerRefused(ValueError):
    """The answer is to no question of this reading, or none of its options."""


@dataclass(frozen=True)
class Question:
    """What the text leaves open. Without an answer the suggestion stands, still asked."""

    id: str
    text: str
    options: tuple[tuple[str, str], ...]  # (value, label)
    suggested: str
    answer: str | None = None

    @property
    def value(self) -> str:
        return self.answer or self.suggested

    def filled(self, facts: Mapping[str, str]) -> Question:
        """The same question in the source's own words, as the officer knows them."""
        options = tuple((value, fill(label, facts)) for value, label in self.options)
        return replace(self, text=fill(self.text, facts), options=options)


@dataclass(frozen=True)
class Mark:
    """A footnote mark: the note's number, and the clause or section that bears it."""

    number: int
    where: str
    text: str


def without_marks(text: str, numbers: Mapping[int, str]) -> tuple[str, list[int]]:
    """The text without the marks of notes that exist, and their numbers.

    A mark without its note stays: it may be a reference of another kind.
    """
    kept, last, found = [], 0, []
    for number, start, end in marks_in(text):
        if number in numbers:
            kept.append(text[last:start])
            last = end
            found.append(number)
    rest = "".join([*kept, text[last:]])
    return (rest.strip(), found) if rest.strip() else (text, [])


def placed(
    notes: Sequence[Clause],
    numbers: Mapping[int, str],
    marks: Sequence[Mark],
    ladder: Section | None,
    answers: Mapping[str, str],
) -> tuple[tuple[Clause, ...], tuple[Question, ...]]:
    """The notes with their places, and a question for each doubtful one."""
    by_note: dict[str, list[Mark]] = {}
    for mark in marks:
        by_note.setdefault(numbers[mark.number], []).append(mark)
    found: list[Clause] = []
    questions: list[Question] = []
    for note in notes:
        mine = by_note.get(note.id, [])
        if len(mine) == 1 and _fits(note, mine[0]):
            found.append(replace(note, about=mine[0].where))
        elif ladder is None:
            found.append(replace(note, about=mine[0].where if mine else ""))
        else:
            question = _question(note, mine, ladder)
            answer = answers.get(question.id)
            if answer is not None and answer not in dict(question.options):
                raise AnswerRefused(
                    f"“{answer}” is no place for {note.id}; choose one of the list."
                )
            question = replace(question, answer=answer)
            questions.append(question)
            found.append(replace(note, about=question.value))
    if strange := sorted(answers.keys() - {question.id for question in questions}):
        raise AnswerRefused(f"This text asks no question “{strange[0]}”; read the file again.")
    return tuple(found), tuple(questions)


def _fits(note: Clause, mark: Mark) -> bool:
    """Whether the note and the marked words speak of the same. The ladder is all its steps."""
    subjects = speaks_of(note.text)
    return not subjects or mark.where == LADDER or bool(subjects & speaks_of(mark.text))


def _question(note: Clause, mine: Sequence[Mark], ladder: Section) -> Question:
    options = [(LADDER, "All the steps together")]
    options += [(item.id, _short(item.text)) for item in ladder.items]
    options += [(mark.where, _short(mark.text)) for mark in mine]
    unique = tuple(dict(reversed(options)).items())[::-1]
    what = "has no mark" if not mine else "is marked at words that speak of something else"
    if len(mine) > 1:
        what = "is marked in more than one place"
    return Question(
        id=f"{note.id}.about",
        text=f"Where does this note belong? It {what}: “{_short(note.text)}”",
        options=unique,
        suggested=_suggested(note, ladder),
    )


def _suggested(note: Clause, ladder: Section) -> str:
    """A note on the steps belongs to them all; one on bans, to the step that is the ban."""
    if speaks_of(note.text) != {"ban"}:
        return LADDER
    bans = [item for item in ladder.items if "ban" in speaks_of(item.text)]
    sure = [item for item in bans if "warn" not in item.text.lower()]
    return (sure or bans)[0].id if bans else LADDER


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:89].rstrip() + "…"
