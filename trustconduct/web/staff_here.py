"""Who works at this page's school, as the accounts know it: read before the school's own rows."""

from __future__ import annotations

from uuid import UUID

from flask import g

from trustconduct.accounts.models import User
from trustconduct.accounts.users import staff_of_schools
from trustconduct.audit.actor import Role
from trustconduct.web.door import works

AT_SCHOOL = tuple(role for role in Role if not role.of_trust)


def staff_here(*roles: Role) -> list[tuple[User, Role]]:
    """Who has one of these roles today, or any at this school where none is named, by name."""
    with works().sessions.accounts(read_only=True) as session:
        return staff_of_schools(session, [g.school.id], roles or AT_SCHOOL).get(g.school.id, [])


def colleagues() -> dict[UUID, str]:
    """Everyone who works at this school or governs it: each once, by name."""
    return {user.id: user.name for user, _ in staff_here()}
