"""A client that costs little: prepared bytes over connections that stay open."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Sequence


def measure(port: int, requests: Sequence[bytes], status: bytes, *, at_once: int = 8) -> float:
    """Send every request once, `at_once` at a time; give how many a second were answered.

    Raises AssertionError for an answer of another status: speed without the
    right answer is worth nothing.
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for request in requests:
        waiting.put(request)
    wrong: list[bytes] = []

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while True:
                try:
                    request = waiting.get_nowait()
                except queue.Empty:
                    return
                connection.sendall(request)
                answer = _answer(connection)
                if not answer.startswith(b"HTTP/1.1 " + status):
                    wrong.append(answer)
                    return

    clients = [threading.Thread(target=client) for _ in range(at_once)]
    started = time.perf_counter()
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.perf_counter() - started
    assert not wrong, wrong[0][:2000].decode("utf-8", "replace")
    return len(requests) / took


def _answer(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [
        line.partition(b":")[2]
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length:
        body += connection.recv(1 << 20)
    return got


def get(path: str, port: int, **headers: str) -> bytes:
    return _request("GET", path, port, headers)


def post(path: str, port: int, body: str, **headers: str) -> bytes:
    return _request(
        "POST",
        path,
        port,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
            **headers,
        },
        body,
    )


def _request(method: str, path: str, port: int, headers: dict[str, str], body: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
