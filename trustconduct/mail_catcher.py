"""A mail server that delivers to nobody: every mail becomes a file that can be opened.

A demo must never write to a real person. It is a real SMTP server all the
same, so that what the demo sends has gone the way of real mail.
"""

from __future__ import annotations

import re
import secrets
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from trustconduct import clock

HOST = "127.0.0.1"  # this machine alone: it takes mail from anyone who asks
# Mail to anyone there is refused for good, so that one can see what a school is told then.
REFUSED = "gone.example"
LARGEST = 10 * 1024 * 1024  # bytes; the SMTP answer to more is 552


class Folder:
    """What the server does with a mail: one file, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower().endswith(f"@{REFUSED}"):
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content: Any = envelope.content
        keep(self._folder, content, list(envelope.rcpt_tos))
        return "250 Kept"


def keep(folder: Path, content: bytes, recipients: list[str]) -> Path:
    """Write a mail as `<time>-<recipient>-<random>.eml`; names sort by time.

    Whoever watches the folder for *.eml never sees half a mail.
    """
    to = re.sub(r"[^a-z0-9]+", "-", ",".join(recipients).lower()).strip("-")[:60] or "nobody"
    name = f"{clock.now():%Y%m%dT%H%M%S.%f}Z-{to}-{secrets.token_hex(3)}.eml"
    half = folder / f".{name}.half"
    half.write_bytes(content)
    return half.replace(folder / name)


def controller(folder: Path, port: int) -> Controller:
    """The server, not started yet."""
    return Controller(Folder(folder), hostname=HOST, port=port, data_size_limit=LARGEST)


def serve(folder: Path, port: int) -> None:
    """Take mail until SIGTERM or Ctrl-C. Raises OSError where the port is taken."""
    stops = {signal.SIGTERM, signal.SIGINT}
    # Before the server's thread begins, which inherits it: only this one waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    server = controller(folder, port)
    server.start()
    print(f"Mail for {HOST}:{port} goes to {folder}/ as .eml files.", flush=True)
    signal.sigwait(stops)
    server.stop()
