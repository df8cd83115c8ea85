"""How the `trustconduct` command refuses: one sentence and a status, never a traceback."""

from __future__ import annotations

from typing import Any

import click


class Refused(click.ClickException):
    """What was typed or set will not do; one sentence."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.message, err=True)


class Down(Refused):
    """Something that is needed does not work; one sentence."""

    exit_code = 1


class TryLater(Refused):
    """A mail server keeps the mail, and asks again: EX_TEMPFAIL of sysexits.h."""

    exit_code = 75
