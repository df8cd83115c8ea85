"""Finding Chromium, and starting it where nothing but this machine can be reached."""

from __future__ import annotations

import shutil

# Debian's Chromium as root, without the calls home that a closed network refuses.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The path of the browser. Raises FileNotFoundError with what to install."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(
        "Chromium is not here: install it (on Debian: apt-get install chromium)."
    )
