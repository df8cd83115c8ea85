"""What runs in a demo."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from config.base import ROOT, Settings
from trustconduct.mail_catcher import HOST
from trustconduct.processes import environment_of, figures_folder, web_server
from trustconduct.supervise import Process


def _command(*words: object) -> list[str]:
    return [sys.executable, "-P", "-m", "trustconduct.cli", *map(str, words)]


def free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind((HOST, 0))
        port: int = any_port.getsockname()[1]
        return port


def of_demo(settings: Settings, port: int, mail_port: int, mail_dir: Path) -> list[Process]:
    """All that runs in a demo, but for the embedded servers."""
    env: Mapping[str, str] = {**environment_of(settings), "PYTHONPATH": str(ROOT)}
    counts = figures_folder(settings.VAR, port)
    web = web_server(HOST, port, workers=2, threads=settings.DATABASE_POOL)
    catcher = _command("mail-catcher", "--port", mail_port, "--dir", mail_dir)
    return [
        Process(
            "web",
            web,
            {**env, **counts},
            ready=f"{settings.BASE_URL}/healthz",
        ),
        Process("mail", catcher, env, ready=mail_port),
        Process("worker", _command("worker"), env),
        Process("timetable", _command("timetable"), env),
    ]
