"""Who must not be told: asked of PostgreSQL, by everything that leaves the building."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Text, Uuid, column, func, select
from sqlalchemy.sql.selectable import TableValuedAlias


def untold() -> TableValuedAlias:
    """The adults of the session's school who must not be told, with a word for why.

    `tc_untold()` in the database is the one place that decides: an adult who is marked
    ("marked", doubles included), one who has the email address of such an adult
    ("shared"), and two who must not learn of each other with one address ("apart"). An
    adult who must not learn where a child goes to school is in nothing that leaves.
    """
    return func.tc_untold().table_valued(column("id", Uuid), column("because", Text))


def why_untold(adult_id: Any) -> ScalarSelect[str]:
    """Why an adult must not be told, by its word; null where they may be. A column of a query."""
    found = untold().alias("why")
    return select(func.min(found.c.because)).where(found.c.id == adult_id).scalar_subquery()


def may_be_told(adult_id: Any) -> ColumnElement[bool]:
    """A condition for a query over adults, or over what is meant for one.

    On what is meant for nobody on the roll (`adult_id` is null) it is true.
    """
    found = untold().alias("untold")
    return ~select(found.c.id).where(found.c.id == adult_id).exists()


def may_be_texted(mobile: Any) -> ColumnElement[bool]:
    """A condition for numbers that a text message may go to: not where the phone is also
    that of somebody who must not be told, or of two who must not learn of each other.
    """
    found = func.tc_untold_mobiles().table_valued(column("mobile", Text)).alias("untold_mobile")
    return ~select(found.c.mobile).where(found.c.mobile == mobile).exists()
