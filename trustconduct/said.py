"""What the commands print of what they found."""

from __future__ import annotations

import click

from trustconduct.audit.seals import Walk
from trustconduct.people.roll import Roll
from trustconduct.people.take_in import Changes
from trustconduct.policies.reading import Reading


def show_reading(reading: Reading) -> None:
    """What was recognised in a policy's file, what is asked about it, and what was not."""
    click.echo(reading.document.title or "(no title)")
    for row in reading.header.rows:
        if row.field not in ("name", "heading"):
            click.echo(f"  {row.label}: {row.value or '(blank)'}")
    click.echo("\nFound: " + ", ".join(f"{n} {what}" for what, n in reading.found.items()))
    for name, value in reading.facts.items():
        click.echo(f"  {{{name}}} stands for “{value}”")
    for warning in reading.warnings:
        click.echo(f"  Note: {warning}")
    for question in reading.questions:
        click.echo(f"\nQuestion {question.id}: {question.text}")
        for value, label in question.options:
            marks = [word for word in ("suggested", "answer") if getattr(question, word) == value]
            click.echo(f"  {value}: {label}" + (f"  ({', '.join(marks)})" if marks else ""))
    if reading.unrecognised:
        click.echo("\nNot recognised:")
    for line in reading.unrecognised:
        click.echo(f"  line {line.number}: {line.text.strip()}")


def show_faults(name: str, roll: Roll) -> None:
    """What is wrong in a roll's file, each with its place."""
    for at in roll.faults:
        place = f"line {at.line}, {at.column}" if at.column else f"line {at.line}"
        click.echo(f"{name}, {place}: {at.text}" if at.line else at.text, err=True)


def show_taken_in(found: Changes, *, saved: bool) -> None:
    """What a roll added, or would add."""
    click.echo(
        f"{'Added' if saved else 'It would add'} {found.adults_new} adults"
        f" ({found.without_email} without an email address), {found.pupils_new} pupils"
        f" and {found.cares_new} relationships; {found.changed} changed,"
        f" and {found.leavers} people left."
    )
    if not saved:
        click.echo("Nothing was saved. With --save it is taken in.")


def show_walk(name: str, walk: Walk) -> int:
    """What a walk over the seals came to; give how many faults."""
    waiting = f", {walk.unsealed} not sealed yet" if walk.unsealed else ""
    events = f"{walk.events} {'event' if walk.events == 1 else 'events'}"
    seals = f"{walk.seals} {'seal' if walk.seals == 1 else 'seals'}"
    click.echo(f"{name}: {events} in {seals}{waiting}")
    if walk.seals:
        click.echo(f"  newest seal {walk.seals}:{walk.head}")
    for fault in walk.faults:
        click.echo(f"  {fault}")
    return len(walk.faults)
