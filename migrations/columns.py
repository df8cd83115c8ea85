"""The columns and constraints of a new table, in a word each: named as the models name them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def words(*names: str) -> list[sa.Column]:
    """Text that is never null: blank where there is none."""
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def days(*names: str, null: bool = True) -> list[sa.Column]:
    return [sa.Column(name, sa.Date(), nullable=null) for name in names]


def moments(*names: str, null: bool = True) -> list[sa.Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=null) for name in names]


def numbers(*names: str, null: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=null) for name in names]


def ids(*names: str, null: bool = True) -> list[sa.Column]:
    return [sa.Column(name, sa.Uuid(), nullable=null) for name in names]


def truths(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}"))


def index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
