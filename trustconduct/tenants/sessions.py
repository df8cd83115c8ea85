"""Where sessions are born: each for one school, for the Trust, or for accounts.

A scope is a role of PostgreSQL, and row-level security holds every statement
of the session to it. So a query that forgets its school finds nothing of
another one, whoever wrote it. A session never changes its scope: its identity
map would hand the rows of the first school to the second with no SQL at all.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from trustconduct.db import begin

SCHOOL, TRUST, ACCOUNTS = "tc_school", "tc_trust", "tc_accounts"
ROLES = (SCHOOL, TRUST, ACCOUNTS)


class ScopeFixed(RuntimeError):
    """Someone tried to move a session to another scope."""


@dataclass(frozen=True)
class Scope:
    """A role of PostgreSQL, and for a school's session which school."""

    role: str
    school_id: UUID | None = None


class ScopedSession(Session):
    """A session with its scope, for life.

    `read_only` makes PostgreSQL refuse every write: it is how a GET is kept
    from changing anything.
    """

    _scope: Scope
    _read_only: bool

    def __init__(self, engine: Engine, scope: Scope, *, read_only: bool = False) -> None:
        # Before the constructor of Session: it must not be able to begin without a scope.
        object.__setattr__(self, "_scope", scope)
        object.__setattr__(self, "_read_only", read_only)
        super().__init__(engine, expire_on_commit=False, autobegin=True)

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def school_id(self) -> UUID:
        """The school that this session is for. Raises ScopeFixed where it is for none."""
        if self._scope.school_id is None:
            raise ScopeFixed(f"A session for {self._scope.role} has no school.")
        return self._scope.school_id

    def take_turns(self, what: str) -> None:
        """Wait until nobody else in this school does the same; until the commit.

        For rules that number things or allow one of a kind: two at once would
        both look, and both find nothing there.
        """
        self.execute(_TURN, {"what": f"{what}:{self._scope.school_id}"})

    def close(self) -> None:
        """Give the connection back. What only reads ends by a commit, which changes nothing.

        After a rollback psycopg forgets every statement that it had prepared, and sends
        one more to say so: each page read would cost the next one its preparation.
        """
        if self._read_only and self.in_transaction() and self.is_active:
            self.expunge_all()  # or a commit would try to write what somebody changed
            with suppress(SQLAlchemyError):
                self.commit()
        super().close()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_scope", "_read_only"):
            raise ScopeFixed("A session keeps the scope that it was born with.")
        super().__setattr__(name, value)


_TURN = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
_ENTER = "begin {mode}; set local role {role}; set local app.school = '{school}'"


@event.listens_for(ScopedSession, "after_begin")
def _enter_scope(
    session: ScopedSession, transaction: SessionTransaction, connection: Connection
) -> None:
    # Always local to the transaction: a setting of the connection would go back
    # to the pool with it and wait there for the next school.
    scope = session.scope
    begin(
        connection,
        _ENTER.format(
            mode="read only" if session._read_only else "read write",
            role=scope.role,
            school=scope.school_id or "",
        ),
    )


@event.listens_for(ScopedSession, "before_flush")
def _stamp_school(session: ScopedSession, context: Any, instances: Any) -> None:
    school_id = session.scope.school_id
    for row in session.new:
        if school_id and getattr(row, "school_id", school_id) is None:
            row.school_id = school_id


@dataclass(frozen=True)
class Sessions:
    """The three kinds of session over one engine. Only doors and jobs hold this."""

    engine: Engine

    def school(self, school_id: UUID, *, read_only: bool = False) -> ScopedSession:
        return ScopedSession(self.engine, Scope(SCHOOL, school_id), read_only=read_only)

    def trust(self, *, read_only: bool = False) -> ScopedSession:
        return ScopedSession(self.engine, Scope(TRUST), read_only=read_only)

    def accounts(self, *, read_only: bool = False) -> ScopedSession:
        return ScopedSession(self.engine, Scope(ACCOUNTS), read_only=read_only)
