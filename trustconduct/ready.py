"""When a process can be used: by its page, its port, or its own answer."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

Ready = str | int | Callable[[], bool] | None


def port_of(ready: Ready) -> int | None:
    if isinstance(ready, str):
        parts = urlsplit(ready)
        return parts.port or 80
    return ready if isinstance(ready, int) else None


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_ready(ready: Ready) -> bool:
    if ready is None:
        return True
    if isinstance(ready, str):
        return _answers(ready)
    return connects(ready) if isinstance(ready, int) else ready()


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
