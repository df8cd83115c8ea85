"""What is counted, for Prometheus: how many, how long, how well. No names, no ids, no schools.

Several web processes answer at one address, so what a single one has counted
says little. Where PROMETHEUS_MULTIPROC_DIR names a folder, as `serve` sees to,
each process writes its figures to a file there, and whichever is asked adds up
all of them; without it, as in a test, the process counts for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from trustconduct import clock
from trustconduct.outbox.standing import OutboxStanding
from trustconduct.processes import FIGURES

# In seconds: from a page out of memory to one that nobody waits for.
BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Where somebody shows a password or a code.
SIGN_INS = frozenset(
    f"/account/{place}"
    for place in (
        "sign-in",
        "code",
        "recovery-code",
        "confirm",
        "you/codes",
        "you/password",
        "you/authenticator",
        "you/authenticator/new",
        '<any("invitation","new-authenticator"):place>/<uuid:link_id>/password',
        '<any("invitation","new-authenticator"):place>/<uuid:link_id>/app',
    )
)
REFUSED = (422, 429)


class Measures:
    """The figures of one app."""

    def __init__(self) -> None:
        disable_created_metrics()  # a second series for each, of no use to us
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "trustconduct_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "trustconduct_request_seconds",
            "Seconds to an answer.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._kept: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._refused = Counter(
            "trustconduct_sign_ins_refused",
            "Passwords and codes that were wrong, or given too often.",
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        kept = self._kept.get((method, route, status))
        if kept is None:  # looking one up costs more than counting
            kept = self._kept[method, route, status] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(route),
            )
        kept[0].inc()
        kept[1].observe(seconds)
        if method == "POST" and route in SIGN_INS and status in REFUSED:
            self._refused.inc()

    def text(self, standing: OutboxStanding | None) -> bytes:
        """All figures in Prometheus' own format. `standing` is None without the database."""
        counted = self._registry
        if os.environ.get(FIGURES):
            counted = CollectorRegistry()
            multiprocess.MultiProcessCollector(counted)
        return generate_latest(counted) + generate_latest(_of_now(standing))


class _Now:
    """Figures that are looked up when asked, and never kept in a process's file."""

    def __init__(self, standing: OutboxStanding | None) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        up = 1.0 if self._standing else 0.0
        yield GaugeMetricFamily("trustconduct_database_up", "1 where PostgreSQL answers.", up)
        if self._standing is None:
            return
        oldest = self._standing.oldest_due_at
        waits = (clock.now() - oldest).total_seconds() if oldest else 0.0
        for name, words, value in (
            ("waiting", "Messages not sent yet.", self._standing.waiting),
            ("parked", "Messages given up: look at them.", self._standing.parked),
            ("oldest_waiting_seconds", "How long the oldest one is overdue.", max(0.0, waits)),
        ):
            yield GaugeMetricFamily(f"trustconduct_outbox_{name}", words, value)


def _of_now(standing: OutboxStanding | None) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Now(standing))
    return registry
