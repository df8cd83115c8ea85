"""What every measure shares: turns, medians of five, and one line of JSON."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable

from tests import build

KEY = build.SECRET_KEY  # what the builders seal under
RUNS = 5


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(
    name: str, ours: float, floor: float, unit: str, n: int, *, less_is_better: bool = False
) -> None:
    """One line on standard output. A ratio of 1.0 is as fast as the floor, higher is better."""
    print(
        json.dumps(
            {
                "name": name,
                "ours": round(ours, 1),
                "floor": round(floor, 1),
                "ratio": round(floor / ours if less_is_better else ours / floor, 3),
                "unit": unit,
                "n": n,
            }
        ),
        flush=True,
    )


def in_turns(ours: Callable[[int], float], floor: Callable[[int], float]) -> tuple[float, float]:
    """The medians of both, each measured five times by turns after one run to warm up."""
    results: tuple[list[float], list[float]] = ([], [])
    for run in range(RUNS + 1):
        for kept, measured in zip(results, (ours, floor), strict=True):
            speed = measured(run)
            say(f"  run {run}: {speed:,.0f} a second")
            if run:
                kept.append(speed)
    return statistics.median(results[0]), statistics.median(results[1])
