"""The engine under every session of the service."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, make_url

# A statement that takes longer is ended, and its page answers 503: with two connections
# a process, one query gone wild would else hold up everybody. Who waits for a lock gives
# up first, so that what is seen is the wait and not the statement.
STATEMENT_TIMEOUT, LOCK_TIMEOUT = "5s", "4s"
# A page says within two seconds that the records are away; psycopg takes no less than two.
SECONDS_TO_CONNECT = 2


def make_engine(url: str, *, pool_size: int) -> Engine:
    """An engine whose connections give up in time, and whose errors quote no values.

    The time-outs are options of the connection, so they cost no journey at all. An
    operator's own, `…?options=-c statement_timeout=9s`, come later and count.
    """
    options = f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
    theirs = make_url(url).query.get("options", "")
    return create_engine(
        url,
        pool_size=pool_size,
        hide_parameters=True,
        connect_args={
            "options": f"{options} {theirs}".strip(),
            "connect_timeout": SECONDS_TO_CONNECT,
        },
    )
