"""A real mail server inside the test: it keeps what it takes, and refuses when told to."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Tidy(Controller):
    """A server that hangs up before it stops: a connection left open would be found by the
    garbage collector in the middle of another test.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._spoken_to: list[SMTP] = []

    def factory(self) -> SMTP:
        made = super().factory()
        self._spoken_to.append(made)
        return made

    def stop(self, no_assert: bool = False) -> None:
        hung_up = threading.Event()

        def hang_up() -> None:
            for each in self._spoken_to:
                if each.transport is not None:
                    each.transport.abort()
            self.loop.call_soon(hung_up.set)  # after what the aborts left to do

        if self.loop.is_running():
            self.loop.call_soon_threadsafe(hang_up)
            hung_up.wait(5)
        super().stop(no_assert)


class Mailbox:
    """`messages` are what arrived, `raw` the same as bytes. `answers` are given first, one a
    mail: "451 busy".

    `refuses` answers to a recipient: {"alex@parents.example": "550 no such person"}.
    `mood` "drop" takes a mail and goes without an answer, "hang" never answers one.
    `on_recipient` and `on_mail` are called, in the server's thread, before it
    answers; the worker that sends can be killed there.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.senders: list[str] = []  # where each comes back to
        self.answers: list[str] = []
        self.refuses: dict[str, str] = {}
        self.mood = ""
        self.on_recipient: Callable[[str], None] = lambda address: None
        self.on_mail: Callable[[EmailMessage], None] = lambda mail: None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._server = self._made()
        self.url = f"smtp://127.0.0.1:{self.port}"

    def _made(self) -> Tidy:
        return Tidy(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Mailbox:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def stop(self) -> None:
        self._server.stop()

    def start_again(self) -> None:
        self._server = self._made()
        self._server.start()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.on_recipient(address)
        if answer := self.refuses.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        if self.mood == "hang":
            await asyncio.sleep(30)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(mail)
        self.raw.append(envelope.content)
        self.senders.append(envelope.mail_from)
        self.on_mail(mail)
        if self.mood == "drop":
            server.transport.abort()
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.messages if address in mail["To"]]


@contextmanager
def rude_server(says: bytes | None) -> Iterator[str]:
    """Something on the mail server's port that says only this and hangs up; None: never speaks."""
    quiet = threading.Event()

    class Rude(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if says is None:
                quiet.wait(30)
            else:
                self.request.sendall(says)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Rude) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"smtp://127.0.0.1:{server.server_address[1]}"
        finally:
            quiet.set()
            server.shutdown()
