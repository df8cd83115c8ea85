"""The one log of every process: lines that say what broke and where, and nothing about anybody.

What reaches it is cut down here, not where it is written: a field that is not
listed is left out, an exception keeps its class and its place, and a library's
words are kept only as its own template, since what it would fill in may be a
row, a name or a link.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# All that a line may say. None of it names a person: `who` is an id, "link" or "nobody".
FIELDS = (
    "time",
    "level",
    "event",
    "request",
    "method",
    "route",
    "status",
    "ms",
    "who",
    "school",
    "task",
    "run",
    "done",
    "library",
    "error",
    "where",
)
LONGEST = 300  # characters of a field
FRAMES, LIBRARIES_FRAMES = 10, 3  # of the place of an exception, the innermost
# Libraries whose own templates ("Worker %s: …") are worth a line; of others only the name.
KNOWN = ("rq", "_granian", "granian", "gunicorn")
REQUESTS = "trustconduct.requests"
_HERE = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """Stands in for an exception, by the name of its class."""


def place_of(trace: TracebackType | None) -> list[str]:
    """Where an exception came from: file, line and function, the innermost last.

    Our own places, and the last few of the libraries': theirs alone would not
    say which page it was.
    """
    ours, all_ = [], []
    while trace is not None:
        code = trace.tb_frame.f_code
        path = Path(code.co_filename)
        is_ours = path.is_relative_to(_HERE) and not path.is_relative_to(_HERE / ".venv")
        name = path.relative_to(_HERE) if is_ours else path.name
        all_.append(f"{name}:{trace.tb_lineno} {code.co_name}")
        if is_ours:
            ours.append(all_[-1])
        trace = trace.tb_next
    last = all_[-LIBRARIES_FRAMES:]
    return [*(place for place in ours[-FRAMES:] if place not in last), *last]


def _plain_exception(logger: Any, method: str, line: EventDict) -> EventDict:
    ei = line.pop("exc_info", None)
    if ei is True:
        ei = sys.exc_info()
    elif isinstance(ei, BaseException):
        ei = (type(ei), ei, ei.__traceback__)
    if isinstance(ei, tuple) and ei[0] is not None:
        line["error"] = str(ei[1]) if ei[0] is Failed else ei[0].__qualname__
        line["where"] = place_of(ei[2])
    line.pop("stack_info", None)
    return line


def _of_a_library(logger: Any, method: str, line: EventDict) -> EventDict:
    """What a library logged: its template alone, and only if it is one that we know."""
    record: logging.LogRecord = line["_record"]
    known = record.name.partition(".")[0] in KNOWN
    line["library"] = record.name
    args = line.pop("positional_args", None)
    line["event"] = str(record.msg) if known and args else f"A line of {record.name}"
    line["where"] = [f"{record.filename}:{record.lineno} {record.funcName}"]
    line["level"] = record.levelname.lower()
    line["exc_info"] = record.exc_info
    return _plain_exception(logger, method, line)


def _only_known_fields(logger: Any, method: str, line: EventDict) -> EventDict:
    kept = {name: line[name] for name in FIELDS if line.get(name) not in (None, "", [])}
    return {
        name: value[:LONGEST] if isinstance(value, str) else value for name, value in kept.items()
    }


class Words:
    """A line as a person at a terminal reads it: the time, the words, and the rest behind."""

    def __call__(self, logger: Any, method: str, line: EventDict) -> str:
        rest = {name: value for name, value in line.items() if name not in FIELDS[:3]}
        where = rest.pop("where", [])
        head = f"{line.get('time', '')[11:19]} {line.get('level', 'info'):<7} {line.get('event')}"
        behind = " ".join(f"{name}={value}" for name, value in rest.items())
        return "\n    ".join([f"{head}  {behind}".rstrip(), *where])


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Ours, and of a library what went wrong: RQ tells of each job in six lines."""
    return record.name.partition(".")[0] == "trustconduct" or record.levelno >= logging.WARNING


_as_json = json.JSONEncoder(ensure_ascii=False).encode


class _Lines(ProcessorFormatter):
    """structlog's formatter, with a short way for the line of a request, which is whole already."""

    def __init__(self, render_request: Callable[[EventDict], str], **more: Any) -> None:
        super().__init__(**more)
        self._render_request = render_request

    def format(self, record: logging.LogRecord) -> str:
        if record.name != REQUESTS:
            return super().format(record)
        at = time.gmtime(record.created)
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{int(record.msecs):03}Z"
        line: EventDict = {"time": stamp, **record.msg}  # type: ignore[dict-item]
        return self._render_request(_only_known_fields(None, "", line))


_RECORD = logging.LogRecord(REQUESTS, logging.INFO, __file__, 0, "", None, None)


def log_request(fields: dict[str, Any], *, failed: bool) -> None:
    """The one line of a request: by hand, since structlog's way costs as much as a page."""
    level = logging.ERROR if failed else logging.INFO
    logger = logging.getLogger(REQUESTS)
    if logger.isEnabledFor(level):
        name = "error" if failed else "info"
        line = {"level": name, "event": "request", **fields}
        record = object.__new__(logging.LogRecord)
        record.__dict__.update(_RECORD.__dict__)  # making one anew looks up what no line says
        record.levelno, record.levelname = level, name.upper()
        record.created = time.time_ns() / 1e9
        record.msecs = record.created % 1 * 1_000
        record.msg = line
        logger.handle(record)


def handler(stream: TextIO, *, as_json: bool) -> logging.Handler:
    """A handler of all that is logged: one JSON object a line, or words for a terminal."""
    found = logging.StreamHandler(stream)
    found.addFilter(_worth_a_line)
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else Words()
    found.setFormatter(
        _Lines(
            _as_json if as_json else partial(renderer, None, ""),
            foreign_pre_chain=[_of_a_library],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                stamp,
                _only_known_fields,
                renderer,
            ],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    return found


def log_plainly(*, as_json: bool = False) -> Any:
    """Send every log of this process to standard error, without personal data."""
    # Asked for with each line, and no line says them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    for each in list(root.handlers):
        root.removeHandler(each)
    root.addHandler(handler(sys.stderr, as_json=as_json))
    root.setLevel(logging.INFO)
    for name in ("_granian", "granian.access"):  # it comes with handlers of its own
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    return log


log: Any = structlog.wrap_logger(
    logging.getLogger("trustconduct"),
    wrapper_class=structlog.stdlib.BoundLogger,
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _plain_exception,
        ProcessorFormatter.wrap_for_formatter,
    ],
).bind()
